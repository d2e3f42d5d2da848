"""Lanes of a timeline: problems and drugs as bars, visits, procedures, vaccines and studies as marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vitruvian.record import Fact
from vitruvian.reports.timeline_axis import Axis, day_text, moment_text, span_text
from vitruvian.tables.codes import analyte

IMAGES = frozenset({"imaging_study", "image", "imaging_series", "study", "waveform", "ecg", "segmentation"})
_ENDED = frozenset({"stopped", "completed", "resolved", "inactive", "remission", "cancelled", "ended"})
_DRUGS = frozenset({"medication_request", "medication_statement", "medication_administration"})
_SUFFIX = re.compile(r"\s*\((disorder|finding|situation|procedure|regime/therapy|morphologic abnormality)\)$")
_PACKAGE = re.compile(r"^(?:NDA\d+ )?(?:[\d.]+ (?:ACTUAT|ML|HR|MG|UNT) )*(?=\w)")
_MODALITIES = {
    "CR": "X-ray", "DX": "X-ray", "CT": "Computed tomography", "MR": "Magnetic resonance", "US": "Ultrasound",
    "NM": "Nuclear medicine", "PT": "Positron emission tomography", "XA": "Angiography", "MG": "Mammography",
    "ECG": "Electrocardiogram", "OP": "Ophthalmic photography", "SEG": "Segmentation", "SR": "Structured report",
}  # fmt: skip
_ROWS = 16


@dataclass(frozen=True)
class Bar:
    """From `left` for `width` percent; `clipped` began before the axis, `open` goes on, `unended` has no known end."""

    left: float
    width: float
    words: str
    clipped: bool = False
    open: bool = False
    unended: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a lane: what, since when, whether it goes on, its bars or marks."""

    title: str
    when: str
    active: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Lane:
    """Rows of one kind; `earlier` names what lies before the axis or below its rows."""

    title: str
    style: str
    rows: tuple[Row, ...]
    earlier: tuple[str, ...] = ()


def lanes(facts: Sequence[Fact], axis: Axis) -> list[Lane]:
    """The lanes that have something to show, in the order in which a clinician asks."""
    found = [
        _bars("Problems", "problem", [f for f in facts if f.kind == "condition"], axis),
        _bars("Drugs", "drug", [f for f in facts if f.kind in _DRUGS], axis),
        _marks("Stays and visits", "visit", [f for f in facts if f.kind == "encounter"], axis, _visit),
        _marks("Procedures", "procedure", [f for f in facts if f.kind == "procedure"], axis, title),
        _marks("Images and studies", "image", [f for f in facts if is_image(f)], axis, _study),
        _marks("Vaccines", "vaccine", [f for f in facts if f.kind == "immunization"], axis, lambda _: "Vaccines given"),
    ]
    return [lane for lane in found if lane.rows or lane.earlier]


def is_image(fact: Fact) -> bool:
    """Whether a fact is about an image, a waveform or a study of them."""
    return fact.kind in IMAGES or fact.code == "ImagingStudy"


def title(fact: Fact) -> str:
    """What it is, without the tags of the code system."""
    known = None if fact.display else analyte(fact.system, fact.code)
    named = fact.display or (known.display if known else "") or fact.value_text or fact.code or fact.kind
    return _SUFFIX.sub("", named).strip()


def _drug(fact: Fact) -> str:
    drug = fact.detail.get("drug")
    return str(drug).replace("_", " ").capitalize() if drug else _PACKAGE.sub("", title(fact))


def _study(fact: Fact) -> str:
    """What was made, where only the modality is known (DICOM PS3.3 C.7.3.1.1.1) in words."""
    return _MODALITIES.get(title(fact), title(fact))


def _visit(fact: Fact) -> str:
    match fact.value_code:
        case "IMP" | "ACUTE" | "NONAC" | "SS" | "OBSENC":
            return "Hospital stays"
        case "EMER":
            return "Emergency"
        case "VR" | "HH":
            return "At home or remote"
    return "Outpatient visits"


_VISIT = {"Hospital stays": "hospital stay", "Emergency": "emergency", "At home or remote": "at home or remote"}


def visit_of(fact: Fact) -> str:
    """What kind of visit it was, in words; the code itself ("IMP") says nothing to a reader."""
    return _VISIT.get(_visit(fact), "outpatient visit")


def _bars(name: str, style: str, facts: Sequence[Fact], axis: Axis) -> Lane:
    """One row for each thing, its episodes joined; those that go on first, then the most recent."""
    things: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.start_ms is not None and "future" not in fact.flags:
            things.setdefault(_drug(fact) if fact.kind in _DRUGS else title(fact), []).append(fact)
    rows = [(_row(thing, episodes, axis), _last(episodes)) for thing, episodes in things.items()]
    rows.sort(key=lambda pair: (not pair[0].active, -pair[1]))
    drawn = [row for row, _ in rows if row.bars]
    shown = [row for k, row in enumerate(drawn) if row.active or k < _ROWS]
    earlier = [f"{row.title} ({row.when})" for row, _ in rows if row not in shown]
    undated = [f"{title(fact)} (no date, {fact.status})" for fact in facts if fact.start_ms is None]
    return Lane(name, style, tuple(shown), (*earlier, *dict.fromkeys(undated)))


def _row(thing: str, episodes: Sequence[Fact], axis: Axis) -> Row:
    episodes = sorted(episodes, key=lambda one: one.start_ms or 0)
    latest = episodes[-1]
    active = any(_goes_on(one) for one in episodes)
    following = [*(one.start_ms for one in episodes[1:]), None]
    bars = [bar for one, after in zip(episodes, following, strict=True) if (bar := _bar(one, after, axis))]
    first, told = episodes[0], moment_text if latest.kind in _DRUGS else day_text
    since = told(first.start_ms, first.offset, first.precision)
    end = max((one.end_ms for one in episodes if one.end_ms is not None), default=None)
    precision = first.precision if latest.kind in _DRUGS else "day"
    ended = span_text(first.start_ms or 0, end, latest.offset, precision) if end is not None else ""
    times = f", {len(episodes)} times" if len(episodes) > 1 else ""
    when = (f"since {since}" if active else ended or f"{since}, {latest.status or 'ended'}") + times
    return Row(thing, when, active, tuple(_joined(bars)))


def _goes_on(fact: Fact) -> bool:
    return fact.end_ms is None and fact.status not in _ENDED


def _last(episodes: Iterable[Fact]) -> int:
    return max(max(one.end_ms or 0, one.start_ms or 0) for one in episodes)


def _bar(fact: Fact, following: int | None, axis: Axis) -> Bar | None:
    """The bar of one episode; one without an end reaches to the next of the same thing, else it is only its start."""
    start = fact.start_ms or 0
    known_end = fact.end_ms if fact.end_ms is not None else following
    end = axis.end if known_end is None and _goes_on(fact) else known_end if known_end is not None else start
    if end < axis.start or start > axis.end:
        return None
    words = f"{title(fact)}, {day_text(start, fact.offset, fact.precision)}"
    words += f" to {day_text(fact.end_ms, fact.offset)}" if fact.end_ms is not None else ""
    words += f", {fact.status}" if fact.status else ""
    left = axis.at(start)
    return Bar(
        left,
        round(axis.at(end) - left, 2),
        words,
        clipped=start < axis.start,
        open=known_end is None and _goes_on(fact),
        unended=end == start and fact.end_ms is None,
    )


def _joined(bars: Sequence[Bar]) -> list[Bar]:
    """Bars that touch (renewed prescriptions) as one."""
    found: list[Bar] = []
    for bar in bars:
        last = found[-1] if found else None
        if last is not None and not last.unended and not bar.unended and bar.left <= last.left + last.width + 0.05:
            width = max(last.width, bar.left + bar.width - last.left)
            found[-1] = Bar(last.left, round(width, 2), last.words, last.clipped, bar.open or last.open)
        else:
            found.append(bar)
    return found


def _marks(name: str, style: str, facts: Sequence[Fact], axis: Axis, group: Callable[[Fact], str]) -> Lane:
    """One row for each group, a mark for each thing (a bar for a stay); the most recent first."""
    things: dict[str, list[Fact]] = {}
    dated = [fact for fact in facts if fact.start_ms is not None and "future" not in fact.flags]
    for fact in dated:
        things.setdefault(group(fact), []).append(fact)
    rows: list[tuple[Row, int]] = []
    earlier: list[str] = []
    for thing, members in things.items():
        shown = [bar for one in members if (bar := _mark(one, axis))]
        when = f"{len(members)} ×, last {day_text(_last(members))}" if len(members) > 1 else day_text(_last(members))
        if shown:
            rows.append((Row(thing, when, False, tuple(shown)), _last(members)))
        else:
            earlier.append(f"{thing} ({when})")
    rows.sort(key=lambda pair: -pair[1])
    undated = [f"{title(fact)} (no date)" for fact in facts if fact.start_ms is None]
    more = [f"{row.title} ({row.when})" for row, _ in rows[_ROWS:]]
    return Lane(name, style, tuple(row for row, _ in rows[:_ROWS]), (*more, *earlier, *dict.fromkeys(undated)))


def _mark(fact: Fact, axis: Axis) -> Bar | None:
    start, end = fact.start_ms or 0, fact.end_ms or fact.start_ms or 0
    if end < axis.start or start > axis.end:
        return None
    words = f"{title(fact)}, {day_text(start, fact.offset, fact.precision)}"
    left = axis.at(start)
    width = round(axis.at(end) - left, 2)
    return Bar(left, width, words, clipped=start < axis.start, unended=width < 0.3)
