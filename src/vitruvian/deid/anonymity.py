"""How well people hide in a table: k-anonymity, l-diversity and t-closeness over the columns that others may know.

Rows that agree in all quasi-identifiers are a class. k: the smallest class (Sweeney 2002). l: the fewest different
sensitive values in a class, and the entropy l (Machanavajjhala 2007). t: the largest distance of a class's sensitive
values from those of the whole table (Li 2007; earth mover's distance, by rank for numbers, else total variation).
People, not rows, are counted where `person` names the column that says whose each row is.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vitruvian.core import DataError, InputError


@dataclass(frozen=True)
class Sensitive:
    """One sensitive column: fewest different values in a class, the least entropy l, the largest distance t."""

    different: int
    entropy: float
    closeness: float


@dataclass(frozen=True)
class Anonymity:
    """What a table gives away. `small`: the classes below `wanted` people, as their quasi-identifiers and size."""

    rows: int
    people: int
    quasi: tuple[str, ...]
    classes: int
    k: int
    wanted: int
    small: tuple[tuple[tuple[str, ...], int], ...]
    sensitive: Mapping[str, Sensitive] = field(default_factory=dict)

    @property
    def people_at_risk(self) -> int:
        """How many people stand in a class below `wanted`."""
        return sum(size for _, size in self.small)

    @property
    def highest_risk(self) -> float:
        """The chance that somebody who knows a person in the table finds their row (prosecutor): 1 / k."""
        return 1 / self.k

    @property
    def mean_risk(self) -> float:
        """The same of a person taken at random: classes / people."""
        return self.classes / self.people


def anonymity(
    rows: Iterable[Mapping[str, str]],
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    person: str | None = None,
    wanted: int = 11,
) -> Anonymity:
    """The report of a table. `wanted`: the least people in a class (11: the rule of CMS for cells).

    Raises `InputError` for columns that are not there, `DataError` for no rows.
    """
    if not quasi or wanted < 2 or set(quasi) & set(sensitive):
        raise InputError(
            "what others may know must be named, and is not what is secret", got=(list(quasi), list(sensitive), wanted)
        )
    table = list(rows)
    _demand_columns(table, [*quasi, *sensitive, *([person] if person else [])])
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = defaultdict(list)
    for row in table:
        groups[tuple(row[name] for name in quasi)].append(row)
    sizes = {known: len({row[person] for row in group} if person else group) for known, group in groups.items()}
    small = sorted(((known, size) for known, size in sizes.items() if size < wanted), key=lambda one: (one[1], one[0]))
    told = {name: _sensitive([[row[name] for row in group] for group in groups.values()]) for name in sensitive}
    people = len({row[person] for row in table}) if person else len(table)
    return Anonymity(len(table), people, tuple(quasi), len(groups), min(sizes.values()), wanted, tuple(small), told)


def suppressed(
    rows: Iterable[Mapping[str, str]], quasi: Sequence[str], k: int, *, person: str | None = None
) -> list[Mapping[str, str]]:
    """The rows whose class has at least `k` people; the others are left out."""
    table = list(rows)
    report = anonymity(table, quasi, person=person, wanted=k)
    out = {known for known, _ in report.small}
    return [row for row in table if tuple(row[name] for name in quasi) not in out]


def _demand_columns(table: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    if not table:
        raise DataError("the table has no rows", todo="A report needs people to hide among.")
    missing = [name for name in columns if name not in table[0]]
    if missing:
        raise InputError("no such column", got=", ".join(missing), allowed=", ".join(table[0]))


def _sensitive(classes: Sequence[Sequence[str]]) -> Sensitive:
    whole = Counter(value for group in classes for value in group)
    counts = [Counter(group) for group in classes]
    return Sensitive(
        min(len(one) for one in counts),
        min(math.exp(_entropy(one)) for one in counts),
        max(_distance(one, whole) for one in counts),
    )


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(n / total * math.log(n / total) for n in counts.values())


def _distance(part: Counter[str], whole: Counter[str]) -> float:
    """Between 0 (as in the whole table) and 1."""
    try:
        order = sorted(whole, key=float)
    except ValueError:
        return sum(abs(part[one] / part.total() - whole[one] / whole.total()) for one in whole) / 2
    if len(order) == 1:
        return 0.0
    moved = carried = 0.0
    for one in order[:-1]:
        carried += part[one] / part.total() - whole[one] / whole.total()
        moved += abs(carried)
    return moved / (len(order) - 1)
