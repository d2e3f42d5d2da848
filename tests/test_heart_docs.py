"""docs/heart.md and docs/circulation.md name what there is: cells, variants, diseases, drugs, ports, interventions."""

from __future__ import annotations

from pathlib import Path

from vitruvian.physiology.circulation import PATHOLOGIES, PORTS
from vitruvian.physiology.circulation.network_1d import NETWORKS
from vitruvian.physiology.heart import CELLS, VARIANTS
from vitruvian.systems.vasoactive import DRUGS
from vitruvian.twin.heart import INTERVENTIONS

DOCS = Path(__file__).parents[1] / "docs"


def test_every_name_of_the_heart_is_documented() -> None:
    page = (DOCS / "heart.md").read_text(encoding="utf-8")
    assert not {name for name in (*CELLS, *VARIANTS) if f"`{name}`" not in page}


def test_every_name_of_the_circulation_is_documented() -> None:
    page = (DOCS / "circulation.md").read_text(encoding="utf-8")
    diseases = {name.removesuffix("_mild").removesuffix("_moderate").removesuffix("_severe") for name in PATHOLOGIES}
    assert not {name for name in diseases if f"`{name}" not in page}  # the grade may follow
    names = {*(port.name for port in PORTS), *NETWORKS, *INTERVENTIONS}
    assert not {name for name in names if f"`{name}`" not in page}
    assert not {name for name in DRUGS if name not in page}
