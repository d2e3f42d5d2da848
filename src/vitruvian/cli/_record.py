"""Which record a command works on: --record, else VITRUVIAN_RECORD, else vitruvian.db in this folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from vitruvian.record import Record

DEFAULT_RECORD = "vitruvian.db"

RECORD_OPTION = typer.Option(None, "--record", help="Record: a file name or URL [VITRUVIAN_RECORD, else vitruvian.db].")
JSON_OPTION = typer.Option(False, "--json", help="Print JSON.")


def open_record(url: str | None, *, create: bool = False) -> Record:
    """The record, opened as the local owner; raises `InputError` if it does not exist and is not to be made."""
    from vitruvian.record import Record

    return Record.open(url or os.environ.get("VITRUVIAN_RECORD") or DEFAULT_RECORD, create=create)
