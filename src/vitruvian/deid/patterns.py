"""What identifies people in clinical text, by pattern: the categories of Safe Harbor that a text can hold.

45 CFR 164.514(b)(2): names, places smaller than a state, dates but the year, telephone, fax, e-mail, social security,
record, plan, account, licence, vehicle and device numbers, URLs, IP addresses, any other unique number, ages over 89.
Faces and finger prints are not text. Names that nobody told and that no title announces are not found: see `text.py`.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Category = Literal["name", "date", "place", "phone", "email", "url", "ip", "number", "age"]

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NTH = rf"{_DAY}(?:st|nd|rd|th)?"
_YEAR = r"(?:1[89]|20)\d{2}"
_CLOCK = r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
DATES = (
    re.compile(rf"(?<![\d.])({_YEAR})-(\d{{2}})-(\d{{2}}){_CLOCK}(?!\d)"),
    re.compile(rf"(?<![\d./])({_DAY})[./-]({_DAY})[./-]({_YEAR}|\d{{2}})(?![\d/])"),
    re.compile(rf"\b({_MONTH})\s{{1,3}}{_NTH},?\s{{1,3}}({_YEAR})\b", re.IGNORECASE),
    re.compile(rf"\b{_NTH}\s{{1,3}}(?:of\s)?({_MONTH}),?\s{{1,3}}({_YEAR})\b", re.IGNORECASE),
    re.compile(rf"\b{_NTH}\s{{1,3}}(?:of\s)?({_MONTH})(?!\w)", re.IGNORECASE),
    re.compile(rf"\b({_MONTH})\s{{1,3}}{_NTH}(?![\d\w])"),
    re.compile(rf"\b({_MONTH})\s{{1,3}}({_YEAR})\b"),
)
_OLD = r"(9\d|1[0-4]\d)"
AGE = re.compile(
    rf"\b{_OLD}(?=[\s-]{{0,2}}(?:years?|yrs?|y/?o)\b)|(?<=\baged\s){_OLD}\b|(?<=\bage\s){_OLD}\b", re.IGNORECASE
)
_WORD = r"[A-Z][a-zà-öø-ÿ'’-]{1,30}(?:-[A-Z][a-zà-öø-ÿ'’]{1,30})?"
_LINE = rf"{_WORD}(?: {{1,2}}(?:{_WORD}|[A-Z](?![a-z])\.?)){{0,3}}"
_FULL = rf"{_WORD}(?:\s{{1,2}}(?:{_WORD}|[A-Z](?![a-z])\.?)){{0,3}}"


def _any(words: str) -> str:
    """One of the lines of `words`, longest first; a blank stands for any space."""
    lines = sorted((line.strip() for line in words.strip().splitlines()), key=len, reverse=True)
    return "(?:" + "|".join(re.escape(line).replace(r"\ ", r"\s") for line in lines) + ")"


_TITLE = _any("Dr\nDoctor\nMr\nMrs\nMs\nMiss\nProf\nProfessor\nNurse\nSister\nFather\nRev")
_DEGREE = _any("MD\nM.D.\nDO\nRN\nNP\nPA-C\nPhD\nFRCP\nMBBS")
_LABEL = _any(
    """patient
    patient name
    name
    mother
    father
    next of kin
    nok
    seen by
    signed
    signed by
    dictated by
    referred by
    attending
    physician
    provider
    gp
    pcp
    contact
    cc"""
)
_NUMBERED = _any(
    """MRN
    medical record
    record
    hospital
    NHS
    SSN
    patient id
    account
    acct
    policy
    member
    member id
    insurance
    insurance id
    license
    licence
    license plate
    licence plate
    number plate
    DEA
    NPI
    passport
    VIN
    serial
    device id
    accession
    case
    certificate
    specimen
    specimen id"""
)
_STREET = _any(
    """Street
    St
    Avenue
    Ave
    Road
    Rd
    Boulevard
    Blvd
    Lane
    Ln
    Drive
    Dr
    Court
    Ct
    Way
    Place
    Pl
    Square
    Sq
    Terrace
    Highway
    Hwy
    Close
    Crescent"""
)
_HOUSE = _any("Hospital\nClinic\nMedical Center\nMedical Centre\nInfirmary\nHealth Center\nNursing Home\nUniversity")
_FLAT = r"(?:,?\s(?:Apt|Apartment|Suite|Unit|Flat|#)\.?\s?\w{1,6})?"
_CALL = _any("tel\nphone\ntelephone\nfax\npager\nmobile\ncell\ncall\ncalled\ncalled at\ncall at")


class Pattern(NamedTuple):
    """A way to find one category; `group` is the part of the match that identifies."""

    category: Category
    pattern: re.Pattern[str]
    group: int = 0


def _pattern(category: Category, text: str, group: int = 0, *, any_case: bool = False) -> Pattern:
    return Pattern(category, re.compile(text, re.IGNORECASE | re.MULTILINE if any_case else re.MULTILINE), group)


PATTERNS: tuple[Pattern, ...] = (
    _pattern("email", r"\b[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b"),
    _pattern("url", r"\b(?:https?://|www\.)[^\s<>()\"']{3,300}", any_case=True),
    _pattern("ip", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    _pattern("ip", r"(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])", any_case=True),
    _pattern("number", r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    _pattern(
        "number",
        rf"\b{_NUMBERED}(?:\s(?:number|no\.?))?\s{{0,2}}[:#]?\s{{0,2}}(?:is\s)?"
        r"([A-Z]{1,3}\s\d{2,8}|(?=[A-Z./-]{0,12}\d)[A-Z0-9][A-Z0-9./-]{2,30}(?:\s\d{2,6}){0,3})",
        1,
        any_case=True,
    ),
    _pattern("number", r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", any_case=True),
    _pattern("phone", r"(?<![\w.])\+\d{1,3}[\s.-]?(?:\(?\d{1,5}\)?[\s.-]?){2,5}\d{2,4}(?!\w)"),
    _pattern("phone", r"(?<![\w.-])(?:1[\s.-])?\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?!\w)"),
    _pattern("phone", rf"\b{_CALL}\.?(?:\s(?:number|no\.?))?\s?[:#]?\s?(\+?\d[\d\s().-]{{4,20}}\d)", 1, any_case=True),
    _pattern("number", r"(?<![\w.,/-])\d{7,20}(?![\w,/]|\.\d)"),
    _pattern("place", rf"\b\d{{1,5}}[A-Z]?\s{{1,2}}(?:{_WORD}\s{{1,2}}){{1,4}}{_STREET}\b\.?{_FLAT}"),
    _pattern("place", r"\bP\.?\s?O\.?\s?Box\s\d{1,8}\b", any_case=True),
    _pattern("place", rf"\b{_WORD}(?:\s{_WORD}){{0,2}},?\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?\b"),
    _pattern(
        "place",
        r"\b(?:zip|postcode|postal\scode)(?:\scode)?\s?:?\s?([A-Z0-9]{2,4}\s?[A-Z0-9]{2,4}(?:-\d{4})?)\b",
        1,
        any_case=True,
    ),
    _pattern("place", rf"\b(?:lives|living|resides|residing|born|lived)\s(?:in|at)\s({_FULL})", 1),
    _pattern("place", rf"\b{_WORD}(?:\s(?:{_WORD}|of|and)){{0,4}}\s{_HOUSE}\b"),
    _pattern("name", rf"\b{_TITLE}\.?\s{{1,2}}({_FULL})", 1),
    _pattern(
        "name", rf"(?:^|(?<=[\n;.]))\s{{0,9}}(?i:{_LABEL})\s?:\s{{0,4}}((?:{_TITLE}\.? )?{_LINE}(?:, {_LINE})?)", 1
    ),
    _pattern("name", rf"\b({_FULL}),\s{_DEGREE}(?!\w)", 1),
)
