"""What was spent: mechanisms that looked at people's data, and the epsilon that all of them together cost a person.

Neighbouring data differ in one whole *person* (added or removed). Composition is by privacy loss distributions
(Sommer 2019, Koskela 2020; pessimistic, so the epsilon is an upper bound) or by Rényi divergence (Mironov 2017), both
from the library dp-accounting.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from vitruvian.core import DataError, InputError, UnsupportedError

Kind = Literal["gaussian", "laplace", "discrete_gaussian", "discrete_laplace", "pure"]
_STEP = 1e-4
_LEAST_NOISE, _MOST_NOISE = 0.05, 1e5
_UP = 1.0005  # so that a ledger, which is pessimistic, does not find it too little


@dataclass(frozen=True)
class Mechanism:
    """One way of looking, `times` times; each time each person is looked at with probability `rate` (Poisson).

    `noise`: standard deviation (gaussian, discrete_gaussian), or 1/epsilon of one look (laplace, discrete_laplace,
    pure), both in units of the most that one person changes. Laplace and pure are never sampled.
    """

    kind: Kind
    noise: float
    times: int = 1
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError("no such mechanism", got=self.kind, allowed=", ".join(get_args(Kind)))
        if not (math.isfinite(self.noise) and self.noise > 0):
            raise InputError("the noise of a mechanism", got=self.noise, allowed="a number > 0")
        if self.times < 1 or not 0 < self.rate <= 1:
            raise InputError(
                "how often a mechanism looks", got=(self.times, self.rate), allowed="times ≥ 1, 0 < rate ≤ 1"
            )
        if self.rate < 1 and self.kind != "gaussian":
            raise UnsupportedError("only the Gaussian mechanism is accounted for with sampling", got=self.kind)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Mechanism:
        """What `to_json` gave; raises `DataError` for anything else."""
        try:
            return cls(told["kind"], float(told["noise"]), int(told["times"]), float(told["rate"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError("this says no mechanism", got=dict(told)) from error


def epsilon_of(
    spent: Iterable[Mechanism], delta: float, *, by: Literal["pld", "rdp"] = "pld", step: float = _STEP
) -> float:
    """The epsilon at `delta` of all that was `spent` on the same people, composed; 0.0 for nothing.

    `step` is the grid of privacy losses: coarser is faster and never too low. Raises `UnsupportedError` without the
    extra learn, and by Rényi divergence for discrete and pure mechanisms.
    """
    if not 0 < delta < 1:
        raise InputError("delta must lie between 0 and 1", got=delta, todo="Take less than 1 / people.")
    mechanisms = list(spent)
    if not mechanisms:
        return 0.0
    return _by_pld(mechanisms, delta, step) if by == "pld" else _by_rdp(mechanisms, delta)


def noise_for(
    epsilon: float,
    delta: float,
    *,
    rate: float = 1.0,
    times: int = 1,
    kind: Kind = "gaussian",
    beside: Iterable[Mechanism] = (),
) -> float:
    """The least noise (to 0.1 %, rounded up) with which `times` looks of a `kind`, and those `beside`, cost `epsilon`.

    Raises `InputError` where no noise is enough because those beside cost more already.
    """
    if not (epsilon > 0 and 0 < delta < 1):
        raise InputError("a privacy budget", got=(epsilon, delta), allowed="epsilon > 0, 0 < delta < 1")
    others = list(beside)
    if kind == "gaussian" and rate == 1 and not others:
        return _exact_gaussian(epsilon, delta) * math.sqrt(times) * _UP
    step = min(_STEP * 10, epsilon / 500)
    return _least(lambda noise: epsilon_of([*others, Mechanism(kind, noise, times, rate)], delta, step=step), epsilon)


def _least(cost: Callable[[float], float], epsilon: float) -> float:
    """The least noise whose cost is at most `epsilon`; cost falls with noise, and takes long to compute."""
    from scipy.optimize import brentq

    high = 1.0
    while cost(high) > epsilon:
        high *= 2
        if high > _MOST_NOISE:
            raise InputError("no noise keeps to this epsilon", got=epsilon, todo="Allow more, or spend less beside it.")
    low = high / 2
    while low > _LEAST_NOISE and cost(low) <= epsilon:
        low, high = low / 2, low
    if low <= _LEAST_NOISE:
        return high
    noise = math.exp(
        brentq(lambda u: math.log(max(cost(math.exp(u)), 1e-9) / epsilon), math.log(low), math.log(high), xtol=2e-4)
    )
    while cost(noise) > epsilon:
        noise *= _UP
    return noise


def _exact_gaussian(epsilon: float, delta: float) -> float:
    """Noise of one Gaussian look, without sampling (Balle and Wang 2018, arXiv:1805.06530, theorem 8)."""
    from scipy.optimize import brentq
    from scipy.special import log_ndtr, ndtr

    def over(log_noise: float) -> float:
        noise = math.exp(log_noise)
        a, b = 1 / (2 * noise), epsilon * noise
        return float(ndtr(a - b) - math.exp(epsilon + log_ndtr(-a - b))) - delta

    return math.exp(brentq(over, math.log(1e-3), math.log(_MOST_NOISE / delta), xtol=1e-12))


def _by_pld(mechanisms: list[Mechanism], delta: float, step: float) -> float:
    composed: Any = None
    for one in mechanisms:
        loss = _LOSSES[one.kind](one, step)
        loss = loss.self_compose(one.times) if one.times > 1 else loss
        composed = loss if composed is None else composed.compose(loss)
    return float(composed.get_epsilon_for_delta(delta))


def _by_rdp(mechanisms: list[Mechanism], delta: float) -> float:
    accounting = _library()
    accountant = accounting.rdp.RdpAccountant()
    for one in mechanisms:
        if one.kind not in ("gaussian", "laplace"):
            raise UnsupportedError("Rényi accounting of this mechanism", got=one.kind, todo='Account by "pld".')
        event: Any = accounting.GaussianDpEvent(one.noise)
        event = event if one.kind == "gaussian" else accounting.LaplaceDpEvent(one.noise)
        event = accounting.PoissonSampledDpEvent(one.rate, event) if one.rate < 1 else event
        accountant.compose(event, one.times)
    return float(accountant.get_epsilon(delta))


def _gaussian(one: Mechanism, step: float) -> Any:
    make = _losses().from_gaussian_mechanism
    return make(one.noise, sampling_prob=one.rate, value_discretization_interval=step)


def _laplace(one: Mechanism, step: float) -> Any:
    return _losses().from_laplace_mechanism(one.noise, value_discretization_interval=step)


def _discrete_gaussian(one: Mechanism, step: float) -> Any:
    return _losses().from_discrete_gaussian_mechanism(one.noise, 1, value_discretization_interval=step)


def _pure(one: Mechanism, step: float) -> Any:
    """The worst distribution of losses that epsilon = 1/noise allows; discrete Laplace at scale 1 has the same."""
    from dp_accounting.pld.common import DifferentialPrivacyParameters

    promised = DifferentialPrivacyParameters(1 / one.noise, 0.0)
    return _losses().from_privacy_parameters(promised, value_discretization_interval=step)


_LOSSES: Mapping[Kind, Callable[[Mechanism, float], Any]] = {
    "gaussian": _gaussian,
    "laplace": _laplace,
    "discrete_gaussian": _discrete_gaussian,
    "discrete_laplace": _pure,
    "pure": _pure,
}


def _losses() -> Any:
    _library()
    from dp_accounting.pld import privacy_loss_distribution

    return privacy_loss_distribution


def _library() -> Any:
    try:
        import dp_accounting
    except ModuleNotFoundError as error:
        raise UnsupportedError("privacy accounting needs dp-accounting", todo="pip install vitruvian[learn]") from error
    return dp_accounting
