"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RoleRule:
    """Whom a provider claims to have this value in this claim has this role here."""

    claim: str
    value: str
    role: str
    makes_account: bool = False
    """Whether somebody without an account gets one at their first sign-in."""


@dataclass(frozen=True)
class OpenIdProvider:
    """An OpenID Connect provider that may sign people in; without rules it gives nobody a role."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    roles: tuple[RoleRule, ...] = ()


@dataclass(frozen=True)
class Settings:
    """`record`: file name or URL of the record; `store`: URL of the server's own data (default: beside the record)."""

    record: str = "vitruvian.db"
    host: str = "127.0.0.1"
    port: int = 8000
    tls_cert: Path | None = None
    tls_key: Path | None = None
    workers: int = 1
    store: str | None = None
    public_url: str | None = None
    samples: bool = True
    """Take the sample patients into a record that is empty."""
    providers: tuple[OpenIdProvider, ...] = ()
    ehrs: tuple[OpenIdProvider, ...] = ()
    """Systems that may launch the twin with a patient; their issuer is the base of their FHIR."""
    cds_origins: tuple[str, ...] = ("*",)
    """Origins whose browsers may call CDS Hooks."""
    prepare: bool = False
    """Compile beforehand what the first question of a drug would compile."""
    requests_per_s: float = 500.0
    """Of one account; twice as many at once, and 0 for no limit."""
    mqtt: str | None = field(default=None, repr=False)
    """Broker whose samples are taken in: mqtt[s]://[NAME:PASSWORD@]HOST[:PORT][/FIRST-TOPIC]."""

    @property
    def url(self) -> str:
        """Where people reach it."""
        scheme = "https" if self.tls_cert else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"{scheme}://{host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people reach it over TLS, so that cookies may travel on no other way."""
        return self.url.startswith("https://")
