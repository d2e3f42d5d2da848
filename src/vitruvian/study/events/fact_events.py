"""Facts as events: a thing that lasts begins and ends, and its end is not known before it came."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vitruvian.study.events.columns import event_schema

if TYPE_CHECKING:
    import polars as pl

BIRTH, DEATH = "MEDS_BIRTH", "MEDS_DEATH"
END = "END//"
"""Before the code of a thing: that it ended. Encounters are ENCOUNTER// and their class; their end has their hours."""
VOCABULARIES = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://www.whocc.no/atc": "ATC",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://www.ama-assn.org/go/cpt": "CPT",
}
"""Short names of code systems; others go by their address."""
_VOID = ("entered-in-error", "cancelled", "not-done")
_STATIC = ("sex", "birth_sex", "gender")
_LASTING = ("condition", "encounter", "procedure", "medication_statement", "care_plan")
_TOLD = ("observation", "social", "exposure", "answer")
"""Kinds whose text is an answer; of others only codes are taken, for names and notes are no features."""
_TRUE = frozenset(
    {*_TOLD, "condition", "procedure", "immunization", "activity", "imaging_study", "medication_request",
     "medication_statement", "medication_administration", "medication_dispense"}
)  # fmt: skip
"""Kinds that say of the person what their code means; of others the kind comes before the code: FAMILY_HISTORY//…"""
_DOUBTED = {"refuted": "REFUTED//", "unconfirmed": "UNCERTAIN//", "provisional": "UNCERTAIN//"}
_DOUBTED |= {"differential": "UNCERTAIN//"}
_ALWAYS = -2_208_988_800_000
"""1900-01-01, ms: since when a person is of a sex."""


def fact_events(facts: pl.DataFrame, left_out: Counter[str], *, at_once: bool = False) -> pl.DataFrame:
    """Events of rows of the analytic copy's `facts` with `person`; what is none is counted in `left_out`."""
    import polars as pl

    rows = facts.filter(~pl.col("status").fill_null("").is_in(_VOID)).with_columns(
        pl.col("start_ms").alias("time"),
        (pl.col("start_ms") if at_once else pl.col("known_ms")).alias("known"),
        _code(pl.col("system"), pl.col("code")).alias("name"),
    )
    left_out.update(void=facts.height - rows.height)
    placed = pl.col("time").is_not_null() & pl.col("known").is_not_null()
    named = (pl.col("code").fill_null("") != "") | (pl.col("kind") == "encounter")
    demographic, other = rows.filter(kind="demographic"), rows.filter(pl.col("kind") != "demographic")
    usable = other.filter(placed & named)
    for kind, lost in other.filter(~(placed & named))["kind"].value_counts().iter_rows():
        left_out[f"{kind}: without time, time of knowing, or code"] += lost
    made = [
        *_visits(usable.filter(kind="encounter")),
        *_others(usable.filter(pl.col("kind") != "encounter")),
        *_demographics(demographic, left_out),
    ]
    return pl.concat(made)


def _visits(rows: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """Encounters by class; their type is the text, their end says how many hours they took."""
    import polars as pl

    name = pl.lit("ENCOUNTER//") + pl.col("value_code").fill_null("UNKNOWN")
    visits = rows.with_columns(text=pl.col("code"), value=None, unit=None, name=name)
    hours = (pl.col("end_ms") - pl.col("start_ms")) / 3_600_000
    return _events(visits, "time", "known"), _ends(visits.with_columns(value=hours, unit=pl.lit("h")))


def _others(rows: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """All that is neither an encounter nor demographic, under every coding."""
    import polars as pl

    answered = pl.when(pl.col("kind").is_in(_TOLD)).then(pl.coalesce("value_code", "value_text"))
    facts = rows.with_columns(text=answered.otherwise("value_code"))
    every = pl.concat([facts, _recoded(facts)]).with_columns(name=_meant() + pl.col("name"))
    lasting = every.filter(pl.col("kind").is_in(_LASTING)).with_columns(value=None, unit=None)
    return _events(every, "time", "known"), _ends(lasting)


def _meant() -> pl.Expr:
    """What comes before a code that is not said to be true of the person: ABSENT//, FAMILY_HISTORY//, UNCERTAIN// …"""
    import polars as pl

    verified = pl.col("detail").str.json_path_match("$.verification").replace_strict(_DOUBTED, default="")
    forbidden = pl.col("detail").str.json_path_match("$.doNotPerform") == "true"
    mentioned = pl.when(pl.col("value_code") == "present").then(pl.lit(""))
    return (
        pl.when(pl.col("kind") == "mention")
        .then(mentioned.otherwise(pl.col("value_code").fill_null("uncertain").str.to_uppercase() + "//"))
        .when(~pl.col("kind").is_in(_TRUE))
        .then(pl.col("kind").str.to_uppercase() + "//")
        .when(forbidden)
        .then(pl.lit("FORBIDDEN//"))
        .otherwise(verified.fill_null(""))
    )


def _code(system: pl.Expr, code: pl.Expr) -> pl.Expr:
    import polars as pl

    short = system.fill_null("").replace(VOCABULARIES)
    return pl.when(short == "").then(code).otherwise(short + "//" + code)


def _events(rows: pl.DataFrame, time: str, known: str) -> pl.DataFrame:
    """Rows with `name`, `text` and times in ms as events."""
    import polars as pl

    told = rows.select(
        pl.col("person").alias("subject_id"),
        (pl.col(time) * 1000).alias("time"),
        (pl.col(known) * 1000).alias("known"),
        pl.col("name").alias("code"),
        pl.col("value").alias("numeric_value"),
        "unit",
        "text",
        pl.col("basis").alias("kind"),
    )
    return told.select(pl.col(name).cast(kind) for name, kind in event_schema().items())


def _recoded(rows: pl.DataFrame) -> pl.DataFrame:
    """The same facts under their other codings."""
    import polars as pl

    kinds = pl.Struct({"codings": pl.List(pl.List(pl.String))})
    several = rows.filter(pl.col("detail").fill_null("").str.contains('"codings"', literal=True))
    codings = pl.col("detail").str.json_decode(kinds).struct.field("codings")
    each = several.with_columns(codings.alias("coding")).explode("coding")
    another = _code(pl.col("coding").list.get(0), pl.col("coding").list.get(1))
    return (
        each.with_columns(another.alias("another"))
        .filter(pl.col("another") != pl.col("name"))
        .select(pl.col("another").alias("name") if one == "name" else one for one in rows.columns)
    )


def _ends(rows: pl.DataFrame) -> pl.DataFrame:
    """The ends of what ended."""
    import polars as pl

    ended = rows.filter(pl.col("end_ms").is_not_null()).with_columns(
        name=pl.lit(END) + pl.col("name"), known=pl.max_horizontal("known", "end_ms")
    )
    return _events(ended, "end_ms", "known")


def _demographics(rows: pl.DataFrame, left_out: Counter[str]) -> tuple[pl.DataFrame, ...]:
    """Birth and death as MEDS names them, and sex, which is known always; a name is no event."""
    import polars as pl

    plain = {"text": pl.lit(None, pl.String), "value": None, "unit": None}
    dated = rows.filter(pl.col("time").is_not_null()).with_columns(**plain)
    born = dated.filter(code="birth_date").with_columns(known="time", name=pl.lit(BIRTH))
    late = pl.max_horizontal("time", "known")
    dead = dated.filter(code="death").with_columns(known=late, name=pl.lit(DEATH))
    of_sex, always = pl.lit("DEMOGRAPHIC//") + pl.col("code"), pl.lit(_ALWAYS)
    sex = rows.filter(pl.col("code").is_in(_STATIC)).with_columns(
        time=always, known=always, name=of_sex, text="value_code", value=None, unit=None
    )
    left_out["demographic: no event"] += rows.height - born.height - dead.height - sex.height
    return tuple(_events(one, "time", "known") for one in (born, dead, sex))
