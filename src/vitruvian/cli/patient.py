"""`vitruvian patient list | show | timeline | export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

if TYPE_CHECKING:
    from vitruvian.record import Fact, Patient, Record

patient_app = typer.Typer(no_args_is_help=True, help="People of a record.")
_LONGEST = 100
_SHOWN = (
    "condition", "allergy", "medication_request", "medication_statement", "genotype", "genome", "imaging_study",
    "imaging_feature",
)  # fmt: skip


@patient_app.command("list")
def list_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """All people, with name, sex and birth date."""
    with open_record(record) as opened:
        rows = [{"id": one.id, **_demographics(one)} for one in opened.patients()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo("\t".join(str(row.get(name, "")) for name in ("id", "name", "sex", "birth_date")))


@patient_app.command("show")
def show_command(
    patient: str = typer.Argument(..., help="Id of the person, or an identifier such as a hospital number."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Who it is, problems, drugs, genome, images, and the newest value of each measurement and signal."""
    with open_record(record) as opened:
        person = opened.patient(patient)
        facts = person.facts()
        answer: dict[str, Any] = {"id": person.id, **_demographics(person)}
        streams = [_newest(name, *newest) for name, newest in person.newest_samples().items()]
    for kind in _SHOWN:
        answer[kind] = [_json(one) for one in facts if one.kind == kind]
    newest = {(one.system, one.code): one for one in facts if one.kind == "observation" and one.trusted}
    answer["latest"] = [_json(one) for one in newest.values()]
    answer["streams"] = streams
    answer["flagged"] = [_json(one) for one in facts if one.flags]
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    typer.echo(" ".join(str(answer.get(name, "")) for name in ("id", "name", "sex", "birth_date")))
    for kind in (*_SHOWN, "latest", "streams", "flagged"):
        if answer[kind]:
            typer.echo(f"\n{kind.replace('_', ' ')}")
            for one in answer[kind]:
                typer.echo(f"  {_line(one)}")


@patient_app.command("timeline")
def timeline_command(
    patient: str = typer.Argument(..., help="Id of the person, or an identifier."),
    since: str | None = typer.Option(None, "--since", help="From this date on."),
    until: str | None = typer.Option(None, "--until", help="Up to this date."),
    kind: str | None = typer.Option(None, "--kind", help="One kind only (observation, condition, day, …)."),
    html: Path | None = typer.Option(None, "--html", help="Write a picture of the timeline to this file."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Everything with a date in order: facts, and a line for each day of a wearable or monitor."""
    with open_record(record) as opened:
        person = opened.patient(patient)
        if html is not None:
            from vitruvian.reports import timeline_report

            typer.echo(timeline_report(person, html, since, until))
            return
        rows = [_json(one) for one in person.timeline(since=since, until=until) if kind in (None, one.kind)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(_line(row))


@patient_app.command("export")
def export_command(
    patient: str = typer.Argument(..., help="Id of the person, or an identifier."),
    out: Path = typer.Option(..., "--out", help="A new folder, or a file that ends in .zip."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """All that is known of a person, as received: FHIR bundle, files, streams, what was derived, who read."""
    from vitruvian.record import export_patient

    with open_record(record) as opened:
        manifest = export_patient(opened.patient(patient), out)
    if as_json:
        typer.echo(json.dumps(manifest, indent=2, ensure_ascii=False))
        return
    counts = ", ".join(f"{count} {name}" for name, count in manifest["counts"].items() if count)
    typer.echo(f"{out}: {counts}")


@patient_app.command("erase")
def erase_command(
    patient: str = typer.Argument(..., help="Id of the person, or an identifier."),
    yes: bool = typer.Option(False, "--yes", help="Needed: it cannot be taken back."),
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Erase a person for ever, with all ids that are theirs: the key first, then facts, files, streams, twins."""
    from dataclasses import asdict

    from vitruvian.core import InputError, UnknownNameError

    with open_record(record) as opened:
        whole = _whole_person(opened, patient)
        if not yes:
            raise InputError(f"erasing cannot be taken back; it would erase {_told(whole)}", todo="Say --yes.")
        erased = opened.erase(patient)
    if erased is None:
        raise UnknownNameError("no such patient", got=repr(patient), todo="Nothing was erased.")
    counts = asdict(erased)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    typer.echo(json.dumps(counts | whole) if as_json else f"erased {_told(whole)}: {told}")


def _whole_person(record: Record, patient: str) -> dict[str, list[str]]:
    """The ids that are one person with `patient`, and their names where the actor may read them."""
    from vitruvian.core import AccessError, UnknownNameError

    try:
        person, subjects = record.governed("erase", patient)
    except UnknownNameError:  # erasing again completes what was interrupted
        return {"ids": [], "names": []}
    try:
        facts = record.patient(person).facts(kind="demographic")
    except (AccessError, UnknownNameError):
        facts = []
    names = {one.value_text or one.value_code or "" for one in facts if one.code == "name"}
    return {"ids": list(subjects), "names": sorted(names)}


def _told(whole: dict[str, list[str]]) -> str:
    names = f" ({'; '.join(whole['names'])})" if whole["names"] else ""
    return (", ".join(whole["ids"]) or "nobody") + names


def _demographics(person: Patient) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in person.facts(kind="demographic"):
        if one.code in ("name", "sex", "birth_date"):
            found.setdefault(one.code, one.value_text or one.value_code or "")
    return found


def _newest(signal: str, last: dict[str, Any], samples: int) -> dict[str, Any]:
    """The newest sample of a signal, and how many there are."""
    start = last["start"].isoformat()
    row = {"kind": "sample", "display": signal.replace("_", " "), "value": last["value"], "unit": last["unit"]}
    row |= {"value_text": last["text"], "start": start, "status": last["source"], "samples": samples}
    return {name: value for name, value in row.items() if value not in (None, "")}


def _json(fact: Fact) -> dict[str, Any]:
    """A fact as JSON: what, value and unit (canonical, and as received), when, status, doubt, source place."""
    row = {
        "id": fact.id,
        "kind": fact.kind,
        "system": fact.system,
        "code": fact.code,
        "display": fact.display,
        "value": fact.value,
        "unit": fact.unit,
        "value_raw": fact.value_raw,
        "unit_raw": fact.unit_raw,
        "value_code": fact.value_code,
        "value_text": fact.value_text,
        "start": fact.start.isoformat() if fact.start else None,
        "end": fact.end.isoformat() if fact.end else None,
        "known": fact.known.isoformat() if fact.known else None,
        "status": fact.status,
        "flags": list(fact.flags),
        "basis": fact.basis,
        "source": f"{fact.raw_hash[:12]}:{fact.path}",
        "detail": dict(fact.detail),
    }
    return {name: value for name, value in row.items() if value not in (None, "", [], {})}


def _short(text: str) -> str:
    """Words of a note on one line; all of them are in the JSON."""
    one = " ".join(text.split())
    return one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1]}…"


def _line(row: dict[str, Any]) -> str:
    """One fact as one line of text."""
    value = row.get("value", row.get("value_raw"))
    sign = row.get("detail", {}).get("comparator", "")
    shown = f"{sign}{value:g} {row.get('unit', row.get('unit_raw', '(no unit)'))}" if value is not None else ""
    shown = shown or _short(row.get("value_text") or row.get("value_code") or "")
    if row["kind"] == "genome" and (sample := row.get("detail", {}).get("sample")):
        shown = f"sample {_short(sample)}"
    doubt = f"[{', '.join(row['flags'])}]" if row.get("flags") else ""
    parts = (
        row.get("start", "")[:16],
        row["kind"],
        row.get("display") or row.get("code", ""),
        shown,
        row.get("status"),
    )
    return "  ".join(str(part) for part in (*parts, doubt) if part)
