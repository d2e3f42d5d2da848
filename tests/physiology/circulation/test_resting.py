"""The adult at rest against published bands, and what single changes do."""

from __future__ import annotations

import pytest
from circulation_people import RANDOM, people

from vitruvian.physiology.circulation import Indices, resting


def test_every_published_row_is_green() -> None:
    found = people()
    one = Indices(*(float(value[0]) for value in found.indices))
    table = resting.rows(one, {name: float(value[0]) for name, value in found.p.items()})
    assert resting.count(table) == {"green": 18, "yellow": 0, "red": 0}, table
    assert 1.0 < one.e_wave / one.a_wave < 1.5
    assert 60.0 < one.e_wave / found.p["A_mitral"][0] < 100.0  # cm/s


@pytest.mark.parametrize(
    ("found", "low", "high", "told"),
    [
        (72.0, 72, 72, "green"),
        (79.0, 72, 72, "green"),
        (80.0, 72, 72, "yellow"),
        (94.0, 72, 72, "red"),
        (2.0, 2, 6, "green"),
        (6.5, 2, 6, "yellow"),
        (7.9, 2, 6, "red"),
        (1.3, 2, 6, "red"),
    ],
)
def test_colours(found: float, low: float, high: float, told: str) -> None:
    assert resting.colour(found, low, high) == told


@pytest.mark.parametrize(
    ("change", "up", "down"),
    [
        ("afterload", ("mean_arterial", "systolic", "diastolic", "esv"), ("stroke_volume", "ejection_fraction")),
        ("preload", ("edv", "stroke_volume", "mean_arterial", "wedge", "central_venous"), ()),
        ("contractility", ("stroke_volume", "ejection_fraction", "mean_arterial"), ("esv", "wedge")),
        ("rate", ("heart_rate", "cardiac_output", "diastolic"), ("stroke_volume", "edv")),
        ("stiff arteries", ("systolic",), ("diastolic",)),
    ],
)
def test_directions(change: str, up: tuple[str, ...], down: tuple[str, ...]) -> None:
    found = people()
    for name in up:
        assert found.of(change, name) > found.of("typical", name), name
    for name in down:
        assert found.of(change, name) < found.of("typical", name), name


def test_directions_hold_for_whoever_it_is() -> None:
    found = people()
    for k in range(RANDOM):
        for change, up, down in (
            ("afterload", ("mean_arterial", "esv"), ("stroke_volume",)),
            ("preload", ("edv", "stroke_volume", "mean_arterial", "wedge"), ()),
            ("contractility", ("ejection_fraction", "mean_arterial"), ("esv", "wedge")),
        ):
            for names, sign in ((up, 1.0), (down, -1.0)):
                for name in names:
                    moved = found.of(f"random {k} {change}", name) - found.of(f"random {k}", name)
                    assert sign * moved > 0.0, (k, change, name)
