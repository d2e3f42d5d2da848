"""Guideline advice for a drug, from what is known of the genes: the sentence, how strong it is, and where it stands.

Rows of `advice.tsv`: `when` joins conditions by " & ": `GENE=phenotype|phenotype`, `GENE#score|score` (activity score),
`GENE~text` (a carried marker; `GENE!~text`: tested and not carried), `always`. Of the rows of a drug and `slot`, the
first that holds is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from vitruvian.core import UnknownNameError
from vitruvian.person.genes.result import GeneCall
from vitruvian.tables.pharmacogenomics import rows

UNKNOWN = "Indeterminate"


@dataclass(frozen=True)
class Advice:
    """One recommendation. `status` is how its source was read (`vitruvian.core.Status`).

    `certain` is False where other diplotypes that fit would lead elsewhere.
    """

    drug: str
    genes: tuple[str, ...]
    basis: str
    text: str
    strength: str
    guideline: str
    source: str
    status: str
    certain: bool = True

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {**vars(self), "genes": list(self.genes)}


@cache
def _table() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("advice.tsv"):
        for drug in row["drugs"].split("|"):
            found.setdefault(drug, []).append(row)
    return found


def advised_drugs() -> tuple[str, ...]:
    """Drugs that the table speaks of."""
    return tuple(sorted(_table()))


def advice(drug: str, calls: Mapping[str, GeneCall]) -> tuple[Advice, ...]:
    """What guidelines say for this drug and these genes; says so where a gene is unknown or no guideline exists.

    Raises UnknownNameError for a drug that the table does not hold.
    """
    table = _table().get(drug.lower())
    if table is None:
        raise UnknownNameError(
            "no pharmacogenetic advice is held for this drug", got=drug, allowed=", ".join(advised_drugs())
        )
    found: dict[str, Advice] = {}
    for row in table:
        if row["slot"] not in found and _holds(row["when"], calls):
            found[row["slot"]] = _advice(drug.lower(), row, calls)
    for slot in dict.fromkeys(row["slot"] for row in table):
        if slot not in found:
            found[slot] = _nothing(drug.lower(), [row for row in table if row["slot"] == slot], calls)
    return tuple(found.values())


def _genes(when: str) -> tuple[str, ...]:
    parts = [re.split(r"=|#|!?~", part)[0] for part in when.split(" & ") if part != "always"]
    return tuple(dict.fromkeys(parts))


def _holds(when: str, calls: Mapping[str, GeneCall]) -> bool:
    return when == "always" or all(_one(part, calls) for part in when.split(" & "))


def _one(part: str, calls: Mapping[str, GeneCall]) -> bool:
    gene, sign, value = re.split(r"(=|#|!?~)", part, maxsplit=1)
    call = calls.get(gene)
    if call is None or not call.called:
        return False
    if sign == "=":
        return call.phenotype in value.split("|")
    if sign == "#":
        return call.activity_score in [float(score) for score in value.split("|")]
    carried = _carried(value, call)
    return carried == (sign == "~")


def _carried(value: str, call: GeneCall) -> bool:
    """The best match has this allele (*57:01 also as *57:01:01), or its phenotype begins with this text."""
    names = call.diplotypes[0].alleles if call.diplotypes else ()
    by_name = any(name == value or name.startswith(value + ":") for name in names)
    return by_name or any(
        part in (value, f"{value} positive") or part.startswith(value + " of") for part in _said(call)
    )


def _said(call: GeneCall) -> list[str]:
    return (call.phenotype or "").split("; ")


def _basis(genes: tuple[str, ...], calls: Mapping[str, GeneCall]) -> str:
    texts = []
    for gene in genes:
        call = calls.get(gene)
        if call is None or not call.called:
            texts.append(f"{gene} unknown")
        else:
            texts.append(f"{gene} {call.diplotype or '?'} ({call.phenotype or 'no phenotype'})")
    return "; ".join(texts)


def _advice(drug: str, row: dict[str, str], calls: Mapping[str, GeneCall]) -> Advice:
    genes = _genes(row["when"])
    certain = all(len(calls[gene].phenotypes) <= 1 for gene in genes)
    said = (row["text"], row["strength"], row["guideline"], row["source"], row["status"])
    return Advice(drug, genes, _basis(genes, calls), *said, certain)


def _nothing(drug: str, held: list[dict[str, str]], calls: Mapping[str, GeneCall]) -> Advice:
    genes = tuple(dict.fromkeys(gene for row in held for gene in _genes(row["when"])))
    text = f"No recommendation can be given from {_basis(genes, calls)}: dose {drug} as if the genotype were not known."
    where = (held[0]["guideline"], held[0]["source"], held[0]["status"])
    return Advice(drug, genes, _basis(genes, calls), text, "none", *where)
