"""simglucose as an oracle: its modules without its package door, which registers environments of an old Gym.

It finds its tables through `pkg_resources`, which newer setuptools no longer bring: the one function is given here.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import pandas as pd
import pytest

_found = importlib.util.find_spec("simglucose")
if _found is None or _found.submodule_search_locations is None:
    pytest.skip("needs simglucose (extra dev)", allow_module_level=True)
_folder = Path(_found.submodule_search_locations[0])
_package = types.ModuleType("simglucose")
_package.__path__ = [str(_folder)]
sys.modules["simglucose"] = _package
_resources = types.ModuleType("pkg_resources")
_resources.resource_filename = lambda _, name: str(_folder / name)  # type: ignore[attr-defined]
sys.modules.setdefault("pkg_resources", _resources)

PERSONS = pd.read_csv(_folder / "params" / "vpatient_params.csv").set_index("Name")
QUESTS = pd.read_csv(_folder / "params" / "Quest.csv").set_index("Name")
