"""Answers of the heart twin in the shape of all answers: loop, Wiggers diagram, numbers before and after."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from jaxtyping import Float

from vitruvian.twin.doors.door import Line, Picture, Table, Told
from vitruvian.twin.heart import UNITS, Beat, HeartTwin, WhatIf, title_of, typical_draw
from vitruvian.twin.words import interval_text, percent_text

_POINTS = 100
_WIGGERS = (
    ("pressures", "Pressures over one beat", "pressure", "mmHg",
     (("P_left_ventricle", "left ventricle"), ("P_aorta", "aorta"), ("P_left_atrium", "left atrium"))),
    ("volume", "Volume of the left ventricle over one beat", "volume", "mL", (("V_left_ventricle", "left ventricle"),)),
    ("flows", "Flow through the valves over one beat", "flow", "mL/s",
     (("Q_aortic", "aortic valve"), ("Q_mitral", "mitral valve"))),
)  # fmt: skip


def beat_told(twin: HeartTwin, beat: Beat) -> Told:
    """The beat as it is."""
    rows = tuple((title_of(name), interval_text(beat.interval(name), unit=False), unit) for name, unit in UNITS.items())
    table = Table("numbers", "This heart: median (90 %)", ("What", "Now", "Unit"), rows)
    data = {"numbers": {name: asdict(beat.interval(name)) for name in UNITS}, "at": twin.evidence.at}
    return Told(
        "heart", "beat", f"Now: {_said(beat)}, ejection fraction {beat.interval('ejection_fraction').median:.0f} %.",
        messages=twin.messages, pictures=(_loop(twin, (("now", beat),)), *_wiggers(beat, None)),
        tables=(table, *_background(twin)), reasons=_reasons(twin), data=data,
    )  # fmt: skip


def what_if_told(twin: HeartTwin, found: WhatIf) -> Told:
    """The beat before and after an intervention."""
    one = found.intervention
    rows = tuple(
        (title_of(name), interval_text(found.before.interval(name), unit=False),
         interval_text(found.after.interval(name), unit=False), unit)
        for name, unit in UNITS.items()
    )  # fmt: skip
    table = Table("numbers", f"{one.title}: median (90 %)", ("What", "Before", "After", "Unit"), rows)
    sentence = (
        f"{one.title[0].upper()}{one.title[1:]}: from {_said(found.before)} to {_said(found.after)}. Chance of low "
        f"blood pressure {percent_text(found.p_hypotension)}, of congestion {percent_text(found.p_congestion)}."
    )
    loops = _loop(twin, (("after", found.after), ("before", found.before)))
    return Told(
        "heart", "what_if", sentence, messages=found.messages, pictures=(loops, *_wiggers(found.before, found.after)),
        tables=(table, *_background(twin)), reasons=_reasons(twin),
        citations=(f"Effect of the intervention: {one.source}",) if one.source else (), data=found.to_dict(),
    )  # fmt: skip


def _said(beat: Beat) -> str:
    pressure = f"{beat.interval('systolic').median:.0f}/{beat.interval('diastolic').median:.0f} mmHg"
    output, filling = beat.interval("cardiac_output").median, beat.interval("left_atrial").median
    return f"{pressure}, output {output:.1f} L/min, left atrial pressure {filling:.0f} mmHg"


def _loop(twin: HeartTwin, beats: tuple[tuple[str, Beat], ...]) -> Picture:
    """Pressure over volume of one circulation, in all beats the draw nearest to the medians that the table says;
    measured volumes at the bottom."""
    lines = []
    one = typical_draw(*(beat for _, beat in beats))
    for name, beat in beats:
        volume, pressure = (_closed(beat.curves[c][one]) for c in ("V_left_ventricle", "P_left_ventricle"))
        lines.append(Line(name, pressure, x=volume))
    measured = [twin.evidence.values[name] for name in ("esv", "edv") if name in twin.evidence.values]
    if measured:
        lines.append(Line("measured volumes", (0.0,) * len(measured), x=tuple(measured), marks=True))
    return Picture(
        "loop", "Pressure–volume loop of the left ventricle", "volume of the left ventricle", "mL", "pressure", "mmHg",
        lines[0].x or (), tuple(lines),
    )  # fmt: skip


def _wiggers(before: Beat, after: Beat | None) -> tuple[Picture, ...]:
    """Courses over the beat: median and 90 %, after the intervention and before."""
    found = []
    for name, title, y_title, unit, curves in _WIGGERS:
        lines = [_course(before, curve, word if after is None else f"{word}, before") for curve, word in curves]
        if after is not None:
            lines = [line for pair in zip((_course(after, c, f"{w}, after") for c, w in curves), lines, strict=True)
                     for line in pair]  # fmt: skip
        found.append(
            Picture(name, title, "time since the ventricles begin to contract", "s", y_title, unit, lines[0].x or (),
                    tuple(lines))
        )  # fmt: skip
    return tuple(found)


def _course(beat: Beat, name: str, word: str) -> Line:
    values = _thinned(beat.curves[name])
    seconds = np.arange(values.shape[1]) / values.shape[1] * float(np.median(beat.period))
    low, middle, high = (tuple(row.tolist()) for row in np.quantile(values, (0.05, 0.5, 0.95), axis=0))
    return Line(word, middle, ((low, high),), tuple(seconds.tolist()))


def _thinned(values: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n k"]:
    return values[:, :: max(1, values.shape[1] // _POINTS)]


def _closed(values: Float[np.ndarray, " t"]) -> tuple[float, ...]:
    return tuple(np.append(values, values[0]).tolist())


def _background(twin: HeartTwin) -> tuple[Table, ...]:
    """What the data taught, and the data."""
    learned = tuple(
        (one.title, interval_text(one.prior), interval_text(one.posterior), percent_text(one.shrinkage),
         ", ".join(one.taught_by) or "not told by these data")
        for one in sorted(twin.learned, key=lambda one: -one.shrinkage)
    )  # fmt: skip
    used = tuple((one.name, one.value, one.when, one.origin) for one in twin.evidence.used)
    columns = ("Quantity", "People alike", "This person", "Learned", "Taught by")
    return (
        Table("learned", "What the data taught, against people of the same age, sex and size", columns, learned),
        Table("data", "Data used", ("What", "Value", "When", "From"), used),
    )


def _reasons(twin: HeartTwin) -> tuple[str, ...]:
    return (
        f"{len(twin.u)} simulated circulations that agree with these measurements: the mean squared difference is "
        f"{twin.misfit:.2g} times what the measurements' own errors explain.",
        "What happens at once is told: reflexes, the kidney and time come after.",
    )
