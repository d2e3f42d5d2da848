"""Events without the last reading of each kind: what a model must be able to do without, since charts end anywhere."""

from __future__ import annotations

from vitruvian.study.events import Events


def thinned(events: Events) -> Events:
    """Without the last event of each code of each subject, where there are several."""
    import polars as pl

    each = ("subject_id", "code")
    last = (pl.int_range(pl.len()).over(each) == pl.len().over(each) - 1) & (pl.len().over(each) > 1)
    return Events(tuple(part.filter(~last) for part in events.parts))
