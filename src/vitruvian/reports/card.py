"""A model card or data sheet as one page that stands alone."""

from __future__ import annotations

from pathlib import Path

from vitruvian.learn.trust import Card
from vitruvian.reports.files import write_whole
from vitruvian.reports.page import environment


def card_page(card: Card) -> str:
    """The page as HTML text."""
    return environment().get_template("card.html").render(card=card)


def card_report(card: Card, path: str | Path) -> Path:
    """Write the page to `path` (HTML), whole or not at all; returns the path."""
    return write_whole(Path(path), card_page(card))
