"""An answer as text for a terminal: the sentence, the table of options, the reasons."""

from __future__ import annotations

from collections.abc import Iterable

from vitruvian.twin.answer import Answer, Option


def answer_text(answer: Answer, *, most: int = 6) -> str:
    """The answer in lines of plain text, the `most` best options in a table."""
    lines = [answer.sentence, ""]
    if answer.goal is not None:
        g = answer.goal
        high = "" if g.high is None else f"–{g.high:g}"
        lines.append(f"Goal: {g.metric} {g.low:g}{high} {g.unit} {g.when} ({g.basis}; {g.source})")
        lines += [f"Harm: {h}" for h in g.harms]
    if answer.options:
        lines += ["", *_table(answer, most)]
    for title, rows in (
        ("Guard", [f"{m.severity}: {m.text} {m.todo}".rstrip() for m in answer.messages]),
        ("Why", answer.reasons),
        ("What this person's data taught", _learned(answer)),
        ("Levels", _levels(answer)),
        ("Models", [f"{m.name} weight {m.weight:.2f} ({m.method}); {m.source}" for m in answer.models]),
        ("Next level", [answer.next_level.text] if answer.next_level else []),
        ("This would be wrong if", answer.would_be_wrong_if),
    ):
        if rows:
            lines += ["", f"{title}:", *(f"  - {row}" for row in rows)]
    if answer.spread:
        lines += ["", answer.spread]
    return "\n".join(lines)


def _table(answer: Answer, most: int) -> list[str]:
    rows = [("", "regimen", "median (90 %)", "P(target)", "P(harm)", "")]
    rows += [_row(answer, k, o) for k, o in shown(answer, most)]
    widths = [max(len(r[k]) for r in rows) for k in range(6)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)).rstrip() for r in rows]


def shown(answer: Answer, most: int) -> Iterable[tuple[int, Option]]:
    """Positions and options worth showing: standard and recommended first, then by utility."""
    first = [k for k in (answer.recommended, answer.standard) if k is not None]
    rest = sorted((k for k in range(len(answer.options)) if k not in first), key=lambda k: -answer.options[k].utility)
    order = list(dict.fromkeys([*first, *rest]))[:most]
    return [(k, answer.options[k]) for k in order]


def _row(answer: Answer, k: int, o: Option) -> tuple[str, ...]:
    mark = "→" if k == answer.recommended else ("S" if k == answer.standard else "")
    harm = f"{100 * max(o.p_harm.values()):.0f} %" if o.p_harm else "–"
    note = o.why if not o.allowed else o.label
    return (mark, o.regimen, str(o.metric), f"{100 * o.p_target:.0f} %", harm, note)


def _learned(answer: Answer) -> list[str]:
    return [f"{p.parameter}: {p.prior} → {p.posterior}; learned {100 * p.learned:.0f} %" for p in answer.learned]


def _levels(answer: Answer) -> list[str]:
    return [
        f"{v.when}: {v.value:g} {v.unit}, expected {v.predicted} (p = {v.p_value:.2f}) {v.remark}".rstrip()
        for v in answer.levels
    ]
