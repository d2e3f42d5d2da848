"""Run abbreviated code on JAX values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import jax.numpy as jnp
from jax.scipy.special import gammaln, ndtr

from vitruvian.pharmacology.nonmem.code import Assign, Expr, Name, Num, Statement


def execute(statements: tuple[Statement, ...], env: MutableMapping[str, Any], where: Any = True) -> None:
    """Carry out `statements` in `env` (changed in place) wherever `where` holds.

    A name that was never assigned counts as 0, as in NONMEM. Branches that are decided by plain numbers are pruned.
    """
    for s in statements:
        if isinstance(s, Assign):
            env[s.target] = _choose(where, lambda e=s.value: value(e, env), env.get(s.target, 0.0))  # type: ignore[misc]
            continue
        left = where
        for condition, body in s.branches:
            holds = True if condition is None else value(condition, env)
            taken = _and(left, holds)
            if taken is not False:
                execute(body, env, taken)
            left = _and(left, _not(holds))


def value(expression: Expr, env: Mapping[str, Any]) -> Any:
    """The value of an expression: a float or bool where everything is known, else an array."""
    if isinstance(expression, Num):
        return expression.value
    if isinstance(expression, Name):
        return env.get(expression.key, 0.0)
    return _OPERATIONS[expression.function](*(value(a, env) for a in expression.arguments))


def _plain(*values: Any) -> bool:
    return all(isinstance(v, bool | int | float) for v in values)


def _choose(where: Any, new: Callable[[], Any], old: Any) -> Any:
    return new() if where is True else jnp.where(where, new(), old)


def _and(a: Any, b: Any) -> Any:
    if a is False or b is False:
        return False
    if a is True:
        return b
    return a if b is True else jnp.logical_and(a, b)


def _or(a: Any, b: Any) -> Any:
    return _not(_and(_not(a), _not(b)))


def _not(a: Any) -> Any:
    return (not a) if isinstance(a, bool) else jnp.logical_not(a)


# Gradients flow through both sides of a choice, so that log(0) or 1/0 in the side that is not taken would poison the
# side that is: the functions below are evaluated at a harmless point there, and give their true limit.


def _divide(a: Any, b: Any) -> Any:
    if _plain(b) and b != 0:
        return a / b
    zero = jnp.asarray(b) == 0
    return jnp.where(zero, jnp.inf, a / jnp.where(zero, 1.0, b))


def _log(x: Any) -> Any:
    if _plain(x) and x > 0:
        return math.log(x)
    bad = jnp.asarray(x) <= 0
    return jnp.where(bad, jnp.where(jnp.asarray(x) == 0, -jnp.inf, jnp.nan), jnp.log(jnp.where(bad, 1.0, x)))


def _sqrt(x: Any) -> Any:
    if _plain(x) and x >= 0:
        return math.sqrt(x)
    bad = jnp.asarray(x) <= 0
    return jnp.where(bad, jnp.where(jnp.asarray(x) == 0, 0.0, jnp.nan), jnp.sqrt(jnp.where(bad, 1.0, x)))


def _power(x: Any, n: Any) -> Any:
    if isinstance(n, float) and n == int(n) and abs(n) <= 16:
        return x ** int(n) if n >= 0 else _divide(1.0, x ** int(-n))
    if _plain(x, n) and x > 0:
        return x**n
    bad = jnp.asarray(x) <= 0
    limit = jnp.where(jnp.asarray(x) == 0, jnp.where(jnp.asarray(n) > 0, 0.0, jnp.inf), jnp.nan)
    return jnp.where(bad, limit, jnp.where(bad, 1.0, x) ** n)


def _relation(test: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: bool(test(a, b)) if _plain(a, b) else test(jnp.asarray(a), b)


def _log10(x: Any) -> Any:
    return _log(x) / math.log(10.0)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _divide, "**": _power,
    "NEG": lambda a: -a, ".NOT.": _not, ".AND.": _and, ".OR.": _or,
    "==": _relation(lambda a, b: a == b), "/=": _relation(lambda a, b: a != b),
    "<": _relation(lambda a, b: a < b), "<=": _relation(lambda a, b: a <= b),
    ">": _relation(lambda a, b: a > b), ">=": _relation(lambda a, b: a >= b),
    "EXP": lambda x: math.exp(x) if _plain(x) else jnp.exp(x), "LOG": _log, "LOG10": _log10, "SQRT": _sqrt,
    "SIN": jnp.sin, "COS": jnp.cos, "TAN": jnp.tan, "ASIN": jnp.arcsin, "ACOS": jnp.arccos, "ATAN": jnp.arctan,
    "ABS": lambda x: abs(x) if _plain(x) else jnp.abs(x), "INT": jnp.trunc,
    "MOD": lambda a, b: math.fmod(a, b) if _plain(a, b) else jnp.fmod(a, b),
    "MIN": lambda *v: min(v) if _plain(*v) else _fold(jnp.minimum, v),
    "MAX": lambda *v: max(v) if _plain(*v) else _fold(jnp.maximum, v),
    "PHI": ndtr, "GAMLN": gammaln,
}  # fmt: skip


def _fold(function: Callable[[Any, Any], Any], values: tuple[Any, ...]) -> Any:
    result = values[0]
    for v in values[1:]:
        result = function(result, v)
    return result
