"""The FHIRPath that SQL-on-FHIR v2 asks for, read into a tree: literals, paths, calls, operators, constants.

Source: FHIRPath 2.0.0 §3–6 (grammar and precedence); SQL on FHIR 2.0 "Supported FHIRPath" (which of it is needed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vitruvian.core import InputError, UnsupportedError


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out; `type` is boolean, string, integer, decimal, date, dateTime or time."""

    value: str | int | float | bool
    type: str


@dataclass(frozen=True, slots=True)
class This:
    """What a path starts from: the resource, the item of a forEach, the item that `where` looks at."""


@dataclass(frozen=True, slots=True)
class Constant:
    """`%name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`base.name`."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`base.name(arguments)`."""

    base: Node
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`, counted from 0."""

    base: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


Node = Literal | This | Constant | Member | Call | Index | Operation

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
    | (?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<constant>%(?:[A-Za-z_]\w*|`[^`]+`|'[^']+'))
    | (?P<name>\$?[A-Za-z_]\w*|`[^`]+`)
    | (?P<symbol><=|>=|!=|!~|[-+*/&|=~<>()\[\]{},.])
    )""",
    re.X,
)
_PRECEDENCE = (("implies",), ("or", "xor"), ("and",), ("in", "contains"), ("=", "!=", "~", "!~"),
               ("<", ">", "<=", ">="), ("|",), ("is", "as"), ("+", "-", "&"), ("*", "/", "div", "mod"))  # fmt: skip
_SUPPORTED = frozenset({"or", "xor", "and", "=", "!=", "<", ">", "<=", ">=", "+", "-", "&", "*", "/"})
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def parse(text: str) -> Node:
    """The tree of a FHIRPath expression; raises `InputError` where it is not one, `UnsupportedError` for the rest."""
    reader = _Reader(text)
    tree = reader.operation(0)
    if reader.kind:
        raise reader.error(f"{reader.text!r} was not expected")
    return tree


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, source: str) -> None:
        self._source, self._at = source, 0
        self.kind = self.text = ""
        self._next()

    def error(self, why: str) -> InputError:
        return InputError(f"not a FHIRPath expression: {why}", got=repr(self._source), todo="Correct the path.")

    def _next(self) -> tuple[str, str]:
        """The token in hand; the one after it is taken in hand."""
        before = (self.kind, self.text)
        rest = self._source[self._at :]
        found = _TOKEN.match(rest)
        if found is None and rest.strip():
            raise self.error(f"{rest.strip()[:10]!r} at character {len(self._source) - len(rest.lstrip()) + 1}")
        self.kind = (found.lastgroup or "") if found else ""
        self.text = found[self.kind] if found else ""
        self._at += found.end() if found else 0
        return before

    def _take(self, symbol: str) -> bool:
        if self.kind == "symbol" and self.text == symbol:
            self._next()
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            raise self.error(f"{symbol!r} is missing" + (f" before {self.text!r}" if self.text else " at the end"))

    def operation(self, level: int) -> Node:
        if level == len(_PRECEDENCE):
            return self._signed()
        left = self.operation(level + 1)
        while self.kind in ("symbol", "name") and self.text in _PRECEDENCE[level]:
            operator = self._next()[1]
            if operator not in _SUPPORTED:
                raise UnsupportedError(f"the FHIRPath operator {operator!r}", allowed=" ".join(sorted(_SUPPORTED)))
            left = Operation(operator, left, self.operation(level + 1))
        return left

    def _signed(self) -> Node:
        if self._take("-"):
            return Operation("-", Literal(0, "integer"), self._signed())
        return self._signed() if self._take("+") else self._steps()

    def _steps(self) -> Node:
        tree = self._first()
        while True:
            if self._take("."):
                if self.kind != "name":
                    raise self.error("a name is missing after '.'")
                tree = self._named(tree)
            elif self._take("["):
                tree = Index(tree, self.operation(0))
                self._expect("]")
            else:
                return tree

    def _first(self) -> Node:
        kind, text = self.kind, self.text
        if kind == "name" and text not in ("true", "false"):
            return self._named(This())
        if self._take("("):
            tree = self.operation(0)
            self._expect(")")
            return tree
        self._next()
        if kind == "constant":
            return Constant(text[1:].strip("`'"))
        if kind and kind != "symbol":
            return _literal(kind, text)
        raise self.error(f"{text!r} was not expected" if text else "it ends too early")

    def _named(self, base: Node) -> Node:
        name = self._next()[1]
        if name.startswith("$"):
            if name != "$this" or not isinstance(base, This):
                raise UnsupportedError(f"the FHIRPath variable {name!r}", allowed="$this")
            return base
        if not self._take("("):
            return Member(base, name.strip("`"))
        arguments: list[Node] = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.operation(0))
        return Call(base, name, tuple(arguments))


def _literal(kind: str, text: str) -> Literal:
    if kind == "name":
        return Literal(text == "true", "boolean")
    if kind == "number":
        return Literal(float(text), "decimal") if "." in text else Literal(int(text), "integer")
    if kind == "string":
        return Literal(re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _unescape, text[1:-1]), "string")
    if kind == "time":
        return Literal(text[2:], "time")
    return Literal(text[1:].removesuffix("T"), "dateTime" if "T" in text else "date")


def _unescape(found: re.Match[str]) -> str:
    escaped = found[1]
    return chr(int(escaped[1:], 16)) if len(escaped) == 5 else _ESCAPES.get(escaped, escaped)
