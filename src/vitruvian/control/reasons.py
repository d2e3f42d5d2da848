"""Why a dose is not what the policy asked for: codes that add up, and their words."""

from __future__ import annotations

from enum import IntFlag


class Reason(IntFlag):
    """One bit a reason; 0 is delivered as asked."""

    NOT_A_NUMBER = 1
    SETTINGS = 2
    STALE = 4
    IMPLAUSIBLE = 8
    JUMPED = 16
    FLAT = 32
    PREDICTED_LOW = 64
    FALLING = 128
    BOLUS_LIMIT = 256
    ON_BOARD_LIMIT = 512
    RATE_LIMIT = 1024
    MEAL_LIMIT = 2048
    MEAL_TWICE = 4096
    CLOCK = 8192


_WORDS = {
    Reason.NOT_A_NUMBER: "the policy asked for something that is not a dose: profile basal",
    Reason.SETTINGS: "a therapy setting is outside its absolute bounds: profile basal within the bounds, no bolus",
    Reason.STALE: "no reading within 15 minutes: profile basal",
    Reason.IMPLAUSIBLE: "the reading is outside what a sensor can show: profile basal",
    Reason.JUMPED: "the reading jumped faster than glucose can: profile basal until readings agree",
    Reason.FLAT: "the sensor repeats one value: profile basal",
    Reason.PREDICTED_LOW: "the lower forecast band reaches a low: insulin suspended",
    Reason.FALLING: "glucose falls faster than 2 mg/dL/min: no bolus",
    Reason.BOLUS_LIMIT: "bolus cut to the largest allowed",
    Reason.ON_BOARD_LIMIT: "bolus cut, or basal to the profile's: enough insulin on board",
    Reason.RATE_LIMIT: "rate cut to the largest allowed",
    Reason.MEAL_LIMIT: "announced carbohydrates cut to the largest plausible meal",
    Reason.MEAL_TWICE: "the same meal was announced twice: the second is left out",
    Reason.CLOCK: "the clock jumped: profile basal until it runs evenly",
}


def words(code: int) -> tuple[str, ...]:
    """The reasons in a code; empty where the dose is what the policy asked for."""
    return tuple(text for reason, text in _WORDS.items() if int(code) & reason)
