"""Abbreviated code ($PK, $DES, $ERROR) as a small syntax tree.

pharmpy's own grammar refuses parenthesised conditions and MIN/MAX, and drops statements nested in IF blocks, so the
code is read here; pharmpy reads the other records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vitruvian.core import DataError, UnsupportedError

FUNCTIONS = {"EXP", "LOG", "LOG10", "SQRT", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "ABS", "INT", "MOD", "MIN",
             "MAX", "PHI", "GAMLN"}  # fmt: skip
_SYNONYMS = {"DEXP": "EXP", "DLOG": "LOG", "ALOG": "LOG", "DLOG10": "LOG10", "ALOG10": "LOG10", "DSQRT": "SQRT",
             "DABS": "ABS", "DINT": "INT", "DMOD": "MOD", "DSIN": "SIN", "DCOS": "COS", "DTAN": "TAN"}  # fmt: skip
ARRAYS = {"THETA", "ETA", "EPS", "ERR", "A", "DADT", "A_0"}
_WORDS = {
    ".EQ.": "==",
    ".NE.": "/=",
    ".LT.": "<",
    ".LE.": "<=",
    ".GT.": ">",
    ".GE.": ">=",
    ".EQN.": "==",
    ".NEN.": "/=",
}
_TOKEN = re.compile(
    r"\s*(?:(?P<word>\.(?:EQN?|NEN?|LT|LE|GT|GE|AND|OR|NOT)\.)"
    r"|(?P<number>(?:\d+\.(?!(?:EQN?|NEN?|LT|LE|GT|GE|AND|OR)\.)\d*|\.\d+|\d+)(?:[ED][+-]?\d+)?)"
    r"|(?P<name>[A-Z_][A-Z0-9_]*)|(?P<mark>\*\*|==|/=|<=|>=|[-+*/(),<>=]))"
)
_RELATIONS = ("==", "/=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Num:
    """A number."""

    value: float


@dataclass(frozen=True)
class Name:
    """A variable or an array element, such as CL or THETA(1), in upper case."""

    key: str


@dataclass(frozen=True)
class Call:
    """A function or an operator and what it is applied to."""

    function: str
    arguments: tuple[Expr, ...]


Expr = Num | Name | Call


@dataclass(frozen=True)
class Assign:
    """`target = value`, at a line of the file."""

    target: str
    value: Expr
    line: int


@dataclass(frozen=True)
class If:
    """Branches (condition, statements) in order; the condition of ELSE is None."""

    branches: tuple[tuple[Expr | None, tuple[Statement, ...]], ...]
    line: int


Statement = Assign | If


def parse_code(text: str, record: str, line: int, replace: Mapping[str, str]) -> tuple[Statement, ...]:
    """Statements of one record whose text starts at `line`; `replace` are the replacements of $ABBR.

    Raises `UnsupportedError` and `DataError` naming record and line.
    """
    lines = list(_logical_lines(text, line))
    statements, rest = _block(lines, record, replace)
    if rest:
        raise DataError(f"{record}, line {rest[0][0]}: {rest[0][1]} without IF")
    return statements


def walk(expression: Expr) -> Iterator[Expr]:
    """The expression and all its parts."""
    yield expression
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from walk(argument)


def expressions(statements: tuple[Statement, ...]) -> Iterator[Expr]:
    """Every part of every expression, conditions included."""
    for s in statements:
        if isinstance(s, Assign):
            yield from walk(s.value)
        else:
            for condition, body in s.branches:
                if condition is not None:
                    yield from walk(condition)
                yield from expressions(body)


def assigned(statements: tuple[Statement, ...]) -> dict[str, int]:
    """Names that the statements assign, with the line of the first assignment."""
    found: dict[str, int] = {}
    for s in statements:
        inner = {s.target: s.line} if isinstance(s, Assign) else {}
        if isinstance(s, If):
            for _, body in s.branches:
                inner = {**assigned(body), **inner}
        found = {**inner, **found}
    return found


def names(statements: tuple[Statement, ...]) -> set[str]:
    """Names that the statements read."""
    return {e.key for e in expressions(statements) if isinstance(e, Name)}


def _logical_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), first):
        bare = raw.split(";", 1)[0].strip().upper()
        start = start if held else number
        if bare.endswith("&"):
            held += bare[:-1] + " "
            continue
        if (held + bare).strip():
            yield start, (held + bare).strip()
        held = ""


def _block(lines: list[tuple[int, str]], record: str, replace: Mapping[str, str]) -> tuple[tuple[Statement, ...], list]:  # type: ignore[type-arg]
    """Statements up to ELSE, ELSEIF or ENDIF, and the lines from there on."""
    found: list[Statement] = []
    while lines:
        number, text = lines[0]
        squeezed = re.sub(r"\s+", "", text)
        if re.match(r"(ELSE|ENDIF)", squeezed):
            return tuple(found), lines
        if match := re.fullmatch(r"IF\s*(\(.*\))\s*THEN", text):
            statement, lines = _if_block(match[1], lines, record, replace)
            found.append(statement)
            continue
        lines = lines[1:]
        found += _simple(number, text, record, replace)
    return tuple(found), lines


def _if_block(condition: str, lines: list[tuple[int, str]], record: str, replace: Mapping[str, str]):  # type: ignore[no-untyped-def]
    number = lines[0][0]
    branches: list[tuple[Expr | None, tuple[Statement, ...]]] = []
    head: Expr | None = _expression(condition, record, number, replace)
    while True:
        body, lines = _block(lines[1:], record, replace)
        branches.append((head, body))
        if not lines:
            raise DataError(f"{record}, line {number}: IF without ENDIF")
        at, text = lines[0]
        if re.fullmatch(r"END\s*IF", text):
            return If(tuple(branches), number), lines[1:]
        if match := re.fullmatch(r"ELSE\s*IF\s*(\(.*\))\s*THEN", text):
            head = _expression(match[1], record, at, replace)
        elif text == "ELSE":
            head = None
        else:
            raise DataError(f"{record}, line {at}: cannot read {text!r}")


def _simple(number: int, text: str, record: str, replace: Mapping[str, str]) -> list[Statement]:
    where = f"{record}, line {number}"
    if re.fullmatch(r"\(\s*(ONLY\s+OBS\w*|OBS\w*\s+ONLY)\s*\)", text):
        return []  # $ERROR is evaluated at observations only here as well
    if text.startswith(('"', "(")) or re.match(r"(EXIT|CALL|RETURN|DO|DOWHILE|WHILE|COMRES|CALLFL|MTIME)\b", text):
        raise UnsupportedError(f"{where}: {text.split('=')[0].strip()!r} is not supported", todo="Take it out.")
    if re.match(r"IF\s*\(", text):
        end = _closing(text, text.index("("))
        condition = _expression(text[text.index("(") : end + 1], record, number, replace)
        return [If(((condition, tuple(_simple(number, text[end + 1 :].strip(), record, replace))),), number)]
    match = re.fullmatch(r"([A-Z_][A-Z0-9_]*(?:\s*\([^()]*\))?)\s*=(?!=)(.*)", text)
    if not match:
        raise DataError(f"{where}: cannot read {text!r}")
    target = _expression(match[1], record, number, replace)
    if not isinstance(target, Name):
        raise DataError(f"{where}: cannot assign to {match[1]!r}")
    return [Assign(target.key, _expression(match[2], record, number, replace), number)]


def _closing(text: str, start: int) -> int:
    depth = 0
    for k in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[k], 0)
        if depth == 0:
            return k
    return len(text)


def _expression(text: str, record: str, line: int, replace: Mapping[str, str]) -> Expr:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise DataError(f"{record}, line {line}: cannot read {text[at:]!r}")
        kind = match.lastgroup or ""
        value = match[kind]
        tokens.append((kind, _WORDS.get(value, value)))
        at = match.end()
    parser = _Parser(tokens, f"{record}, line {line}", replace)
    result = parser.either()
    if parser.at < len(tokens):
        raise DataError(f"{record}, line {line}: cannot read {text!r}")
    return result


class _Parser:
    """Recursive descent over Fortran's precedence: OR, AND, NOT, relations, sums, products, powers."""

    def __init__(self, tokens: list[tuple[str, str]], where: str, replace: Mapping[str, str]) -> None:
        self.tokens, self.where, self.replace, self.at = tokens, where, replace, 0

    def next(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        value = self.next()
        if not value or (expected and value != expected):
            raise DataError(f"{self.where}: expected {expected or 'more'}", got=value or "the end of the line")
        self.at += 1
        return value

    def either(self) -> Expr:
        left = self.both()
        while self.next() == ".OR.":
            left = Call(self.take(), (left, self.both()))
        return left

    def both(self) -> Expr:
        left = self.negation()
        while self.next() == ".AND.":
            left = Call(self.take(), (left, self.negation()))
        return left

    def negation(self) -> Expr:
        if self.next() == ".NOT.":
            return Call(self.take(), (self.negation(),))
        left = self.sum()
        return Call(self.take(), (left, self.sum())) if self.next() in _RELATIONS else left

    def sum(self) -> Expr:
        sign = self.take() if self.next() in ("+", "-") else "+"
        left = self.product()
        left = Call("NEG", (left,)) if sign == "-" else left
        while self.next() in ("+", "-"):
            left = Call(self.take(), (left, self.product()))
        return left

    def product(self) -> Expr:
        left = self.power()
        while self.next() in ("*", "/"):
            left = Call(self.take(), (left, self.power()))
        return left

    def power(self) -> Expr:
        if self.next() in ("+", "-"):  # a sign after an operator, as in 2**-1 or 3*-X
            return Call("NEG", (self.power(),)) if self.take() == "-" else self.power()
        base = self.atom()
        return Call(self.take(), (base, self.power())) if self.next() == "**" else base

    def atom(self) -> Expr:
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        value = self.take()
        if value == "(":
            inside = self.either()
            self.take(")")
            return inside
        if kind == "number":
            return Num(float(value.replace("D", "E")))
        if kind != "name":
            raise DataError(f"{self.where}: unexpected {value!r}")
        name = _SYNONYMS.get(value, value)
        if self.next() != "(":
            return Name(name)
        self.take("(")
        if name in FUNCTIONS:
            arguments = [self.either()]
            while self.next() == ",":
                self.take()
                arguments.append(self.either())
            self.take(")")
            return Call(name, tuple(arguments))
        index = self.take()
        self.take(")")
        return self.element(name, index)

    def element(self, name: str, index: str) -> Expr:
        replaced = self.replace.get(f"{name}({index})", f"{name}({index})")
        name, _, index = replaced.rstrip(")").partition("(")
        if name not in ARRAYS or not index.isdigit():
            usable = sorted(FUNCTIONS) + [f"{a}(n)" for a in sorted(ARRAYS)]
            raise UnsupportedError(f"{self.where}: {replaced} is not supported", allowed=", ".join(usable))
        return Name(f"{'EPS' if name == 'ERR' else name}({int(index)})")
