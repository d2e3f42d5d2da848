"""Secure sums: equal to the plain sum for every number in range, refused out of it, and whole after sites are lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitruvian.core import AccessError, DataError, InputError
from vitruvian.study.federated.keys import Identity
from vitruvian.study.federated.masks import Member, begin, checked, deal, keep, mask, reveal
from vitruvian.study.federated.ring import Ring
from vitruvian.study.federated.shares import join, split
from vitruvian.study.federated.unmask import unmask

IDENTITIES = {f"site-{n}": Identity.make() for n in range(5)}
ROSTER = {name: one.public for name, one in IDENTITIES.items()}


def agreed(
    names: list[str], count: int = 1, threshold: int = 2, dealing: tuple[str, ...] = ()
) -> tuple[dict[str, Member], dict[str, bytes]]:
    """Members that have exchanged keys and shares (of those `dealing`; default all), and the public keys."""
    members, adverts = {}, {}
    for name in names:
        members[name], adverts[name] = begin("run", name, count, IDENTITIES[name])
    boxes = {}
    for name in names:
        members[name], boxes[name] = deal(members[name], adverts, ROSTER, threshold)
    stay = list(dealing) or names
    members = {
        name: keep(members[name], {other: boxes[other][name] for other in stay if other != name}) for name in stay
    }
    return members, {name: checked("run", name, adverts[name], ROSTER, count) for name in names}


def summed(values: dict[str, np.ndarray], lost: set[str], ring: Ring, silent: set[str] = frozenset()) -> np.ndarray:
    """The secure sum where `lost` never send their masked vector, and `silent` send it and then nothing."""
    threshold = len(values) // 2 + 1
    members, public = agreed(sorted(values), threshold=threshold)
    masked = {}
    for name in set(values) - lost:
        members[name], masked[name] = mask(members[name], 0, ring.encode(values[name]))
    stayed = tuple(sorted(masked))
    revealed = {name: reveal(members[name], 0, stayed)[1] for name in set(stayed) - silent}
    return unmask(
        "run", 0, threshold, ring=ring, public=public, members=tuple(values), masked=masked, revealed=revealed
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_fixed_point_sums_are_plain_sums_in_all_the_range(data: st.DataObject) -> None:
    """Quantisation errs at most half a step a term; beyond the range nothing is encoded."""
    terms = data.draw(st.integers(1, 64))
    ring = Ring(terms, data.draw(st.integers(0, 40)))
    number = st.floats(-ring.limit, ring.limit, allow_nan=False)
    rows = np.array(data.draw(st.lists(st.lists(number, min_size=3, max_size=3), min_size=terms, max_size=terms)))
    total = np.zeros(3, np.uint64)
    for row in rows:
        total = total + ring.encode(row)
    plain = rows.sum(axis=0)
    rounding = 1e-15 * terms * np.abs(rows).sum(axis=0)  # of the plain sum itself
    assert np.all(np.abs(ring.decode(total) - plain) <= terms * ring.step / 2 + rounding)


@pytest.mark.parametrize("terms", [1, 3, 8, 1000])
def test_the_ends_of_the_range(terms: int) -> None:
    """All terms at the limit do not wrap round; a little beyond it, or no number, is refused."""
    ring = Ring(terms)
    for end in (ring.limit, -ring.limit):
        total = np.zeros(1, np.uint64)
        for _ in range(terms):
            total = total + ring.encode(np.array([end]))
        assert ring.decode(total)[0] == pytest.approx(terms * end, rel=1e-12)
    for beyond in (ring.limit * 1.000001, -2 * ring.limit, np.inf, np.nan):
        with pytest.raises(DataError, match="1 of 2 numbers do not fit"):
            ring.encode(np.array([0.0, beyond]))


def test_rings_without_room_are_refused() -> None:
    for wrong in ((0, 24), (3, 60), (3, -1), (2**40, 24)):
        with pytest.raises(InputError):
            Ring(*wrong)


@given(st.binary(min_size=1, max_size=64), st.integers(1, 6), st.integers(0, 4), st.randoms())
@settings(max_examples=40, deadline=None)
def test_secrets_come_back_from_any_shares_that_are_enough(secret: bytes, threshold: int, more: int, chance) -> None:
    holders = threshold + more
    shares = dict(enumerate(split(secret, threshold, holders), start=1))
    some = dict(chance.sample(sorted(shares.items()), threshold))
    assert join(some, threshold, len(secret)) == secret
    some.popitem()
    with pytest.raises(InputError):
        join(some, threshold, len(secret))


def test_too_few_shares_say_nothing() -> None:
    """One of two shares fits every secret: another polynomial goes through it."""
    shares = split(b"secret", 2, 3)
    other = split(b"others", 2, 3)
    assert shares[0] != other[0]
    with pytest.raises(InputError, match="belong together"):
        join({1: shares[0], 2: other[1]}, 2, 6)


@pytest.mark.parametrize(
    ("lost", "silent"), [(set(), set()), ({"site-1"}, set()), ({"site-4"}, {"site-0"}), ({"site-0", "site-3"}, set())]
)
def test_a_secure_sum_is_the_sum_of_who_stayed(lost: set[str], silent: set[str]) -> None:
    generator = np.random.default_rng(1)
    values = {name: generator.normal(0, 100, 40) for name in IDENTITIES}
    ring = Ring(len(values))
    expected = np.sum([values[name] for name in values if name not in lost], axis=0)
    assert np.allclose(summed(values, lost, ring, silent), expected, rtol=0, atol=5 * ring.step)


def test_a_site_lost_between_keys_and_shares_is_left_out() -> None:
    """Shares keep their places in the order of who told keys; the others sum without it, and survive one more loss."""
    stay = ("site-1", "site-2", "site-3", "site-4")
    members, public = agreed(sorted(IDENTITIES), threshold=3, dealing=stay)
    ring = Ring(5)
    masked = {}
    for name in stay[:3]:
        members[name], masked[name] = mask(members[name], 0, ring.encode(np.full(6, 1.5)))
    revealed = {name: reveal(members[name], 0, tuple(masked))[1] for name in masked}
    total = unmask("run", 0, 3, ring=ring, public=public, members=stay, masked=masked, revealed=revealed)
    assert np.allclose(total, 4.5)


def test_too_few_sites_make_no_sum() -> None:
    values = {name: np.ones(3) for name in IDENTITIES}
    with pytest.raises(AccessError, match="enough sites"):
        summed(values, {"site-0", "site-1", "site-2"}, Ring(5))
    with pytest.raises(DataError, match="too few sites"):
        summed(values, {"site-0"}, Ring(5), {"site-1", "site-2"})


def test_what_a_site_sends_looks_random() -> None:
    """The same values masked in two sums share nothing with themselves nor with each other; bits are half and half."""
    members, _ = agreed(sorted(IDENTITIES)[:3], count=2)
    ring = Ring(3)
    plain = ring.encode(np.zeros(4096))
    member, first = mask(members["site-0"], 0, plain)
    member, second = mask(member, 1, plain)
    assert not np.intersect1d(first, second).size
    share = np.unpackbits(first.view(np.uint8)).mean()
    assert 0.49 < share < 0.51


def test_a_coordinator_that_asks_twice_is_refused() -> None:
    """Both shares of one site, or one mask over two vectors, would show its values."""
    members, _ = agreed(sorted(IDENTITIES)[:3])
    member, _ = mask(members["site-0"], 0, np.zeros(2, np.uint64))
    with pytest.raises(AccessError, match="masked once"):
        mask(member, 0, np.ones(2, np.uint64))
    member, _ = reveal(member, 0, ("site-0", "site-1"))
    with pytest.raises(AccessError, match="come off once"):
        reveal(member, 0, ("site-0", "site-2"))


def test_made_up_sites_are_refused() -> None:
    """A coordinator cannot slip in a site of its own, nor keys of its own under another's name."""
    names = sorted(IDENTITIES)[:3]
    told = {name: begin("run", name, 1, IDENTITIES[name]) for name in names}
    adverts = {name: advert for name, (_, advert) in told.items()}
    member = told["site-0"][0]
    stranger = begin("run", "stranger", 1, Identity.make())[1]
    with pytest.raises(AccessError, match="roster"):
        deal(member, {**adverts, "stranger": stranger}, ROSTER, 3)
    forged = begin("run", "site-1", 1, Identity.make())[1]
    with pytest.raises(AccessError, match="not signed"):
        deal(member, {**adverts, "site-1": forged}, ROSTER, 2)
    with pytest.raises(AccessError, match="not signed"):
        deal(begin("other", "site-0", 1, IDENTITIES["site-0"])[0], adverts, ROSTER, 2)
    with pytest.raises(InputError):
        deal(member, adverts, ROSTER, 1)
    with pytest.raises(InputError):
        deal(member, dict(list(adverts.items())[:2]), ROSTER, 2)


def test_an_altered_box_is_found() -> None:
    members, _ = agreed(sorted(IDENTITIES)[:3])
    member = members["site-0"]
    box = bytearray(member.boxes["site-1"])
    box[20] ^= 1
    altered = keep(member, {"site-1": bytes(box), "site-2": member.boxes["site-2"]})
    with pytest.raises(DataError, match="altered"):
        reveal(altered, 0, ("site-0", "site-1", "site-2"))
