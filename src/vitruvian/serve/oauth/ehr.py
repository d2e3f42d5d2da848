"""SMART App Launch as an application: asking another system for one patient's record, and fetching it.

Source: HL7 SMART App Launch 2.2. Only systems that the server was told of are asked. The token serves one fetch, and is
not kept. Nothing is fetched from, and no token sent to, an address that is not below that of the system.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import orjson

from vitruvian.core import AccessError, DataError, StoreError
from vitruvian.serve.identity.openid import Way
from vitruvian.serve.settings import OpenIdProvider

if TYPE_CHECKING:
    import httpx

_WAIT_S = 30.0
_MOST_PAGES, _MOST_BYTES = 500, 200_000_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TYPES = (
    "AllergyIntolerance", "Condition", "DiagnosticReport", "Encounter", "Immunization", "MedicationAdministration",
    "MedicationRequest", "MedicationStatement", "Observation", "Procedure",
)  # fmt: skip


def way_to_ehr(ehr: OpenIdProvider, back: str, launch: str) -> Way:
    """Where to send the browser; `launch` is "" where the person chooses the patient there. Raises `StoreError`."""
    from authlib.common.urls import add_params_to_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    asked = {"response_type": "code", "client_id": ehr.client_id, "redirect_uri": back, "state": state}
    asked |= {"scope": f"{'launch' if launch else 'launch/patient'} patient/*.rs", "aud": ehr.issuer}
    asked |= {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    asked |= {"launch": launch} if launch else {}
    with _client() as client:
        address = _configuration(client, ehr)["authorization_endpoint"]
    return Way(add_params_to_uri(address, list(asked.items())), state, nonce, verifier)


def fetched(ehr: OpenIdProvider, back: str, way: Way, answer: Mapping[str, str]) -> tuple[str, bytes]:
    """Address of the patient who was opened there, and a Bundle of what that system tells of them.

    Ids are told from those of other systems by their address. Raises `AccessError` for an answer that does not belong
    to the way, `DataError`, `StoreError`.
    """
    if not secrets.compare_digest(answer.get("state", "").encode(), way.state.encode()):
        raise AccessError("the answer is not to this browser's question", todo="Begin again.")
    if "code" not in answer:
        raise AccessError("the other system did not allow it", todo="Begin again.")
    asked = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back}
    with _client() as client:
        address = _configuration(client, ehr)["token_endpoint"]
        token = _token(client, ehr, address, asked | {"code_verifier": way.verifier})
        patient = token.get("patient")
        if not isinstance(patient, str) or not patient:
            raise DataError("the other system did not say which patient", todo="Open a patient there first.")
        client.headers["authorization"] = f"Bearer {token['access_token']}"
        entries = {one["fullUrl"]: one for one in _entries(client, ehr.issuer, patient)}
    person = f"{ehr.issuer.rstrip('/')}/Patient/{patient}"
    if people := {name for name, one in entries.items() if one["resource"].get("resourceType") == "Patient"} - {person}:
        raise DataError("the other system told of more people than were asked for", got=f"{len(people)} more")
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": list(entries.values())}
    return person, orjson.dumps(bundle)


def patient_there(base: str, token: str, patient: str, wait_s: float) -> list[dict[str, Any]]:
    """Entries (`fullUrl`, `resource`) of what another system tells of a patient to the holder of a token.

    Raises `DataError`, `StoreError`.
    """
    with _client(wait_s) as client:
        client.headers["authorization"] = f"Bearer {token}"
        return list({one["fullUrl"]: one for one in _entries(client, base, patient)}.values())


def _client(wait_s: float = _WAIT_S) -> httpx.Client:
    import httpx

    return httpx.Client(timeout=wait_s, follow_redirects=False, headers={"accept": "application/json"})


def _configuration(client: httpx.Client, ehr: OpenIdProvider) -> dict[str, str]:
    told = _got(client, f"{ehr.issuer.rstrip('/')}/.well-known/smart-configuration")[0]
    found = {name: str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint")}
    for name, address in found.items():
        if not _safe(address):
            raise StoreError("the other system names an address without TLS", got=name)
    return found


def _token(client: httpx.Client, ehr: OpenIdProvider, address: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    import httpx

    try:
        if ehr.client_secret:
            proof = httpx.BasicAuth(quote(ehr.client_id, safe=""), quote(ehr.client_secret, safe=""))
            answer = client.post(address, data=dict(asked), auth=proof)
        else:
            answer = client.post(address, data={**asked, "client_id": ehr.client_id})
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AccessError("the other system did not accept its own code", got=type(error).__name__) from error
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        raise AccessError("the other system gave no token")
    return told


def _entries(client: httpx.Client, base: str, patient: str) -> Iterator[dict[str, Any]]:
    """Entries with `fullUrl` and `resource`, by $everything, else type by type."""
    root, name = base.rstrip("/"), quote(patient, safe="")
    pages = list(_pages(client, root, f"{root}/Patient/{name}/$everything", optional=True))
    if not pages:
        told, _ = _got(client, f"{root}/Patient/{name}")
        yield {"fullUrl": f"{root}/Patient/{name}", "resource": told}
        for kind in _TYPES:
            query = urlencode({"patient": patient, "_count": 200})
            pages += _pages(client, root, f"{root}/{kind}?{query}", optional=True)
    for page in pages:
        for entry in page.get("entry") or ():
            inner = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(inner, dict) and inner.get("resourceType") != "OperationOutcome":
                yield {"fullUrl": f"{root}/{inner.get('resourceType')}/{inner.get('id')}", "resource": inner}


def _pages(client: httpx.Client, root: str, address: str | None, optional: bool) -> Iterator[dict[str, Any]]:
    size = 0
    for _ in range(_MOST_PAGES):
        if address is None:
            return
        if not address.startswith(f"{root}/") and not address.startswith(f"{root}?"):
            raise DataError("the other system leads elsewhere", got=urlsplit(address).netloc)
        told, length = _got(client, address, optional)
        size += length
        if not told:
            return
        if told.get("resourceType") != "Bundle" or size > _MOST_BYTES:
            raise DataError("the other system does not answer with a Bundle of a size that can be taken in")
        yield told
        links = [one for one in told.get("link") or () if isinstance(one, dict) and one.get("relation") == "next"]
        address, optional = (urljoin(address, str(links[0].get("url"))) if links else None), False
    raise DataError("the other system has too many pages", allowed=f"up to {_MOST_PAGES}")


def _got(client: httpx.Client, address: str, optional: bool = False) -> tuple[dict[str, Any], int]:
    """A JSON object at an address and its length; nothing where it is `optional` and that system has no such thing."""
    import httpx

    if not _safe(address):
        raise StoreError("another system needs TLS", got=urlsplit(address).netloc)
    try:
        answer = client.get(address)
        if optional and answer.status_code in (400, 403, 404, 405, 422, 501):
            return {}, 0
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise StoreError(
            "the other system cannot be read", got=type(error).__name__, todo="Try again later."
        ) from error
    if not isinstance(told, dict):
        raise DataError("the other system does not answer with FHIR")
    return told, len(answer.content)


def _safe(address: str) -> bool:
    """TLS, or a system on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
