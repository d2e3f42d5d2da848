"""Networks and inflows from tables, SI units; the unit is part of the column's name."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.physiology.circulation.network_1d.network import DENSITY, VISCOSITY, Network, Outlet, Tube

NEEDED = ("vessel", "from", "to", "length_m", "radius_proximal_m", "radius_distal_m", "thickness_m", "young_Pa")
MAY = {
    "profile": 2.0,
    "external_pressure_Pa": 0.0,
    "wall_viscosity_Pa_s_m": 0.0,
    "R1_Pa_s_m3": None,
    "R2_Pa_s_m3": None,
    "C_m3_Pa": None,
    "reflection": None,
    "outlet_pressure_Pa": 0.0,
}
"""What may be absent, and what it then is."""
BY_RADIUS = "by_radius"


def _lines(path: Path, what: str) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the {what} cannot be read", got=path.name, allowed="a CSV file in UTF-8") from error
    return [line for line in csv.reader(text.splitlines()) if any(field.strip() for field in line)]


def _number(where: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(where, got=text.strip() or "empty", allowed="a number")
    return value


def read_network(path: Path, *, density: float = DENSITY, viscosity: float = VISCOSITY) -> Network:
    """One vessel a row; raises `DataError` with row, field and rule."""
    header, *rows = _lines(path, "table of vessels") or [[]]
    header = [name.strip() for name in header]
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in NEEDED and name not in MAY]
    if missing or unknown or len(set(header)) != len(header):
        raise DataError("columns of the table of vessels", got=", ".join(header) or "an empty file",
                        allowed=f"{', '.join(NEEDED)}; and of {', '.join(MAY)}, each once")  # fmt: skip
    for k, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataError(f"row {k}", got=f"{len(row)} fields", allowed=f"{len(header)} fields")
    tubes = tuple(_tube(k, dict(zip(header, row, strict=True))) for k, row in enumerate(rows, 1))
    return Network(tubes, density, viscosity)


def _tube(row: int, fields: dict[str, str]) -> Tube:
    where = f"row {row} ({fields['vessel'].strip()})"

    def number(field: str) -> float:
        text = fields.get(field, "")
        given = MAY.get(field)
        return given if given is not None and not text.strip() else _number(f"{where}, {field}", text)

    def maybe(field: str) -> float | None:
        return number(field) if fields.get(field, "").strip() else None

    outlet = Outlet(maybe("R1_Pa_s_m3"), maybe("R2_Pa_s_m3"), maybe("C_m3_Pa"), maybe("reflection"),
                    number("outlet_pressure_Pa"))  # fmt: skip
    if fields.get("outlet_pressure_Pa", "").strip() and outlet.R1 is None and outlet.reflection is None:
        raise DataError(
            f"{where}, outlet_pressure_Pa", got="a pressure without an outlet", allowed="with R1 or reflection"
        )
    none = (outlet.R1, outlet.R2, outlet.C, outlet.reflection) == (None,) * 4
    thickness = fields["thickness_m"].strip()
    return Tube(
        fields["vessel"].strip(), fields["from"].strip(), fields["to"].strip(), number("length_m"),
        number("radius_proximal_m"), number("radius_distal_m"), number("young_Pa"),
        None if thickness == BY_RADIUS else _number(f"{where}, thickness_m", thickness),
        number("profile"), number("external_pressure_Pa"), number("wall_viscosity_Pa_s_m"),
        None if none else outlet,
    )  # fmt: skip


def read_inflow(path: Path) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Seconds from 0 and m³/s over one period, whose end is the last time; columns `seconds, inflow_m3_s`."""
    header, *rows = _lines(path, "table of the inflow") or [[]]
    if [name.strip() for name in header] != ["seconds", "inflow_m3_s"]:
        raise DataError(
            "columns of the inflow", got=", ".join(header) or "an empty file", allowed="seconds, inflow_m3_s"
        )
    for k, row in enumerate(rows, 1):
        if len(row) != 2:
            raise DataError(f"row {k}", got=f"{len(row)} fields", allowed="2 fields")
    values = np.array([[_number(f"row {k}, {name.strip()}", text) for name, text in zip(header, row, strict=True)]
                       for k, row in enumerate(rows, 1)])  # fmt: skip
    if len(values) < 3 or values[0, 0] != 0.0 or np.any(np.diff(values[:, 0]) <= 0.0):
        raise DataError("seconds of the inflow", got=f"{len(values)} rows", allowed="three or more, from 0, rising")
    if np.max(np.abs(values[:, 1])) > 2e-3:
        raise DataError("inflow_m3_s", got=np.max(np.abs(values[:, 1])), allowed="at most 0.002 m³/s",
                        todo="1 mL/s is 1e-6 m³/s.")  # fmt: skip
    return values[:, 0], values[:, 1]
