"""The door for agents as it is used: the official client and real processes, over stdio and over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import data, error, over_http, over_stdio
from mcp import Client
from served import Listening, listening
from sqlalchemy import delete

from vitruvian.record import Record
from vitruvian.serve.identity.tokens import tokens


@pytest.fixture(scope="module")
def there(server_record: Path) -> Iterator[Listening]:
    """A server behind a socket."""
    with listening(server_record) as one:
        yield one


async def look(client: Client) -> dict[str, Any]:
    """What an agent does first."""
    return {
        "version": client.protocol_version,
        "tools": [one.name for one in (await client.list_tools()).tools],
        "summary": await client.call_tool("patient_summary", {}),
        "other": await client.call_tool("patient_summary", {"patient": "sample-b"}),
        "twins": await client.call_tool("list_twins", {}),
        "session": (await client.read_resource("vitruvian://session")).contents[0].text,
    }


def as_expected(found: dict[str, Any]) -> None:
    """One session of sample-a, whatever the channel."""
    assert data(found["summary"])["who"]["name"] == "Anton Sample"
    assert error(found["other"])["what"] == "no such patient"
    assert "dose" in {one["twin"] for one in data(found["twins"])}
    assert not [one for one in found["tools"] if one.startswith("propose")]
    assert "dose_recommend" in found["tools"]
    assert '"patient":"sample-a"' in found["session"]


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_over_http(there: Listening, mode: str) -> None:
    token = there.people.token("clinician", scopes=["patient/*.rs"], patient="sample-a")
    found = over_http(there.url, token, look, mode)
    as_expected(found)
    assert found["version"] == ("2026-07-28" if mode == "auto" else "2025-11-25")


def test_over_standard_input_and_output(there: Listening, server_record: Path) -> None:
    as_expected(over_stdio(server_record, look, "--patient", "sample-a"))


@pytest.mark.slow
def test_the_rights_of_a_token_over_standard_input_and_output(there: Listening, server_record: Path) -> None:
    token = there.people.token("clinician", scopes=["patient/*.rs"], patient="sample-a", purpose="treatment")
    as_expected(over_stdio(server_record, look, env={"VITRUVIAN_TOKEN": token}))


def test_a_header_narrows_the_session_and_another_lets_it_propose(there: Listening) -> None:
    token = there.people.token("clinician", scopes=["user/*.rs"])

    async def talk(client: Client) -> Any:
        return [await client.call_tool("list_patients", {}), [one.name for one in (await client.list_tools()).tools]]

    everybody, tools = over_http(there.url, token, talk)
    assert len(data(everybody)) >= 4
    assert "propose_note" not in tools
    one, tools = over_http(there.url, token, talk, x_vitruvian_patient="sample-c", x_vitruvian_propose="1")
    assert [each["id"] for each in data(one)] == ["sample-c"]
    assert "propose_note" in tools


def test_a_dose_with_its_reasons_and_a_refusal(there: Listening) -> None:
    """Two answers of one session: what cannot be answered is refused with what to do."""
    token = there.people.token("clinician", scopes=["patient/*.rs"], patient="sample-d")

    async def talk(client: Client) -> Any:
        asked = {"twin": "dose", "question": "recommend", "values": {"drug": "methotrexate"}}
        return await client.call_tool("ask_twin", asked), await client.call_tool("explain", asked)

    told, why = over_http(there.url, token, talk)
    for one in (told, why):
        if one.is_error:
            assert set(error(one)) >= {"what", "todo"}
        else:
            assert data(one)["refused"] is True
            assert any(each["severity"] == "refusal" for each in data(one)["messages"])


def test_who_has_no_token_is_told_where_to_get_one(there: Listening) -> None:
    answer = httpx.post(f"{there.url}/mcp", json={})
    assert answer.status_code == 401
    where = f"{there.url}/.well-known/oauth-protected-resource/mcp"
    assert answer.headers["www-authenticate"] == f'Bearer resource_metadata="{where}"'
    told = httpx.get(where).json()
    assert told["resource"] == f"{there.url}/mcp"
    assert told["authorization_servers"] == [there.url]
    assert "patient/*.rs" in told["scopes_supported"]


def test_a_withdrawn_token_ends_at_the_next_message(there: Listening) -> None:
    token = there.people.token("clinician", scopes=["user/*.rs"])
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    assert httpx.post(f"{there.url}/mcp", json=ask, headers=headers).status_code == 200
    with there.people.store.transaction() as connection:
        connection.execute(delete(tokens))
    assert httpx.post(f"{there.url}/mcp", json=ask, headers=headers).status_code == 401


def test_pages_of_other_hosts_and_streams_are_turned_away(there: Listening) -> None:
    token = there.people.token("clinician", scopes=["user/*.rs"])
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
    ask = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    foreign = httpx.post(f"{there.url}/mcp", json=ask, headers=headers | {"origin": "https://example.org"})
    assert foreign.status_code == 403
    assert httpx.get(f"{there.url}/mcp", headers=headers).status_code == 405
    assert httpx.post(f"{there.url}/mcp", content=b"\xff{", headers=headers).status_code == 415
    cookies, csrf = there.people.session("clinician")
    for sent in ({"json": ask}, {"data": {"name": "value"}}):
        answer = httpx.post(f"{there.url}/mcp", cookies=cookies, headers=csrf, timeout=20, **sent)
        assert answer.status_code == 401, "a browser's session is no agent's"
    assert httpx.post(f"{there.url}/mcp", data={"a": "b"}, cookies=cookies, headers=headers).status_code == 415
    deep = "[" * 100_000
    sent = headers | {"content-type": "application/json"}
    assert 400 <= httpx.post(f"{there.url}/mcp", content=deep.encode(), headers=sent).status_code < 500
    assert httpx.post(f"{there.url}/mcp", content=b" " * (5 << 20), headers=sent).status_code == 413


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--patient", "nobody"], "no such patient"),
        (["--token", "to_wrong"], "the token is not valid"),
    ],
)
def test_what_cannot_begin_says_why_and_writes_nothing_to_the_output(
    server_record: Path, options: list[str], what: str
) -> None:
    command = [str(Path(sys.executable).with_name("vitruvian")), "mcp", "--record", str(server_record), *options]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=300, check=False)
    assert done.returncode != 0
    assert done.stdout == b""
    assert what in done.stderr.decode()


def test_calls_over_both_channels_are_in_the_audit(there: Listening, server_record: Path) -> None:
    token = there.people.token("clinician", scopes=["user/*.rs"])

    async def talk(client: Client) -> Any:
        return await client.call_tool("newest_values", {"patient": "sample-c"})

    over_http(there.url, token, talk)
    with Record.open(server_record, create=False) as record:
        found = [one for one in record.audit_log("sample-c") if one.action == "agent"]
        account = there.people.account("clinician").id
    assert json.loads(found[-1].detail) == {"tool": "newest_values", "channel": "http"}
    assert found[-1].actor == account


@pytest.mark.skipif(shutil.which("npx") is None, reason="the inspector needs npx")
@pytest.mark.slow
def test_with_the_command_line_of_the_inspector(server_record: Path) -> None:
    vitruvian = str(Path(sys.executable).with_name("vitruvian"))
    command = ["npx", "--yes", "@modelcontextprotocol/inspector", "--cli", vitruvian, "mcp", "--record"]
    done = subprocess.run(
        [*command, str(server_record), "--method", "tools/list"], capture_output=True, timeout=300, check=True
    )
    assert "patient_summary" in {one["name"] for one in json.loads(done.stdout)["tools"]}
