"""Published facts behind the interaction model, one tab-separated file a table, each row with its source and status."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

TABLES = ("enzymes", "perpetrators", "mechanisms", "potencies", "victims", "pathways", "genotypes", "panel")


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """Rows of a table by column name, as text. Raises: KeyError for a name that is not in TABLES."""
    if table not in TABLES:
        raise KeyError(f"unknown interaction table {table!r}; allowed: {', '.join(TABLES)}")
    text = files(__package__).joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
