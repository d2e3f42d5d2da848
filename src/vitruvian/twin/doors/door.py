"""What a twin shows to whoever stands outside: its state for a person, its questions, and an answer in one shape.

Pages, the HTTP interface and agents know twins by this shape alone. Built-in and third-party twins come in through the
entry point `vitruvian.twins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from vitruvian.core import InputError
from vitruvian.twin.answer import Message

if TYPE_CHECKING:
    from vitruvian.record import Patient

State = Literal["ready", "stale", "blocked"]
FieldKind = Literal["number", "choice", "text", "moment", "flag"]


@dataclass(frozen=True)
class Field:
    """One value that a question takes; absent and without default means that it must be given."""

    name: str
    title: str
    kind: FieldKind = "number"
    unit: str = ""
    default: float | str | bool | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    """(value, title) of each choice."""
    optional: bool = False
    about: str = ""


class FieldError(InputError):
    """A value of a question that cannot be; `field` is the name of the field, so that it can be said there."""

    def __init__(
        self, field: str, what: str, *, got: object = None, allowed: object = None, todo: str | None = None
    ) -> None:
        super().__init__(what, got=got, allowed=allowed, todo=todo)
        self.field = field


@dataclass(frozen=True)
class Question:
    """Something that may be asked of a twin."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Missing:
    """What the record lacks for this twin, what it blocks, and how to get it."""

    what: str
    why: str
    todo: str


@dataclass(frozen=True)
class Status:
    """How a twin stands for one person at a moment."""

    state: State
    sentence: str
    newest: str = ""
    """Moment of the newest data it rests on (ISO 8601)."""
    credibility: str = ""
    """One sentence: how well the twin follows this person's data, or on what it rests."""
    missing: tuple[Missing, ...] = ()
    next_question: str = ""
    subject: str = ""
    """What it is about where a twin has several (a drug); "" otherwise."""


@dataclass(frozen=True)
class Line:
    """One curve: a median with bands, or single values; all of the length of `x`."""

    title: str
    y: tuple[float, ...]
    bands: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    """(low, high) of each band, widest first."""
    x: tuple[float, ...] | None = None
    """Its own x where that differs from the picture's."""
    marks: bool = False
    """Points that were measured, rather than a curve."""
    role: str = ""
    """ "recommended", "standard", "own" or "past": what a curve is in every picture, so that its colour stays."""


@dataclass(frozen=True)
class Picture:
    """Curves over one axis. Every picture is shown with its table."""

    name: str
    title: str
    x_title: str
    x_unit: str
    y_title: str
    y_unit: str
    x: tuple[float, ...]
    lines: tuple[Line, ...]
    zone: tuple[float | None, float | None] | None = None
    """Target range on y."""
    x_is_time: bool = False
    """x is in seconds since 1970 UTC."""
    x_offset: int | None = None
    """Minutes that the person's clock is ahead of UTC, where x is time; None: shown on the reader's clock."""
    x_zero: str = ""
    """The moment at which x is 0 (ISO 8601), where x is hours from it; shown as moments on the person's clock."""
    zone_title: str = ""
    """What the zone is, in words with numbers; "" where the name of the picture says it."""


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class Told:
    """The answer of a twin; `data` is all of it as plain JSON."""

    twin: str
    question: str
    sentence: str
    refused: bool = False
    messages: tuple[Message, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    reasons: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class TwinDoor(Protocol):
    """A kind of twin, as others see it. Reads of the person go through `patient`, so that access and audit hold."""

    name: str
    title: str
    about: str
    # A door may have `needs`, too: in one sentence the data it begins with, shown where a record has nothing for it;
    # and `refuses_after_death`, true where its own guard does so in an answer of its own shape.

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """How it stands for this person; empty where the person has nothing to do with it."""
        ...

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """What may be asked of this person's twin, with defaults of their own."""
        ...

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The answer; `values` were checked by `checked`. Raises `RefusalError` and other typed errors."""
        ...
