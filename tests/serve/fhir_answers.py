"""Answers of twins by hand, so that no test needs to ask one."""

from __future__ import annotations

from typing import Any

from vitruvian.serve.fhir import Answered
from vitruvian.twin.answer import Message
from vitruvian.twin.doors import Told


def answered(**more: Any) -> Answered:
    """An answer on dosing by hand."""
    metric = {"median": 100.0, "low": 50.0, "high": 200.0, "unit": "ng/mL"}
    option = {"regimen": "2.5 mg by mouth every 12 h", "dose": 2.5, "dose_unit": "mg", "interval_h": 12.0,
              "route": "oral", "duration_h": None, "loading_dose": None, "metric": metric, "p_target": 0.925,
              "p_harm": {"exposure_high": 0.0425}}  # fmt: skip
    infused = option | {"regimen": "standard", "route": "iv", "duration_h": 1.0, "loading_dose": 5.0, "p_target": 0.5}
    data = {"drug": "apixaban", "recommended": 0, "standard": 1, "options": [option, infused],
            "goal": {"title": "trough", "low": 41.0, "high": 230.0, "unit": "ng/mL"}, "models": [{"title": "A model"}],
            "data_used": [{"name": "HT", "fact_id": "f1"}, {"name": "AGE", "fact_id": ""}]}  # fmt: skip
    messages = (Message("warning", "label-amount", "Label says less.", "Look.", "Label"), Message("note", "n", "Note."))
    told = Told("dose", "recommend", "Give 2.5 mg.", messages=messages, reasons=("Old.",), data=data | more)
    return Answered(told, "Patient/p", "2026-01-01T00:00:00.000+00:00")
