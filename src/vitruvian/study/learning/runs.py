"""The folder of a run: what it is of, its examples and parts, and the folds that are done, so that it can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from jaxtyping import Int

from vitruvian.core import InputError
from vitruvian.learn.table import Mix
from vitruvian.study.learning.examples import Examples, write_examples
from vitruvian.study.learning.fitting import Work

FOLDS = 5


@dataclass(frozen=True)
class Run:
    """A run in a folder."""

    folder: Path
    mix: Mix
    parts: Int[np.ndarray, " rows"]
    seed: int
    hash: str

    @classmethod
    def begin(cls, folder: Path, examples: Examples, mix: Mix, parts: Int[np.ndarray, " rows"], seed: int) -> Run:
        """Begin a run, or go on with the same one. Raises InputError where another run is in the folder."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        told: dict[str, Any] = {
            "examples": examples.hash,
            "mix": asdict(mix),
            "seed": seed,
            "folds": int(parts.max()) + 1,
        }
        about = folder / "run.json"
        if about.is_file() and json.loads(about.read_text(encoding="utf-8")) != told:
            todo = "Give another --out, or delete the folder to begin anew."
            raise InputError(f"{folder.name} holds another run: other rows, settings or seed", todo=todo)
        if not about.is_file():
            write_examples(examples, folder / "examples.npz")
            np.save(folder / "parts.npy", parts)
            about.write_text(json.dumps(told, indent=1), encoding="utf-8")
        return cls(folder, mix, parts, seed, told["examples"])

    def work(self, *, floors: bool) -> list[Work]:
        """The fits of all folds."""
        files = (str(self.folder / "examples.npz"), str(self.folder / "parts.npy"))
        return [Work(*files, self.hash, part, self.mix, self.seed, floors) for part in range(int(self.parts.max()) + 1)]


def versions() -> dict[str, str]:
    """Versions of what a model is made with."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    def of(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "absent"

    names = ("vitruvian", "numpy", "scipy", "polars", "lightgbm")
    return {"python": platform.python_version(), **{name: of(name) for name in names}}


def plain(value: Any) -> Any:
    """Dataclasses, arrays and mappings as plain JSON; what is not finite is null."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def restored(of: Any, told: Any) -> Any:
    """What `plain` made of a value of this type; null is NaN where a number is due."""
    if of is float:
        return np.nan if told is None else float(told)
    if told is None or of in (int, str, bool, Any):
        return told
    if is_dataclass(of):
        kinds = get_type_hints(of)
        return of(**{name: restored(kinds[name], told[name]) for name in of.__dataclass_fields__})  # type: ignore[operator]
    inner = [one for one in get_args(of) if one not in (type(None), Ellipsis)]
    if get_origin(of) is tuple:
        return tuple(restored(inner[0], one) for one in told)
    if get_origin(of) is Mapping:
        return {name: restored(inner[1], one) for name, one in told.items()}
    return restored(inner[0], told)
