"""Types of Apple Health → signals (HealthKit documentation: HKQuantityTypeIdentifier, HKCategoryTypeIdentifier)."""

from __future__ import annotations

QUANTITY = "HKQuantityTypeIdentifier"
CATEGORY = "HKCategoryTypeIdentifier"

# after HKQuantityTypeIdentifier
SIGNALS: dict[str, str] = {
    "HeartRate": "heart_rate",
    "RestingHeartRate": "resting_heart_rate",
    "WalkingHeartRateAverage": "walking_heart_rate",
    "HeartRateVariabilitySDNN": "hrv_sdnn",
    "OxygenSaturation": "oxygen_saturation",
    "RespiratoryRate": "respiratory_rate",
    "BodyTemperature": "body_temperature",
    "AppleSleepingWristTemperature": "skin_temperature",
    "BloodGlucose": "blood_glucose",
    "InsulinDelivery": "insulin",
    "DietaryCarbohydrates": "carbohydrates",
    "StepCount": "steps",
    "DistanceWalkingRunning": "distance",
    "FlightsClimbed": "floors",
    "ActiveEnergyBurned": "active_energy",
    "BasalEnergyBurned": "basal_energy",
    "AppleExerciseTime": "activity",
    "BloodPressureSystolic": "systolic_blood_pressure",
    "BloodPressureDiastolic": "diastolic_blood_pressure",
    "BodyMass": "weight",
    "Height": "height",
    "VO2Max": "vo2_max",
}

# as Apple writes units → UCUM; what is not here is kept as it came
UNITS: dict[str, str] = {
    "count/min": "/min",
    "count": "1",
    "%": "%",
    "degC": "Cel",
    "degF": "[degF]",
    "Cal": "kcal",
    "kcal": "kcal",
    "kJ": "kJ",
    "mi": "[mi_i]",
    "ft": "[ft_i]",
    "in": "[in_i]",
    "lb": "[lb_av]",
    "st": "[stone_av]",
    "mmHg": "mm[Hg]",
    "IU": "[iU]",
    "hr": "h",
    "mL/min·kg": "mL/min/kg",
    "mmol<180.1558800000541>/L": "mmol/L",
    "dBASPL": "dB[SPL]",
}


def signal_of(kind: str) -> str:
    """The signal of a type; one that has none keeps its name, so that nothing is dropped."""
    if kind.startswith(QUANTITY):
        name = kind.removeprefix(QUANTITY)
        return SIGNALS.get(name, f"apple:{name}")
    if kind == f"{CATEGORY}SleepAnalysis":
        return "sleep"
    return f"apple:{kind.removeprefix(CATEGORY).removeprefix('HKDataTypeIdentifier')}"
