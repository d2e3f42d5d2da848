"""A site's part in sums that nobody sees the terms of: masks that cancel, and shares that survive a lost site.

The protocol of K. Bonawitz et al., Practical secure aggregation for privacy-preserving machine learning, CCS 2017,
doi:10.1145/3133956.3133982: each pair of sites agrees on a mask that one adds and the other subtracts (X25519, HKDF,
AES-CTR), each site adds one of its own, and both secrets are shared among all sites (Shamir), so that the masks of a
site that is lost, or else the own mask of one that stayed, can be taken off: never both. Keys of many sums are agreed
at once, so that a sum costs two messages to a site; each sum has keys of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import UInt64

from vitruvian.core import AccessError, DataError, InputError
from vitruvian.study.federated.keys import Identity, verify
from vitruvian.study.federated.shares import SHARE_BYTES, split

KEY_BYTES = 32
LOST, STAYED = 0, 1
"""Whose secret a share is of: a lost site's pairwise key, or a staying site's own mask."""


@dataclass(frozen=True)
class Member:
    """What one site knows in a session of `count` sums; the secret part never leaves it but as shares."""

    session: str
    name: str
    count: int
    cipher_key: bytes
    mask_keys: tuple[bytes, ...]
    own_seeds: tuple[bytes, ...]
    adverts: Mapping[str, bytes] = field(default_factory=dict)
    boxes: Mapping[str, bytes] = field(default_factory=dict)
    threshold: int = 0
    masked: frozenset[int] = frozenset()
    revealed: frozenset[int] = frozenset()


def begin(session: str, name: str, count: int, identity: Identity) -> tuple[Member, bytes]:
    """Fresh secrets for `count` sums, and the public keys that are told to all, signed by the site."""
    secrets = [os.urandom(KEY_BYTES) for _ in range(2 * count + 1)]
    member = Member(session, name, count, secrets[0], tuple(secrets[1 : count + 1]), tuple(secrets[count + 1 :]))
    public = b"".join(_public(key) for key in (member.cipher_key, *member.mask_keys))
    return member, identity.sign(_signed(session, name, public)) + public


def deal(
    member: Member, adverts: Mapping[str, bytes], roster: Mapping[str, bytes], threshold: int
) -> tuple[Member, dict[str, bytes]]:
    """Shares of the site's secrets, one locked box for each other site.

    `roster`: the public identity of each site, known beforehand; `adverts`: what each site told. Raises AccessError
    for a site that is not in the roster or whose signature is false, InputError for a threshold of half or less.
    """
    names = sorted(adverts)
    if member.name not in adverts or not len(names) / 2 < threshold <= len(names) or len(names) < 3:
        raise InputError("sites of a secure sum", got=f"{len(names)}, threshold {threshold}", allowed="3 or more")
    public = {name: checked(member.session, name, adverts[name], roster, member.count) for name in names}
    secrets = zip(member.mask_keys, member.own_seeds, strict=True)
    shares = [split(secret, threshold, len(names)) for pair in secrets for secret in pair]
    boxes = {}
    for at, name in enumerate(names):
        if name != member.name:
            content = b"".join(share[at] for share in shares)
            boxes[name] = _lock(_box_key(member, public[name], member.name, name), content)
    kept = _lock(
        _box_key(member, public[member.name], member.name, member.name),
        b"".join(s[names.index(member.name)] for s in shares),
    )
    return replace(member, adverts=public, threshold=threshold, boxes={member.name: kept}), boxes


def keep(member: Member, boxes: Mapping[str, bytes]) -> Member:
    """The boxes of the other sites: these sites, and this one, are who sums. Raises DataError for too few."""
    boxes = {**boxes, member.name: member.boxes[member.name]}
    if not set(boxes) <= set(member.adverts) or len(boxes) < max(3, member.threshold):
        raise DataError("sites of a secure sum", got=len(boxes), allowed=f"{max(3, member.threshold)} or more")
    return replace(member, boxes=boxes)


def mask(member: Member, number: int, values: UInt64[np.ndarray, " n"]) -> tuple[Member, UInt64[np.ndarray, " n"]]:
    """The values of sum `number` under all masks; looks random to anybody. A second time is refused (AccessError)."""
    if number in member.masked or not 0 <= number < member.count:
        raise AccessError("a sum of the session is masked once", got=number)
    total = values + stream(member.own_seeds[number], len(values))
    for name in member.boxes:
        if name != member.name:
            seed = pair_seed(member.session, number, member.mask_keys[number], member.adverts[name], member.name, name)
            noise = stream(seed, len(values))
            total = total + noise if member.name < name else total - noise
    return replace(member, masked=member.masked | {number}), total


def reveal(member: Member, number: int, stayed: tuple[str, ...]) -> tuple[Member, dict[str, bytes]]:
    """Shares that take the masks of sum `number` off: of who stayed the own mask, of who was lost the pairwise key.

    Raises AccessError where it is asked a second time (both kinds of one site would show its values), or where fewer
    than the threshold stayed.
    """
    if number in member.revealed or not set(stayed) <= set(member.boxes) or len(set(stayed)) < member.threshold:
        raise AccessError(
            "the masks of a sum come off once, where enough sites stayed",
            got=f"sum {number}, {len(set(stayed))} sites",
            allowed=f"{member.threshold} or more",
        )
    shares = {}
    for name, box in member.boxes.items():
        content = _unlock(_box_key(member, member.adverts[name], name, member.name), box)
        at = SHARE_BYTES * (2 * number + (STAYED if name in stayed else LOST))
        shares[name] = content[at : at + SHARE_BYTES]
    return replace(member, revealed=member.revealed | {number}), shares


def checked(session: str, name: str, advert: bytes, roster: Mapping[str, bytes], count: int) -> bytes:
    """The public keys that a site told, after its signature was found true."""
    length = KEY_BYTES * (count + 1)
    signature, public = advert[:-length], advert[-length:]
    if name not in roster:
        raise AccessError("a site that is not in the roster", got=name, allowed=", ".join(sorted(roster)))
    verify(roster[name], signature, _signed(session, name, public))
    return public


def pair_seed(session: str, number: int, secret: bytes, public: bytes, one: str, other: str) -> bytes:
    """The seed that two sites agree on for a sum: the same from either side."""
    first, second = sorted((one, other))
    return _derive(secret, _part(public, number + 1), f"mask {session} {number} {first} {second}")


def stream(seed: bytes, length: int) -> UInt64[np.ndarray, " n"]:
    """Numbers that look random to who does not know the seed; the seed is used once."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(seed), modes.CTR(bytes(16))).encryptor()
    return np.frombuffer(encryptor.update(bytes(8 * length)), dtype="<u8").astype(np.uint64)


def _public(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _part(public: bytes, at: int) -> bytes:
    return public[KEY_BYTES * at : KEY_BYTES * (at + 1)]


def _signed(session: str, name: str, public: bytes) -> bytes:
    return f"vitruvian federated keys|{session}|{name}|".encode() + public


def _derive(secret: bytes, public: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    agreed = X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"vitruvian federated " + purpose.encode()).derive(agreed)


def _box_key(member: Member, public: bytes, sender: str, receiver: str) -> bytes:
    return _derive(member.cipher_key, _part(public, 0), f"box {member.session} {sender} {receiver}")


def _lock(key: bytes, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def _unlock(key: bytes, box: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(box[:12], box[12:], None)
    except InvalidTag:
        raise DataError("a box of shares was altered on its way") from None
