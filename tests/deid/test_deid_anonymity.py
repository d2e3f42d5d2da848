"""How well people hide in a table: the figures of small tables worked out by hand, and the command."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError
from vitruvian.deid import anonymity, suppressed

# Sweeney 2002 (k-anonymity), figure 2: a table of 11 people that is 2-anonymous in race, birth, sex and ZIP
SWEENEY = [
    dict(zip(("race", "birth", "sex", "zip", "problem"), row.split(), strict=True))
    for row in (
        "Black 1965 m 0214* breath", "Black 1965 m 0214* pain", "Black 1965 f 0213* hypertension",
        "Black 1965 f 0213* hypertension", "Black 1964 f 0213* obesity", "Black 1964 f 0213* pain",
        "White 1964 m 0213* pain", "White 1964 m 0213* obesity", "White 1964 m 0213* breath",
        "White 1967 m 0213* pain", "White 1967 m 0213* pain",
    )
]  # fmt: skip
QUASI = ("race", "birth", "sex", "zip")
# Li 2007 (t-closeness), table 3: salaries 3k to 11k in classes of three; distances 0.375 and 0.167 are worked out there
SALARIES = [
    {"zip": zone, "salary": f"{pay}"} for zone, pays in {"a": (3, 4, 5), "b": (6, 8, 11), "c": (7, 9, 10)}.items()
    for pay in pays
]  # fmt: skip


def test_the_example_of_sweeney_is_2_anonymous() -> None:
    told = anonymity(SWEENEY, QUASI, ["problem"], wanted=3)
    assert (told.rows, told.people, told.classes, told.k) == (11, 11, 5, 2)
    assert told.highest_risk == 0.5
    assert told.mean_risk == pytest.approx(5 / 11)
    assert [size for _, size in told.small] == [2, 2, 2, 2]
    assert told.people_at_risk == 8
    assert told.sensitive["problem"].different == 1, "both women of 1965 have hypertension: no diversity"
    assert told.sensitive["problem"].entropy == 1
    assert len(suppressed(SWEENEY, QUASI, 3)) == 3
    assert anonymity(suppressed(SWEENEY, QUASI, 3), QUASI).k == 3


def test_closeness_is_that_of_li() -> None:
    assert anonymity(SALARIES, ["zip"], ["salary"]).sensitive["salary"].closeness == pytest.approx(0.375)
    two = [row | {"zip": "a" if row["zip"] == "a" else "b"} for row in SALARIES if row["zip"] != "a"]
    assert anonymity(two, ["zip"], ["salary"]).sensitive["salary"].closeness == 0
    words = [{"q": "1", "s": "x"}, {"q": "1", "s": "y"}, {"q": "2", "s": "x"}, {"q": "2", "s": "x"}]
    told = anonymity(words, ["q"], ["s"]).sensitive["s"]
    assert told.closeness == pytest.approx(0.25)
    both = anonymity(words[:2], ["q"], ["s"]).sensitive["s"]
    assert both.entropy == pytest.approx(2)
    assert both.entropy == pytest.approx(math.exp(math.log(2)))


def test_people_are_counted_not_rows() -> None:
    visits = [{"who": who, "sex": "f", "age": "50"} for who in "aaaab"]
    assert anonymity(visits, ["sex", "age"]).k == 5
    told = anonymity(visits, ["sex", "age"], person="who")
    assert (told.k, told.people, told.people_at_risk) == (2, 2, 2)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        anonymity([], ["a"])
    with pytest.raises(InputError, match="no such column; got b"):
        anonymity([{"a": "1"}], ["b"])
    with pytest.raises(InputError, match="secret"):
        anonymity([{"a": "1"}], ["a"], ["a"])


def test_the_command_tells_and_writes_what_may_go(tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "out.csv"
    table.write_text("race,birth,sex,zip,problem\n" + "".join(",".join(row.values()) + "\n" for row in SWEENEY))
    words = ["deid", "report", str(table), "--at-least", "3", "--sensitive", "problem", "--suppress", str(out)]
    words += [word for name in QUASI for word in ("--quasi", name)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "k = 2; highest risk 50.0%" in done.output
    assert "problem: l = 1" in done.output
    assert "4 classes with 8 people are below 3" in done.output
    assert len(out.read_text().splitlines()) == 4
    assert isinstance(CliRunner().invoke(app, words).exception, InputError)
