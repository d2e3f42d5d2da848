"""What a clinical text mentions: medication with dose, problems, vital signs; each with its span and how it is meant.

Mentions are facts of kind "mention" and basis "extracted": nobody measured them, and no twin takes them for measured.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from vitruvian.core import Instant
from vitruvian.ingest.measured import measured
from vitruvian.ingest.notes_context import assertion, headings, sentences
from vitruvian.record import Draft
from vitruvian.tables.codes import LOINC, SNOMED, analytes, codes_of, drug_spellings, problems

_DOSE = re.compile(
    r"(\d{1,6}(?:[.,]\d{1,3})?)\s?"
    r"(mg/kg|mg/m2|mcg|micrograms?|µg|μg|ug|mg|milligrams?|g|grams?|units?|iu|meq|ml)(?![\w/])",
    re.IGNORECASE,
)
_DOSE_UNITS = {"microgram": "ug", "micrograms": "ug", "mcg": "ug", "µg": "ug", "μg": "ug", "milligram": "mg"}
_DOSE_UNITS |= {
    "milligrams": "mg",
    "gram": "g",
    "grams": "g",
    "unit": "[iU]",
    "units": "[iU]",
    "iu": "[iU]",
    "ml": "mL",
}


def _either(*choices: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(choices) + r")(?!\w)", re.IGNORECASE)


_EVERY = (
    (
        _either(r"q\.?d\.?", "once (?:a day|daily)", "daily", "every day", "nightly", "every morning", "at bedtime"),
        24.0,
    ),
    (_either(r"b\.?i\.?d\.?", "twice (?:a day|daily)", "two times (?:a day|daily)"), 12.0),
    (_either(r"t\.?i\.?d\.?", "three times (?:a day|daily)"), 8.0),
    (_either(r"q\.?i\.?d\.?", "four times (?:a day|daily)"), 6.0),
    (_either("weekly", "once a week", "every week"), 168.0),
)
_HOURS = re.compile(r"\b(?:q|every )\s?(\d{1,2})\s?(?:h|hrs?|hours?)\b", re.IGNORECASE)
_ROUTES = (
    ("oral", _either(r"p\.?o\.?", "oral(?:ly)?", "by mouth")),
    ("iv", _either("iv", r"i\.v\.", "intravenous(?:ly)?")),
    ("sc", _either("sc", "subq", r"s\.c\.", "subcutaneous(?:ly)?")),
)


class _Vital(NamedTuple):
    code: str
    pattern: re.Pattern[str]
    unit: str  # "" where the text has to say it
    low: float
    high: float


def _sign(names: str, number: str, unit: str = "") -> re.Pattern[str]:
    return re.compile(rf"\b(?:{names})(?:\s*(?:of|is|was|:|=|at|,|\()?\s*){{0,3}}{number}{unit}", re.IGNORECASE)


_BP = _sign("BP|blood pressure", r"[<>≤≥]?\s?(\d{2,3})\s?/\s?(\d{2,3})(?!\d|/)")
_DEGREES = r"\s?(?:°|deg(?:rees)?)?\s?(C|F|Celsius|Fahrenheit)?(?!\w)"
_POUNDS = r"\s?(kg|kilograms?|lbs?|pounds?)?(?!\w)"
_WHOLE, _DECIMAL = r"(\d{1,3})", r"(\d{1,3}(?:\.\d{1,2})?)"
_VITALS = (
    _Vital("8867-4", _sign("HR|heart rate|pulse(?: rate)?", _WHOLE, r"(?![\d.]\d|\d|\s?%)"), "/min", 20, 300),
    _Vital("9279-1", _sign("RR|resp(?:iratory|iration)? rate|respirations?", _WHOLE, r"(?!\d)"), "/min", 4, 80),
    _Vital("59408-5", _sign("O2 sat(?:uration|s)?|SpO2|SaO2|oxygen saturation|sats?", _WHOLE, r"\s?%"), "%", 40, 100),
    _Vital("8310-5", _sign("temp(?:erature)?|T", _DECIMAL, _DEGREES), "", 25, 45),
    _Vital("29463-7", _sign("weight|wt|weighs|weighing", _DECIMAL, _POUNDS), "", 0.3, 600),
    _Vital("8302-2", _sign("height|ht", _DECIMAL, r"\s?(cm|in|inches|m)?(?!\w)"), "", 20, 260),
)  # fmt: skip
_UNITS = {"c": "Cel", "celsius": "Cel", "f": "[degF]", "fahrenheit": "[degF]", "kilogram": "kg", "kilograms": "kg"}
_AIM = re.compile(r"(?:goal|target|aim|keep|maintain)\b", re.IGNORECASE)
_LIMIT = re.compile(r"(?:below|above|under|over|less than|greater than|[<>≤≥])", re.IGNORECASE)


class _Found(NamedTuple):
    start: int
    end: int
    kind: str
    draft: Draft


def mentions(text: str, place: str, start: Instant | None, known_ms: int | None, status: str = "") -> Iterator[Draft]:
    """One fact per mention in order of place; its path is `place`[first character:after the last].

    `value_code` tells how it is meant: present, absent, uncertain, hypothetical, historical, family (or allergy).
    """
    spans, titles = list(sentences(text)), headings(text)
    firsts, tops = [one for one, _ in spans], [one for one, _ in titles]
    void = status if status == "entered-in-error" else ""
    for one in sorted((*_drugs(text), *_problems(text), *_vitals(text))):
        sentence = spans[max(bisect_right(firsts, one.start) - 1, 0)]
        at = bisect_right(tops, one.start) - 1
        section = titles[at][1] if at >= 0 else ""
        if one.kind == "medication" and _is_allergy(text[sentence[0] : one.end], section):
            meant_as = "allergy"
        else:
            aimed = one.kind == "vital" and _is_aim(text, sentence[0], one)
            meant_as = "hypothetical" if aimed else assertion(text, one.start, one.end, sentence, section)
        draft = one.draft
        detail = (
            {"type": one.kind, "section": section, **draft.detail} if section else {"type": one.kind, **draft.detail}
        )
        yield Draft(
            "mention", draft.system, draft.code, draft.display, f"{place}[{one.start}:{one.end}]",
            draft.value, draft.unit, draft.value_raw, draft.unit_raw, meant_as, text[one.start : one.end],
            start, None, known_ms, void, draft.flags, basis="extracted", detail=detail,
        )  # fmt: skip


def _is_aim(text: str, start: int, one: _Found) -> bool:
    """Whether a number is a goal or a limit ("goal BP <130/80"), not a measurement."""
    before = text[max(start, one.start - 40) : one.start]
    return bool(_AIM.search(before) or _LIMIT.search(before[-12:]) or re.search("[<>≤≥]", text[one.start : one.end]))


def _is_allergy(words: str, section: str) -> bool:
    return "allerg" in section.lower() or re.search(r"allerg(?:y|ic|ies)\b", words, re.IGNORECASE) is not None


@lru_cache(maxsize=1)
def _drug_pattern() -> re.Pattern[str]:
    words = sorted(drug_spellings(), key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, words)) + r")(?![\w-])", re.IGNORECASE)


def _drugs(text: str) -> Iterator[_Found]:
    found = list(_drug_pattern().finditer(text))
    for k, match in enumerate(found):
        name = drug_spellings()[match[0].lower()]
        limit = min(found[k + 1].start() if k + 1 < len(found) else len(text), match.end() + 80)
        tail = re.split(r"[;\n]|\.\s", text[match.end() : limit])[0]
        dose = _DOSE.search(tail)
        value = unit = None
        if dose:
            value, unit = float(dose[1].replace(",", ".")), _DOSE_UNITS.get(dose[2].lower(), dose[2].lower())
        end = match.end() + (dose.end() if dose else 0)
        system, code = next(iter(codes_of(name)), ("", ""))
        draft = Draft("mention", system, code, name.replace("_", " "), value=value, unit=unit, value_raw=value,
                      unit_raw=dose[2] if dose else None, detail=_regimen(name, tail))  # fmt: skip
        yield _Found(match.start(), end, "medication", draft)


def _regimen(name: str, words: str) -> dict[str, object]:
    found: dict[str, object] = {"drug": name}
    hours = _HOURS.search(words)
    every = float(hours[1]) if hours else next((h for pattern, h in _EVERY if pattern.search(words)), None)
    route = next((route for route, pattern in _ROUTES if pattern.search(words)), None)
    return found | ({"interval_h": every} if every else {}) | ({"route": route} if route else {})


@lru_cache(maxsize=1)
def _problem_table() -> tuple[re.Pattern[str], dict[str, tuple[str, str, str]]]:
    known = {word: (one.snomed, one.display, one.icd10) for one in problems() for word in one.spellings}
    words = sorted(known, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, words)) + r")(?![\w-])", re.IGNORECASE), known


def _problems(text: str) -> Iterator[_Found]:
    pattern, known = _problem_table()
    for match in pattern.finditer(text):
        code, display, icd10 = known[match[0].lower()]
        yield _Found(
            match.start(), match.end(), "problem", Draft("mention", SNOMED, code, display, detail={"icd10": icd10})
        )


def _vitals(text: str) -> Iterator[_Found]:
    for match in _BP.finditer(text):
        high, low = float(match[1]), float(match[2])
        if 50 <= high <= 300 and 20 <= low <= 200 and low < high:
            yield _vital(match.start(), match.end(1), "8480-6", high, "mm[Hg]")
            yield _vital(match.start(2), match.end(), "8462-4", low, "mm[Hg]")
    for one in _VITALS:
        for match in one.pattern.finditer(text):
            said = (match[2] or "").lower() if match.re.groups > 1 else ""
            unit = one.unit or _UNITS.get(said, said)
            found = _vital(match.start(), match.end(), one.code, float(match[1]), unit)
            if found.draft.value is None or one.low <= found.draft.value <= one.high:
                yield found


def _vital(start: int, end: int, code: str, value: float, unit: str) -> _Found:
    """A vital sign; without a unit its number stays raw (a unit is never guessed)."""
    one = analytes()[code]
    if unit:
        number = measured(value, unit, one)
        draft = Draft(
            "mention", LOINC, code, one.display, "", number.value, number.unit, value, unit, flags=number.flags
        )
    else:
        draft = Draft("mention", LOINC, code, one.display, value_raw=value, flags=("no_unit",))
    return _Found(start, end, "vital", draft)
