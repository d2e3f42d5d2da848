"""`vitruvian account add | list | role | disable | enable | link | token | application | ehr | program`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._record import DEFAULT_RECORD, JSON_OPTION, RECORD_OPTION

if TYPE_CHECKING:
    from vitruvian.serve.server import Server

account_app = typer.Typer(no_args_is_help=True, help="Who may sign in to the server of a record, in which roles.")
_NAME = typer.Argument(..., help="Name of the account.")
_ROLES = typer.Argument(..., help="owner, clinician, researcher, patient, administrator, auditor, …")
_SCOPES = typer.Argument(..., help="SMART v2 scopes, such as user/*.rs")
_OWN = typer.Option([], "--own", help="A patient's id in the record (may be repeated).")
_URL = typer.Option(None, "--public-url", help="Address of the server, for the link [where it last ran].")


@account_app.command("add")
def add_command(
    name: str = _NAME,
    roles: list[str] = _ROLES,
    own: list[str] = _OWN,
    public_url: str | None = _URL,
    record: str | None = RECORD_OPTION,
) -> None:
    """Make an account; prints the one-time link by which its person signs in for the first time."""
    from vitruvian.serve.identity import add_account, sign_in_link

    with _server(record) as server:
        made = add_account(server.store, name, roles, own)
        server.record.note("account_made", account=made.id)
        typer.echo(sign_in_link(server.store, _address(server, public_url), made.id))


@account_app.command("list")
def list_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """Every account: name, roles, whether it is in use, by what it signs in."""
    from vitruvian.serve.identity import all_accounts, has_password, has_second

    with _server(record) as server:
        store = server.store
        rows = [(one, has_password(store, one.id), has_second(store, one.id)) for one in all_accounts(store)]
    if as_json:
        told = [
            {"name": one.name, "roles": sorted(one.roles), "own": sorted(one.own), "active": one.active}
            | {"password": password, "second_factor": second}
            for one, password, second in rows
        ]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for one, password, second in rows:
        ways = [name for name, used in (("password", password), ("second factor", second)) if used]
        state = "active" if one.active else "disabled"
        typer.echo("\t".join((one.name, " ".join(sorted(one.roles)), state, ", ".join(ways) or "links only")))


@account_app.command("role")
def role_command(
    name: str = _NAME, roles: list[str] = _ROLES, own: list[str] = _OWN, record: str | None = RECORD_OPTION
) -> None:
    """Give an account other roles; its sessions end."""
    from vitruvian.serve.identity import account_named, change_roles, close_ways_in

    with _server(record) as server:
        found = account_named(server.store, name)
        made = change_roles(server.store, found.id, roles, own)
        close_ways_in(server.store, found.id, tokens=False)
        server.record.note("roles_changed", account=found.id)
    typer.echo(f"{made.name}: {', '.join(sorted(made.roles))}")


@account_app.command("disable")
def disable_command(name: str = _NAME, record: str | None = RECORD_OPTION) -> None:
    """Nobody signs in as this account any more; sessions, tokens and links end."""
    _set_active(record, name, False)


@account_app.command("enable")
def enable_command(name: str = _NAME, record: str | None = RECORD_OPTION) -> None:
    """An account that was disabled is in use again."""
    _set_active(record, name, True)


@account_app.command("link")
def link_command(
    name: str = _NAME,
    public_url: str | None = _URL,
    reset: Annotated[bool, typer.Option(help="Also forget password, second factor, tokens and sessions.")] = False,
    record: str | None = RECORD_OPTION,
) -> None:
    """A link that signs an account in once, within 15 minutes."""
    from vitruvian.serve.identity import account_named, forget_ways_in, sign_in_link

    with _server(record) as server:
        found = account_named(server.store, name)
        if reset:
            forget_ways_in(server.store, found.id)
        server.record.note("account_reset" if reset else "link_made", account=found.id)
        typer.echo(sign_in_link(server.store, _address(server, public_url), found.id))


@account_app.command("token")
def token_command(
    name: str = _NAME,
    scopes: list[str] = _SCOPES,
    patient: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    purpose: Annotated[str, typer.Option(help="What it is for; else as the account's roles have it.")] = "",
    days: Annotated[float, typer.Option(help="How long it is valid.")] = 30.0,
    label: Annotated[str, typer.Option(help="Name of the token.")] = "command line",
    record: str | None = RECORD_OPTION,
) -> None:
    """A token for a program or agent; it cannot be shown again."""
    from vitruvian.serve.identity import account_named, new_token

    with _server(record) as server:
        found = account_named(server.store, name)
        person = server.record.patient(patient).id if patient else None
        made = new_token(server.store, found.id, label, scopes, patient=person, purpose=purpose, days=days)
        server.record.note("token_made", person or "", account=found.id)
        typer.echo(made)


@account_app.command("application")
def application_command(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    launch_url: Annotated[str, typer.Argument(help="Where it is started with a patient.")],
    redirects: Annotated[list[str], typer.Argument(help="Where answers may go.")],
    confidential: Annotated[bool, typer.Option("--confidential", help="It keeps a secret.")] = False,
    keys: Annotated[
        Path | None,
        typer.Option(help="File of its public keys (a JWK set): it signs instead.", exists=True, dir_okay=False),
    ] = None,
    record: str | None = RECORD_OPTION,
) -> None:
    """Set up a SMART application that can be started from a patient's page; prints its client id and secret."""
    from vitruvian.serve.oauth import add_application

    told = _keys(keys) if keys is not None else None
    with _server(record) as server:
        made, secret = add_application(server.store, name, launch_url, redirects, confidential, told)
        server.record.note("application_added", client=made)
    typer.echo("\t".join(filter(None, (made, secret))))


@account_app.command("ehr")
def ehr_command(
    name: str = _NAME,
    issuer: str = typer.Argument(..., help="Its `iss`, as in the tokens that it signs."),
    keys: Path = typer.Argument(..., help="File of its public keys (a JWK set).", exists=True, dir_okay=False),
    record: str | None = RECORD_OPTION,
) -> None:
    """Trust an EHR that calls CDS Hooks with tokens of its own; it acts as this account. Again: with new keys."""
    from vitruvian.serve.cds import trust_ehr
    from vitruvian.serve.identity import account_named

    told = _keys(keys)
    with _server(record) as server:
        found = account_named(server.store, name)
        trust_ehr(server.store, issuer, told, found.id)
        server.record.note("ehr_trusted", account=found.id)
    typer.echo(f"{issuer}: calls as {found.name}")


@account_app.command("program")
def program_command(
    name: str = _NAME,
    keys: Path = typer.Argument(..., help="File of its public keys (a JWK set).", exists=True, dir_okay=False),
    scopes: list[str] = typer.Argument(..., help="The most that it gets, such as system/*.rs"),
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    purpose: Annotated[str, typer.Option(help="What it is for; else as the account's roles have it.")] = "",
    record: str | None = RECORD_OPTION,
) -> None:
    """Register a program that signs for itself (SMART Backend Services), as this account; prints its client id."""
    from vitruvian.serve.identity import account_named
    from vitruvian.serve.oauth import add_service

    told = _keys(keys)
    with _server(record) as server:
        found = account_named(server.store, name)
        made = add_service(server.store, label or name, found.id, told, scopes, purpose)
        server.record.note("program_registered", account=found.id, client=made.client_id)
    typer.echo(made.client_id)


@account_app.command("programs")
def programs_command(record: str | None = RECORD_OPTION) -> None:
    """Every registered program: client id, name, scopes."""
    from vitruvian.serve.oauth import all_services

    with _server(record) as server:
        for one in all_services(server.store):
            typer.echo("\t".join((one.client_id, one.name, " ".join(sorted(one.scopes)))))


@account_app.command("program-end")
def program_end_command(
    client: Annotated[str, typer.Argument(help="Its client id.")], record: str | None = RECORD_OPTION
) -> None:
    """A program gets no token any more; those that it has are not valid."""
    from vitruvian.serve.oauth import end_service

    with _server(record) as server:
        end_service(server.store, client)
        server.record.note("program_ended", client=client)
    typer.echo(f"{client}: ended")


def _keys(path: Path) -> dict[str, Any]:
    from vitruvian.core import DataError

    try:
        told = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError("the file of keys is not JSON", got=str(path)) from error
    if not isinstance(told, dict):
        raise DataError("the file of keys is no JWK set", got=str(path))
    return told


def _set_active(record: str | None, name: str, active: bool) -> None:
    from vitruvian.serve.identity import account_named, close_ways_in, set_active

    with _server(record) as server:
        found = set_active(server.store, account_named(server.store, name).id, active)
        if not active:
            close_ways_in(server.store, found.id)
        server.record.note("account_enabled" if active else "account_disabled", account=found.id)
    typer.echo(f"{found.name}: {'active' if active else 'disabled'}")


def _address(server: Server, told: str | None) -> str:
    from vitruvian.serve.address import address_of

    return (told or address_of(server.store)).rstrip("/")


@contextmanager
def _server(record: str | None) -> Iterator[Server]:
    """Record and store that a server would open. Raises `InputError` where there is no record."""
    from vitruvian.serve.server import Server
    from vitruvian.serve.settings import Settings

    opened = Server.open(Settings(record or os.environ.get("VITRUVIAN_RECORD") or DEFAULT_RECORD), create=False)
    try:
        yield opened
    finally:
        opened.close()
