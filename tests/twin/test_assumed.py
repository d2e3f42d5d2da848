"""A what-if names what it assumes, and says where that changes nothing. No model runs here."""

from __future__ import annotations

from twin_cases import case

from vitruvian.twin import Twin
from vitruvian.twin.changes import Change, changed
from vitruvian.twin.doors import Picture, Told
from vitruvian.twin.doors.assumed import assuming, in_words

PICTURE = Picture("course", "apixaban, concentration", "time", "h", "concentration", "ng/mL", (0.0,), ())


def test_the_assumption_comes_first() -> None:
    change = Change((("ketoconazole", 200.0),), ("diltiazem",))
    words = in_words(change, {"CYP3A5": "*1/*3"})
    assert words == "ketoconazole (200 mg) started now, diltiazem stopped now and the genotype CYP3A5 *1/*3"
    reasons = ("Regimens are ranked.", "ketoconazole started now multiplies the clearance by 0.70.")
    told = assuming(Told("dose", "compare", "No dose.", pictures=(PICTURE,), reasons=reasons), words, change)
    assert told.sentence == told.data["sentence"] == f"With {words}: No dose."
    assert told.reasons[0].startswith("ketoconazole")
    assert words in told.pictures[0].title
    plain = Told("dose", "compare", "No dose.")
    assert assuming(plain, in_words(Change(), None), Change()) is plain


def test_a_drug_that_does_not_act_is_said() -> None:
    """Rifampicin does not change vancomycin, which the kidney clears."""
    found = changed(Twin(case()), Change((("rifampicin", None),)))
    (note,) = [one for one in found.checks() if one.code == "drug-does-not-act"]
    assert note.severity == "note"
    assert note.text.startswith("rifampicin is not known to act on vancomycin")
    assert not any("multiplies" in one for one in found.case.reasons)
    stopped = changed(Twin(case()), Change((("fluconazole", None),)))
    assert [one for one in changed(stopped, Change(stop=("fluconazole",))).checks() if "stopping" in one.text]
