"""`vitruvian consent show | permit | deny | withdraw`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

if TYPE_CHECKING:
    from vitruvian.record.consent_giving import Kind

consent_app = typer.Typer(no_args_is_help=True, help="What a person permits and denies, as FHIR Consent.")
_PATIENT = typer.Argument(..., help="Id of the person, or an identifier.")
_PURPOSE = typer.Option(..., "--purpose", help="treatment, research … any, or a code of HL7 PurposeOfUse.")
_CATEGORY = typer.Option("everything", "--category", help="genome, note, mental_health … everything.")
_UNTIL = typer.Option(None, "--until", help="The last day on which it holds.")


@consent_app.command("show")
def show_command(patient: str = _PATIENT, record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """All consents of a person, withdrawn ones too, in order of time."""
    from vitruvian.record import consents_of

    with open_record(record) as opened:
        found = consents_of(opened, patient)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        typer.echo(f"{str(one.get('dateTime') or '')[:16]}\t{one.get('status')}\t{_said(one.get('provision') or {})}")
    if not found:
        typer.echo("no consent: treatment by clinicians is permitted, all else denied")


@consent_app.command("permit")
def permit_command(
    patient: str = _PATIENT,
    purpose: str = _PURPOSE,
    category: str = _CATEGORY,
    until: str | None = _UNTIL,
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Permit a purpose, for all facts or one category."""
    _give("permit", patient, purpose, category, until, record, as_json)


@consent_app.command("deny")
def deny_command(
    patient: str = _PATIENT,
    purpose: str = _PURPOSE,
    category: str = _CATEGORY,
    until: str | None = _UNTIL,
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Deny a purpose, for all facts or one category; a denial wins over any permission."""
    _give("deny", patient, purpose, category, until, record, as_json)


@consent_app.command("withdraw")
def withdraw_command(
    patient: str = _PATIENT,
    purpose: str = _PURPOSE,
    category: str = _CATEGORY,
    record: str | None = RECORD_OPTION,
    as_json: bool = JSON_OPTION,
) -> None:
    """Take back what was permitted or denied; it counts from the next read on."""
    from vitruvian.record import withdraw_consent

    with open_record(record) as opened:
        count = withdraw_consent(opened, patient, purpose, category)
    typer.echo(json.dumps({"withdrawn": count}) if as_json else f"{count} withdrawn")


def _give(
    kind: Kind, patient: str, purpose: str, category: str, until: str | None, record: str | None, as_json: bool
) -> None:
    from vitruvian.record import give_consent

    with open_record(record) as opened:
        resource = give_consent(opened, patient, kind, purpose, category, until)
    typer.echo(json.dumps(resource, indent=2, ensure_ascii=False) if as_json else _said(resource["provision"]))


def _said(provision: Mapping[str, Any]) -> str:
    """A provision in words, its exceptions in brackets."""
    words = [str(provision.get("type") or "")]
    for name, otherwise in (("purpose", "any purpose"), ("class", "everything")):
        words.append(", ".join(str(one.get("code")) for one in provision.get(name) or ()) or otherwise)
    if end := (provision.get("period") or {}).get("end"):
        words.append(f"until {end}")
    inner = "; ".join(_said(one) for one in provision.get("provision") or ())
    return "  ".join(one for one in words if one) + (f"  (except: {inner})" if inner else "")
