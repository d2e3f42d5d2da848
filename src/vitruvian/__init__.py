"""Vitruvian: a computational twin of one patient.

Importing this package is cheap: rooms are loaded when first used. It sets the environment that JAX needs
before JAX starts (float64, persistent compilation cache, NaN instead of call-backs on a failed solve; XLA's own alarm
of a slow compilation is not for the log of a server, and its errors are raised in Python as well).
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
os.environ.setdefault("EQX_ON_ERROR", "nan")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(_cache) / "vitruvian" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "jax" in sys.modules:  # it has read its environment already, and would silently compute in float32
    sys.modules["jax"].config.update("jax_enable_x64", True)

# public name → room (module) that defines it
_DOORS: dict[str, str] = {
    "Actor": "vitruvian.core",
    "Source": "vitruvian.core",
    "Schedule": "vitruvian.model",
    "bolus": "vitruvian.model",
    "infusion": "vitruvian.model",
    "oral": "vitruvian.model",
    "Patient": "vitruvian.record",
    "Record": "vitruvian.record",
    "drugs": "vitruvian.pharmacology.library",
    "Answer": "vitruvian.twin",
    "Asked": "vitruvian.twin",
    "Twin": "vitruvian.twin",
    "cite": "vitruvian.twin",
    "dose": "vitruvian.twin",
    "goals": "vitruvian.twin",
    "plot": "vitruvian.reports",
    "report": "vitruvian.reports",
}

__all__ = ["__version__", *_DOORS]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'vitruvian' has no attribute {name!r}; public names: {', '.join(sorted(_DOORS))}")
    return getattr(import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
