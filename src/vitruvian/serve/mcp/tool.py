"""A tool: its name, what it takes (with units), what it gives, which rights it needs, and how it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import SkipJsonSchema

from vitruvian.core import InputError
from vitruvian.serve.mcp.session import AgentSession


class Takes(BaseModel):
    """Base of what tools take: unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


M = TypeVar("M", bound=Takes)
Schema = Mapping[str, Any]
Optional = SkipJsonSchema[None]
"""Beside a type: it may be absent (`null` is not offered in the schema)."""


@dataclass(frozen=True)
class Found:
    """What a tool gives: `data` as JSON; `left` says how many rows there are and where to go on."""

    data: Any
    left: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """One tool; `run` gets the session and arguments that were not checked yet."""

    name: str
    title: str
    about: str
    schema: Schema
    run: Callable[[AgentSession, Mapping[str, Any]], Found]
    demands: tuple[str, str] = ("read", "agents")
    """Action and resource, as routes declare them."""
    gives: Schema = field(default_factory=lambda: {"type": ["object", "array"]})
    """Schema of `data`."""
    writes: bool = False


def typed(
    name: str,
    title: str,
    about: str,
    takes: type[M],
    run: Callable[[AgentSession, M], Found],
    demands: tuple[str, str] = ("read", "agents"),
    gives: Schema | None = None,
    writes: bool = False,
) -> Tool:
    """A tool whose arguments are a model; arguments that do not fit it raise `InputError`."""

    def checked(session: AgentSession, given: Mapping[str, Any]) -> Found:
        try:
            return run(session, takes.model_validate(dict(given)))
        except ValidationError as error:
            raise _input_error(error, takes) from None

    schema = takes.model_json_schema()
    more = {"gives": gives} if gives else {}
    return Tool(name, title, about, schema, checked, demands, writes=writes, **more)


def _input_error(error: ValidationError, takes: type[Takes]) -> InputError:
    found = error.errors(include_url=False)
    told = [f"{'.'.join(str(part) for part in one['loc']) or 'arguments'}: {one['msg']}" for one in found[:5]]
    return InputError(
        "the arguments are not valid: " + "; ".join(told),
        got=", ".join(sorted({repr(one["input"])[:80] for one in found[:5]})),
        allowed=", ".join(takes.model_fields) or "no arguments",
    )
