"""Training across sites in one process: as good as pooled where it must be, whole after losses, no record told."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
from federated_sites import FEATURES, made_plan, made_sites

from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.learn import load, save
from vitruvian.learn.trust import auroc, bootstrap
from vitruvian.study.federated import (
    Identity,
    Privacy,
    Site,
    SiteState,
    SiteTable,
    Trained,
    late_by_chance,
    model_of,
    simulate,
)
from vitruvian.study.federated.comparison import alone, compared, pooled_table
from vitruvian.study.federated.counts import counted, evaluation_of
from vitruvian.study.federated.design import moments, standard_of
from vitruvian.study.federated.inprocess import simulated
from vitruvian.study.federated.local import Shard, averaged, descend
from vitruvian.study.federated.messages import pack, unpack
from vitruvian.study.federated.network import Network, cross_entropy, probability
from vitruvian.study.federated.rounds import Shared, advance
from vitruvian.study.federated.site import state_content, state_of


@pytest.mark.parametrize("hidden", [0, 3])
def test_gradients_by_hand_are_those_of_differences(hidden: int) -> None:
    network = Network(4, hidden)
    generator = np.random.default_rng(0)
    params = network.start(1) + 0.3 * generator.normal(size=network.size)
    x, y = generator.normal(size=(6, 4)), (generator.random(6) < 0.5).astype(float)

    def central(function, at: np.ndarray) -> np.ndarray:
        steps = 1e-5 * np.eye(len(at))
        return np.stack([(function(at + step) - function(at - step)) / 2e-5 for step in steps], axis=-1)

    expected = central(lambda one: cross_entropy(network.margin(one, x), y), params)
    assert np.allclose(network.row_gradients(params, x, y), expected, atol=1e-8)
    assert np.allclose(network.gradient(params, x, y), expected.mean(axis=0), atol=1e-8)
    slopes = [central(lambda one: network.margin(params, one[None])[0], row) for row in x]
    assert np.allclose(network.slopes(params, x), slopes, atol=1e-8)


def test_logistic_regression_is_that_of_pooled_data() -> None:
    """Newton's method on secure sums gives what one place with all data gets, to the resolution of the sums."""
    plan, tables = made_plan(), made_sites()
    trained = simulate(plan, tables)
    pooled = alone(plan, pooled_table(tables))
    assert np.allclose(trained.params, pooled.params, atol=1e-5)
    assert np.allclose(trained.standard.mean, pooled.standard.mean, rtol=1e-5)
    assert trained.evaluation is not None
    assert 0.7 < trained.evaluation.auroc < 0.95
    assert trained.evaluation.low < trained.evaluation.auroc < trained.evaluation.high
    assert abs(trained.evaluation.predicted - trained.evaluation.observed) < 0.08
    assert not [note for note in trained.notes if "answer" in note]


def test_statistics_are_those_of_pooled_data() -> None:
    rows = pooled_table(made_sites(3)).rows
    standard = standard_of(moments(rows).sum(axis=0), len(rows), FEATURES)
    numbers = rows.values[:, :3]
    assert np.allclose(standard.mean, np.nanmean(numbers, axis=0))
    assert np.allclose(standard.deviation, np.nanstd(numbers, axis=0))
    assert standard.marked.tolist() == [True, False, False]
    assert standard.matrix(rows).shape == (len(rows), standard.width(FEATURES))
    assert len(standard.owners(FEATURES)) == standard.width(FEATURES)


@pytest.fixture(scope="module")
def best() -> Trained:
    """What Newton's method gets from all sites."""
    return simulate(made_plan(), made_sites())


@pytest.mark.parametrize("algorithm", ["fedavg", "fedprox", "scaffold"])
def test_averaging_comes_near_the_pooled_optimum(algorithm: str, best: Trained) -> None:
    tables = made_sites()
    plan = made_plan(algorithm=algorithm, rounds=12, penalty=0.0, learning_rate=0.2)
    trained = simulate(plan, tables)
    assert trained.rounds[0].loss > trained.rounds[-1].loss
    assert trained.rounds[-1].loss < best.rounds[-1].loss + 0.02
    assert trained.evaluation is not None
    assert best.evaluation is not None
    assert trained.evaluation.auroc > best.evaluation.auroc - 0.02


def drift(algorithm: str) -> float:
    """How far from the pooled optimum a training ends whose two kinds of sites pull to different sides."""
    network, generator = Network(2), np.random.default_rng(3)
    x = generator.normal(size=(800, 2))
    y = (generator.random(800) < probability(x @ [1.5, -1.0])).astype(float)
    side = x[:, 0] > 0
    shards = [Shard(x[kind], y[kind], np.arange(kind.sum())) for kind in (side, ~side)]
    plan = made_plan(
        algorithm=algorithm, rounds=60, local_steps=40, batch=400, learning_rate=0.4, penalty=0.0, proximal=0.3
    )
    everybody = Shard(x, y, np.arange(800))
    best = network.start(0)
    for _ in range(3000):
        best = best - 1.0 * network.gradient(best, everybody.x, everybody.y)
    shared, controls = Shared.first(plan, network), [np.zeros(network.size), np.zeros(network.size)]
    for number in range(plan.rounds):
        terms = []
        for at, shard in enumerate(shards):
            step = descend(
                plan, network, shard, start=shared.params, all_control=shared.control, control=controls[at], seed=number
            )
            terms.append(averaged(plan, network, shard, shared.params, controls[at], step))
            controls[at] = step.control
        shared = advance(plan, network, shared, np.sum(terms, axis=0), 800.0)
    return float(np.linalg.norm(shared.params - best))


def test_controls_and_proximity_keep_sites_from_drifting() -> None:
    """Many local steps on unlike sites end away from the optimum; FedProx ends nearer, SCAFFOLD nearer still."""
    plain, near, controlled = drift("fedavg"), drift("fedprox"), drift("scaffold")
    assert near < 0.8 * plain
    assert controlled < 0.3 * plain


def test_a_personal_last_layer_stays_at_the_site() -> None:
    """Sites whose outcome is the reverse of the others' need a last layer of their own, which is not in the sum."""
    tables = made_sites(3, 250)
    reversed_ = tables["site-0"]
    tables["site-0"] = replace(reversed_, outcome=1 - reversed_.outcome)
    plan = made_plan(algorithm="fedavg", hidden=4, rounds=12, penalty=0.0, learning_rate=0.3)
    shared = simulate(plan, tables)
    own, states = simulated(replace(plan, personal=True), tables)
    assert shared.evaluation is not None
    assert own.evaluation is not None
    assert own.evaluation.auroc > shared.evaluation.auroc + 0.05
    head = own.network.head
    assert np.array_equal(own.params[head], own.network.start(plan.seed)[head])
    heads = [states[name].head[head] for name in tables]
    assert not np.allclose(heads[0], heads[1])


def test_late_answers_and_lost_sites_are_survived() -> None:
    """A site lost for good after the second round, and others late by chance: the rounds go on with who is there."""
    chance = late_by_chance(1, 0.08)
    plan, tables = made_plan(algorithm="fedavg", rounds=8), made_sites()

    def absent(site: str, kind: str, number: int) -> bool:
        return (site == "site-2" and number > 9) or chance(site, kind, number)

    trained = simulate(plan, tables, absent=absent)
    used = [len(one.sites) for one in trained.rounds]
    assert min(used) < len(tables)
    assert "site-2" not in trained.rounds[-1].sites
    assert trained.rounds[-1].loss < trained.rounds[0].loss
    assert any("site-2 did not answer: round" in note for note in trained.notes)


def test_a_lost_evaluation_does_not_lose_the_model() -> None:
    trained = simulate(
        made_plan(rounds=2), made_sites(3), absent=lambda site, kind, number: kind == "evaluate" and site != "site-1"
    )
    assert trained.evaluation is None
    assert any("the evaluation was lost" in note for note in trained.notes)
    assert model_of(trained).predict(made_sites(3)["site-0"].rows).abstained.all()  # no set has been calibrated


def test_a_late_site_comes_back() -> None:
    trained = simulate(
        made_plan(rounds=4), made_sites(4), absent=lambda site, kind, number: site == "site-1" and number in (6, 7)
    )
    used = ["site-1" in one.sites for one in trained.rounds]
    assert used[-1]
    assert not all(used)


def test_too_many_lost_sites_end_the_training() -> None:
    with pytest.raises(DataError, match="3 rounds in a row were lost"):
        simulate(made_plan(), made_sites(3), absent=lambda site, kind, number: site != "site-1" and number > 5)
    with pytest.raises(InputError, match="3 or more sites"):
        simulate(made_plan(), made_sites(2))
    with pytest.raises(DataError, match="too few sites agreed"):
        simulate(made_plan(), made_sites(4), absent=lambda site, kind, number: kind == "shares" and site > "site-1")


def canaries(table: SiteTable) -> list[bytes]:
    """A planted person's id and values in every form in which they could be told."""
    found = []
    for value in (*table.rows.values[0, :3], np.log(table.rows.values[0, 0])):
        number = np.float64(value)
        found += [
            number.tobytes(),
            number.byteswap().tobytes(),
            np.float32(value).tobytes(),
            repr(float(value)).encode(),
        ]
        found += [f"{value:.6f}".encode(), f"{value:.8g}".encode()]
    person = table.rows.ids[0].encode()
    return [*found, person, person.hex().encode(), person[::-1], base64.b64encode(person)[:-2]]


def test_no_record_is_in_what_sites_say() -> None:
    """Everything that leaves a site is written down: planted values and ids are not in it, in any form."""
    tables = made_sites(3)
    planted = tables["site-0"]
    planted.rows.values[0, :3] = [17.1234567891, 53.9876543219, 87.6543219871]
    tables["site-0"] = replace(planted, rows=replace(planted.rows, ids=("person-canary-4711", *planted.rows.ids[1:])))
    secret = canaries(tables["site-0"])
    for plan in (made_plan(rounds=2), made_plan(algorithm="scaffold", rounds=2, hidden=2)):
        said: list[bytes] = []
        trained = simulate(plan, tables, on_message=lambda site, message, said=said: said.append(message))
        everything = b"".join(said)
        assert len(everything) > 10_000
        assert trained.params.tobytes() in everything  # the capture sees what is said
        assert not [one for one in secret if one in everything]


def test_what_one_site_sends_is_not_its_own_sum() -> None:
    """Under the mask a site's terms have nothing of the plain ones, which all lie near the ends of the ring."""
    sent: list[np.ndarray] = []

    def watch(site: str, message: bytes) -> None:
        content = unpack(message)
        if site == "site-1" and "masked" in content:
            sent.append(content["masked"])

    simulate(made_plan(rounds=2), made_sites(3), on_message=watch)
    for values in sent:
        assert np.abs(values.view(np.int64)).min() > 2**35  # plain ones are below; by chance 1 in 2^28
        assert len(np.unique(values)) == len(values)
    assert max(map(len, sent)) > 1000


def test_units_columns_and_plans_that_differ_end_it_before_it_begins() -> None:
    tables = made_sites(3)
    wrong = replace(
        tables["site-1"], rows=replace(tables["site-1"].rows, values=tables["site-1"].rows.values * [1, 6, 1, 1])
    )
    trained = simulate(made_plan(), {**tables, "site-1": wrong})
    (note,) = [note for note in trained.notes if "same unit" in note]
    assert "site-1" in note
    assert "urea" in note
    assert f"{len(wrong.parts(made_plan())[0].rows)} rows" in note
    site = Site("site-1", tables["site-1"], made_plan(), Identity.make(), {})
    state, reply = site.answer(SiteState(), "join", {"plan": made_plan(rounds=9).fingerprint})
    assert "another plan" in reply["refused"]
    assert state == SiteState()
    assert "refused" in site.answer(SiteState(), "everything", {})[1]


def test_a_site_without_events_trains_and_is_named() -> None:
    tables = made_sites(3)
    tables["site-2"] = replace(tables["site-2"], outcome=np.zeros_like(tables["site-2"].outcome))
    trained = simulate(made_plan(), tables)
    assert [note for note in trained.notes if note.startswith("site-2: none of")]
    assert np.isfinite(trained.params).all()


def test_a_site_that_cannot_keep_the_range_refuses_its_part() -> None:
    """Values beyond the range of the sum are refused by the site and noted; the others go on."""
    tables = made_sites(4)
    tables["site-3"].rows.values[0, 1] = 1e15
    trained = simulate(made_plan(), tables)
    assert [note for note in trained.notes if note.startswith("site-3: ") and "do not fit into the secure sum" in note]


def test_privacy_costs_what_is_accounted_for_and_little_else(best: Trained) -> None:
    tables = made_sites()
    plan = made_plan(algorithm="fedavg", rounds=15, learning_rate=0.15, penalty=1e-3, privacy=Privacy(1.5, sampled=0.2))
    trained, states = simulated(plan, tables, seeded=True)
    assert trained.evaluation is not None
    assert best.evaluation is not None
    assert best.evaluation.auroc - 0.08 < trained.evaluation.auroc
    told = model_of(trained).manifest.settings
    assert 1.0 < told["epsilon"] < 20.0
    assert told["delta"] == 1e-5
    assert not [note for note in trained.notes if "median" in note]  # middles are not told
    site = Site("site-0", tables["site-0"], plan, Identity.make(), {})
    asked = {"plan": plan.fingerprint}
    state = site.answer(states["site-0"], "join", asked)[0]
    assert state.asked == {"statistics": 1, "round": 15, "evaluate": 1}  # a new session does not renew the budget


def test_noise_of_as_few_sites_as_a_sum_needs_is_enough() -> None:
    """The summed noise has at least the standard deviation that the accountant counts, and each person is clipped."""
    from vitruvian.learn.private import Randomness
    from vitruvian.study.federated.quiet import noised, person_means

    shares = [noised(np.zeros((1, 4000)), 2.0, 1.5, 3, Randomness.of_seed(n), "test") for n in range(3)]
    assert np.std(np.sum(shares, axis=0)) == pytest.approx(3.0, rel=0.05)
    loud = noised(np.full((1, 4), 100.0), 2.0, 1e-9, 3, Randomness.of_seed(0), "test")
    assert np.linalg.norm(loud) == pytest.approx(2.0, rel=1e-6)
    means = person_means(np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 1]))
    assert means.ravel().tolist() == [2.0, 10.0]


def test_sums_of_counts_give_the_area_and_sets_that_hold() -> None:
    generator = np.random.default_rng(5)
    y = (generator.random(4000) < 0.2).astype(float)
    margin = generator.normal(1.2 * y - 1.5, 1.0)
    found = evaluation_of(counted(margin[:1500], y[:1500]) + counted(margin[1500:], y[1500:]))
    assert found.auroc == pytest.approx(auroc(probability(margin), y), abs=1e-3)
    p = probability(margin)
    drawn = bootstrap(p, y, draws=300)
    assert (found.low, found.high) == pytest.approx((drawn.low, drawn.high), abs=3e-3)
    sets = found.sets.sets(np.column_stack([1 - p, p]))
    for event in (0, 1):
        assert 0.9 <= sets[y == event, event].mean() < 0.93
    nobody = evaluation_of(counted(margin[:50], np.zeros(50)))
    assert np.isnan(nobody.auroc)
    assert np.isinf(nobody.sets.limits[0, 1])


def test_the_model_is_kept_and_explains_itself(tmp_path) -> None:
    for plan in (made_plan(rounds=2), made_plan(algorithm="fedavg", hidden=3, rounds=3)):
        tables = made_sites(3)
        model = model_of(simulate(plan, tables))
        again = load(save(model, tmp_path / plan.algorithm))
        rows = tables["site-0"].rows
        scores = again.predict(rows)
        assert np.array_equal(scores.probability, model.predict(rows).probability)
        parts = again.explain(rows)
        assert np.allclose(parts.base + parts.values.sum(axis=1), parts.margin)
        assert np.allclose(probability(parts.margin), scores.probability[:, 1])
        assert np.std(parts.base) < 0.15 * np.std(parts.margin)  # what the path leaves over is small
        assert again.manifest.settings["sites"] == ["site-0", "site-1", "site-2"]
        with pytest.raises(DataError, match="features are not the model's"):
            again.predict(replace(rows, features=(replace(FEATURES[0], unit="mg/dL"), *FEATURES[1:])))


def test_a_comparison_says_what_each_way_is_worth() -> None:
    ways = compared(made_plan(rounds=4, folds=2), made_sites(4), epsilon=8.0, draws=100)
    names = [way.name for way in ways]
    assert names == ["local only", "federated", "federated + privacy", "pooled"]
    local, federated, private, pooled = ways
    assert federated.auroc.value == pytest.approx(pooled.auroc.value, abs=1e-4)
    assert federated.gain is not None
    assert abs(federated.gain.value) < 1e-4
    assert local.auroc.value < federated.auroc.value
    assert private.epsilon == pytest.approx(8.0, rel=0.01)
    assert federated.epsilon is None


def test_states_survive_a_restart() -> None:
    """What a site keeps on disk is what it was: a site that is started again goes on."""
    _, states = simulated(made_plan(algorithm="scaffold", rounds=2, hidden=2), made_sites(3))
    state = states["site-1"]
    again = state_of(unpack(pack(state_content(state))))
    assert again.member == state.member
    assert np.array_equal(again.control, state.control)
    assert (again.asked, again.end) == (state.asked, "finished")
    assert state_of(unpack(pack(state_content(SiteState())))) == SiteState()
    with pytest.raises(DataError, match="cannot be read"):
        unpack(b"PK not a message")


def test_plans_that_make_no_sense_are_refused() -> None:
    for wrong in (
        {"hidden": 3},
        {"privacy": Privacy(1.0)},
        {"algorithm": "fedavg", "personal": True},
        {"rounds": 0},
        {"fold": 5},
        {"learning_rate": 0.0},
    ):
        with pytest.raises(InputError):
            made_plan(**wrong)
    with pytest.raises(UnknownNameError):
        made_plan(algorithm="gossip")
    with pytest.raises(InputError):
        Privacy(0.0)
    with pytest.raises(InputError, match="bounds"):
        replace(made_plan(algorithm="fedavg", privacy=Privacy(1.0)), features=(replace(FEATURES[0], low=None),))
