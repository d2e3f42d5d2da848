"""`vitruvian backup`: a record and the server's store in a folder, while both are in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitruvian.cli._record import RECORD_OPTION, open_record


def backup_command(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    record: str | None = RECORD_OPTION,
) -> None:
    """Back up a record in files: FOLDER/data holds what is sealed, FOLDER/keys what opens it. Keep them apart."""
    from vitruvian.record import back_up

    with open_record(record) as one:
        store = Path(f"{one.engine.url.database}.serve")
        data, keys = back_up(one, folder, [store])
    typer.echo(f"Sealed data: {data}")
    typer.echo(f"Keys: {keys}. Without them the data are noise; with them they are open: keep them elsewhere.")
    typer.echo("To restore, put the content of both into one folder.")
