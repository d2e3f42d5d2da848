"""Control streams: what is read, and what is refused by name and line."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import DataError, InputError, UnsupportedError, VitruvianError
from vitruvian.pharmacology import find_model
from vitruvian.pharmacology.nonmem import ControlStreamModel, read_control_stream

HEAD = "$PROBLEM test\n$INPUT ID TIME AMT RATE II ADDL SS CMT EVID MDV DV WT OCC DVID\n$DATA data.csv IGNORE=@\n"
ORAL = "$SUBROUTINES ADVAN2 TRANS2\n$PK\nCL = THETA(1)*EXP(ETA(1))\nV = THETA(2)\nKA = 1\n{pk}\nS2 = V\n"
TAIL = "$THETA (0, 4) (0, 70)\n$OMEGA .2\n$SIGMA .05\n"


def stream(folder: Path, body: str, tail: str = TAIL, head: str = HEAD) -> ControlStreamModel:
    path = folder / "model.ctl"
    path.write_text(head + body + tail, encoding="utf-8")
    return read_control_stream(path)


def oral(folder: Path, error: str = "Y = F*(1 + EPS(1))", pk: str = "", tail: str = TAIL) -> ControlStreamModel:
    return stream(folder, ORAL.format(pk=pk) + f"$ERROR\n{error}\n", tail)


def values(model: ControlStreamModel, eta: object = None, **covariates: float) -> dict[str, float]:
    zero = jnp.zeros(len(model.random_effects)) if eta is None else jnp.asarray(eta)
    c = {q.name: jnp.asarray(covariates.get(q.name, 1.0)) for q in model.covariates}
    return {k: float(v) for k, v in model.individual(model.theta, zero, c).items()}


def test_parameters_random_effects_and_defaults(tmp_path: Path) -> None:
    tail = (
        "$THETA (0, 4, 10) ; clearance\n$THETA (70, FIX)\n$OMEGA BLOCK(2) .2 .1 .3\n$OMEGA 0 FIX\n$OMEGA (0.5 SD)\n"
        "$OMEGA BLOCK(1) .04\n$OMEGA BLOCK(1) SAME(2)\n$SIGMA .05\n"
    )
    model = oral(tmp_path, tail=tail)
    clearance, volume = model.parameters
    assert (clearance.value, clearance.lower, clearance.upper) == (4.0, 0.0, 10.0)
    assert (volume.lower, volume.upper) == (70.0, 70.0)
    assert model.eta_names() == ("ETA1", "ETA2", "ETA4", "ETA5", "ETA6", "ETA7")  # ETA3 is fixed to 0
    expected = np.diag([0.2, 0.3, 0.25, 0.04, 0.04, 0.04])
    expected[0, 1] = expected[1, 0] = 0.1
    assert model.omega() == pytest.approx(expected, rel=1e-12)
    assert model.compartments == ("depot", "central")
    assert values(model, [0.5, 0, 0, 0, 0, 0])["CL"] == pytest.approx(4 * np.exp(0.5), rel=1e-12)


def test_same_without_block_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"OMEGA.*SAME"):
        oral(tmp_path, tail="$THETA 4 70\n$OMEGA BLOCK(1) SAME\n$SIGMA .05\n")


def test_code_is_read_as_fortran_does(tmp_path: Path) -> None:
    pk = """
    a1 = -2**2 + 3*-1/2        ; powers bind before the sign
    A2 = 2**3**2               ; from the right
    A3 = 1.D1 + .5 + 2.
    A4 = 0
    IF (WT.GT.1.AND..NOT.(OCC.EQ.2.OR.OCC.EQ.3)) A4 = 1
    IF ((WT >= 80) .OR. (OCC == 3)) THEN
      A5 = 1
      IF (OCC.EQ.3) THEN
        A5 = 2 ; nested
      ELSE IF (OCC.EQ.4) THEN
        A5 = 3
      END IF
    ELSE
      A5 = 4
    ENDIF
    A6 = MAX(1, MIN(WT, 5), 2) + MOD(7, 4) + INT(-1.5) + &
         SQRT(4)
    A7 = A1 + A2 + A3 + A4 + A5 + A6
    S1 = A7
    """
    model = oral(tmp_path, pk=pk)
    base = -4 - 1.5 + 512 + 12.5 + 3 - 1 + 2
    for wt, occ, expected in ((70, 1, 1 + 4 + 5), (80, 1, 1 + 1 + 5), (2, 3, 0 + 2 + 2), (90, 4, 1 + 3 + 5)):
        assert values(model, WT=wt, OCC=occ)["S1"] == pytest.approx(base + expected, rel=1e-14)


def test_a_choice_guards_its_gradient(tmp_path: Path) -> None:
    import jax

    model = oral(tmp_path, pk="X = 0\nIF (WT.GT.0) X = LOG(WT)\nS1 = X + SQRT(WT)*(WT/WT)", tail=TAIL)

    def scale(wt: jax.Array) -> jax.Array:
        return model.individual(model.theta, jnp.zeros(1), {"WT": wt})["S1"]

    assert float(jax.grad(scale)(jnp.asarray(4.0))) == pytest.approx(0.25 + 0.25, rel=1e-12)
    guarded = oral(tmp_path, pk="X = 0\nIF (WT.GT.0) X = LOG(WT) + 1/WT + WT**0.5\nS1 = X", tail=TAIL)
    slope = jax.grad(lambda wt: guarded.individual(guarded.theta, jnp.zeros(1), {"WT": wt})["S1"])(jnp.asarray(0.0))
    assert float(slope) == 0.0


ERRORS = {
    "Y = F + EPS(1)": ("additive", 0.05**0.5, 0.0),
    "Y = F + F*ERR(1)": ("proportional", 0.0, 0.05**0.5),
    "Y = F*EXP(EPS(1))": ("proportional", 0.0, 0.05**0.5),
    "IPRED = F\nW = THETA(1) + THETA(2)*IPRED\nIF (W.EQ.0) W = 1\nY = IPRED + W*EPS(1)":
        ("combined_sum", 4 * 0.05**0.5, 70 * 0.05**0.5),
    "W = SQRT(THETA(1)**2 + (THETA(2)*F)**2)\nY = F + W*EPS(1)": ("combined_squares", 4 * 0.05**0.5, 70 * 0.05**0.5),
    "IPRED = LOG(F)\nIRES = DV - IPRED\nY = IPRED + 2*EPS(1)": ("additive", 2 * 0.05**0.5, 0.0),
    "Y = F": ("none", 0.0, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("code", ERRORS)
def test_residual_errors_are_recognised(code: str, tmp_path: Path) -> None:
    form, additive, proportional = ERRORS[code]
    error = oral(tmp_path, code).outputs[0].error
    assert error.form == form
    assert error.additive == pytest.approx(additive, rel=1e-8, abs=1e-12)
    assert error.proportional == pytest.approx(proportional, rel=1e-8, abs=1e-12)


def test_two_independent_errors_add_as_squares_and_correlated_ones_as_stated(tmp_path: Path) -> None:
    code = "Y = F + F*EPS(1) + EPS(2)"
    error = oral(tmp_path, code, tail="$THETA 4 70\n$OMEGA .2\n$SIGMA .05 4\n").outputs[0].error
    assert (error.form, error.additive) == ("combined_squares", pytest.approx(2.0))
    with pytest.raises(UnsupportedError, match="residual error"):
        oral(tmp_path, code, tail="$THETA 4 70\n$OMEGA .2\n$SIGMA BLOCK(2) .05 .1 4\n")


def test_log_transformed_both_sides_predicts_the_logarithm(tmp_path: Path) -> None:
    model = oral(tmp_path, "IPRED = LOG(F)\nY = IPRED + EPS(1)")
    y = model.observe(0.0, jnp.array([0.0, 140.0]), {"S2": 70.0})["Y"]
    assert float(y) == pytest.approx(np.log(2.0), rel=1e-14)


def test_outputs_are_chosen_by_dvid(tmp_path: Path) -> None:
    model = oral(tmp_path, "IF (DVID.EQ.1) THEN\nY = F + EPS(1)\nELSE\nY = A(1)*(1 + EPS(2))\nENDIF",
                 tail="$THETA 4 70\n$OMEGA .2\n$SIGMA .05 .01\n")  # fmt: skip
    assert [(o.name, o.error.form) for o in model.outputs] == [("DVID1", "additive"), ("other", "proportional")]
    assert (model.layout.column, model.layout.codes, model.layout.otherwise) == ("DVID", {1.0: 0}, 1)


def test_outputs_are_chosen_by_cmt_and_f_follows(tmp_path: Path) -> None:
    model = oral(tmp_path, "IF (CMT.EQ.1) Y = F + EPS(1)\nIF (CMT.EQ.2) Y = F*(1 + EPS(1))")
    assert [o.name for o in model.outputs] == ["CMT1", "CMT2"]
    assert model.layout.otherwise is None
    y = model.observe(0.0, jnp.array([3.0, 140.0]), {"S2": 70.0})
    assert (float(y["CMT1"]), float(y["CMT2"])) == (3.0, 2.0)


REFUSED = {
    "exit": ("IF (CL.LE.0) EXIT 1", "", r"\$PK, line 9.*EXIT", UnsupportedError),
    "verbatim": ('" FIRST', "", r"\$PK, line 9", UnsupportedError),
    "callfl": ("CALLFL = -2", "", r"\$PK, line 9.*CALLFL", UnsupportedError),
    "while": ("DO WHILE (X.LT.1)", "", r"\$PK, line 9", UnsupportedError),
    "mtime": ("MTIME(1) = 3", "", r"\$PK, line 9.*MTIME", UnsupportedError),
    "unknown function": ("X = GAMMA(2)", "", r"\$PK, line 9.*GAMMA", UnsupportedError),
    "item of one record": ("IF (AMT.GT.0) X = TIME", "", r"\$PK.*AMT", UnsupportedError),
    "never set": ("X = TVCL", "", r"\$PK.*TVCL is read but never set", DataError),
    "no such theta": ("X = THETA(9)", "", r"\$PK.*THETA\(9\)", DataError),
    "nonsense": ("X = (1 + ", "", r"\$PK, line 9", DataError),
    "open if": ("IF (WT.EQ.1) THEN", "", r"\$PK, line 9.*IF without ENDIF", DataError),
    "f_flag": ("", "F_FLAG = 1\nY = F", r"F_FLAG", UnsupportedError),
    "error depends on covariate": ("", "Y = F + WT*EPS(1)", "residual error", UnsupportedError),
    "error with eta": ("", "Y = F + F*EXP(ETA(1))*EPS(1)", "residual error", UnsupportedError),
    "no y": ("", "IPRED = F", "does not set Y", DataError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_refused_by_name(case: str, tmp_path: Path) -> None:
    pk, error, message, kind = REFUSED[case]
    with pytest.raises(kind, match=message):
        oral(tmp_path, error or "Y = F*(1 + EPS(1))", pk=pk)


RECORDS = {
    "advan": ("$SUBROUTINES ADVAN16\n$PK\nCL=1\n$ERROR\nY=F\n", "ADVAN16 is not supported"),
    "trans": ("$SUBROUTINES ADVAN2 TRANS4\n$PK\nCL=1\n$ERROR\nY=F\n", "no TRANS4"),
    "missing parameter": ("$SUBROUTINES ADVAN2 TRANS2\n$PK\nCL=1\nV=2\n$ERROR\nY=F\n", "needs KA in"),
    "record": ("$SUBROUTINES ADVAN1\n$MIX\nNSPOP=2\n$PK\nK=1\n$ERROR\nY=F\n", r"line 5: record \$MIX is not supported"),
    "pred": ("$PRED\nY=1\n", r"record \$PRED is not supported"),
    "no error": ("$SUBROUTINES ADVAN1\n$PK\nK=1\n", r"no \$ERROR"),
    "compartment off": ("$SUBROUTINES ADVAN5\n$MODEL COMP=(A INITIALOFF)\n$PK\nK10=1\n$ERROR\nY=F\n", "INITIALOFF"),
    "no model": ("$SUBROUTINES ADVAN5\n$PK\nK10=1\n$ERROR\nY=F\n", r"needs a \$MODEL"),
}  # fmt: skip


@pytest.mark.parametrize("case", RECORDS)
def test_records_that_are_not_supported_are_refused_by_name(case: str, tmp_path: Path) -> None:
    body, message = RECORDS[case]
    with pytest.raises(VitruvianError, match=message):
        stream(tmp_path, body)


def test_names_of_abbr_replace(tmp_path: Path) -> None:
    model = stream(
        tmp_path,
        "$ABBR REPLACE THETA(CL)=THETA(1)\n$SUBS ADVAN1 TRANS2\n$PK\nCL=THETA(CL)\nV=THETA(2)\n$ERROR\nY=F+EPS(1)\n",
    )
    assert values(model)["CL"] == 4.0


def test_data_items_are_renamed_and_dropped(tmp_path: Path) -> None:
    head = "$PROBLEM x\n$INPUT ID TIME AMT CONC=DV WT=DROP SEX\n$DATA d.csv\n"
    layout = stream(tmp_path, "$SUBR ADVAN1 TRANS2\n$PK\nCL=1\nV=THETA(2)\n$ERROR\nY=F+EPS(1)\n", head=head).layout
    assert layout.inputs == ("ID", "TIME", "AMT", "DV", "", "SEX")
    assert layout.synonyms == {"CONC": "DV"}


def test_a_missing_file_or_pharmpy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="cannot read"):
        find_model(tmp_path / "none.mod")
    import sys

    monkeypatch.setitem(sys.modules, "pharmpy", None)
    for name in [n for n in sys.modules if n.startswith("pharmpy.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r"pip install 'vitruvian\[nonmem\]'"):
        oral(tmp_path)
