"""Who a site is: a key of its own (ECDSA, P-384), by which Flower lets it in and other sites know its messages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vitruvian.core import AccessError, InputError


@dataclass(frozen=True)
class Identity:
    """A site's private key; only its public part is told."""

    pem: bytes

    @classmethod
    def make(cls) -> Identity:
        """A new one."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP384R1())
        form = serialization.PrivateFormat.OpenSSH
        return cls(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))

    @classmethod
    def read(cls, path: Path) -> Identity:
        """From the file that `write` made; raises InputError where it is none."""
        identity = cls(path.read_bytes())
        try:
            assert identity.public
        except ValueError:
            raise InputError(
                f"{path.name} is no private key of a site", todo="make one: vitruvian federate keys."
            ) from None
        return identity

    @property
    def public(self) -> bytes:
        """The public part as an OpenSSH line, as Flower reads it."""
        from cryptography.hazmat.primitives import serialization

        encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        return serialization.load_ssh_private_key(self.pem, None).public_key().public_bytes(encoding, form)

    def sign(self, message: bytes) -> bytes:
        """A signature that `verify` checks."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA384
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        key = load_ssh_private_key(self.pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InputError("the key of a site", allowed="ECDSA on P-384")
        return key.sign(message, ec.ECDSA(SHA384()))


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Raises AccessError where the holder of the public key did not sign the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA384
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    key = load_ssh_public_key(public)
    try:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        key.verify(signature, message, ec.ECDSA(SHA384()))
    except InvalidSignature:
        raise AccessError("a message is not signed by the site that it names") from None


def make_keys(folder: Path, name: str) -> None:
    """NAME.key, which stays at the site, and NAME.pub for the roster. Raises InputError where one is there."""
    if not name.replace("-", "").replace("_", "").isalnum() or (folder / f"{name}.key").exists():
        raise InputError("a key of a site", got=name, allowed="a new name of letters, digits, - and _")
    folder.mkdir(parents=True, exist_ok=True)
    identity = Identity.make()
    write_private(folder / f"{name}.key", identity.pem)
    (folder / f"{name}.pub").write_bytes(identity.public + b"\n")


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner may read, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_roster(folder: Path) -> dict[str, bytes]:
    """The public keys of all sites: NAME.pub, as each site gave its own. Raises InputError where there is none."""
    found = {path.stem: path.read_bytes().strip() for path in sorted(folder.glob("*.pub"))}
    if not found:
        raise InputError(
            "a roster without sites", got=folder.name, todo="Put the public key of each site there: NAME.pub."
        )
    return found
