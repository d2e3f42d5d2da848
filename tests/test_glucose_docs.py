"""docs/glucose.md names every model, sensor, pump, policy and error grid that there is, and its scenario runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from vitruvian.control import POLICIES
from vitruvian.physiology.glucose import GLUCOSE_MODELS, GRIDS, PUMPS, SENSORS, scenario_of

PAGE = (Path(__file__).parents[1] / "docs" / "glucose.md").read_text(encoding="utf-8")


def test_every_name_is_documented() -> None:
    names = {*GLUCOSE_MODELS, *GRIDS, *PUMPS, *SENSORS, *POLICIES}
    assert not {name for name in names if f"`{name}`" not in PAGE}


def test_how_each_model_was_read_is_told_as_it_is() -> None:
    for name, model in GLUCOSE_MODELS.items():
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.endswith(f"; {model.source.status} |"), name


def test_the_scenario_is_one() -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    scenario = scenario_of(json.loads(text))
    assert scenario.eaten().sum() == 115.0
    assert not scenario.notes
