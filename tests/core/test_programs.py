"""Stored programs: the same numbers in a second process without tracing, and never from files that do not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import program as stored
from vitruvian.core.programs import Program
from vitruvian.model import compile_events, infusion
from vitruvian.pharmacology import find_model

_RUN = """
import json, logging, sys
import numpy as np
from vitruvian.core.programs import Program
from vitruvian.infer import map_estimate
from vitruvian.model import compile_events, infusion
from vitruvian.pharmacology import find_model

built = []
plain = Program._build
Program._build = lambda self, *a: built.append(self.__name__) or plain(self, *a)
model = find_model("vancomycin_goti_2018")
known = {"CRCL": 80.0, "WT": 70.0, "DIALYSIS": 0.0}
course = infusion("vancomycin", 1000, "mg", over="1 h", every="12 h", count=4)
person = course.to_subject(model, [23.5, 47.5], known, values=[12.0, 15.0])
found = map_estimate(model, compile_events(model, [person]))
print(json.dumps({"eta": found.eta.tolist(), "ofv": found.ofv.tolist(), "built": built}))
"""


def _process(cache: Path, **environment: str) -> dict:
    import json

    everything = {**os.environ, "XDG_CACHE_HOME": str(cache), **environment}
    everything.pop("JAX_COMPILATION_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", _RUN], env=everything, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _curve(model: object, table: object, theta: dict, scale: object, *, twice: bool = False) -> tuple:
    from jax import vmap

    from vitruvian.model import predict

    found = vmap(lambda row: predict(model, row, theta, np.zeros(len(model.eta_names()))))(table)
    return {"curve": found * scale}, None, found.sum() * (2 if twice else 1)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple:
    from dataclasses import replace

    monkeypatch.setattr("vitruvian.core.programs.program_folder", lambda: tmp_path)
    model = find_model("vancomycin_goti_2018")
    course = infusion("vancomycin", 1000, "mg", over="1 h", every="12 h", count=4)
    person = course.to_subject(model, [23.5, 47.5], {"CRCL": 80.0, "WT": 70.0, "DIALYSIS": 0.0})
    return model, replace(compile_events(model, [person]), ids=()), dict(model.theta)


def _program(built: list[str]) -> Program:
    made = stored("twice")(_curve)
    build = made._build
    made._build = lambda *a: built.append("") or build(*a)  # type: ignore[method-assign]
    return made


def test_the_second_process_loads_and_agrees_to_the_last_bit(tmp_path: Path) -> None:
    first, second = _process(tmp_path), _process(tmp_path)
    assert first["built"] == ["_search"]
    assert second["built"] == []
    assert (first["eta"], first["ofv"]) == (second["eta"], second["ofv"])


def test_a_program_gives_what_the_function_gives_and_keeps_the_structure(case: tuple) -> None:
    plain = _curve(*case, 3.0, twice=True)
    for _ in range(2):  # built, then loaded
        found = stored("twice")(_curve)(*case, 3.0, twice=True)
        np.testing.assert_allclose(found[0]["curve"], plain[0]["curve"], rtol=1e-12)
        assert found[1] is None
        np.testing.assert_allclose(found[2], plain[2], rtol=1e-12)


def test_statics_shapes_and_model_tell_programs_apart(case: tuple) -> None:
    built: list[str] = []
    made = _program(built)
    once, twice = made(*case, 1.0), made(*case, 1.0, twice=True)
    np.testing.assert_allclose(2 * once[2], twice[2])
    made(*case, np.ones(2))
    assert len(built) == 3
    assert made(*case, 5.0)[2] == once[2]
    assert len(built) == 3


def test_changed_sources_are_traced_anew(case: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    _program(built)(*case, 1.0)
    _program(built)(*case, 1.0)
    assert len(built) == 1
    monkeypatch.setattr("vitruvian.core.programs._sources", lambda: "another version")
    _program(built)(*case, 1.0)
    assert len(built) == 2


def test_another_processor_is_not_given_these_programs(case: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    _program(built)(*case, 1.0)
    monkeypatch.setattr("vitruvian.core.programs._environment", lambda: "another processor")
    _program(built)(*case, 1.0)
    assert len(built) == 2


@pytest.mark.parametrize("content", [b"", b"not a program", None])
def test_a_damaged_file_is_made_again(case: tuple, tmp_path: Path, content: bytes | None) -> None:
    built: list[str] = []
    first = _program(built)(*case, 1.0)
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    for path in files:
        path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    again = _program(built)(*case, 1.0)
    assert len(built) == 2
    np.testing.assert_array_equal(first[2], again[2])
    _program(built)(*case, 1.0)
    assert len(built) == 2


def test_a_model_from_outside_the_library_is_never_stored(case: tuple, tmp_path: Path) -> None:
    model, table, theta = case

    class Mine(type(model)):  # type: ignore[misc]
        pass

    other = type(model)()
    object.__setattr__(other, "scale", 2.0)
    for strange in (Mine(), other):
        found = stored("twice")(_curve)(strange, table, theta, 1.0)
        np.testing.assert_allclose(found[2], _curve(*case, 1.0)[2], rtol=1e-12)
    assert not list(tmp_path.iterdir())
