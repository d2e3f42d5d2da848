"""The card of a model (Mitchell M et al. Model cards for model reporting. FAT* 2019): nothing is claimed by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence

from vitruvian.learn import Feature, Learned
from vitruvian.learn.trust import Card, CardTable, Compared, Drift, Group, Interval, Section, Stability
from vitruvian.study.learning import Judged

_NAMES = {"auroc": "AUROC", "average_precision": "average precision", "brier": "Brier score"}
_LIMITS = (
    "It says how often people alike had the event; it does not say what a treatment would change.",
    "Prediction sets keep their promise for people like those of calibration; drift ends it.",
    "A value outside its bounds is not answered.",
)
_LONG = 120


def model_card(
    model: Learned, judged: Sequence[Judged], *, use: str, limits: Sequence[str] = (),
    stable: Stability | None = None, ways: Sequence[Compared] = (), drift: Drift | None = None,
) -> Card:  # fmt: skip
    """The card of a model as judged on parts of the data. `use`: for whom and when; `limits`: what not for."""
    sections = [_model(model), Section("Use", (use,)), Section("Limits", (*limits, *_LIMITS))]
    for one in judged:
        sections += [_performance(one), _calibration(one), _sets(one, model.target.events)]
        sections += [_groups(one)] if one.groups else []
    sections += [_mitigation(ways)] if ways else []
    sections += [_stability(stable)] if stable is not None else []
    sections += [_drift(drift)] if drift is not None else []
    return Card(f"Model card: {model.title}", (*sections, _features(model.features), _origin(model)))


def _model(model: Learned) -> Section:
    target = model.target
    horizon = f" within {target.horizon}" if target.horizon else ""
    told = (
        f"{model.name}, version {model.version}: {target.title}{horizon} ({', '.join(target.events)}).",
        f"Trained {model.manifest.trained or 'at a time that was not recorded'}.",
        *(f"Source: {one}" for one in model.sources),
    )
    return Section("Model", told)


def _performance(one: Judged) -> Section:
    rows = tuple((_NAMES.get(name, name.replace("_", " ")), str(found)) for name, found in one.measures.items())
    rows += ((f"smaller of sensitivity and PPV at {one.threshold:.3g}", f"{one.score:.3f}"),)
    tables = [CardTable("Measures (95 % interval, people drawn anew)", ("Measure", "Value"), rows)]
    if one.gains:
        columns = ("Floor model", "AUROC", "Gain in AUROC", "Brier", "Gain in Brier (below 0 is better)")
        gains = tuple((g.floor, f"{g.auroc:.4f}", _signed(g.auroc_gain), f"{g.brier:.4f}", _signed(g.brier_gain))
                      for g in one.gains)  # fmt: skip
        tables.append(CardTable("Against simpler models, on the same people", columns, gains))
    told = f"{one.n:,} rows of {one.people:,} people, {one.events:,} events."
    return Section(f"Performance: {one.part}", (told,), tuple(tables))


def _calibration(one: Judged) -> Section:
    found = one.calibration
    rows = (
        ("slope (1 is best)", str(found.slope)),
        ("intercept (0 is best)", str(found.intercept)),
        ("expected over observed (1 is best)", str(found.ratio)),
        ("mean gap of the curve", f"{found.gap:.3f}"),
    )
    curve = tuple((f"{b.n:,}", f"{b.said:.3f}", str(b.came_true)) for b in found.curve)
    tables = (
        CardTable("Calibration", ("What", "Value"), rows),
        CardTable("Curve", ("Rows", "Said", "Came true"), curve),
    )
    return Section(f"Calibration: {one.part}", (), tables)


def _sets(one: Judged, events: Sequence[str]) -> Section:
    found = one.coverage
    rows = tuple(
        (name, f"{n:,}", str(held)) for name, n, held in zip(events, found.counts, found.by_event, strict=True)
    )
    told = (
        f"Promised: what comes true is in the set of {100 * found.level:g} % of each class.",
        f"On average {found.size:.2f} events are in a set; exactly one is in {100 * found.single:.0f} % of sets, where "
        f"the model answers; none is in {100 * found.empty:.1f} %.",
    )
    return Section(f"Prediction sets: {one.part}", told, (CardTable("Coverage", ("Class", "Rows", "Held"), rows),))


def _groups(one: Judged) -> Section:
    columns = (
        "Group",
        "Rows",
        "Events",
        "AUROC",
        "Expected/observed",
        "Events missed",
        "Others called",
        "Miscalibrated",
    )
    off = [f"{group.attribute}: {group.value}" for group in one.groups if group.miscalibrated]
    told = (
        f"Miscalibrated beyond chance (Holm): {', '.join(off)}." if off else "No group is miscalibrated beyond chance."
    )
    return Section(f"Fairness: {one.part}", (told,),
                   (CardTable("Groups (95 % intervals)", columns, tuple(map(_group, one.groups))),))  # fmt: skip


def _group(one: Group) -> tuple[str, ...]:
    few = "too few"
    return (
        f"{one.attribute}: {one.value}", f"{one.n:,}", f"{one.events:,}", str(one.auroc or few), str(one.ratio or few),
        str(one.missed), str(one.false), "yes" if one.miscalibrated else "no",
    )  # fmt: skip


def _mitigation(ways: Sequence[Compared]) -> Section:
    columns = ("Way", "AUROC", "Brier", "Events missed", "Others called", "|log expected/observed|")
    rows = tuple((one.way, str(one.auroc), str(one.brier), str(one.missed), str(one.false), str(one.calibration))
                 for one in ways)  # fmt: skip
    return Section("Mitigation compared", (), (CardTable("Widest gaps between groups", columns, rows),))


def _stability(one: Stability) -> Section:
    told = (
        f"{one.explanations} explanations of {one.rows:,} rows: mean rank correlation {one.rank:.2f} (lowest twentieth "
        f"of rows {one.low:.2f}); of the {one.k} greatest features {100 * one.top:.0f} % are shared, and "
        f"{100 * one.sign:.0f} % of those push the same way."
    )
    return Section("Stability of explanations", (told,))


def _drift(one: Drift) -> Section:
    rows = tuple(
        (d.name, f"{d.psi:.3f} ({d.psi_by_chance:.3f})", f"{100 * d.missing[0]:.0f} to {100 * d.missing[1]:.0f} %",
         f"{d.p:.2g}")
        for d in one.inputs if d.drifted
    )  # fmt: skip
    told = f"{len(rows)} of {len(one.inputs)} inputs differ between the parts ({one.n[0]:,} and {one.n[1]:,} rows)."
    columns = ("Input", "PSI (by chance)", "Missing", "p (Holm)")
    return Section("Drift", (told,), (CardTable("Inputs that differ", columns, rows),) if rows else ())


def _features(features: Sequence[Feature]) -> Section:
    rows = tuple((one.title, one.unit or one.kind, _bounds(one), "yes" if one.actionable else "no") for one in features)
    return Section("Features", (f"{len(features)} features.",),
                   (CardTable("Features", ("What", "Unit", "Bounds", "Can be acted on"), rows),))  # fmt: skip


def _origin(model: Learned) -> Section:
    one = model.manifest
    rows = [("rows", f"{one.rows:,}"), ("split", one.split), ("seed", str(one.seed))]
    rows += [(f"data: {name}", md5) for name, md5 in one.data.items()]
    rows += [(f"version of {name}", version) for name, version in one.versions.items()]
    told = {name: json.dumps(value, ensure_ascii=False, default=str) for name, value in one.settings.items()}
    rows += [(f"setting: {name}", value) for name, value in told.items() if len(value) <= _LONG]
    return Section("Origin", (), (CardTable("Manifest", ("What", "Value"), tuple(rows)),))


def _signed(one: Interval) -> str:
    told = f"{one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
    return told if one.excludes_zero else f"{told}, may be nought"


def _bounds(one: Feature) -> str:
    if one.kind == "category":
        return ", ".join(one.categories)
    low, high = ("" if end is None else f"{end:g}" for end in (one.low, one.high))
    return f"{low} to {high}" if low or high else "none"
