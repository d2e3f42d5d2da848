"""A private training step beside a plain one on the same windows, and the accountants."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.timing import Row, best

LIMIT = 4.0
HOURS, SIGNALS, HIDDEN = 48, 8, 32


def rows(windows: int, rounds: int) -> list[Row]:
    """A recurrent network (GRU, 48 × 8 values a window, 32 units): gradient, noise and update, per step."""
    cases = [(windows, 1, 16), (windows // 4, 4, 16), (windows, 1, windows)]
    return [_case(people, each, microbatch, rounds) for people, each, microbatch in cases]


def _case(people: int, each: int, microbatch: int, rounds: int) -> Row:
    import jax
    import jax.numpy as jnp
    import optax

    from vitruvian.learn.private import Randomness, Setting
    from vitruvian.learn.private.sgd import clipped_sum, noised_mean

    losses, parameters, data = _problem(people * each)
    setting = Setting(1.0, 1.0, 0.1, 1, windows=each, microbatch=microbatch)
    rule = optax.adam(1e-3)
    state, coins = rule.init(parameters), Randomness.of_seed(1).coins("bench")
    grouped = jax.tree.map(lambda leaf: leaf.reshape(people, each, *leaf.shape[1:]), data)
    weights, nobody = jnp.full((people, each), 1 / each), jnp.zeros(people, bool)
    moved = jax.jit(lambda gradient: optax.apply_updates(parameters, rule.update(gradient, state)[0]))
    plain = jax.jit(jax.grad(lambda p: losses(p, data).mean()))
    clipped = jax.jit(clipped_sum(losses, setting))

    def private() -> Any:
        summed = clipped(parameters, grouped, weights, nobody)
        return jax.block_until_ready(moved(noised_mean(summed, setting, float(people), coins)))

    own = best(private, rounds)
    other = best(lambda: jax.block_until_ready(moved(plain(parameters))), rounds)
    ratio = own.cpu / other.cpu
    held = "all at once" if microbatch >= people else f"{microbatch} at a time"
    return Row(
        f"private step, {people} people × {each} windows, {held}",
        f"≤ {LIMIT:g} × plain",
        f"{ratio:.2f} ×",
        ratio <= LIMIT,
        f"plain {1000 * other.cpu:.1f} ms, private {1000 * own.cpu:.1f} ms",
    )


def _problem(windows: int) -> tuple[Any, Any, Any]:
    """(losses, parameters, data) in float32."""
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> Any:
        return jnp.asarray(rng.normal(0, 0.2, shape), jnp.float32)

    parameters = {"in": drawn(SIGNALS, 3 * HIDDEN), "over": drawn(HIDDEN, 3 * HIDDEN), "bias": drawn(3 * HIDDEN)}
    parameters["out"] = drawn(HIDDEN)
    data = {"x": drawn(windows, HOURS, SIGNALS), "y": jnp.asarray(rng.uniform(size=windows) < 0.3, jnp.float32)}

    def losses(p: Any, w: Any) -> Any:
        told = jnp.swapaxes(w["x"] @ p["in"] + p["bias"], 0, 1)

        def hour(state: Any, now: Any) -> tuple[Any, None]:
            kept = state @ p["over"]
            reset, update = jnp.split(jax.nn.sigmoid((now + kept)[..., : 2 * HIDDEN]), 2, -1)
            new = jnp.tanh(now[..., 2 * HIDDEN :] + reset * kept[..., 2 * HIDDEN :])
            return (1 - update) * new + update * state, None

        last, _ = jax.lax.scan(hour, jnp.zeros((len(w["y"]), HIDDEN), jnp.float32), told)
        margin = last @ p["out"]
        return jnp.logaddexp(0, margin) - w["y"] * margin

    return losses, parameters, data
