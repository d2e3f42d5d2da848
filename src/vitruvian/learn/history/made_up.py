"""Made-up histories in the way of Synthea: rules and chance, so that masked pre-training has records to learn from.

They are nobody's and support no claim about anybody. Codes are real (LOINC, SNOMED CT, RxNorm as Synthea uses them);
every rate and effect is an assumption. What depends on what: smoking and age on lungs, weight and age on diabetes, that
and blood pressure on kidneys and heart; diagnoses on medicines, laboratory, notes and images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool

from vitruvian.core import InputError
from vitruvian.learn.history.histories import Events

YEARS = 10
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "SNOMED//44054006": "condition", "SNOMED//59621000": "condition", "SNOMED//84114007": "condition",
        "SNOMED//185086009": "condition", "SNOMED//431857002": "condition", "SNOMED//195662009": "condition",
        "RxNorm//860975": "medicine", "RxNorm//314076": "medicine", "RxNorm//313988": "medicine",
        "RxNorm//895996": "medicine", "RxNorm//313782": "medicine",
        "LOINC//4548-4": "laboratory", "LOINC//33914-3": "laboratory", "LOINC//2093-3": "laboratory",
        "LOINC//8480-6": "vital", "LOINC//39156-5": "vital", "LOINC//30525-0": "person",
        "NOTE//smoker": "note", "NOTE//breathless": "note", "NOTE//lives alone": "note",
        "GENE//APOE e4": "genome", "GENE//CYP2C19 poor": "genome", "GENE//polygenic risk": "genome",
        "IMAGE//ejection fraction": "image", "IMAGE//emphysema": "image",
    }
)  # fmt: skip
"""Each code and its kind. Conditions: diabetes, hypertension, heart failure, chronic bronchitis, kidney disease stage
4, sore throat; medicines: metformin, lisinopril, furosemide, fluticasone, paracetamol; HbA1c, eGFR, cholesterol;
pressure, body mass index, age."""


@dataclass(frozen=True)
class MadeUp:
    """Things known of made-up people, in years before the moment of asking, and who came to hospital after it."""

    events: Events
    came: Bool[np.ndarray, " people"]


def made_up_histories(people: int, seed: int) -> MadeUp:
    """So many people over `YEARS`. Raises InputError for fewer than one."""
    if people < 1:
        raise InputError("made-up histories", got=people, allowed="at least 1 person")
    random = np.random.default_rng(seed)
    written = _Written([], [], [], [])
    age, smoker = random.uniform(30, 85, people), random.random(people) < 0.25
    weight, risk = 27 + 5 * random.standard_normal(people), random.standard_normal(people)
    pressure = 120 + 0.4 * (age - 50) + 8 * random.standard_normal(people)

    def chance(logit: np.ndarray) -> np.ndarray:
        return np.asarray(random.random(people) < 1 / (1 + np.exp(-logit)))

    diabetes = chance(-2.2 + 0.12 * (weight - 27) + 0.03 * (age - 55) + 0.5 * risk)
    hypertension = chance(-0.5 + 0.06 * (pressure - 125))
    lung = chance(-3.5 + 2.5 * smoker + 0.04 * (age - 55))
    kidney = chance(-3.0 + 1.2 * diabetes + 0.8 * hypertension + 0.03 * (age - 60))
    heart = chance(-3.2 + 1.0 * hypertension + 0.8 * diabetes + 0.05 * (age - 60))
    since = random.uniform(1, YEARS, people)
    conditions = {
        "SNOMED//44054006": diabetes, "SNOMED//59621000": hypertension, "SNOMED//84114007": heart,
        "SNOMED//185086009": lung, "SNOMED//431857002": kidney,
    }  # fmt: skip
    for code, has in conditions.items():
        written.add(code, has, since)
    treated = {
        "RxNorm//860975": diabetes, "RxNorm//314076": hypertension, "RxNorm//313988": heart, "RxNorm//895996": lung,
    }  # fmt: skip
    written.add("LOINC//30525-0", np.ones(people, bool), np.zeros(people), age)
    written.add("NOTE//smoker", smoker & chance(np.full(people, 1.5)), since)
    written.add("NOTE//lives alone", chance(0.04 * (age - 75)), since)
    written.add("GENE//APOE e4", random.random(people) < 0.25, np.full(people, float(YEARS)))
    written.add("GENE//CYP2C19 poor", random.random(people) < 0.03, np.full(people, float(YEARS)))
    written.add("GENE//polygenic risk", random.random(people) < 0.4, np.full(people, float(YEARS)), risk)
    ejection = 62 - 22 * heart + 5 * random.standard_normal(people)
    written.add("IMAGE//ejection fraction", heart | (random.random(people) < 0.15), since * 0.8, ejection)
    emphysema = np.clip(0.02 + 0.12 * lung + 0.05 * smoker + 0.02 * random.standard_normal(people), 0, 1)
    written.add("IMAGE//emphysema", lung | (random.random(people) < 0.1), since * 0.7, emphysema)
    filtering = 95 - 0.8 * (age - 50) - 45 * kidney + 8 * random.standard_normal(people)
    for year in range(YEARS):
        ago = year + random.random(people)
        seen = random.random(people) < 0.5 + 0.4 * (diabetes | heart | lung)
        noise = random.standard_normal((4, people))
        ill = since > ago
        written.add("LOINC//8480-6", seen, ago, pressure + 6 * noise[0] - 8 * (hypertension & ill))
        written.add("LOINC//39156-5", seen, ago, weight + 0.4 * noise[1])
        sugar = 5.4 + 1.9 * (diabetes & ill) + 0.4 * noise[2]
        written.add("LOINC//4548-4", seen & (diabetes | (noise[3] > 1)), ago, sugar)
        written.add("LOINC//33914-3", seen, ago, np.clip(filtering + 15 * kidney * ago / YEARS + 4 * noise[3], 5, 130))
        written.add("LOINC//2093-3", seen & (noise[1] > 0), ago, 195 + 25 * noise[0])
        written.add("NOTE//breathless", seen & chance(-3 + 2 * heart + 2 * lung), ago)
        sore = random.random(people) < 0.15
        written.add("SNOMED//195662009", sore, ago)
        written.add("RxNorm//313782", sore & (noise[2] > 0), ago)
        for code, has in treated.items():
            written.add(code, has & ill & seen, ago)
    organs = 1.3 * heart + 0.9 * lung + 0.03 * (60 - filtering) + 0.05 * (50 - ejection) * heart
    return MadeUp(written.events(), chance(-1.7 + organs + 0.03 * (age - 60)))


@dataclass(frozen=True)
class _Written:
    row: list[np.ndarray]
    time: list[np.ndarray]
    code: list[str]
    value: list[np.ndarray]

    def add(self, code: str, who: np.ndarray, ago: np.ndarray, value: np.ndarray | None = None) -> None:
        row = np.flatnonzero(who)
        self.row.append(row)
        self.time.append(-ago[row])
        self.code.extend([code] * len(row))
        self.value.append(np.full(len(row), np.nan) if value is None else value[row])

    def events(self) -> Events:
        return Events(np.concatenate(self.row), np.concatenate(self.time), tuple(self.code), np.concatenate(self.value))
