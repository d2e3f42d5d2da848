"""An answer as text for a terminal: the sentence, the table of options, the reasons; at most 100 columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import wrap

from vitruvian.twin.answer import Answer, ModelUsed, Option, Used
from vitruvian.twin.words import (
    age_text,
    covariate_name,
    interval_text,
    metric_name,
    parameter_name,
    percent_text,
    range_text,
    unit_text,
)

WIDTH = 100
"""Columns of the text."""

_Rows = Sequence[Sequence[str]]
_DOI = re.compile(r"doi:[^\s\]]+[^\s\].,;]")


def answer_text(answer: Answer, *, most: int = 6) -> str:
    """The answer in lines of plain text, the `most` best options in a table."""
    lines = [*_wrapped(answer.sentence), ""]
    lines += _wrapped(f"{answer.drug} for {answer.patient}, as of {answer.asked_at} (local time)")
    lines += _goal(answer)
    for title, rows in (
        ("Checks before dosing", _bullets(f"{m.severity.upper()}: {m.text} {m.todo}" for m in answer.messages)),
        (_compared(answer, most), _options(answer, most)),
        ("Why", _bullets(answer.reasons)),
        ("Levels of this person", _levels(answer)),
        ("What this person's data taught, median (90 %)", _learned(answer)),
        ("Models", _bullets(_model(m) for m in answer.models)),
        ("Next level", _bullets([answer.next_level.text] if answer.next_level else [])),
        ("This would be wrong if", _bullets(() if answer.refused else answer.would_be_wrong_if)),
        ("Data used", _data(answer)),
    ):
        if rows:
            lines += ["", title, *rows]
    lines += ["", f"Vitruvian {answer.version}, seed {answer.seed}. Decision support: a person decides."]
    return "\n".join(_printable(line) for line in lines)


def shown(answer: Answer, most: int) -> Iterable[tuple[int, Option]]:
    """Positions and options worth showing: recommended and standard first, then by utility."""
    first = [k for k in (answer.recommended, answer.standard) if k is not None]
    rest = sorted((k for k in range(len(answer.options)) if k not in first), key=lambda k: -answer.options[k].utility)
    order = list(dict.fromkeys([*first, *rest]))[:most]
    return [(k, answer.options[k]) for k in order]


def _goal(answer: Answer) -> list[str]:
    goal = answer.goal
    if goal is None:
        return []
    name = goal.title or metric_name(goal.metric)
    text = f"Goal: {name} {range_text(goal.low, goal.high, goal.unit)} {goal.when}, {goal.basis}"
    return [*_wrapped(text), *_wrapped(f"Harm counted: {'; '.join(goal.harms)}" if goal.harms else "")]


def _compared(answer: Answer, most: int) -> str:
    total = len(answer.options)
    return "Regimens compared" if total <= most else f"Regimens compared (the best {most} of {total})"


def _options(answer: Answer, most: int) -> list[str]:
    if not answer.options:
        return []
    goal = answer.goal
    unit = "" if goal is None else unit_text(goal.unit)
    name = "median" if goal is None else f"{goal.title or metric_name(goal.metric)}{', ' if unit else ''}{unit}"
    several = len(answer.models) > 1
    rows = [["", "regimen", f"{name} (90 %)", "target", "harm", "by model" if several else "", ""]]
    rows += [_option(answer, k, o, several) for k, o in shown(answer, most)]
    lines = _table(rows, right=(3, 4))
    notes = [f"{answer.options[k].regimen}: {o.why}" for k, o in shown(answer, most) if o.why]
    after = [f"  {line}" for text in (answer.spread, answer.exact_dose_text) for line in _wrapped(text, 2)]
    return lines + _bullets(notes) + after


def _option(answer: Answer, k: int, o: Option, several: bool) -> list[str]:
    names = {answer.recommended: "recommended", answer.standard: "standard"}
    marks = [names[k]] if k in names else ([o.label] if o.label == "current" else [])
    if k == answer.recommended == answer.standard:
        marks = ["recommended", "standard"]
    if not o.allowed:
        marks.append("NOT ALLOWED")
    chances = [p for p, _ in o.per_model.values()]
    by_model = f"{100 * min(chances):.0f}–{100 * max(chances):.0f} %" if several and chances else ""
    return [
        "→" if k == answer.recommended else "",
        o.regimen,
        interval_text(o.metric, unit=False),
        percent_text(o.p_target),
        percent_text(max(o.p_harm.values())) if o.p_harm else "–",
        by_model,
        ", ".join(marks),
    ]


def _levels(answer: Answer) -> list[str]:
    if not answer.levels:
        return []
    rows = [["when", "measured", "expected (90 %)", "surprise", ""]]
    for v in answer.levels:
        measured = f"{v.value:g} {unit_text(v.unit)}".strip()
        rows.append([v.when, measured, interval_text(v.predicted), f"p = {v.p_value:.2f}", v.remark.upper() or "fits"])
    return _table(rows)


def _learned(answer: Answer) -> list[str]:
    if not answer.learned:
        return []
    rows = [["parameter", "before", "after", "learned"]]
    for item in answer.learned:
        before, after = interval_text(item.prior, unit=False), interval_text(item.posterior)
        rows.append([parameter_name(item.parameter), before, after, f"{100 * item.learned:.0f} %"])
    return _table(rows, right=(3,))


def _model(m: ModelUsed) -> str:
    """Weight, title, status and where to read it: the DOI where there is one, else the source in full."""
    fit = m.method if m.converged else f"{m.method}, NOT CONVERGED"
    doi = _DOI.search(m.source)
    where = f"{doi[0]} [{m.status}]" if doi else m.source
    return f"{100 * m.weight:.0f} % {m.title}; {fit}; {where}"


def _data(answer: Answer) -> list[str]:
    """One paragraph: name, value and age of each datum; of the genome what the reasons name."""
    said = " ".join((*answer.reasons, *(m.text for m in answer.messages)))
    genes = [d for d in answer.data_used if d.origin == "genome"]
    named = [d for d in genes if re.search(rf"\b{re.escape(d.name)}\b", said)]
    found = [_datum(d) for d in answer.data_used if d.origin != "genome"] + [_datum(d) for d in named]
    if len(genes) > len(named):
        found.append(f"{len(genes) - len(named)} other genes read")
    return [f"  {line}" for line in _wrapped("; ".join(found), 2)]


def _datum(d: Used) -> str:
    old = age_text(d.age_h)
    text = d.value if ": " in d.value else f"{covariate_name(d.name)} {d.value}"
    return f"{text} ({old} old)" if old else text


def _table(rows: _Rows, right: Sequence[int] = ()) -> list[str]:
    """Aligned columns; rows that would pass the width are cut with an ellipsis."""
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    used = [k for k, w in enumerate(widths) if w]
    lines = []
    for r in rows:
        cells = [r[k].rjust(widths[k]) if k in right else r[k].ljust(widths[k]) for k in used]
        line = f"  {'  '.join(cells)}".rstrip()
        lines.append(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")
    return lines


def _bullets(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in _wrapped(text.strip(), first="  - ", other="    ")]


def _wrapped(text: str, indent: int = 0, first: str = "", other: str = "") -> list[str]:
    """Lines of at most the width; a number stays with its percent sign."""
    kept = text.replace(" %", "\u00a0%")
    lines = wrap(kept, WIDTH - indent, initial_indent=first, subsequent_indent=other, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _printable(line: str) -> str:
    """Names come from records: control characters must not reach the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in line)
