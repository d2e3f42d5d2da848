"""A model card or data sheet as data: sections of sentences and tables; whoever shows one adds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CardTable:
    """Rows of words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading with sentences and tables."""

    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[CardTable, ...] = ()


@dataclass(frozen=True)
class Card:
    """A model card or data sheet."""

    title: str
    sections: tuple[Section, ...]


def markdown(card: Card) -> str:
    """The card as Markdown."""
    lines = [f"# {card.title}", ""]
    for section in card.sections:
        lines += [f"## {section.title}", "", *(f"{one}\n" for one in section.sentences)]
        for table in section.tables:
            head = (f"**{table.title}**", "", _row(table.columns), _row(["---"] * len(table.columns)))
            lines += [*head, *(_row(row) for row in table.rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one.replace("|", "\\|").replace("\n", " ") for one in cells) + " |"
