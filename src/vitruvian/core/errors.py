"""Errors that say what was got, what is allowed, and what to do next; each has an exit code for the command line."""

from __future__ import annotations


class VitruvianError(Exception):
    """Base of all errors raised on purpose.

    Parts that are given are joined into one message: what happened, what was got, what is allowed, what to do.
    """

    exit_code = 1

    def __init__(self, what: str, *, got: object = None, allowed: object = None, todo: str | None = None) -> None:
        self.what, self.got, self.allowed, self.todo = what, got, allowed, todo
        parts = [what.rstrip(".")]
        if got is not None:
            parts.append(f"got {got!s}")
        if allowed is not None:
            parts.append(f"allowed: {allowed!s}")
        message = "; ".join(parts) + "."
        super().__init__(f"{message} {todo}" if todo else message)


class InputError(VitruvianError):
    """The request or the file is wrong; nothing was written."""

    exit_code = 2


class UnknownNameError(InputError):
    """A drug, model, gene, column or option that does not exist."""


class UnitError(InputError):
    """A unit that is missing, unknown, or of the wrong dimension."""


class DataError(InputError):
    """A data set or record whose content contradicts itself or the model."""


class UnsupportedError(InputError):
    """Something legal elsewhere that is not supported here, named."""


class QuarantineError(VitruvianError):
    """A file was kept in quarantine and not accepted; the message says why."""

    exit_code = 3


class RefusalError(VitruvianError):
    """The guard refuses to answer; the message is the clinical reason."""

    exit_code = 4


class SolveError(VitruvianError):
    """A computation did not converge or gave a value that is not finite."""

    exit_code = 5


class AccessError(VitruvianError):
    """The actor may not do this."""

    exit_code = 6


class StoreError(VitruvianError):
    """The disk, the blob store or the database server failed; nothing was half written."""

    exit_code = 7
