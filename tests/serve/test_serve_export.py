"""All of a person as a zip over HTTP; the audit and the search by name a page at a time, none of it cut silently."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from served import Served

from vitruvian.record import export_patient, give_consent

Json = dict[str, Any]
URL = "/api/v1/patients/sample-a/export"


def unpacked(content: bytes) -> tuple[Json, dict[str, bytes]]:
    """The manifest, and the other files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return json.loads(files.pop("manifest.json")), files


def test_the_zip_is_what_the_command_line_writes(own_served: Served, tmp_path: Path) -> None:
    record = own_served.server.record
    answer = own_served.client("clinician").get(URL)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    manifest, files = unpacked(answer.content)
    newest = record.audit_log("sample-a", limit=20, newest=True)
    assert any(one.action == "read" and '"export":true' in one.detail.replace(" ", "") for one in newest)
    export_patient(record.patient("sample-a"), tmp_path / "out")
    here = {str(one.relative_to(tmp_path / "out")): one for one in (tmp_path / "out").rglob("*") if one.is_file()}
    assert set(files) | {"manifest.json"} == set(here)
    for name, content in files.items():
        if name not in ("audit.csv", "derived.json"):  # more was read since; facts in any order
            assert content == here[name].read_bytes(), name
    assert manifest["records"]["in the record"] == manifest["records"]["in the export"] > 0


def test_it_is_whole_or_refused(own_served: Served) -> None:
    assert own_served.client("patient").get(URL).status_code == 200
    hidden = own_served.client("patient", own=["sample-b"]).get(URL)
    absent = own_served.client("patient", own=["sample-b"]).get("/api/v1/patients/nobody/export")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert own_served.client("auditor").get(URL).status_code == 403
    assert own_served.client("clinician", scopes=["user/Observation.rs"]).get(URL).status_code == 403
    give_consent(own_served.server.record, "sample-a", "permit", "any")
    give_consent(own_served.server.record, "sample-a", "deny", "any", "mental_health")
    assert own_served.client("clinician").get(URL).status_code == 403
    give_consent(own_served.server.record, "sample-a", "deny", "any")
    assert own_served.client("clinician").get(URL).status_code in (403, 404)


def test_the_audit_is_cut_by_the_store(served: Served) -> None:
    record, client = served.server.record, served.client("auditor")
    for _ in range(3):
        record.patient("sample-a").facts(kind="condition")
    every = record.audit_log()
    assert [one.key for one in every] == sorted(one.key for one in every)
    assert record.audit_log(limit=3) == every[:3]
    assert record.audit_log(after=every[2].key, limit=2) == every[3:5]
    assert record.audit_log(limit=2, newest=True, after=every[5].key) == [every[4], every[3]]
    reads = [one for one in every if one.action == "read"]
    assert record.audit_log(action="read", limit=len(reads))[:5] == reads[:5]
    assert record.audit_counts()["read"] == len(reads)
    found, after = list[Json](), ""
    while len(found) < 8:
        page = client.get(f"/api/v1/audit?limit=4{after}").json()
        assert len(page["items"]) == 4
        found += page["items"]
        after = f"&after={page['next']}"
    assert [one["detail"] for one in found] == [one.detail for one in every[:8]]
    other = client.get(f"/api/v1/audit?actor=x{after}")
    assert other.status_code == 422


def rows(text: str) -> list[str]:
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub("<[^>]+>", " ", one).strip() for one in body.split("</tr>") if "<td" in one]


def link(text: str, words: str) -> str:
    found = re.search(rf'<a href="([^"]+)">{words}</a>', text)
    return unescape(found[1]) if found else ""


def test_the_page_of_the_audit_leads_to_older_rows(own_served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitruvian.serve.pages.audit._ROWS", 3)
    auditor = own_served.client("auditor", json=False)
    total = len(own_served.server.record.audit_log(action="ingest"))
    url, seen, pages = "/audit?days=3650&action=ingest", list[str](), 0
    while url:
        text = auditor.get(url).text
        assert f"{total} rows" in text
        seen, pages, url = seen + rows(text), pages + 1, link(text, "Older rows")
    assert (len(seen), pages) == (total, -(-total // 3))
    assert pages > 1
    assert auditor.get("/audit?before=1.x.3").status_code == 422


def test_a_search_by_name_goes_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names lie sealed, and a page reads some of them: what was not read yet is said, and is a link away."""
    monkeypatch.setattr("vitruvian.serve.pages.home._SEARCHED", 2)
    client = served.client("clinician", json=False)
    everybody = len(served.server.record.people())
    name = _named(client, "sample-d")
    url, found, pages = f"/?q={name}", list[str](), 0
    while url:
        text = client.get(url).text
        found, pages = found + [one for one in rows(text) if name in one], pages + 1
        url = link(text, "Search further")
        assert bool(url) == ("not read yet" in text)
    assert (len(found), pages) == (1, -(-everybody // 2))


def _named(client: TestClient, person: str) -> str:
    """The first name of somebody."""
    told = client.get(f"/api/v1/patients/{person}", headers={"accept": "application/json"}).json()
    return str(told["name"].split()[0])
