"""One person's timeline as one self-contained page: who it is, what goes on, and how the numbers went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitruvian.core import now_ms, to_datetime
from vitruvian.record import Fact, Patient
from vitruvian.reports.files import write_whole
from vitruvian.reports.page import environment
from vitruvian.reports.timeline_axis import Axis, day_text, span_text
from vitruvian.reports.timeline_lanes import is_image, lanes, title, visit_of
from vitruvian.reports.timeline_panels import panels, wearable
from vitruvian.tables.ranges import ADULT_YEARS

if TYPE_CHECKING:
    import polars as pl

_DAY = 86_400_000
_WEARABLE_DAYS = 90
_FIRST = (
    "glucose", "blood_glucose", "insulin_bolus", "insulin_basal", "insulin_basal_rate", "carbohydrates",
    "systolic_blood_pressure", "diastolic_blood_pressure", "heart_rate", "oxygen_saturation", "respiratory_rate",
    "body_temperature", "body_weight", "sleep", "activity", "steps", "resting_heart_rate", "hrv_rmssd", "hrv_sdnn",
)  # fmt: skip
_HIDDEN = frozenset({"resource", "demographic"})


@dataclass(frozen=True)
class Known:
    """What a timeline shows: facts of one person, and the days of each signal (see `Patient.daily`)."""

    id: str
    facts: Sequence[Fact]
    days: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def timeline_page(known: Known, since: str | None = None, until: str | None = None) -> str:
    """The page as HTML text; the last ten years of what is known, unless told otherwise."""
    return environment().get_template("timeline.html").render(timeline_view(known, since, until))


def timeline_report(patient: Patient, path: str | Path, since: str | None = None, until: str | None = None) -> Path:
    """Read one person and write the page to `path`, whole or not at all; returns the path."""
    known = Known(patient.id, patient.facts(), {name: patient.daily(name) for name in patient.signals()})
    return write_whole(Path(path), timeline_page(known, since, until))


def timeline_view(known: Known, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    """All that a page of the timeline shows: who, axis, lanes, panels of laboratory, vital signs and wearables."""
    head = timeline_head(known, since, until)
    facts, axis, who = _past(known), head["axis"], head["who"]
    lab, vital = panels(facts, axis, who.sex, who.adult)
    recent = Axis(axis.end - _WEARABLE_DAYS * _DAY, axis.end)
    worn = [
        panel for name, table in sorted(known.days.items(), key=_weight) if (panel := wearable(name, table, recent))
    ]
    return head | {
        "recent": recent,
        "lab": lab,
        "vital": vital,
        "worn": worn,
        "customary": any(panel.range and panel.range.customary for panel in (*lab, *vital)),
    }


def timeline_head(known: Known, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    """What `timeline_view` shows without drawing measurements: who, axis, lanes, rows."""
    facts = _past(known)
    dated = [one for one in facts if one.start_ms is not None and one.kind not in _HIDDEN]
    axis = Axis.over([*(one.start_ms or 0 for one in dated), *_last_days(known.days)], since, until)
    return {
        "who": _who(known.id, facts, axis.end),
        "axis": axis,
        "ticks": axis.ticks(),
        "span": (day_text(axis.start), day_text(axis.end)),
        "lanes": lanes(facts, axis),
        "doubtful": [one for one in known.facts if one.flags and one.kind not in _HIDDEN],
        "rows": sorted(dated, key=lambda one: -(one.start_ms or 0)),
        "day": day_text,
        "from_to": span_text,
        "title_of": title,
        "visit_of": visit_of,
        "made": day_text(now_ms()),
    }


def _past(known: Known) -> list[Fact]:
    return [one for one in known.facts if "future" not in one.flags]


def _weight(signal: tuple[str, Any]) -> tuple[int, str]:
    """What a clinician looks for first comes first, the rest by name."""
    name = signal[0]
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _last_days(days: Mapping[str, pl.DataFrame]) -> list[int]:
    tables = [table for table in days.values() if not table.is_empty()]
    return [(table["date"][-1].toordinal() - 719163) * _DAY for table in tables]


@dataclass(frozen=True)
class _Who:
    """Head of the page: who, how old, and what one must know at once."""

    id: str
    name: str
    sex: str | None
    born: str
    age: str
    adult: bool
    died: str
    allergies: tuple[str, ...]
    genes: tuple[str, ...]
    genomes: int
    problems: int
    images: int


def _who(key: str, facts: Sequence[Fact], now: int) -> _Who:
    said: dict[str, Fact] = {}
    for one in facts:
        if one.kind == "demographic":
            said.setdefault(one.code, one)
    born, death, sex, name = (said.get(code) for code in ("birth_date", "death", "sex", "name"))
    until = death.start_ms if death is not None and death.start_ms is not None else now
    years = None if born is None or born.start_ms is None else _years(born.start_ms, until)
    return _Who(
        id=key,
        name=name.value_text or key if name else key,
        sex=sex.value_code if sex else None,
        born=day_text(born.start_ms, None, born.precision) if born else "",
        age="" if years is None else f"{years:.0f} years" if years >= 2 else f"{years * 12:.0f} months",
        adult=years is not None and years >= ADULT_YEARS,
        died=(day_text(death.start_ms) if death.start_ms is not None else "yes") if death else "",
        allergies=_allergies(facts),
        genes=tuple(dict.fromkeys(_gene(one) for one in facts if one.kind == "genotype")),
        genomes=sum(one.kind == "genome" for one in facts),
        problems=sum(one.kind == "condition" and one.status == "active" for one in facts),
        images=sum(is_image(one) for one in facts),
    )


def _years(born: int, now: int) -> float:
    """Whole years from two years of age on, else with months."""
    start, end = to_datetime(born), to_datetime(now)
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    return months // 12 if months >= 24 else months / 12


def _allergies(facts: Sequence[Fact]) -> tuple[str, ...]:
    found = [one for one in facts if one.kind == "allergy" and one.status in ("active", "")]
    found.sort(key=lambda one: one.detail.get("criticality") != "high")
    high = (
        title(one).removeprefix("Allergy to ") + (" (high risk)" if one.detail.get("criticality") == "high" else "")
        for one in found
    )
    return tuple(dict.fromkeys(high))


def _gene(fact: Fact) -> str:
    phenotype = fact.detail.get("phenotype")
    return f"{fact.code} {fact.value_text or ''}".strip() + (f": {phenotype}" if phenotype else "")
