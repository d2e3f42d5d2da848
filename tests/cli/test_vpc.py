"""`vitruvian vpc`: the picture, and what it is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from vitruvian.cli import main
from vitruvian.core import DataError
from vitruvian.infer import PredictiveCheck, draw_level, predictive_check
from vitruvian.model import compile_events, read_dataset, simulate
from vitruvian.pharmacology import find_model

MODEL = """
from vitruvian.core import Source
from vitruvian.model import Output, Parameter, ResidualError, Variability
from vitruvian.pharmacology.compartments import CompartmentModel


class Mine(CompartmentModel):
    name, title, source = "mine", "one compartment, intravenous", Source("a test", status="assumption")
    parameters = (Parameter("CL", 5.0, "L/h"), Parameter("VC", 20.0, "L"))
    variability = (Variability("CL", 0.09), Variability("VC", 0.04))
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.1)),)

    def typical(self, theta, c):
        return {"CL": theta["CL"], "VC": theta["VC"]}
"""
TIMES = (1, 3, 6, 10)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model, and data of 60 people drawn from it, with doses from 50 to 400 mg."""
    folder = tmp_path_factory.mktemp("vpc")
    (folder / "mine.py").write_text(MODEL, encoding="utf-8")
    model = find_model(folder / "mine.py")
    rng = np.random.default_rng(5)
    doses = rng.choice([50, 100, 200, 400], 60)
    lines = [f"{i},0,{dose},." + "".join(f"\n{i},{t},.,1" for t in TIMES) for i, dose in enumerate(doses)]
    data = folder / "data.csv"
    data.write_text("ID,TIME,AMT,DV\n" + "\n".join(lines) + "\n", encoding="utf-8")
    table = compile_events(model, read_dataset(data, model))
    f = simulate(model, table, eta=rng.multivariate_normal([0, 0], model.omega(), 60))[:, : len(TIMES), 0]
    dv = draw_level(model.outputs[0].error, f, rng.standard_normal(f.shape))
    lines = [
        f"{i},0,{dose},." + "".join(f"\n{i},{t},.,{v:.6g}" for t, v in zip(TIMES, dv[i], strict=True))
        for i, dose in enumerate(doses)
    ]
    data.write_text("ID,TIME,AMT,DV\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return folder / "mine.py", data


def check(files: tuple[Path, Path], factor: float = 1.0, **options: bool) -> PredictiveCheck:
    model = find_model(files[0])
    table = compile_events(model, read_dataset(files[1], model))
    return predictive_check(model, table, theta={"CL": 5.0 * factor, "VC": 20.0}, replicates=60, seed=1, **options)


@pytest.mark.parametrize("corrected", [False, True])
def test_a_true_model_lies_in_its_bands_and_a_wrong_one_does_not(files: tuple[Path, Path], corrected: bool) -> None:
    true = check(files, corrected=corrected)
    assert true.centre.tolist() == list(TIMES)
    assert true.inside >= 0.75
    assert (true.low <= true.high).all()
    assert check(files, factor=2.0, corrected=corrected).inside < 0.5


def test_prediction_correction_takes_the_doses_out(files: tuple[Path, Path]) -> None:
    plain, corrected = check(files), check(files, corrected=True)
    assert np.ptp(corrected.observed[0]) < np.ptp(plain.observed[0]) / 2
    assert check(files).median == pytest.approx(plain.median, rel=1e-15)  # the seed decides


def test_data_without_observations_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    data = tmp_path / "empty.csv"
    data.write_text("ID,TIME,AMT,DV\n1,0,100,.\n1,1,.,.\n", encoding="utf-8")
    model = find_model(files[0])
    with pytest.raises(DataError, match="no observations"):
        predictive_check(model, compile_events(model, read_dataset(data, model)), seed=1, replicates=20)


@pytest.mark.parametrize("name", ["vpc.svg", "vpc.png"])
def test_the_command_draws_a_picture(name: str, files: tuple[Path, Path], tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    out = tmp_path / name
    given = ["vpc", *map(str, files), "--out", str(out), "--replicates", "20", "--prediction-corrected"]
    monkeypatch.setattr(sys, "argv", ["vitruvian", *given])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert out.read_bytes().startswith(b"<?xml" if name.endswith("svg") else b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_another_kind_of_picture_is_refused(files: tuple[Path, Path], tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["vitruvian", "vpc", *map(str, files), "--out", str(tmp_path / "vpc.txt")])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
