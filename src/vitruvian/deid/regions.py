"""Places that Safe Harbor leaves: states, countries, and three digits of a postal code of more than 20,000 people.

45 CFR 164.514(b)(2)(i)(B); the areas of 20,000 people or fewer are those of the 2000 census, as in the guidance of the
Office for Civil Rights on de-identification (26 November 2012).
"""

from __future__ import annotations

import re

_SMALL = frozenset({
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
})  # fmt: skip
_STATES = """AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky
LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana
NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota
OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota
TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming"""
_STATE = {name.lower(): line[:2] for line in re.split(r"[|\n]", _STATES) for name in (line[:2], line[3:])}
_ZIP = re.compile(r"(\d{3})\d{2}(?:-?\d{4})?")


def region(postal_code: str) -> str:
    """The first three digits of a postal code, "000" where few people live."""
    return "000" if postal_code[:3] in _SMALL else postal_code[:3]


def region_of_zip(postal_code: str) -> str | None:
    """The same of a ZIP code; None for what is none, such as another country's code, whose areas may be small."""
    found = _ZIP.fullmatch(postal_code.strip())
    return region(found[1]) if found else None


def state(name: str) -> str | None:
    """The two letters of a state of the United States; None for anything else, which may be smaller than a state."""
    return _STATE.get(name.strip().lower())
