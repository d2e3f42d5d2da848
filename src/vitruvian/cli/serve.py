"""`vitruvian serve`: the twin in use, on this machine or for a ward."""

from __future__ import annotations

import gc
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitruvian.cli._record import DEFAULT_RECORD, RECORD_OPTION
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.serve import OpenIdProvider


def serve_command(
    record: str | None = RECORD_OPTION,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM): serve over TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    public_url: Annotated[
        str | None, typer.Option(help="Address that people use, where a proxy stands between.")
    ] = None,
    oidc: Annotated[
        list[str] | None, typer.Option(help='Provider that signs people in: "NAME ISSUER CLIENT_ID"; may be repeated.')
    ] = None,
    oidc_role: Annotated[
        list[str] | None,
        typer.Option(help='Role by what a provider claims: "NAME CLAIM=VALUE ROLE [new]"; may be repeated.'),
    ] = None,
    ehr: Annotated[
        list[str] | None,
        typer.Option(help='System that may launch the twin: "NAME FHIR_BASE CLIENT_ID"; may be repeated.'),
    ] = None,
    cds_origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin whose browsers may call CDS Hooks; may be repeated (default: all)."),
    ] = None,
    samples: Annotated[bool, typer.Option(help="Take the sample patients into an empty record.")] = True,
    prepare: Annotated[
        bool, typer.Option(help="Compile in the background what the first question of a drug needs.")
    ] = True,
    requests_per_second: Annotated[
        float, typer.Option(min=0, help="Limit of one account; twice as many at once, 0 for none.")
    ] = 500.0,
) -> None:
    """Serve pages, HTTP interfaces and agents over one record; prints the address and a one-time sign-in link."""
    with _uncollected():
        from vitruvian.serve import Settings, prepared, serve

        if (tls_cert is None) != (tls_key is None):
            raise InputError("TLS needs both a certificate and its key", todo="Give --tls-cert and --tls-key.")
        where = record or os.environ.get("VITRUVIAN_RECORD") or DEFAULT_RECORD
        providers, ehrs = _providers(oidc or [], ehr or [])
        providers = _with_roles(providers, oidc_role or [])
        settings = Settings(where, host, port, tls_cert, tls_key, workers, None, public_url, samples, prepare=prepare,
                            providers=providers, ehrs=ehrs, cds_origins=tuple(cds_origin or ["*"]),
                            requests_per_s=requests_per_second, mqtt=os.environ.get("VITRUVIAN_MQTT"))  # fmt: skip
        link = prepared(settings)
        typer.echo(f"Serving {settings.record} at {settings.url}")
        typer.echo(f"Sign in once, within 15 minutes: {link}")
        serve(settings)


@contextmanager
def _uncollected() -> Iterator[None]:
    """What a start makes stays: the collector would look at it again and again. A running server enables it again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _providers(*told: Sequence[str]) -> tuple[tuple[OpenIdProvider, ...], ...]:
    """Providers as told, with their secrets from the environment, where the list of processes does not show them."""
    from vitruvian.serve import OpenIdProvider

    lines = os.environ.get("VITRUVIAN_CLIENT_SECRETS", "").split()
    known = {name: secret for name, equals, secret in (line.partition("=") for line in lines) if equals}
    found: list[tuple[OpenIdProvider, ...]] = []
    for some in told:
        rows = [one.split() for one in some]
        if wrong := [row for row in rows if len(row) != 3 or not row[1].startswith(("https://", "http://"))]:
            raise InputError("not a provider", got=" ".join(wrong[0]), allowed='"NAME ADDRESS CLIENT_ID"')
        found.append(tuple(OpenIdProvider(name, place, key, known.pop(name, "")) for name, place, key in rows))
    if known:
        raise InputError("secrets of nobody who was told", got=", ".join(sorted(known)), allowed="--oidc, --ehr")
    return tuple(found)


def _with_roles(providers: Sequence[OpenIdProvider], told: Sequence[str]) -> tuple[OpenIdProvider, ...]:
    """Providers with the rules by which their claims give roles; words in quotes may hold spaces."""
    from dataclasses import replace

    from vitruvian.core import RIGHTS
    from vitruvian.serve import RoleRule

    rules: dict[str, list[RoleRule]] = {one.name: [] for one in providers}
    for line in told:
        try:
            name, condition, role, *more = shlex.split(line)
        except ValueError:
            name, condition, role, more = "", "", "", []
        claim, _, value = condition.partition("=")
        if (
            name not in rules
            or not claim
            or not value
            or role not in {*RIGHTS} - {"patient"}
            or more not in ([], ["new"])
        ):
            allowed = '"NAME CLAIM=VALUE ROLE [new]" with the name of an --oidc; no rule makes patients'
            raise InputError("not a rule for roles", got=line, allowed=allowed)
        rules[name].append(RoleRule(claim, value, role, bool(more)))
    return tuple(replace(one, roles=tuple(rules[one.name])) for one in providers)
