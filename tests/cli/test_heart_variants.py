"""`vitruvian heart cell --variant`: sex, disease and genotype by name or by a variant's function."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError

COMMAND = ["heart", "cell", "ten_tusscher_2006", "--beats", "2", "--json"]


def told(*variants: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*COMMAND, *(word for one in variants for word in ("--variant", one))])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_variants_add_up_and_are_told() -> None:
    named, given = told("long_qt_2"), told("KCNH2=0")
    both = told("KCNH2=0", "hypokalaemia")
    assert named["apd90_ms"] == given["apd90_ms"]
    assert both["variants"] == ["KCNH2=0", "hypokalaemia"]
    assert both["rest_mV"] < given["rest_mV"] - 10.0


@pytest.mark.parametrize(
    ("variant", "why"), [("long_qt_9", "long_qt_1"), ("KCNH2=much", "NAME=NUMBER"), ("X=1", "KCNQ1")]
)
def test_a_variant_that_is_none_is_refused(variant: str, why: str) -> None:
    done = CliRunner().invoke(app, [*COMMAND, "--variant", variant])
    assert isinstance(done.exception, InputError)
    assert why in str(done.exception)
