"""One answer as one self-contained page: opens with one sentence, prints on paper, asks nothing of the network."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from vitruvian.reports import figures
from vitruvian.twin import Answer, shown

_PAGE = Environment(
    loader=PackageLoader("vitruvian.reports"),
    autoescape=True,  # names and remarks come from records: never markup
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(answer: Answer) -> str:
    """The page as HTML text."""
    pictures = {
        "curve": figures.svg(figures.curve(answer)),
        "trade_off": figures.svg(figures.trade_off(answer)),
        "learned": figures.svg(picture) if (picture := figures.learned(answer)) is not None else "",
    }
    return _PAGE.get_template("dose.html").render(a=answer, rows=list(shown(answer, 10)), pictures=pictures)


def report(answer: Answer, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), page(answer))


def write_whole(path: Path, text: str) -> Path:
    """Write text under another name, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(part).chmod(0o644)
    return Path(part).replace(path)
