"""Moments at which something is to be foretold: of whom, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from vitruvian.core import DataError


@dataclass(frozen=True)
class Moments:
    """N moments: subject and time (µs since 1970 UTC). A subject may have several; nothing known later may be used."""

    subject: tuple[str, ...]
    at: Int[np.ndarray, " moments"]

    def __post_init__(self) -> None:
        if len(self.subject) != len(self.at):
            raise DataError("subjects and times differ in number", got=f"{len(self.subject)} and {len(self.at)}")
        if len(set(zip(self.subject, self.at.tolist(), strict=True))) != len(self.at):
            raise DataError("a moment of a subject is there twice", todo="Leave one out.")

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def ids(self) -> tuple[str, ...]:
        """A name of each: the subject, and where a subject has several, also the time."""
        if len(set(self.subject)) == len(self.subject):
            return self.subject
        return tuple(f"{who}@{np.datetime64(int(at), 'us')}Z" for who, at in zip(self.subject, self.at, strict=True))

    def taken(self, which: Sequence[int] | np.ndarray) -> Moments:
        """Some of them."""
        chosen = np.arange(len(self))[which]
        return Moments(tuple(self.subject[i] for i in chosen), self.at[chosen])
