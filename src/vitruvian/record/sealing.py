"""Encryption at rest: AES-256-GCM for small values, and for files in segments, so that a stream can be read in order.

Segments follow the STREAM construction (Hoang et al., CRYPTO 2015, doi:10.1007/978-3-662-47989-6_24):
the nonce holds the segment's number and whether it is the last, so one that is missing, moved or cut off is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vitruvian.core import DataError

KEY_BYTES = 32
SEGMENT = 1 << 20
_NONCE, _TAG = 12, 16
_MAGIC = b"VTR1"
_PREFIX = 7


class Cipher:
    """One key in use."""

    __slots__ = ("_aes",)

    def __init__(self, key: bytes) -> None:
        self._aes = AESGCM(key)

    def seal(self, data: bytes, place: bytes) -> bytes:
        """`data` sealed for `place` (an id): it opens nowhere else."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aes.encrypt(nonce, data, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed for `place`; raises `DataError` if it was altered, moved, or sealed under another key."""
        try:
            return self._aes.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError, TypeError) as error:  # the latter: too short, or no bytes at all
            raise DataError("a sealed value does not open", got="another key, or altered bytes", todo=_TODO) from error

    def seal_stream(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """A stream of any length sealed in segments."""
        prefix = os.urandom(_PREFIX)
        yield _MAGIC + prefix
        held = bytearray()
        number = 0
        for piece in pieces:
            held += piece
            while len(held) > SEGMENT:
                yield self._aes.encrypt(_nonce(prefix, number, False), bytes(held[:SEGMENT]), None)
                del held[:SEGMENT]
                number += 1
        yield self._aes.encrypt(_nonce(prefix, number, True), bytes(held), None)

    def open_stream(self, stream: BinaryIO) -> Iterator[bytes]:
        """The pieces of what `seal_stream` gave; raises `DataError` if anything is altered, missing, or cut off."""
        header = stream.read(len(_MAGIC) + _PREFIX)
        prefix = header[len(_MAGIC) :]
        piece, number = stream.read(SEGMENT + _TAG), 0
        try:
            if not header.startswith(_MAGIC) or len(prefix) != _PREFIX:
                raise InvalidTag
            while True:
                after = stream.read(SEGMENT + _TAG)
                yield self._aes.decrypt(_nonce(prefix, number, not after), piece, None)
                if not after:
                    return
                piece, number = after, number + 1
        except InvalidTag as error:
            raise DataError("sealed bytes do not open", got="another key, or altered bytes", todo=_TODO) from error


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


_TODO = "Restore the file from a backup, and the key ring that goes with it."
