"""Blobs in a folder and in a bucket of a real S3 server; a master key in a real key management service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from vitruvian.core import DataError, content_hash
from vitruvian.ingest import FHIR, samples
from vitruvian.record import Record
from vitruvian.record.blobs import BlobStore
from vitruvian.record.keys import KeyRing
from vitruvian.record.master import LocalMaster
from vitruvian.record.opening import make_engine
from vitruvian.record.sealing import KEY_BYTES, SEGMENT

REGION = "us-east-1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Address of a server that speaks S3 and KMS."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(cloud: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """URL of an empty bucket."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    more = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": cloud}
    for name, value in (more | {"AWS_DEFAULT_REGION": REGION}).items():
        monkeypatch.setenv(name, value)
    name = f"b{content_hash(request.node.name.encode())[:20]}"
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=name)
    return f"s3://{name}/record"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    keys = KeyRing.open(make_engine(make_url(f"sqlite:///{tmp_path / 'a.keys'}")), LocalMaster(bytes(KEY_BYTES)))
    keys.make(["p1", "p2"])
    where = request.getfixturevalue("bucket") if request.param == "bucket" else str(tmp_path / "blobs")
    return BlobStore.open(where, keys)


def test_bytes_come_back_under_their_owner_only(store: BlobStore, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * (SEGMENT // 100))
    name = store.put_file("p1", large)
    assert store.put("p1", large.read_bytes()) == name
    assert store.get("p1", name) == large.read_bytes()
    with store.file("p1", name, "scan.dcm") as path:
        assert path.name == "scan.dcm"
        assert path.read_bytes() == large.read_bytes()
    assert not path.exists()
    with pytest.raises(DataError, match="not in the blob store"):
        store.get("p2", name)


def test_removing_one_and_all(store: BlobStore) -> None:
    first, second = store.put("p1", b"one"), store.put("p1", b"two")
    other = store.put("p2", b"one")
    assert other == first
    store.remove("p1", first)
    with pytest.raises(DataError):
        store.get("p1", first)
    assert store.get("p1", second) == b"two"
    store.drop_owner("p1")
    store.drop_owner("p1")
    with pytest.raises(DataError):
        store.get("p1", second)
    assert store.get("p2", other) == b"one"


def test_what_lies_there_is_sealed(tmp_path: Path, bucket: str) -> None:
    import fsspec

    with Record.open(tmp_path / "a.db", blobs=bucket) as record:
        record.ingest(samples()["sample-b"][0], formats=[FHIR])
        fact = record.patient("sample-b").facts()[0]
        with record.open_blob(fact) as path:
            assert path.read_bytes() == samples()["sample-b"][0].read_bytes()
    files = fsspec.filesystem("s3", use_listings_cache=False)
    kept = files.find(bucket)
    assert kept
    for one in kept:
        assert "sample-b" not in one
        assert b"resourceType" not in files.cat_file(one)


def test_a_master_key_in_a_key_management_service(
    tmp_path: Path, cloud: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    kms = boto3.client("kms", region_name=REGION)
    one = kms.create_key()["KeyMetadata"]["KeyId"]
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY_URL", f"awskms://{one}?region={REGION}&endpoint={cloud}")
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(samples()["sample-b"][0], formats=[FHIR])
    with Record.open(tmp_path / "a.db") as record:
        assert len(record.patient("sample-b").facts()) == 22
    assert not (tmp_path / "a.db.master-key").exists()
