"""JSON bodies of FHIR requests, read strictly and written again with every decimal as it came ("1.50" stays "1.50")."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from vitruvian.serve.problems import HttpError

Json = dict[str, Any]
DEEPEST = 50
"""Nesting that is read; FHIR's own resources stay below twenty."""
_DIGITS = 18  # of a whole number that fits into 64 bits
_CONTROL = frozenset(map(chr, range(32))) - set("\t\r\n")


class BadBody(HttpError):
    """The body cannot be read."""


def read_json(body: bytes) -> Any:
    """The value of a JSON text; numbers with a point are `Decimal`.

    Raises `BadBody` for what is no JSON, an element given twice, numbers and characters that FHIR does not have,
    and nesting beyond `DEEPEST`.
    """
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_float=Decimal,
            parse_int=_whole,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise BadBody("the body is not UTF-8", got=f"byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadBody("the body is not JSON", got=f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise BadBody("the body is nested too deeply", allowed=f"{DEEPEST} levels") from error
    _check(found, 0)
    return found


def write_json(value: Any) -> bytes:
    """The JSON of a value that `read_json` gave, or that was made of such."""
    return orjson.dumps(value, default=_decimal)


def read_object(body: bytes) -> Json:
    """The JSON object of a body; raises `BadBody`."""
    found = read_json(body)
    if not isinstance(found, dict):
        raise BadBody("the body is not a JSON object", got=type(found).__name__)
    return found


def _decimal(value: Any) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return orjson.Fragment(str(value))


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        raise BadBody("an element is given twice", got=", ".join(twice[:3])[:80])
    return found


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _DIGITS else Decimal(text)


def _constant(text: str) -> NoReturn:
    raise BadBody("this is not a number of JSON", got=text)


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise BadBody("the body is nested too deeply", allowed=f"{DEEPEST} levels")
    if isinstance(value, str):
        if not _CONTROL.isdisjoint(value) or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadBody("a text holds a character that FHIR does not allow", allowed="no control characters")
    elif isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 300:
            raise BadBody("a number is too large or too small", allowed="1e-300 to 1e300")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
