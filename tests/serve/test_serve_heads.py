"""HEAD answers as GET does, without a body."""

from __future__ import annotations

import pytest
from served import Served


@pytest.mark.parametrize(
    "path", ["/fhir/metadata", "/fhir/Patient/sample-a", "/api/v1/patients", "/patients/sample-a", "/static/style.css"]
)
def test_head_is_get_without_its_body(served: Served, path: str) -> None:
    client = served.client("clinician")
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_head_has_no_more_rights(served: Served) -> None:
    assert served.client("researcher").head("/fhir/Patient/sample-a").status_code in (403, 404)
    assert served.client("clinician").head("/fhir/Patient/nobody").status_code == 404


def test_head_of_a_stream_ends(served: Served) -> None:
    answer = served.client("clinician").head("/api/v1/monitor/events")
    assert (answer.status_code, answer.content) == (200, b"")
