"""Reading one entry of a file: every value by its name and rule, every refusal with the place and the rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from vitruvian.core import DataError
from vitruvian.physiology.circulation.svzerod.case import Number
from vitruvian.physiology.circulation.svzerod.kind import Value


class Entry:
    """An object of the file at a place that can be named."""

    def __init__(self, found: Any, place: str) -> None:
        if not isinstance(found, Mapping):
            raise DataError(f"{place} is not an object", got=_short(found), allowed="a JSON object {…}")
        self.found, self.place = found, place

    def __contains__(self, key: str) -> bool:
        return key in self.found

    def get(self, key: str) -> Any:
        """What stands under the key; raises `DataError` where nothing does."""
        if key not in self.found:
            raise DataError(f"{self.place} lacks {key}", got=", ".join(self.found) or "nothing", todo=f"Add {key}.")
        return self.found[key]

    def entry(self, key: str) -> Entry:
        """The object under the key."""
        return Entry(self.get(key), f"{self.place}.{key}")

    def text(self, key: str) -> str:
        """A name under the key."""
        found = self.get(key)
        if not isinstance(found, str) or not found:
            raise DataError(f"{self.place}.{key} is not a name", got=_short(found), allowed="a text that is not empty")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of names under the key."""
        found = self.get(key)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise DataError(f"{self.place}.{key} is not a list of names", got=_short(found), allowed='["a", "b"]')
        return tuple(found)

    def whole(self, key: str, default: int | None = None, least: int = 1) -> int:
        """A whole number under the key, at least `least`."""
        found = self.get(key) if default is None else self.found.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found) or found < least:
            raise DataError(f"{self.place}.{key} is out of bounds", got=_short(found), allowed=f"whole, ≥ {least}")
        return int(found)

    def truth(self, key: str, default: bool) -> bool:
        """A truth value under the key."""
        found = self.found.get(key, default)
        if not isinstance(found, bool):
            raise DataError(f"{self.place}.{key} is not a truth value", got=_short(found), allowed="true, false")
        return found

    def number(self, key: str) -> float:
        """A finite number under the key."""
        return _number(self.get(key), f"{self.place}.{key}")

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers under the key, at least one."""
        found = self.get(key)
        if not isinstance(found, list) or not found:
            raise DataError(f"{self.place}.{key} is not a list of numbers", got=_short(found), allowed="[0.0, 1.0]")
        return tuple(_number(one, f"{self.place}.{key}[{n}]") for n, one in enumerate(found))

    def values(self, rules: Sequence[Value], words: Sequence[str] = ()) -> dict[str, Number]:
        """All values that the rules name; what they do not name is refused, names that begin with _ are comments."""
        curves = any(rule.per == "t" for rule in rules)
        allowed = [*(rule.name for rule in rules), *words, *(["t"] if curves else [])]
        for key in self.found:
            if key not in allowed and not key.startswith("_"):
                raise DataError(f"{self.place} has an unknown value", got=key, allowed=", ".join(allowed) or "none")
        found: dict[str, Number] = {rule.name: self._value(rule) for rule in rules}
        if curves:
            found["t"] = self._times([rule.name for rule in rules if rule.per == "t"])
        return found

    def _value(self, rule: Value) -> Number:
        if rule.optional and rule.name not in self.found:
            return 0.0
        found: Number = self.numbers(rule.name) if rule.per else self.number(rule.name)
        for one in found if isinstance(found, tuple) else (found,):
            if rule.least is not None and one < rule.least:
                raise DataError(f"{self.place}.{rule.name} is out of bounds", got=one, allowed=f"≥ {rule.least:g}")
            if rule.above is not None and one <= rule.above:
                raise DataError(f"{self.place}.{rule.name} is out of bounds", got=one, allowed=f"> {rule.above:g}")
        return found

    def _times(self, curves: Sequence[str]) -> tuple[float, ...]:
        times = self.numbers("t")
        for name in curves:
            count = len(self.numbers(name))
            if count != len(times) and count != 1:
                got = f"{len(times)} times, {count} values"
                raise DataError(f"{self.place}: t and {name} differ in length", got=got, allowed="as many of each")
        if any(b <= a for a, b in pairwise(times)):
            raise DataError(f"{self.place}.t does not increase", got=_short(times), allowed="each time after the last")
        if times[0] < 0.0:
            raise DataError(f"{self.place}.t begins before the cycle", got=times[0], allowed="≥ 0")
        return times


def _number(found: Any, place: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise DataError(f"{place} is not a number", got=_short(found), allowed="a finite number")
    return float(found)


def _short(found: Any) -> str:
    text = str(found)
    return text if len(text) <= 60 else f"{text[:57]}…"
