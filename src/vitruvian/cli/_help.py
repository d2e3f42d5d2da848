"""`--help` for people: whole first sentences in lists of commands, and kinds of values by plain names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

_KINDS = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "FILE"}


def readable(command: Any) -> Any:
    """A command as built by typer, and all below it, with readable help."""
    if command.help and not command.short_help:
        command.short_help = " ".join(command.help.split("\n\n")[0].split()).split(". ")[0].removesuffix(".") + "."
    for one in command.params:
        descriptor = getattr(one, "type_descriptor", None)
        if one.metavar is not None or descriptor is None or descriptor.is_choice:
            continue
        if one.param_type_name == "argument":  # its help says what it is
            one.display_type_rich = _unsaid
        elif not one.is_flag:
            one.metavar = _kind(descriptor.annotation)
    for one in getattr(command, "commands", {}).values():
        readable(one)
    return command


def _unsaid(ctx: Any) -> None:
    """No kind of value at all."""


def _kind(annotation: Any) -> str | None:
    """The name of a kind of value; `None` where there is none better than the program's own."""
    of = next((one for one in get_args(annotation) if one is not type(None)), annotation)
    return _KINDS.get(of)
