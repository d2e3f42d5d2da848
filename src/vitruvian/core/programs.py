"""Compiled programs that outlive the process: a cold start loads them, it neither traces nor compiles.

Two kinds of files lie beside JAX's compilation cache. An index entry is found from what is known without tracing
(function, model, shapes, and a fingerprint of the package's source) and names a program. A program is found from what
it computes (its StableHLO text), so a changed source file that changes no equation costs a trace, not a compilation.
Whatever cannot be read is made again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import platform
import tempfile
import uuid
from collections.abc import Callable
from functools import cache, update_wrapper
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

_LOG = logging.getLogger(__name__)
_PACKAGE = Path(__file__).parents[1]
_SOURCES = ("core", "model", "infer", "person", "pharmacology", "systems", "tables", "twin")
_SHAPING = ("equinox", "diffrax", "jax", "jaxlib", "lineax", "numpy", "optimistix", "vitruvian")
_NOT_SHAPING = ("JAX_COMPILATION_CACHE", "JAX_PERSISTENT_CACHE", "JAX_LOG", "JAX_DEBUG_LOG")
_DEBUGGING = ("jax_disable_jit", "jax_debug_nans", "jax_debug_infs")
_PRECISION = ("jax_enable_x64", "jax_default_matmul_precision")


class _Loaded(NamedTuple):
    call: Callable[..., Any]
    skeleton: Any  # the output with the position of each leaf in its place


class Program:
    """A function of a model and of arrays, jitted, whose compiled programs are kept on disk for models of the library.

    Called as `f(model, *arrays, **statics)`; statics are told apart by their text. Models from elsewhere (a user's
    file, a control stream), tracers, several devices, and platforms other than the CPU take the way of plain `jax.jit`.
    """

    def __init__(self, function: Callable[..., Any], statics: tuple[str, ...]) -> None:
        update_wrapper(self, function)
        self._function, self._statics = function, statics
        self._plain: Any = None
        self._ready: dict[Any, _Loaded] = {}

    def __call__(self, model: Any, *arguments: Any, **statics: Any) -> Any:
        import jax
        import numpy as np

        leaves, tree = jax.tree.flatten(arguments)
        if any(isinstance(x, jax.core.Tracer) for x in leaves) or not _keeps(model):
            return self._jitted()(model, *arguments, **statics)
        leaves = [x if hasattr(x, "dtype") else np.asarray(x) for x in leaves]
        shapes = tuple((x.shape, str(x.dtype)) for x in leaves)
        key = (type(model), tree, shapes, tuple(sorted(statics.items())))
        if (ready := self._ready.get(key)) is None:
            described = f"{_identity(model)} {tree} {shapes} {sorted(statics.items())}"
            ready = self._ready[key] = self._first(model, tree, leaves, statics, described)
        found = ready.call(*leaves)
        return jax.tree.map(lambda k: found[k], ready.skeleton)

    def _jitted(self) -> Any:
        import jax

        if self._plain is None:
            self._plain = jax.jit(self._function, static_argnames=("model", *self._statics))
        return self._plain

    def _first(self, model: Any, tree: Any, leaves: list[Any], statics: dict[str, Any], described: str) -> _Loaded:
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        entry = (
            program_folder()
            / f"{name.rpartition('.')[2].strip('_')}-{_digest(_environment(), _sources(), name, described)}"
        )
        try:
            content, skeleton = pickle.loads(_read(entry))
            return _Loaded(_load(program_folder() / content, len(leaves), _size(skeleton)), skeleton)
        except Exception as error:  # absent, cut off, of another kind: all the same
            _LOG.debug("no stored program for %s: %s", name, error)
        content, loaded = self._build(model, tree, leaves, statics)
        _write(entry, pickle.dumps((content, loaded.skeleton)))
        return loaded

    def _build(self, model: Any, tree: Any, leaves: list[Any], statics: dict[str, Any]) -> tuple[str, _Loaded]:
        import jax

        skeletons: list[Any] = []

        def flat(*given: Any) -> list[Any]:
            found, structure = jax.tree.flatten(self._function(model, *jax.tree.unflatten(tree, given), **statics))
            skeletons.append(jax.tree.unflatten(structure, range(len(found))))
            return found

        # a program that XLA took from JAX's own cache cannot be stored again: a name of its own keeps it out of there
        flat.__name__ = f"program_{uuid.uuid4().hex}"
        lowered = jax.jit(flat, keep_unused=True).lower(*leaves)
        content = "program-" + _digest(_environment(), lowered.as_text().replace(flat.__name__, ""))
        skeleton = skeletons[0]
        try:
            return content, _Loaded(_load(program_folder() / content, len(leaves), _size(skeleton)), skeleton)
        except Exception as error:
            _LOG.debug("compiling %s: %s", self._function.__qualname__, error)
        compiled = lowered.compile()
        _store(program_folder() / content, compiled)
        return content, _Loaded(compiled, skeleton)


def program(*statics: str) -> Callable[[Callable[..., Any]], Program]:
    """Decorator: the function, whose first argument is a model, as a `Program`; `statics` name its other statics."""
    return lambda function: Program(function, statics)


def _keeps(model: Any) -> bool:
    import jax

    return (
        jax.default_backend() == "cpu"
        and jax.device_count() == 1
        and not any(getattr(jax.config, name) for name in _DEBUGGING)
        and _of_library(model.__class__)
        # other numbers in one instance are another program; values of parameters come in as arguments, names in none
        and not set(vars(model)) - {"parameters", "name"}
    )


@cache
def _of_library(kind: Any) -> bool:
    """Whether everything that defines the class is in the package's own source."""
    own = [c for c in kind.__mro__ if c is not object and c.__module__ not in ("abc", "typing")]
    return all(c.__module__.startswith("vitruvian.") and "<locals>" not in c.__qualname__ for c in own)


def _identity(model: Any) -> str:
    kinds = [f"{c.__module__}.{c.__qualname__}" for c in type(model).__mro__]
    return f"{type(model).name} {kinds} {model.variability} {model.outputs}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _environment() -> str:
    """What else decides on the machine code: versions, processor, settings of JAX and XLA."""
    import jax

    versions = []
    for name in _SHAPING:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} absent")
    settings = [
        f"{k}={v}"
        for k, v in sorted(os.environ.items())
        if k.startswith(("JAX_", "XLA_", "EQX_")) and not k.startswith(_NOT_SHAPING)
    ]
    config = " ".join(str(getattr(jax.config, name)) for name in _PRECISION)
    return "\n".join([*versions, *settings, config, platform.python_version(), _processor()])


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
        features = [line for line in text.splitlines() if line.startswith(("model", "flags", "Features", "CPU part"))]
    except OSError:
        features = [platform.processor()]
    return "\n".join([platform.system(), platform.machine(), *features])


@cache
def _sources() -> str:
    """Fingerprint of the package's files that programs are made from."""
    found = []
    for room in _SOURCES:
        for folder, _, files in os.walk(_PACKAGE / room):
            if not folder.endswith("__pycache__"):
                for name in files:
                    state = os.stat(os.path.join(folder, name))
                    found.append(f"{folder}/{name} {state.st_size} {state.st_mtime_ns}")
    return _digest(*sorted(found))


@cache
def program_folder() -> Path:
    """Where compiled programs of this machine lie."""
    base = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base) / "vitruvian" / "programs"


def _size(skeleton: Any) -> int:
    import jax

    return len(jax.tree.leaves(skeleton))


def _store(path: Path, compiled: Any) -> None:
    from jax.experimental.serialize_executable import serialize

    try:
        _write(path, serialize(compiled)[0])
    except Exception as error:  # the result is there all the same
        _LOG.debug("%s is not stored: %s", path.name, error)


def _load(path: Path, arguments: int, results: int) -> Callable[..., Any]:
    import jax
    from jax.experimental.serialize_executable import deserialize_and_load

    _find_lapack()
    given = jax.tree.structure(((0,) * arguments, {}))
    found: Callable[..., Any] = deserialize_and_load(_read(path), given, jax.tree.structure([0] * results))
    return found


@cache
def _find_lapack() -> None:
    """Loaded machine code calls LAPACK by addresses that JAX looks up only when it lowers a factorisation itself."""
    import jax
    import jax.numpy as jnp

    jax.jit(jnp.linalg.cholesky).lower(jnp.ones((1, 1)))


def _read(path: Path) -> bytes:
    """Content of a file of ours; raises `ValueError` where it is not what was written."""
    digest, _, content = path.read_bytes().partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise ValueError(f"{path.name} is damaged")
    return content


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        os.replace(file.name, path)
    except OSError as error:  # a cache that cannot be written is no cache
        _LOG.debug("%s is not stored: %s", path.name, error)
