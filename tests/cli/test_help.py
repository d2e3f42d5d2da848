"""`--help` says whole sentences and kinds of values that people know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from vitruvian.cli._help import readable
from vitruvian.cli.main import app


def commands(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from commands(one)


def test_no_first_line_is_cut_and_no_kind_is_one_of_the_program() -> None:
    root = readable(get_command(app))
    for one in commands(root):
        assert one.get_short_help_str(10).endswith("."), one.name
        assert "..." not in one.get_short_help_str(10), one.name
        kinds = {p.metavar for p in one.params if p.param_type_name == "option" and not p.is_flag}
        assert not [k for k in kinds if k and "list[" in k]


def test_the_program_shows_them() -> None:
    import subprocess
    import sys

    asked = [sys.executable, "-m", "vitruvian.cli.main", "glucose", "fit", "--help"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "--days NUMBER" in said
    assert "person  Patient id" in " ".join(said.split("Arguments:")[1].splitlines())
    assert "<" not in said.split("Arguments:")[1].replace("<=", "")
