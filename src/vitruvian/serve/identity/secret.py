"""Random secrets, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets


def new_secret(prefix: str) -> str:
    """A secret of 256 bits that says what it is by its prefix."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hashed(secret: str) -> str:
    """What is kept of a secret: enough where it is random and long (passwords are another thing)."""
    return hashlib.sha256(secret.encode()).hexdigest()
