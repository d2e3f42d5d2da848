"""A schedule is the simplest policy."""

from __future__ import annotations

from vitruvian.model import Fixed, Policy, oral


def test_a_fixed_schedule_is_handed_out_once_whatever_is_observed() -> None:
    policy = Fixed(oral("x", 1, "mg", every="12 h"))
    assert isinstance(policy, Policy)
    first, state = policy.decide(policy.initial(), observed=None)
    again, _ = policy.decide(state, observed=[1.0])
    assert first == policy.schedule
    assert again.doses == ()
    assert policy.decide(policy.initial(), observed=None) == (first, state)  # pure: same state, same answer
