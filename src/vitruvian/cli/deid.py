"""`vitruvian deid`: files without what identifies a person."""

from __future__ import annotations

from pathlib import Path

import typer


def deid_command(
    paths: list[Path] = typer.Argument(..., help="Files or folders: DICOM, or text in UTF-8."),
    out: Path = typer.Option(..., "--out", help="A folder for the new files, which get new names."),
    key_file: Path | None = typer.Option(
        None, "--key-file", help="At least 16 secret bytes; the same key gives the same UIDs again. Default: a new key."
    ),
    shift_days: int | None = typer.Option(None, help="Move dates by so many days instead of removing them."),
    blank: list[str] = typer.Option([], help="LEFT,TOP,RIGHT,BOTTOM in pixels, set to zero in every frame."),
    name: list[str] = typer.Option([], help="A name of the person that is to go from texts."),
) -> None:
    """Write de-identified copies; warnings say what a person must still look at."""
    import secrets

    from vitruvian.core import InputError
    from vitruvian.deid import Known, deidentify_dicom, deidentify_text
    from vitruvian.record import files_under

    key = key_file.read_bytes() if key_file else secrets.token_bytes(32)
    rectangles = [_rectangle(one) for one in blank]
    files = files_under(paths)
    out.mkdir(parents=True, exist_ok=True)
    for k, path in enumerate(files, 1):
        data = path.read_bytes()
        text = _text(data)
        if text is None:
            clean = deidentify_dicom(data, key=key, shift_days=shift_days, blank=rectangles)
            written, new, warnings = out / f"{clean.uid}.dcm", clean.content, clean.warnings
        else:
            found = deidentify_text(text, Known(names=name), shift_days=shift_days)
            written, new = out / f"text-{k:04d}.txt", found.text.encode()
            warnings = ("let a person read it: a name that nothing marks stays",)
        if written.exists():
            raise InputError("the file is there already", got=str(written), todo="Name an empty folder.")
        written.write_bytes(new)
        typer.echo(f"{path} → {written.name}")
        for one in warnings:
            typer.echo(f"  look at it: {one}", err=True)


def _text(data: bytes) -> str | None:
    """The content as text; None for anything with zero bytes or not in UTF-8."""
    try:
        return None if b"\0" in data[:4096] else data.decode()
    except UnicodeDecodeError:
        return None


def _rectangle(written: str) -> tuple[int, int, int, int]:
    from vitruvian.core import InputError

    try:
        left, top, right, bottom = map(int, written.split(","))
    except ValueError as error:
        raise InputError("not a rectangle", got=written, allowed="LEFT,TOP,RIGHT,BOTTOM in pixels") from error
    return left, top, right, bottom
