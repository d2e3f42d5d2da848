"""Tables of drugs: what is read, and every kind of refusal with its line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.core import DataError, InputError, UnitError, UnknownNameError
from vitruvian.systems.cardiac_safety import Binding, Potency, read_drugs

HEAD = "name,Cmax nM,hERG IC50 nM,hERG Hill,ICaL IC50 nM,ICaL Hill"


def table(folder: Path, text: str) -> Path:
    path = folder / "drugs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_columns(tmp_path: Path) -> None:
    text = (
        "name,Cmax nM,IKr IC50 nM,IKr IC50 low nM,IKr IC50 high nM,IKr Hill,"
        "Kmax,Ku 1/ms,n,halfmax nM^n,Vhalf mV,class,dataset\n"
        "dofetilide,2,4.87,4,6,0.93,35.1,1.816e-5,1.08,216.6,-1,high,manual\n\n"
        "verapamil,81,288,,,0.96,,,,,,,\n"
    )
    first, second = read_drugs(table(tmp_path, text))
    assert first.potency["IKr"] == Potency(4.87, 0.93, (4.0, 6.0))
    assert first.binding == Binding(35.1, 1.816e-5, 1.08, 216.6, -1.0)
    assert (first.risk, second.risk, second.binding, second.cmax) == ("high", None, None, 81.0)
    assert (first.dataset, second.dataset) == ("manual", "")
    assert second.potency["IKr"].ic50_interval is None


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (f"{HEAD}\nA,1,-5,1,,\n", DataError, r"line 2.*IKr IC50.*-5"),
        (f"{HEAD}\nA,1,5,0,,\n", DataError, r"line 2.*IKr Hill.*0"),
        (f"{HEAD}\nA,,5,1,,\n", DataError, r"line 2, column Cmax: empty"),
        (f"{HEAD}\nA,nan,5,1,,\n", DataError, r"line 2.*Cmax.*nan"),
        (f"{HEAD}\nA,1,five,1,,\n", DataError, r"line 2, column IKr IC50: no number"),
        (f"{HEAD}\nA,1,5,,,\n", DataError, r"line 2, IKr.*IC50 and Hill together"),
        (f"{HEAD}\nA,1,5,1,,\na,1,5,1,,\n", DataError, r"line 3.*a drug twice.*line 2"),
        (f"{HEAD}\nA,1,5\n", DataError, r"line 2: cells; got 3; allowed: 6"),
        (f"{HEAD},Kmax\nA,1,5,1,,,3\n", DataError, r"hERG kinetics.*got Kmax"),
        ("name,Cmax uM\nA,1\n", UnitError, r"Cmax uM.*got uM; allowed: nM"),
        ("name,Cmax\nA,1\n", UnitError, r"unit of column 'Cmax'; got none"),
        ("name,Cmax nM,Kmax,Ku,n,halfmax nM^n,Vhalf mV\nA,1,35,2e-5,1,217,-1\n", UnitError, r"'Ku'; got none.*1/ms"),
        ("name,Cmax nM\nA,1\n", DataError, r"line 2, A: no block.*IC50"),
        ("name,Cmax nM,potency\nA,1,2\n", UnknownNameError, r"potency"),
        ("name,Cmax nM,IKur IC50 nM,IKur Hill\nA,1,2,1\n", UnknownNameError, r"IKur"),
        ("name,hERG IC50 nM,hERG Hill\nA,1,1\n", DataError, r"lacks a column.*Cmax"),
        ("name,name,Cmax nM\nA,A,1\n", DataError, r"twice"),
        ("name,Cmax nM\n", DataError, r"drugs in the file; got 0"),
        ("", DataError, r"lacks a column"),
        ("name,Cmax nM,class\nA,1,deadly\n", DataError, r"line 2, A: class; got deadly; allowed: low"),
    ],
)
def test_refusals(tmp_path: Path, text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_drugs(table(tmp_path, text))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_drugs(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(DataError, match="no readable CSV"):
        read_drugs(tmp_path / "bytes.csv")
