"""The answer as text for a terminal, and the names that people read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vitruvian.pharmacology import find
from vitruvian.twin import Answer, answer_text, words


def test_text_fits_the_terminal_and_says_all(answer: Answer) -> None:
    text = answer_text(answer)
    assert max(map(len, text.splitlines())) <= 100
    assert text.startswith(answer.sentence)
    flat = " ".join(text.split())
    for part in (
        "64 %",
        "19 %",
        "54–74 %",
        "recommended",
        "standard",
        "NOT ALLOWED",
        "above the absolute daily maximum",
        "WARNING",
        "DOES NOT FIT THE OTHER DATA",
        "doi:10.1000/one",
        "body weight 71 kg (2 d old)",
        "seed 7",
    ):
        assert part in flat
    assert str(answer) == text


def test_columns_of_the_table_are_aligned(answer: Answer) -> None:
    lines = answer_text(answer).splitlines()
    start = lines.index("Regimens compared") + 1
    head, *rows = lines[start : start + 4]
    place = head.index("target") + len("target")
    assert [row[place - 4 : place] for row in rows] == ["64 %", "12 %", "11 %"]


def test_a_refusal_has_its_reason_and_no_table(refused: Answer) -> None:
    text = answer_text(refused)
    assert text.startswith("No dose of vancomycin is recommended")
    assert "REFUSAL: The body weight is unknown. Record it." in text
    assert "Regimens compared" not in text


def test_control_characters_of_a_record_do_not_reach_the_terminal(answer: Answer) -> None:
    text = answer_text(replace(answer, patient="\x1b[2Jx\x07", reasons=("a\rb\x1b]0;t\x07",)))
    assert all(c.isprintable() or c == "\n" for c in text)


def test_words_for_people() -> None:
    vancomycin, meropenem, amikacin = (find(n) for n in ("vancomycin", "meropenem", "amikacin"))
    goal, harm = vancomycin.efficacy_targets[0], vancomycin.harm_targets[0]
    assert words.target_text(goal) == "AUC24 400–600 mg·h/L"
    assert words.target_text(harm) == "AUC24 above 600 mg·h/L"
    above = words.target_text(meropenem.efficacy_targets[0])
    assert above == "unbound time above 2 mg/L for at least 99 % of the interval"
    assert words.target_text(next(t for t in amikacin.targets if t.name == "peak_mic")) == "peak 32–48 mg/L"
    assert words.target_text(find("warfarin").efficacy_targets[0]) == "INR 2–3"


@pytest.mark.parametrize(
    ("unit", "text"),
    [("mg.h/L", "mg·h/L"), ("umol.h/L", "µmol·h/L"), ("{INR}", ""), ("1", ""), ("mL/min/{1.73_m2}", "mL/min/1.73 m²")],
)
def test_units_for_people(unit: str, text: str) -> None:
    assert words.unit_text(unit) == text


def test_numbers_ranges_and_chances_for_people() -> None:
    assert [words.number_text(v) for v in (0, 0.01234, 2.5, 48.23, 523.4, 1234567)] == [
        "0",
        "0.0123",
        "2.5",
        "48.2",
        "523",
        "1234567",
    ]
    assert words.range_text(None, 3, "mg/L") == "below 3 mg/L"
    assert words.range_text(2.5, None, "{INR}") == "above 2.5"
    assert [words.percent_text(p) for p in (0.0, 0.004, 0.194, 0.999, 1.0)] == [
        "<1 %",
        "<1 %",
        "19 %",
        ">99 %",
        ">99 %",
    ]
    assert [words.age_text(h) for h in (None, 0.5, 5, 72, 30000)] == ["", "30 min", "5 h", "3 d", "3.4 years"]
