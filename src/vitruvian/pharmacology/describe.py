"""A model and its drug as plain data, for pages, tables and JSON."""

from __future__ import annotations

from math import inf
from typing import Any

from vitruvian.core import Source
from vitruvian.model import Covariate, Model, ResidualError
from vitruvian.pharmacology.drug import Bounds, Drug, Target
from vitruvian.pharmacology.library import drug_of, find_model

_FORMS = {
    "none": "none",
    "additive": "SD = {a:g}",
    "proportional": "SD = {b:g}·f",
    "combined_sum": "SD = {a:g} + {b:g}·f",
    "combined_squares": "SD = √({a:g}² + ({b:g}·f)²)",
    "log": "SD {a:g} on the log scale",
}


def describe(name: str) -> dict[str, Any]:
    """Everything declared by a model (name as in `find_model`) and, for a library model, by its drug. JSON-able."""
    model = find_model(name)
    record = describe_model(model)
    drug = drug_of(model)
    return record if drug is None else {**record, **describe_drug(drug, model)}


def describe_source(source: Source) -> dict[str, Any]:
    """A source as a record."""
    return {
        "citation": source.citation,
        "doi": source.doi,
        "table": source.table,
        "status": source.status,
        "errata": source.errata,
    }


def describe_model(model: Model) -> dict[str, Any]:
    """A model's declared data."""
    return {
        "model": model.name,
        "title": model.title,
        "source": describe_source(model.source),
        "on_request": model.on_request,
        "time_unit": model.time_unit,
        "amount_unit": model.amount_unit,
        "compartments": list(model.compartments),
        "routes": dict(model.routes),
        "linear": model.linear,
        "parameters": [
            {
                "name": p.name,
                "value": p.value,
                "unit": p.unit,
                "description": p.description,
                "source": describe_source(p.source or model.source),
            }
            for p in model.parameters
        ],
        "variability": [
            {
                "of": v.of,
                "variance": v.variance,
                "between_occasions": v.occasion_variance or None,
                "distribution": v.distribution,
                "as_stated": v.stated,
            }
            for v in model.variability
        ],
        "covariances": [{"of": list(pair), "covariance": value} for pair, value in model.covariances.items()],
        "covariates": [_covariate(c) for c in model.covariates],
        "outputs": [
            {"name": o.name, "unit": o.unit, "residual_error": _residual(o.error), "description": o.description}
            for o in model.outputs
        ],
    }


def describe_drug(drug: Drug, model: Model) -> dict[str, Any]:
    """What dosing a drug needs, beside one of its models."""
    return {
        "drug": drug.name,
        "codes": dict(drug.codes),
        "molar_mass": drug.molar_mass,
        "unbound": drug.unbound,
        "other_models": [m.name for m in drug.models if m.name != model.name],
        "targets": [_target(t) for t in drug.targets],
        "products": [
            {
                "form": p.form,
                "strength": p.strength,
                "unit": p.unit,
                "route": p.route,
                "step": p.step,
                "moiety_factor": p.moiety_factor,
            }
            for p in drug.products
        ],
        "bounds": _bounds(drug.bounds),
        "standard": [
            {
                "name": s.name,
                "amount": s.amount,
                "unit": s.unit,
                "interval": s.interval,
                "duration": s.duration,
                "route": s.route,
                "indication": s.indication,
                "source": describe_source(s.source),
            }
            for s in drug.standard
        ],
        "label_rules": [
            {
                "name": r.name,
                "needs": list(r.needs),
                "action": r.action,
                "consequence": r.consequence,
                "source": describe_source(r.source),
            }
            for r in drug.label_rules
        ],
        "monitoring": [
            {"what": m.what, "when": m.when, "max_age_hours": m.max_age, "source": describe_source(m.source)}
            for m in drug.monitoring
        ],
        "notes": list(drug.notes),
    }


def _covariate(c: Covariate) -> dict[str, Any]:
    coded = ", ".join(f"{code:g} {meaning}" for code, meaning in (c.categories or {}).items())
    return {
        "name": c.name,
        "unit": c.unit,
        "studied": coded or _range(*c.soft),
        "allowed": "" if coded else _range(*c.hard),
        "default": c.default,
        "description": c.description,
    }


def _residual(error: ResidualError) -> str:
    text = _FORMS[error.form].format(a=error.additive, b=error.proportional)
    return f"{text} (assumed: {error.assumed})" if error.assumed else text


def _target(t: Target) -> dict[str, Any]:
    text = _range(t.low, t.high)
    if t.metric == "time_above" and t.threshold is not None:
        text += f" of the time above {t.threshold:g}" + (f" MIC ({t.mic:g} mg/L)" if t.per_mic else "")
    elif t.per_mic:
        text += f" × MIC ({t.mic:g} mg/L)"
    return {
        "name": t.name,
        "metric": t.metric,
        "range": text,
        "low": t.low,
        "high": None if t.high == inf else t.high,
        "unit": t.unit,
        "kind": t.kind,
        "indication": t.indication,
        "output": t.output,
        "when": t.when,
        "source": describe_source(t.source),
    }


def _bounds(bounds: Bounds) -> list[dict[str, Any]]:
    return [
        {
            "quantity": b.quantity,
            "kind": b.kind,
            "range": _range(b.low, b.high),
            "unit": b.unit,
            "source": describe_source(b.source),
        }
        for b in bounds.limits
    ]


def _range(low: float, high: float) -> str:
    if low in (-inf, 0) and high == inf:
        return "any"
    if high == inf:
        return f"above {low:g}"
    if low in (-inf, 0):
        return f"up to {high:g}"
    return f"{low:g}–{high:g}"
