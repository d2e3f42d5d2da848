"""Parts of JSON files come out byte for byte."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from vitruvian.core import DataError
from vitruvian.record.verbatim import Verbatim

TEXT = b"""\xef\xbb\xbf{ "resourceType" : "Bundle",
 "entry":[ {"fullUrl":"urn:a","resource":{"value" : 1.50, "text":"\\u00e4 \\"}] { \xc3\xa4"} } ,
 {"resource": {}},{"resource":[]}],"x":[]}"""


def test_spaces_digits_and_escapes_stay() -> None:
    whole = Verbatim(TEXT)
    assert whole.at("entry[0].resource") == b'{"value" : 1.50, "text":"\\u00e4 \\"}] { \xc3\xa4"}'
    assert whole.at("entry[0].resource.value") == b"1.50"
    assert (whole.at("entry[1].resource"), whole.at("entry[2].resource"), whole.at("x")) == (b"{}", b"[]", b"[]")
    assert whole.at("") == TEXT.removeprefix(b"\xef\xbb\xbf")
    for place in ("entry[3]", "nothing", "entry[0].resource.value.deeper"):
        with pytest.raises(DataError, match="no such place"):
            whole.at(place)
    with pytest.raises(DataError, match="UTF-8"):
        Verbatim(b"\xff\xfe{}")


def test_json_lines() -> None:
    lines = Verbatim(b'{"a": 1}\n\n{"a" : {"b":2.0}}\n')
    assert lines.at("line[2]") == b'{"a" : {"b":2.0}}'
    assert lines.at("line[2].a") == b'{"b":2.0}'


def test_a_part_of_a_split_file_names_its_entries() -> None:
    part = Verbatim(b'{"entry[3]": {"fullUrl":"urn:a","resource":{"v":1.50}},\n"line[7]": {"b" : 2}}')
    assert part.at("entry[3].resource") == b'{"v":1.50}'
    assert part.at("entry[3].fullUrl") == b'"urn:a"'
    assert part.at("line[7]") == b'{"b" : 2}'


def test_every_resource_of_a_bundle(shared: Path) -> None:
    content = gzip.decompress((shared / "data/fhir/08_asthma_adult.json.gz").read_bytes())
    whole = Verbatim(content)
    for k, entry in enumerate(json.loads(content)["entry"]):
        found = whole.at(f"entry[{k}].resource")
        assert found in content
        assert json.loads(found) == entry["resource"]
