"""The Gymnasium environment: the checks of Gymnasium, the same loop as `run`, rewards, and the safety layer."""

from __future__ import annotations

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.control import BasalBolus, Setting, Therapy, environment, run, unplanned
from vitruvian.core import DataError, UnsupportedError
from vitruvian.physiology.glucose import UVA_PADOVA_2008, virtual_people

gymnasium = pytest.importorskip("gymnasium")
MINUTES = 240
STILL = np.array([-0.5, 0.0], np.float32)  # profile basal


@pytest.fixture(scope="module")
def setting() -> Setting:
    people = virtual_people("adult", 2, seed=3)
    s = people.settings
    settings = [jnp.asarray(x) for x in (s.basal, s.carbohydrate_ratio, s.correction)]
    therapy = Therapy(jnp.asarray(people.parameters["BW"]), *settings, jnp.full(2, 110.0), jnp.asarray(s.total_daily))
    return Setting(UVA_PADOVA_2008, {k: jnp.asarray(v) for k, v in people.parameters.items()}, therapy)


@pytest.fixture(scope="module")
def plan():
    one = unplanned(MINUTES, 2)
    return one._replace(announced=one.announced.at[60].set(50.0), eaten=one.eaten.at[60:70].set(5.0))


@pytest.fixture(scope="module")
def bare(setting, plan):
    return environment(setting, plan, safe=False)


def test_it_passes_gymnasiums_checks(bare):
    from gymnasium.utils.env_checker import check_env

    check_env(bare, skip_render_check=True)


def test_it_is_the_same_loop_as_a_run(bare, setting, plan):
    """Profile basal by action is what basal–bolus does without announced meals."""
    import jax

    quiet = plan._replace(announced=0 * plan.announced)
    trace = run(setting, BasalBolus(), quiet, jax.random.key(0))
    _, info = bare.reset(seed=1, options={"person": 1})
    assert info == {"person": 1}
    glucose, carbohydrates, truncated = [], 0.0, False
    while not truncated:
        seen, _, terminated, truncated, info = bare.step(STILL)
        glucose.append(info["glucose"])
        carbohydrates += info["carbohydrates"]
        assert not terminated
        assert seen in bare.observation_space
    np.testing.assert_allclose(glucose, trace.glucose[4::5, 1], rtol=1e-9)
    assert carbohydrates == pytest.approx(50.0)
    with pytest.raises(DataError, match="over"):
        bare.step(STILL)


def test_the_same_seed_is_the_same_episode_and_reward_is_risk(bare):
    episodes = []
    for _ in range(2):
        bare.reset(seed=7)
        episodes.append([bare.step(np.array([0.5, -1.0], np.float32))[1] for _ in range(3)])
    assert episodes[0] == episodes[1]
    assert all(-1 < reward <= 0 for reward in episodes[0])


@pytest.mark.slow
def test_reward_of_ones_own_and_the_safety_layer(setting, plan):
    safe = environment(setting, plan, safe=True, reward=lambda glucose: glucose)
    safe.reset(seed=1)
    for _ in range(2):
        _, reward, _, _, info = safe.step(np.array([1.0, 1.0], np.float32))
    assert reward == info["glucose"]
    assert info["bolus"] <= 0.1 * float(setting.therapy.total_daily.max()) + 1e-6
    assert any("bolus cut" in one for one in info["reasons"])


def test_an_action_that_is_not_a_number_is_profile_times_two_and_no_bolus(bare):
    bare.reset(seed=1)
    *_, info = bare.step(np.array([np.nan, np.nan], np.float32))
    assert info["bolus"] == 0
    assert np.isfinite(info["glucose"])


def test_without_gymnasium_it_says_what_to_install(setting, plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "vitruvian.control.gymnasium_environment", raising=False)
    with pytest.raises(UnsupportedError, match=r"vitruvian\[gym\]"):
        environment(setting, plan)
