"""Purposes of use: HL7 v3 PurposeOfUse codes, what each is a part of, and the readable spellings.

Source: HL7 Terminology, code system v3-ActReason, value set PurposeOfUse.
"""

from __future__ import annotations

from collections.abc import Iterator

PURPOSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ANY_PURPOSE = "PurposeOfUse"

# parent: children
_PARTS = {
    ANY_PURPOSE: "HMARKT HOPERAT HPAYMT HRESCH PATRQT PUBHLTH TREAT",
    "TREAT": "CLINTRL COC ETREAT POPHLTH",
    "ETREAT": "BTG ERTREAT",
    "HOPERAT": "CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP HSYSADMIN "
    "LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV TRAIN",
    "SYSDEV": "HTEST",
    "HPAYMT": "CLMATTCH COVAUTH COVERAGE MILDCRG REMITADV",
    "COVERAGE": "ELIGDTRM ELIGVER ENROLLM",
    "HRESCH": "BIORCH CLINTRCH DSRCH POARCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "PUBHLTH": "DISASTER THREAT",
}
_PARENT = {child: parent for parent, children in _PARTS.items() for child in children.split()}
SPELLINGS = {
    "treatment": "TREAT",
    "emergency": "ETREAT",
    "research": "HRESCH",
    "payment": "HPAYMT",
    "operations": "HOPERAT",
    "own": "PATRQT",
    "public_health": "PUBHLTH",
    "marketing": "HMARKT",
    "any": ANY_PURPOSE,
}
"""Readable spelling of a purpose → its code."""


def purpose_code(purpose: str) -> str:
    """The code of a purpose given as code or readable spelling; "" for one that is not known."""
    code = SPELLINGS.get(purpose, purpose)
    return code if code in _PARENT or code == ANY_PURPOSE else ""


def lineage(code: str) -> Iterator[str]:
    """A code and all that it is a part of, up to "PurposeOfUse"; nothing for an unknown code."""
    while code in _PARENT:
        yield code
        code = _PARENT[code]
    if code == ANY_PURPOSE:
        yield code
