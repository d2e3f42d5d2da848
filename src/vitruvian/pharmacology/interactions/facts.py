"""The interaction tables as typed values, and finding a drug by name or alias."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vitruvian.core import UnknownNameError
from vitruvian.tables.interactions import rows

NOT_HEPATIC = frozenset({"renal", "P-gp", "OAT3", "proteolysis"})


@dataclass(frozen=True)
class Enzyme:
    """An enzyme or transporter: turnover (per minute) in liver and gut, its CV, and whether the gut wall has it."""

    name: str
    kdeg_liver: float
    kdeg_gut: float
    cv: float
    in_gut: bool
    source: str
    status: str


@dataclass(frozen=True)
class Species:
    """A perpetrator or its circulating metabolite at the stated regimen (Cmax in mg/L total, doses in mg)."""

    name: str
    parent: str
    aliases: tuple[str, ...]
    regimen: str
    dose_mg: float | None
    molar_mass: float | None
    ka_per_h: float | None
    fa: float | None
    cmax_mg_l: float | None
    fu: float | None
    cv: float
    half_life_h: float
    source: str
    status: str


@dataclass(frozen=True)
class Mechanism:
    """In-vitro constants of one species on one enzyme: Ki, KI or EC50 (uM), kinact (per min) or Emax, scaling d."""

    species: str
    enzyme: str
    kind: str
    constant_um: float
    rate: float
    d: float
    cv: float
    source: str
    status: str


@dataclass(frozen=True)
class Potency:
    """In-vivo strength on one enzyme: the AUC ratio seen in a probe drug (or the threshold of the FDA class)."""

    perpetrator: str
    enzyme: str
    site: str
    probe: str
    auc_ratio: float
    cv: float
    basis: str
    source: str
    status: str


@dataclass(frozen=True)
class Observed:
    """AUC ratio seen in people for one pair and route."""

    victim: str
    perpetrator: str
    route: str
    auc_ratio: float
    source: str


@dataclass(frozen=True)
class Pathway:
    """Share `fm` (with SD) of a victim's systemic clearance that one enzyme or route carries."""

    name: str
    fm: float
    sd: float
    source: str
    status: str


@dataclass(frozen=True)
class Victim:
    """A victim drug: hepatic extraction, gut availability Fg (with SD), and its pathways."""

    name: str
    title: str
    aliases: tuple[str, ...]
    in_library: bool
    extraction: float
    fg: float
    fg_sd: float
    pathways: tuple[Pathway, ...]
    source: str
    status: str

    def pathway(self, name: str) -> Pathway | None:
        """The named pathway, or None."""
        return next((p for p in self.pathways if p.name == name), None)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _aliases(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@cache
def enzymes() -> dict[str, Enzyme]:
    """Enzymes and transporters by name."""
    return {
        r["enzyme"]: Enzyme(
            r["enzyme"],
            float(r["kdeg_liver_per_min"]),
            float(r["kdeg_gut_per_min"] or r["kdeg_liver_per_min"]),
            float(r["cv"]),
            r["gut"] == "yes",
            r["source"],
            r["status"],
        )
        for r in rows("enzymes")
    }


@cache
def species() -> dict[str, Species]:
    """Perpetrators and their metabolites by name."""
    return {
        r["species"]: Species(
            r["species"],
            r["parent"],
            _aliases(r["aliases"]),
            r["regimen"],
            _number(r["dose_mg"]),
            _number(r["molar_mass"]),
            _number(r["ka_per_h"]),
            _number(r["fa"]),
            _number(r["cmax_mg_l"]),
            _number(r["fu"]),
            float(r["cv"] or 0.0),
            float(r["half_life_h"]),
            r["source"],
            r["status"],
        )
        for r in rows("perpetrators")
    }


@cache
def mechanisms(perpetrator: str) -> tuple[Mechanism, ...]:
    """In-vitro rows of a perpetrator and of its metabolites."""
    members = {s.name for s in species().values() if perpetrator in (s.name, s.parent)}
    return tuple(
        Mechanism(
            r["species"],
            r["enzyme"],
            r["kind"],
            float(r["constant_um"]),
            float(r["rate"] or 0.0),
            float(r["d"] or 1.0),
            float(r["cv"]),
            r["source"],
            r["status"],
        )
        for r in rows("mechanisms")
        if r["species"] in members
    )


@cache
def potencies(perpetrator: str) -> tuple[Potency, ...]:
    """In-vivo rows of a perpetrator."""
    return tuple(
        Potency(
            r["perpetrator"],
            r["enzyme"],
            r["site"],
            r["probe"],
            float(r["auc_ratio"]),
            float(r["cv"]),
            r["basis"],
            r["source"],
            r["status"],
        )
        for r in rows("potencies")
        if r["perpetrator"] == perpetrator
    )


@cache
def victims() -> dict[str, Victim]:
    """Victim drugs by name."""
    return {
        r["victim"]: Victim(
            r["victim"],
            r["title"],
            _aliases(r["aliases"]),
            r["library"] == "yes",
            float(r["eh"]),
            float(r["fg"]),
            float(r["fg_sd"]),
            tuple(
                Pathway(p["pathway"], float(p["fm"]), float(p["sd"]), p["source"], p["status"])
                for p in rows("pathways")
                if p["victim"] == r["victim"]
            ),
            r["source"],
            r["status"],
        )
        for r in rows("victims")
    }


def observed(victim: str, perpetrator: str, route: str) -> Observed | None:
    """The tabulated clinical study of that very pair and route, or None (several: the last, of repeated doses)."""
    found = [r for r in rows("panel") if (r["victim"], r["perpetrator"], r["route"]) == (victim, perpetrator, route)]
    return Observed(victim, perpetrator, route, float(found[-1]["auc_ratio"]), found[-1]["source"]) if found else None


def perpetrator_names() -> tuple[str, ...]:
    """Names of all perpetrators (metabolites excluded), sorted."""
    return tuple(sorted(s.name for s in species().values() if not s.parent))


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("’", "'").split())


@cache
def _index(kind: str) -> dict[str, str]:
    table: dict[str, str] = {}
    entries = victims().values() if kind == "victim" else [s for s in species().values() if not s.parent]
    for entry in entries:
        for name in (entry.name, *entry.aliases):
            table[_key(name)] = entry.name
    return table


def find_perpetrator(name: str) -> Species:
    """The perpetrator of that name or alias. Raises: UnknownNameError."""
    found = _index("perpetrator").get(_key(name))
    if not found:
        raise UnknownNameError(
            "this drug is not in the tables of perpetrators",
            got=name,
            allowed=", ".join(perpetrator_names()),
            todo="Check its interactions by hand, or add its rows to perpetrators.tsv and potencies.tsv.",
        )
    return species()[found]


def find_victim(name: str) -> Victim:
    """The victim of that name or alias. Raises: UnknownNameError."""
    found = _index("victim").get(_key(name))
    if not found:
        raise UnknownNameError(
            "no fractions metabolised are tabulated for this drug",
            got=name,
            allowed=", ".join(sorted(victims())),
            todo="Add its rows to the tables victims.tsv and pathways.tsv.",
        )
    return victims()[found]
