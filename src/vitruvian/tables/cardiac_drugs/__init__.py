"""Published facts of drugs on the heart, one tab-separated file a table, each row with its source and status.

`drugs`: free therapeutic Cmax and risk class of the 28 drugs of the CiPA initiative. `blocks`: IC50 and Hill
coefficient of each current with 90 % intervals, by the laboratory's data set. `binding`: kinetics at hERG.
`thresholds`: torsade metric scores between the classes, by data set.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

TABLES = ("drugs", "blocks", "binding", "thresholds")


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """Rows of a table by column name, as text. Raises: KeyError for a name that is not in TABLES."""
    if table not in TABLES:
        raise KeyError(f"unknown table of cardiac drugs {table!r}; allowed: {', '.join(TABLES)}")
    text = files(__package__).joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
