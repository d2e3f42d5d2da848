"""Deterministic identifiers: the same content always gets the same id."""

from __future__ import annotations

from hashlib import blake2b, sha256


def content_hash(data: bytes) -> str:
    """SHA-256 of raw bytes, 64 hex digits."""
    return sha256(data).hexdigest()


def stable_id(*parts: str) -> str:
    """128-bit id of an ordered tuple of strings, 32 hex digits; ("a", "bc") and ("ab", "c") differ."""
    return blake2b(ascii(parts).encode(), digest_size=16).hexdigest()
