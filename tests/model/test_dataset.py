"""NONMEM-format data sets are read whole or refused with their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.core import DataError, Source, UnknownNameError, UnsupportedError, VitruvianError
from vitruvian.model import (
    Covariate,
    DataLayout,
    Model,
    Output,
    ResidualError,
    Subject,
    levels_before_first_dose,
    read_dataset,
    run_on,
)


class Oral(Model):
    name, title, source = "oral", "one compartment", Source("none", status="assumption")
    covariates = (Covariate("WT", "kg"),)
    compartments = ("depot", "central")
    routes = {"oral": "depot"}  # noqa: RUF012
    outputs = (Output("concentration", "mg/L", ResidualError("none")),)

    def typical(self, theta: Any, c: Any) -> dict[str, Any]:
        return {}

    def observe(self, t: Any, y: Any, p: Any) -> dict[str, Any]:
        return {"concentration": y[1]}


class TwoWays(Oral):
    covariates = ()
    routes = {"oral": "depot", "iv": "central"}  # noqa: RUF012
    outputs = tuple(Output(n, "mg/L", ResidualError("none")) for n in ("parent", "metabolite"))


def read(folder: Path, text: str, model: Model | None = None, **more: Any) -> list[Subject]:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return read_dataset(path, model, **more)


def test_lower_case_headers_and_nonmem_defaults(tmp_path: Path) -> None:
    tail = "1,3,0,,0,70\n1,4,,1,1,70\n2,0,5,,1,80\n"
    people = read(tmp_path, "id,time,amt,dv,mdv,wt\n1,0,100,.,1,70\n1,2,.,3.5,0,70\n" + tail, Oral())
    assert [p.id for p in people] == ["1", "2"]
    one = people[0]
    assert one.evid.tolist() == [1, 0, 0, 2]  # from AMT; MDV 1 without dosing items is an "other" record
    assert one.mdv.tolist() == [1, 0, 1, 1]  # a missing DV is no observation
    assert np.isnan(one.dv[2])
    assert one.cmt.tolist() == [1, 0, 0, 0]  # the only route
    assert one.covariates["WT"].tolist() == [70.0] * 4
    assert people[1].covariates["WT"].tolist() == [80.0]


def test_all_items_are_read(tmp_path: Path) -> None:
    head = "ID,TIME,EVID,AMT,RATE,II,ADDL,SS,CMT,MDV,DV,DVID,CENS,LLOQ,OCC"
    text = f"{head}\n7,0,1,100,-2,12,3,1,2,1,.,.,0,.,1\n"
    text += "7,1,0,0,0,0,0,0,0,0,0.5,2,1,0.5,3\n7,0,4,50,0,0,0,0,1,1,.,1,0,.,3\n"
    (one,) = read(tmp_path, text, TwoWays())
    assert (one.rate[0], one.ii[0], one.addl[0], one.ss[0], one.cmt[0]) == (-2.0, 12.0, 3, 1, 2)
    assert one.output[1] == 1
    assert one.censored.tolist() == [False, True, False]
    assert one.limit[1] == 0.5
    assert one.occasion.tolist() == [0, 1, 1]  # by rank
    assert one.evid.tolist() == [1, 0, 4]  # EVID 4 may go back in time


def test_a_censored_value_without_limit_lies_below_its_dv(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "ID,TIME,AMT,DV,BLQ\n1,0,1,.,0\n1,1,.,0.2,1\n")
    assert one.limit[1] == 0.2


def test_a_column_c_comments_rows_out(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "C,ID,TIME,AMT,DV\n,1,0,1,.\nC,1,1,.,99\n,1,2,.,3\n")
    assert one.time.tolist() == [0.0, 2.0]


def test_unknown_columns_are_named_and_can_be_ignored(tmp_path: Path) -> None:
    text = "ID,TIME,AMT,DV,WT,NOTE\n1,0,1,.,70,5\n"
    with pytest.raises(UnknownNameError, match=r"column NOTE.*ignore"):
        read(tmp_path, text, Oral())
    assert len(read(tmp_path, text, Oral(), ignore=["note"])) == 1
    assert set(read(tmp_path, text)[0].covariates) == {"WT", "NOTE"}


WRONG = {
    "negative time": ("ID,TIME,AMT\n1,-1,5\n", DataError, "row 2.*negative"),
    "time goes back": ("ID,TIME,AMT\n1,2,5\n1,1,5\n", DataError, "row 3.*goes back"),
    "missing time": ("ID,TIME,AMT\n1,.,5\n", DataError, "row 2.*TIME is missing"),
    "missing id": ("ID,TIME,AMT\n.,0,5\n", DataError, "row 2.*ID is missing"),
    "people mixed": ("ID,TIME,AMT\n1,0,5\n2,0,5\n1,1,5\n", DataError, "row 4.*ID 1 appears again"),
    "no amount": ("ID,TIME,EVID,AMT\n1,0,1,.\n", DataError, "row 2.*no amount"),
    "negative amount": ("ID,TIME,EVID,AMT\n1,0,1,-3\n", DataError, "row 2.*AMT is negative"),
    "observation with amount": ("ID,TIME,EVID,AMT\n1,0,0,3\n", DataError, "row 2.*without dose"),
    "unknown EVID": ("ID,TIME,EVID,AMT\n1,0,5,3\n", DataError, "row 2.*EVID"),
    "fractional CMT": ("ID,TIME,AMT,CMT\n1,0,5,1.5\n", DataError, "row 2.*CMT must be a whole"),
    "text": ("ID,TIME,AMT,DV\n1,0,5,.\n1,1,.,BLQ\n", DataError, "row 3, column DV"),
    "nan": ("ID,TIME,AMT,DV\n1,0,5,.\n1,1,.,nan\n", DataError, "row 3, column DV"),
    "underscore": ("ID,TIME,AMT,DV\n1,0,5,.\n1,1,.,1_0\n", DataError, "row 3, column DV"),
    "clock time": ("ID,TIME,AMT\n1,08:30,5\n", DataError, "row 2, column TIME.*elapsed"),
    "date": ("ID,DATE,TIME,AMT\n1,1,0,5\n", UnsupportedError, "DATE"),
    "short row": ("ID,TIME,AMT\n1,0\n", DataError, "row 2.*number of cells"),
    "column twice": ("ID,TIME,AMT,amt\n1,0,1,1\n", DataError, "twice.*AMT"),
    "no id": ("TIME,AMT\n0,1\n", DataError, "no column ID"),
    "empty": ("ID,TIME\n", DataError, "no data rows"),
    "rate": ("ID,TIME,AMT,RATE\n1,0,5,-3\n", DataError, "row 2.*RATE"),
    "ss 3": ("ID,TIME,AMT,SS,II\n1,0,5,3,12\n", DataError, "row 2.*SS"),
    "ss without ii": ("ID,TIME,AMT,SS\n1,0,5,1\n", DataError, "row 2.*interval"),
    "addl without ii": ("ID,TIME,AMT,ADDL\n1,0,5,2\n", DataError, "row 2.*interval"),
    "off switch": ("ID,TIME,AMT,CMT\n1,0,5,-1\n", UnsupportedError, "row 2.*negative CMT"),
    "limit of zero": ("ID,TIME,AMT,DV,CENS,LIMIT\n1,0,5,.,0,.\n1,1,.,1,1,0\n", DataError, "row 3.*LIMIT"),
    "right censored": ("ID,TIME,AMT,DV,CENS\n1,0,5,.,0\n1,1,.,1,-1\n", DataError, "row 3.*CENS"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_data_is_refused_with_its_row(case: str, tmp_path: Path) -> None:
    text, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        read(tmp_path, text)


WRONG_FOR_MODEL = {
    "no covariate": (Oral(), "ID,TIME,AMT\n1,0,5\n", "WT of oral is missing"),
    "covariate missing": (Oral(), "ID,TIME,AMT,WT\n1,0,5,70\n1,1,0,.\n", "row 3.*WT is missing"),
    "unknown compartment": (Oral(), "ID,TIME,AMT,CMT,WT\n1,0,5,3,70\n", "row 2.*compartment.*1 depot, 2 central"),
    "ambiguous compartment": (TwoWays(), "ID,TIME,AMT\n1,0,5\n", "row 2.*no compartment.*1 depot, 2 central"),
    "ambiguous output": (TwoWays(), "ID,TIME,AMT,CMT,DV\n1,0,5,1,.\n1,1,.,.,3\n", "row 3.*which output.*DVID"),
    "unknown output": (TwoWays(), "ID,TIME,AMT,CMT,DV,DVID\n1,0,5,1,.,.\n1,1,.,.,3,4\n", "row 3.*DVID"),
}


@pytest.mark.parametrize("case", WRONG_FOR_MODEL)
def test_data_that_do_not_fit_the_model_are_refused(case: str, tmp_path: Path) -> None:
    model, text, message = WRONG_FOR_MODEL[case]
    with pytest.raises(VitruvianError, match=message):
        read(tmp_path, text, model)


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    text = "ID,TIME,AMT\n" + "1,-1,5\n" * 8
    with pytest.raises(DataError, match="row 2, 3, 4, 5, 6 and 3 more"):
        read(tmp_path, text)


def test_a_layout_renames_chooses_outputs_and_gives_doses_a_compartment(tmp_path: Path) -> None:
    layout = DataLayout(
        column="CMT", codes={2.0: 0, 3.0: 1}, dose_compartment=1, inputs=("ID", "TIME", "AMT", "DV", "CMT", "", "SEX"),
        synonyms={"CP": "DV"},
    )  # fmt: skip
    (one,) = read(tmp_path, "ID,HOURS,AMT,CP,CMT,X,SEX\n1,0,5,.,0,9,1\n1,1,.,3,3,9,1\n", TwoWays(), layout=layout)
    assert one.time.tolist() == [0.0, 1.0]
    assert one.output[1] == 1
    assert one.cmt[0] == 1
    assert one.dv[1] == 3.0


def test_levels_before_the_first_dose_are_found(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "ID,TIME,AMT,DV\n1,0,.,1\n1,1,5,.\n1,2,.,3\n")
    assert levels_before_first_dose(one).tolist() == [0]


def test_time_that_starts_anew_at_a_reset_can_run_on(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "ID,TIME,EVID,AMT,DV\n1,0,1,5,.\n1,9,0,.,1\n1,0,4,5,.\n1,2,0,.,3\n")
    assert run_on(one).time.tolist() == [0.0, 9.0, 10.0, 12.0]
