"""What the files of a Fitbit export (Google Takeout) hold: signals, units, and in which clock their times are.

The clock of each kind of file was found by comparing it with the others of one export; the files do not say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Json:
    """JSON files of [{"dateTime", "value"}]: `keys` lead from `value` to (signal, unit, factor)."""

    keys: tuple[tuple[str, str, str, float], ...]
    seconds: float = 60.0
    utc: bool = False


_DAY = 86_400.0
# by the file's name before its date: a plain number does not say what it counts
PLAIN: dict[str, Json] = {
    "steps": Json((("", "steps", "1", 1.0),), utc=True),
    "distance": Json((("", "distance", "cm", 1.0),), utc=True),
    "calories": Json((("", "active_energy", "kcal", 1.0),)),
    "altitude": Json((("", "floors", "1", 0.1),)),
    "sedentary_minutes": Json((("", "sedentary_time", "min", 1.0),), _DAY),
    "lightly_active_minutes": Json((("", "light_activity_time", "min", 1.0),), _DAY),
    "moderately_active_minutes": Json((("", "moderate_activity_time", "min", 1.0),), _DAY),
    "very_active_minutes": Json((("", "vigorous_activity_time", "min", 1.0),), _DAY),
    "height": Json((("", "height", "mm", 1.0),), 0.0),
}
# by the keys of the value
NAMED: dict[str, Json] = {
    "bpm": Json((("bpm", "heart_rate", "/min", 1.0),), 0.0, utc=True),
    "demographicVO2Max": Json((("filteredDemographicVO2Max", "vo2_max", "mL/kg/min", 1.0),), _DAY),
    "error": Json((("value", "resting_heart_rate", "/min", 1.0),), _DAY),
}


@dataclass(frozen=True)
class Csv:
    """CSV files by their header: time column, its format, and (column, signal, unit, text column) of what it holds."""

    time: str
    columns: tuple[tuple[str, str, str, str], ...]
    form: str = "%Y-%m-%dT%H:%M:%S"
    seconds: float = 0.0
    end: str = ""


TABLES: dict[str, Csv] = {
    "timestamp,Infrared to Red Signal Ratio": Csv(
        "timestamp", (("Infrared to Red Signal Ratio", "infrared_red_ratio", "1", ""),), "%m/%d/%y %H:%M:%S"
    ),
    "date_time,heart_zone_id,total_minutes": Csv(
        "date_time", (("total_minutes", "active_zone_time", "min", "heart_zone_id"),), "%Y-%m-%dT%H:%M", 60.0
    ),
    "type,sleep_start,sleep_end,temperature_samples,nightly_temperature": Csv(
        "sleep_start", (("nightly_temperature", "skin_temperature", "Cel", "type"),), end="sleep_end"
    ),
    "timestamp,rmssd,nremhr,entropy": Csv(
        "timestamp",
        (
            ("rmssd", "hrv_rmssd", "ms", ""),
            ("nremhr", "sleeping_heart_rate", "/min", ""),
            ("entropy", "hrv_entropy", "1", ""),
        ),
        seconds=_DAY,
    ),
    "timestamp,daily_respiratory_rate": Csv(
        "timestamp", (("daily_respiratory_rate", "respiratory_rate", "/min", ""),), seconds=_DAY
    ),
    "timestamp,average_value,lower_bound,upper_bound": Csv(
        "timestamp",
        (
            ("average_value", "oxygen_saturation", "%", ""),
            ("lower_bound", "oxygen_saturation_low", "%", ""),
            ("upper_bound", "oxygen_saturation_high", "%", ""),
        ),
        seconds=_DAY,
    ),
    "recorded_time,temperature,sensor_type": Csv(
        "recorded_time", (("temperature", "skin_temperature_change", "Cel", ""),), "%Y-%m-%dT%H:%M", 60.0
    ),
    "timestamp,rmssd,coverage,low_frequency,high_frequency": Csv(
        "timestamp",
        (
            ("rmssd", "hrv_rmssd", "ms", ""),
            ("low_frequency", "hrv_low_frequency", "ms2", ""),
            ("high_frequency", "hrv_high_frequency", "ms2", ""),
        ),
        seconds=300.0,
    ),
    "timestamp,bucket_values": Csv("timestamp", (("bucket_values", "hrv_histogram", "", "bucket_values"),)),
    "timestamp,full_sleep_breathing_rate": Csv(
        "timestamp",
        (
            ("full_sleep_breathing_rate", "respiratory_rate", "/min", ""),
            ("deep_sleep_breathing_rate", "respiratory_rate_deep_sleep", "/min", ""),
            ("light_sleep_breathing_rate", "respiratory_rate_light_sleep", "/min", ""),
            ("rem_sleep_breathing_rate", "respiratory_rate_rem_sleep", "/min", ""),
        ),
    ),
    "DATE,UPDATED_AT,STRESS_SCORE": Csv("DATE", (("STRESS_SCORE", "stress_score", "1", "STATUS"),), seconds=_DAY),
    "sleep_log_entry_id,timestamp,overall_score": Csv("timestamp", (("overall_score", "sleep_score", "1", ""),)),
}


def json_table(name: str, value: Any) -> Json | None:
    """How to read a JSON file by its name and the value of its first element; None if it is of no known kind."""
    if isinstance(value, dict):
        return next((one for key, one in NAMED.items() if key in value), None)
    begins = name.rsplit("-", 3)[0] if "-" in name else name
    return PLAIN.get(begins)
