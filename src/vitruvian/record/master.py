"""The master key, which wraps all others: from the environment, a URL, or a file beside the record."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from vitruvian.core import InputError, UnsupportedError
from vitruvian.record.sealing import KEY_BYTES, Cipher


class Master(Protocol):
    """Wraps and unwraps keys; what it wraps with never leaves it."""

    def wrap(self, key: bytes, name: str) -> bytes:
        """`key` wrapped for `name`."""

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """The key that was wrapped for `name`; raises `DataError` if it is not this master's."""


class LocalMaster:
    """A master key in this process's memory."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(key)

    def wrap(self, key: bytes, name: str) -> bytes:
        return self._cipher.seal(key, name.encode())

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        return self._cipher.open(wrapped, name.encode())


class AwsMaster:
    """A master key in AWS KMS or a service that speaks its protocol: awskms://KEY?region=…&endpoint=…"""

    def __init__(self, url: str) -> None:
        try:
            import boto3
        except ModuleNotFoundError as error:
            todo = 'Install the extra: pip install "vitruvian[cloud]".'
            raise UnsupportedError("a master key in AWS KMS needs boto3", got=url, todo=todo) from error
        parts = urlsplit(url)
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._key = (parts.netloc + parts.path).strip("/")
        self._kms = boto3.client("kms", region_name=told.get("region"), endpoint_url=told.get("endpoint"))

    def wrap(self, key: bytes, name: str) -> bytes:
        done = self._kms.encrypt(KeyId=self._key, Plaintext=key, EncryptionContext={"name": name or "-"})
        return bytes(done["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        done = self._kms.decrypt(KeyId=self._key, CiphertextBlob=wrapped, EncryptionContext={"name": name or "-"})
        return bytes(done["Plaintext"])


def open_master(beside: Path | None, in_use: bool = False) -> Master:
    """VITRUVIAN_MASTER_KEY (32 bytes in base64 or hex), else VITRUVIAN_MASTER_KEY_URL, else the file `beside`.

    The file is made once, readable by its owner. Raises `InputError` for a key that is none, where none is named, and
    where the file is missing though a key ring is `in_use` that it wraps.
    """
    text, url = os.environ.get("VITRUVIAN_MASTER_KEY"), os.environ.get("VITRUVIAN_MASTER_KEY_URL")
    if text:
        return LocalMaster(_decode(text, "VITRUVIAN_MASTER_KEY"))
    if url and url.startswith("awskms://"):
        return AwsMaster(url)
    if url and not url.startswith("file://"):
        raise InputError("no such place of a master key", got=url, allowed="file:///… or awskms://KEY?region=…")
    file = Path(urlsplit(url).path) if url else beside
    if file is None:
        todo = "Set VITRUVIAN_MASTER_KEY or VITRUVIAN_MASTER_KEY_URL."
        raise InputError("a record on a server needs a master key", todo=todo)
    if not file.exists():
        if url:
            raise InputError("there is no master key", got=str(file), todo="Make it: 32 random bytes in base64.")
        if in_use:
            todo = f"Restore {file}, or set VITRUVIAN_MASTER_KEY to the key that this record was made with."
            raise InputError("the master key is missing; restore it", got="a key ring that it wraps", todo=todo)
        make_secret(file, base64.b64encode(secrets.token_bytes(KEY_BYTES)))
    return LocalMaster(_decode(file.read_text(), str(file)))


def make_secret(file: Path, content: bytes) -> None:
    """Write a secret whole or not at all; where two processes open a new record at once, the first one's stays."""
    handle, aside = tempfile.mkstemp(dir=file.parent, prefix=".key-")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        with suppress(FileExistsError):
            os.link(aside, file)
    finally:
        Path(aside).unlink()


_URL_SAFE = str.maketrans("-_", "+/")  # RFC 4648, section 5


def _decode(text: str, where: str) -> bytes:
    text = text.strip()
    try:
        plain = text.translate(_URL_SAFE)
        key = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(plain, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(f"the master key in {where} is not one", allowed=f"{KEY_BYTES} bytes in base64 or hex")
    return key
