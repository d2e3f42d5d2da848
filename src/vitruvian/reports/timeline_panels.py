"""Small pictures of a timeline, one a measurement: dots against the reference range, blood pressure as spans, days of a
wearable as a band. Positions are percent of the picture, so that the page only has to draw them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitruvian.core import UnitError, convert
from vitruvian.record import Fact
from vitruvian.reports.timeline_axis import Axis, day_text, moment_text
from vitruvian.reports.timeline_lanes import title
from vitruvian.tables.codes import analyte
from vitruvian.tables.ranges import reference_range
from vitruvian.tables.signals import signals
from vitruvian.twin import words

if TYPE_CHECKING:
    import polars as pl

SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
_MARGIN = 0.12


@dataclass(frozen=True)
class Range:
    """What counts as usual, in the unit of the panel; `customary` where the laboratory gave none."""

    low: float | None
    high: float | None
    customary: bool

    def side(self, value: float) -> str:
        """ "high", "low" or "" for a value."""
        if self.high is not None and value > self.high:
            return "high"
        return "low" if self.low is not None and value < self.low else ""

    @property
    def words(self) -> str:
        """The range as people write it."""
        return words.range_text(self.low, self.high)


@dataclass(frozen=True)
class Dot:
    """One value: position in percent (y from the top), side of the range, what it is in words."""

    x: float
    y: float
    side: str
    words: str


@dataclass(frozen=True)
class Panel:
    """One measurement: newest value first, then its course."""

    title: str
    unit: str
    newest: str
    when: str
    side: str
    range: Range | None
    dots: tuple[Dot, ...]
    band: tuple[float, float] | None = None
    line: str = ""
    area: str = ""
    bars: tuple[tuple[float, float, float, float], ...] = ()
    top: str = ""
    bottom: str = ""
    earlier: int = 0
    note: str = ""
    start: str = ""
    end: str = ""
    ticks: tuple[float, ...] = ()
    code: str = ""
    """Code of the measurement, or name of the signal."""


def panels(facts: Sequence[Fact], axis: Axis, sex: str | None, adult: bool) -> tuple[list[Panel], list[Panel]]:
    """(laboratory, vital signs): a panel for each measurement with a number, those out of range now first."""
    series = _series(facts)
    lab: list[tuple[Any, Panel]] = []
    vital: list[tuple[Any, Panel]] = []
    axis = _measured(axis, [one.start_ms or 0 for members in series.values() for one in members])
    pressure = _pressure(series, axis, adult)
    for (code, unit), members in series.items():
        if pressure is not None and code in (SYSTOLIC, DIASTOLIC):
            continue
        panel = _panel(code, unit, members, axis, sex, adult)
        order = (not panel.side, -len(panel.dots), panel.title)
        (vital if _is_vital(members[-1]) else lab).append((order, panel))
    ordered = [[panel for _, panel in sorted(some, key=lambda pair: pair[0])] for some in (lab, vital)]
    return ordered[0], [*([pressure] if pressure else []), *ordered[1]]


def panel_counts(facts: Sequence[Fact]) -> tuple[int, int]:
    """How many panels `panels` gives: (laboratory, vital signs)."""
    series = _series(facts)
    joined = {SYSTOLIC, DIASTOLIC} if _pairs(series) else set()
    of_vital = [_is_vital(members[-1]) for (code, _), members in series.items() if code not in joined]
    return len(of_vital) - sum(of_vital), sum(of_vital) + bool(joined)


def _series(facts: Sequence[Fact]) -> dict[tuple[str, str], list[Fact]]:
    """Facts with a number by code and unit."""
    series: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        if fact.kind == "observation" and fact.trusted and fact.value is not None and fact.start_ms is not None:
            series.setdefault((fact.code, fact.unit or ""), []).append(fact)
    return series


def _measured(axis: Axis, moments: Sequence[int]) -> Axis:
    """The part of the axis in which something was measured, the same for all panels."""
    within = [ms for ms in moments if axis.holds(ms)]
    return Axis.over(within, until=None) if within else axis


def _is_vital(fact: Fact) -> bool:
    return "vital-signs" in fact.detail.get("category", ())


def _when(fact: Fact) -> str:
    return day_text(fact.start_ms, fact.offset, fact.precision)


def _bound(fact: Fact) -> str:
    """ "<" of a value that is only known to lie below, and the like."""
    return str(fact.detail.get("comparator", ""))


def _panel(code: str, unit: str, members: Sequence[Fact], axis: Axis, sex: str | None, adult: bool) -> Panel:
    newest = members[-1]
    usual = _range(newest, unit, sex, adult)
    shown = [(one.start_ms or 0, one.value or 0.0, one) for one in members if axis.holds(one.start_ms)]
    scale = _Scale.of([value for _, value, _ in shown], usual)
    sides = [_side(one, value, usual) for _, value, one in shown]
    dots = [
        Dot(
            axis.at(ms),
            scale.at(value),
            side,
            f"{_bound(one)}{_value(value, unit)} on {moment_text(ms, one.offset, one.precision)}",
        )
        for (ms, value, one), side in zip(shown, sides, strict=True)
    ]
    value = newest.value or 0.0
    return Panel(
        title=_name(newest),
        unit=words.unit_text(unit),
        newest=_bound(newest) + words.number_text(value),
        when=moment_text(newest.start_ms, newest.offset, newest.precision),
        side=_side(newest, value, usual),
        range=usual,
        dots=tuple(dots),
        band=scale.span(usual),
        line=_line(dots),
        top=scale.top,
        bottom=scale.bottom,
        earlier=len(members) - len(shown),
        start=day_text(axis.start),
        end=day_text(axis.end),
        ticks=tuple(x for x, _ in axis.ticks()),
        code=code,
    )


_SPECIMEN = re.compile(r"\] in (?!Blood|Serum|Plasma|Capillary|Venous|Arterial|Body)([\w ]+?)(?: by | --|$)")
"""Where it was measured, in a LOINC name, unless in blood."""
_IN_BLOOD = re.compile(r" in (?:Platelet poor plasma|Blood|Serum|Plasma)\b.*$")
_MOMENT = re.compile(r" --(trough|peak|fasting|pre.*|post.*|\d.*)$", re.IGNORECASE)
"""When it was measured, in a LOINC name: a trough is not a peak."""


def _name(fact: Fact) -> str:
    known = analyte(fact.system, fact.code)
    plain = title(fact) if fact.display else known.display if known else fact.code
    found, moment = _SPECIMEN.search(plain), _MOMENT.search(plain)
    name = _IN_BLOOD.sub("", plain.split(" [")[0]).replace("/Hemoglobin.total", "").replace(".total", ", total")
    return name + (f" in {found[1].lower()}" if found else "") + (f", {moment[1].lower()}" if moment else "")


def _value(value: float, unit: str) -> str:
    return f"{words.number_text(value)} {words.unit_text(unit)}".strip()


def _side(fact: Fact, value: float, usual: Range | None) -> str:
    """Which side of the range; what the laboratory itself said ("H", "L") goes first."""
    for one in fact.detail.get("interpretation", ()):
        for coding in one.get("coding", ()) if isinstance(one, Mapping) else ():
            code = str(coding.get("code", ""))
            if code in ("H", "HH", "HU", ">"):
                return "high"
            if code in ("L", "LL", "LU", "<"):
                return "low"
            if code == "N":
                return ""
    return usual.side(value) if usual else ""


def _range(fact: Fact, unit: str, sex: str | None, adult: bool) -> Range | None:
    """The laboratory's own range in the canonical unit, else the customary one of adults."""
    given = fact.detail.get("referenceRange") or ()
    factor = _factor(fact)
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, Mapping) or factor is None:
            continue
        ends = [one.get(end, {}).get("value") for end in ("low", "high")]
        low, high = (float(end) * factor if isinstance(end, int | float) else None for end in ends)
        if low is not None or high is not None:
            return Range(low, high, customary=False)
    known = reference_range(fact.code, sex) if adult else None
    if known is None:
        return None
    try:
        low, high = (None if end is None else convert(end, known.unit, unit) for end in (known.low, known.high))
    except UnitError:
        return None
    return Range(low, high, customary=True)


def _factor(fact: Fact) -> float | None:
    """From the unit as received to the canonical one; ranges come in the unit as received."""
    if fact.unit == fact.unit_raw:
        return 1.0
    return fact.value / fact.value_raw if fact.value and fact.value_raw else None


def _pairs(series: Mapping[tuple[str, str], Sequence[Fact]]) -> list[tuple[Fact, Fact]]:
    """Systolic and diastolic pressures of one moment."""
    upper, lower = series.get((SYSTOLIC, "mm[Hg]"), ()), series.get((DIASTOLIC, "mm[Hg]"), ())
    below = {one.start_ms: one for one in lower}
    return [(one, below[one.start_ms]) for one in upper if one.start_ms in below]


def _pressure(series: Mapping[tuple[str, str], Sequence[Fact]], axis: Axis, adult: bool) -> Panel | None:
    """Systolic and diastolic pressure of one moment as one span."""
    pairs = _pairs(series)
    if not pairs:
        return None
    high, low = (_range(pairs[-1][k], "mm[Hg]", None, adult) for k in (0, 1))
    shown = [pair for pair in pairs if axis.holds(pair[0].start_ms)]
    scale = _Scale.of([one.value or 0.0 for pair in shown for one in pair], None)
    dots, bars = [], []
    for top, bottom in shown:
        x = axis.at(top.start_ms or 0)
        side = _side(top, top.value or 0.0, high) or _side(bottom, bottom.value or 0.0, low)
        text = f"{words.number_text(top.value or 0.0)}/{words.number_text(bottom.value or 0.0)} mmHg"
        when = day_text(top.start_ms, top.offset, top.precision)
        dots.append(Dot(x, scale.at(top.value or 0.0), side, f"{text} on {when}"))
        bars.append((x, scale.at(top.value or 0.0), x, scale.at(bottom.value or 0.0)))
    top, bottom = pairs[-1]
    usual = Range(low.low if low else None, high.high if high else None, high.customary) if high else None
    return Panel(
        title="Blood pressure",
        unit="mmHg",
        newest=f"{words.number_text(top.value or 0.0)}/{words.number_text(bottom.value or 0.0)}",
        when=day_text(top.start_ms, top.offset, top.precision),
        side=_side(top, top.value or 0.0, high) or _side(bottom, bottom.value or 0.0, low),
        range=None,
        dots=tuple(dots),
        bars=tuple(bars),
        top=scale.top,
        bottom=scale.bottom,
        earlier=len(pairs) - len(shown),
        start=day_text(axis.start),
        end=day_text(axis.end),
        ticks=tuple(x for x, _ in axis.ticks()),
        code=SYSTOLIC,
        note=f"usual below {words.number_text(usual.high)}/80" if usual and usual.high else "",
    )


def wearable(name: str, table: pl.DataFrame, axis: Axis) -> Panel | None:
    """The days of a signal: bars of a sum, else the mean as a line within each day's lowest and highest value."""
    import polars as pl

    signal = signals().get(name)
    table = table.filter(pl.col("value").is_not_null())
    if table.is_empty():
        return None
    day = 86_400_000
    rows = [
        (date.toordinal() * day - _EPOCH, value, low, high, date)
        for date, value, low, high in table.select("date", "value", "low", "high").iter_rows()
    ]
    shown = [row for row in rows if axis.holds(row[0] + day // 2)]
    total = signal is not None and signal.join == "sum"
    values = [0.0, *(row[1] for row in shown)] if total else [end for row in shown for end in (row[2], row[3])]
    scale = _Scale.of(values, None, margin=not total)
    bars: tuple[tuple[float, float, float, float], ...] = ()
    line = area = ""
    if total:
        bars = tuple(
            (axis.at(r[0] + day * 0.1), scale.at(r[1]), axis.at(r[0] + day * 0.9), scale.at(0.0)) for r in shown
        )
    else:
        middle = [axis.at(row[0] + day / 2) for row in shown]
        line = " ".join(f"{x},{scale.at(row[1])}" for x, row in zip(middle, shown, strict=True))
        up = [f"{x},{scale.at(row[3])}" for x, row in zip(middle, shown, strict=True)]
        down = [f"{x},{scale.at(row[2])}" for x, row in zip(middle, shown, strict=True)]
        area = " ".join([*up, *reversed(down)])
    few = shown if not total and len(shown) == 1 else []  # one day is no line
    last = rows[-1]
    unit = words.unit_text(table["unit"][-1])
    spread = "" if total else f"day's range {words.number_text(last[2])}–{words.number_text(last[3])}"
    return Panel(
        title=signal.title if signal else name.replace("_", " "),
        unit=f"{unit} a day".strip() if total else unit,
        newest=words.number_text(last[1]),
        when=f"{last[4].day} {last[4]:%b %Y}",
        side="",
        range=None,
        dots=tuple(Dot(axis.at(r[0] + day / 2), scale.at(r[1]), "", words.number_text(r[1])) for r in few),
        line=line,
        area=area,
        bars=bars,
        top=scale.top,
        bottom=scale.bottom,
        earlier=len(rows) - len(shown),
        start=day_text(axis.start),
        end=day_text(axis.end),
        ticks=tuple(x for x, _ in axis.ticks()),
        code=name,
        note=spread
        or (f"mean {words.number_text(math.fsum(r[1] for r in shown) / len(shown))} a day" if shown else ""),
    )


def _mean(days: Sequence[float]) -> str:
    return f"mean {words.number_text(math.fsum(days) / len(days))} a day" if days else ""


_EPOCH = 719163 * 86_400_000
"""Milliseconds from day 0 of the calendar to 1970."""


@dataclass(frozen=True)
class _Scale:
    """Values from `low` to `high` as percent from the top of the picture."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], usual: Range | None, *, margin: bool = True) -> _Scale:
        """Holds all values, and as much of the range as does not flatten them."""
        if not values:
            values = [end for end in (usual.low, usual.high) if end is not None] if usual else []
        low, high = min(values, default=0.0), max(values, default=1.0)
        spread = high - low or abs(high) * 0.2 or 1.0
        if usual is not None:
            crossed = {usual.low: usual.low is not None and low < usual.low, usual.high: bool(usual.side(high))}
            near = [
                end
                for end, over in crossed.items()
                if end is not None and (over or low - spread <= end <= high + spread)
            ]
            low, high = min([low, *near]), max([high, *near])
        pad = _MARGIN * ((high - low) or spread) if margin else 0.0
        return cls(low - pad if low < 0 else max(low - pad, 0.0), high + (pad or _MARGIN * spread))

    def at(self, value: float) -> float:
        """Percent from the top, clipped."""
        return round(100 * min(max((self.high - value) / (self.high - self.low), 0.0), 1.0), 2)

    def span(self, usual: Range | None) -> tuple[float, float] | None:
        """Top and height of the range in percent."""
        if usual is None:
            return None
        top = 0.0 if usual.high is None else self.at(usual.high)
        bottom = 100.0 if usual.low is None else self.at(usual.low)
        return top, round(max(bottom - top, 0.0), 2)

    @property
    def top(self) -> str:
        """The value at the top."""
        return words.number_text(self.high)

    @property
    def bottom(self) -> str:
        """The value at the bottom."""
        return words.number_text(self.low)


def _line(dots: Sequence[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)
