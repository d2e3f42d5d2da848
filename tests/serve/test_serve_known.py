"""Tokens that are known without a look into the store: until anybody writes there, from whichever side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vitruvian.serve.identity import add_account, change_roles, new_token, set_active
from vitruvian.serve.identity.known import KnownTokens
from vitruvian.serve.identity.tokens import drop_tokens
from vitruvian.serve.store import Store

_DROP = """
import sys
from vitruvian.serve.store import Store
from vitruvian.serve.identity.tokens import drop_tokens
store = Store.open(sys.argv[1])
drop_tokens(store, sys.argv[2])
store.close()
"""


def test_a_token_is_known_until_anybody_writes(tmp_path: Path) -> None:
    here, there = Store.open(str(tmp_path / "one.serve")), Store.open(str(tmp_path / "one.serve"))
    known, account = KnownTokens(here), add_account(here, "one", ["clinician"]).id
    secret = new_token(here, account, "one", ["user/*.rs"])
    assert known.at_hand(secret) is None
    assert known.of(secret) == known.at_hand(secret)
    assert known.at_hand(secret) is not None
    assert known.at_hand("vt_wrong") is None
    assert known.of("vt_wrong") is None
    for store in (there, here):
        change_roles(store, account, ["researcher"] if store is there else ["payer"])
        assert known.at_hand(secret) is None
        found = known.of(secret)
        assert found is not None
        assert found[1].roles == {"researcher" if store is there else "payer"}
        assert known.at_hand(secret) == found
        set_active(store, account, False)
        assert known.of(secret) is None
        set_active(store, account, True)
        assert known.of(secret) is not None
    drop_tokens(here, account)
    assert known.of(secret) is None
    here.close()
    there.close()


def test_a_token_that_another_process_takes_back(tmp_path: Path) -> None:
    place = str(tmp_path / "one.serve")
    store = Store.open(place)
    known, account = KnownTokens(store), add_account(store, "one", ["clinician"]).id
    secret = new_token(store, account, "one", ["user/*.rs"])
    assert known.of(secret) is not None
    assert known.at_hand(secret) is not None
    subprocess.run([sys.executable, "-c", _DROP, place, account], check=True, timeout=120)
    assert known.at_hand(secret) is None
    assert known.of(secret) is None
    store.close()


def test_a_token_ends_by_the_clock_though_it_is_known(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "one.serve"))
    known, account = KnownTokens(store), add_account(store, "one", ["clinician"]).id
    secret = new_token(store, account, "one", ["user/*.rs"], days=0.2 / 86_400)
    assert known.of(secret) is not None
    while known.at_hand(secret) is not None:
        pass
    assert known.of(secret) is None
    store.close()
