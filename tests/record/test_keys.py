"""Keys and sealing: what is sealed opens only whole, in its place, under its key; where the master key comes from."""

from __future__ import annotations

import base64
import io
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from vitruvian.core import DataError, InputError
from vitruvian.record import Record
from vitruvian.record.keys import KeyRing
from vitruvian.record.master import LocalMaster, open_master
from vitruvian.record.opening import make_engine
from vitruvian.record.sealing import KEY_BYTES, SEGMENT, Cipher

KEY = bytes(range(KEY_BYTES))


def ring(folder: Path, key: bytes = KEY) -> KeyRing:
    return KeyRing.open(make_engine(make_url(f"sqlite:///{folder / 'a.keys'}")), LocalMaster(key))


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_a_value_opens_only_in_its_place(data: bytes, place: bytes) -> None:
    cipher = Cipher(KEY)
    sealed = cipher.seal(data, place)
    assert cipher.open(sealed, place) == data
    assert sealed != cipher.seal(data, place)
    for other, bytes_, where in (
        (cipher, sealed, place + b"x"),
        (Cipher(KEY[::-1]), sealed, place),
        (cipher, sealed[:-1], place),
        (cipher, bytes([sealed[0] ^ 1]) + sealed[1:], place),
    ):
        with pytest.raises(DataError, match="does not open"):
            other.open(bytes_, where)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 5]),
    st.integers(1000, 5 * SEGMENT),
)
def test_a_stream_of_any_length_comes_back(length: int, piece: int) -> None:
    data = (bytes(range(251)) * (length // 251 + 1))[:length]
    cipher = Cipher(KEY)
    sealed = b"".join(cipher.seal_stream(data[k : k + piece] for k in range(0, length, piece)))
    assert b"".join(cipher.open_stream(io.BytesIO(sealed))) == data


def test_a_stream_that_was_cut_swapped_or_joined_does_not_open() -> None:
    cipher, size = Cipher(KEY), SEGMENT + 16
    sealed = b"".join(cipher.seal_stream([bytes(3 * SEGMENT), b"end"]))
    head, segments = sealed[:11], [sealed[11 + k * size : 11 + (k + 1) * size] for k in range(4)]
    assert head + b"".join(segments) == sealed
    first, second, third, last = segments
    for altered in (
        head + first + second + third,
        head + second + first + third + last,
        head + first + third + last,
        head + first + first + second + third + last,
        sealed + last,
        sealed[:-1],
        sealed + b"\x00",
        head,
        b"",
        b"plain text",
    ):
        with pytest.raises(DataError, match="do not open"):
            list(cipher.open_stream(io.BytesIO(altered)))


def test_a_key_each_and_none_after_it_is_dropped(tmp_path: Path) -> None:
    one = ring(tmp_path)
    one.make(["p1", "p2", ""])
    sealed = one.cipher("p1").seal(b"150", b"f")
    with pytest.raises(DataError):
        one.cipher("p2").open(sealed, b"f")
    again = ring(tmp_path)
    again.make(["p1"])
    assert again.cipher("p1").open(sealed, b"f") == b"150"
    wrapped = sqlite3.connect(tmp_path / "a.keys").execute("SELECT wrapped FROM key WHERE subject = 'p1'").fetchone()[0]
    again.drop(["p1"])
    assert not again.holds("p1")
    with pytest.raises(DataError, match="no key"):
        again.cipher("p1")
    for ring_ in (one, again):
        ring_.engine.dispose()
    assert all(wrapped not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_key_that_another_program_dropped_is_not_used_again(tmp_path: Path) -> None:
    here, there = ring(tmp_path), ring(tmp_path)
    here.make(["p1"])
    before = here.cipher("p1").seal(b"150", b"f")
    there.drop(["p1"])
    here.make(["p1"])
    after = here.cipher("p1").seal(b"150", b"f")
    assert there.cipher("p1").open(after, b"f") == b"150"
    with pytest.raises(DataError):
        here.cipher("p1").open(before, b"f")


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    ring(tmp_path).make(["p1"])
    with pytest.raises(DataError, match="master key"):
        ring(tmp_path, KEY[::-1])


def test_writers_at_once_get_one_key(tmp_path: Path) -> None:
    names, sealed = [f"p{k}" for k in range(20)], []
    rings = [ring(tmp_path) for _ in range(3)]
    threads = [threading.Thread(target=one.make, args=(names,)) for one in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = [one.cipher(name).seal(b"x", b"") for one, name in zip(rings * 7, names, strict=False)]
    assert all(rings[-1].cipher(name).open(box, b"") == b"x" for name, box in zip(names, sealed, strict=True))


def test_a_pseudonym_is_kept_and_tells_nothing(tmp_path: Path) -> None:
    one, other = ring(tmp_path), ring(tmp_path)
    assert one.pseudonym("p1") == other.pseudonym("p1") != one.blind("p1")
    assert "p1" not in one.pseudonym("p1")


def test_the_master_key_comes_from_the_environment_a_url_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "made"
    sealed = open_master(beside).wrap(KEY, "n")
    assert open_master(beside).unwrap(sealed, "n") == KEY
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY_URL", beside.as_uri())
    assert open_master(None).unwrap(sealed, "n") == KEY
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY", base64.b64decode(beside.read_text()).hex())
    assert open_master(None).unwrap(sealed, "n") == KEY
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY", "short")
    with pytest.raises(InputError, match="32 bytes"):
        open_master(None)
    monkeypatch.delenv("VITRUVIAN_MASTER_KEY")
    for url, match in (((tmp_path / "absent").as_uri(), "no master key"), ("vault://x", "no such place")):
        monkeypatch.setenv("VITRUVIAN_MASTER_KEY_URL", url)
        with pytest.raises(InputError, match=match):
            open_master(beside)


def test_a_copy_of_database_and_blobs_without_keys_is_noise(tmp_path: Path) -> None:
    note = tmp_path / "b.json"
    note.write_text(
        '{"resourceType": "Patient", "id": "p1", "name": [{"family": "Ungewoehnlich"}],'
        ' "identifier": [{"system": "urn:h", "value": "MRN-774411"}]}'
    )
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(note)
        assert record.patient("MRN-774411").id == "p1"
    note.unlink()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Ungewoehnlich" not in content
            assert b"MRN-774411" not in content
    (tmp_path / "a.db.keys").unlink()
    with Record.open(tmp_path / "a.db") as record, pytest.raises(DataError):
        record.patient("p1").facts()


def test_a_master_key_in_either_alphabet_of_base64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = b"\xfb\xff\xbf" * 10 + b"\xfe\xff"
    assert set("-_") <= set(base64.urlsafe_b64encode(key).decode())
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY", base64.b64encode(key).decode())
    wrapped = open_master(None).wrap(b"k" * 32, "p")
    monkeypatch.setenv("VITRUVIAN_MASTER_KEY", base64.urlsafe_b64encode(key).decode())
    assert open_master(None).unwrap(wrapped, "p") == b"k" * 32


def test_a_master_key_that_is_lost_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VITRUVIAN_MASTER_KEY", raising=False)
    Record.open(tmp_path / "a.db").close()
    kept = (tmp_path / "a.db.master-key").rename(tmp_path / "apart")
    for _ in range(2):
        with pytest.raises(InputError, match="the master key is missing; restore it"):
            Record.open(tmp_path / "a.db")
        assert not (tmp_path / "a.db.master-key").exists()
    kept.rename(tmp_path / "a.db.master-key")
    Record.open(tmp_path / "a.db").close()
