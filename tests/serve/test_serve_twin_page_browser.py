"""The default page of a twin in real Chromium: an answer without a reload, errors at their fields, dragging a bolus."""

from __future__ import annotations

from typing import Any

import pytest
from served import Listening
from test_serve_pages_browser import chromium, opened, pytestmark, serious, there

__all__ = ["chromium", "pytestmark", "there"]
GLUCOSE = "/patients/sample-e/twins/glucose"


def test_a_question_is_answered_on_its_page(chromium: Any, there: Listening) -> None:
    with opened(chromium, there) as page:
        page.goto(f"{GLUCOSE}?show=usual_day")
        page.wait_for_selector("figure.drawn")
        assert "86 % of readings in range" in page.inner_text("#answer")
        page.select_option("[name=unit]", "mmol/L")
        page.click("#asked button:has-text('Ask')")
        page.wait_for_selector("#answer:has-text('mmol/L')")
        assert page.url.endswith("?show=usual_day")  # nothing was loaded anew
        assert serious(page) == []


def test_a_wrong_value_is_said_at_its_field(chromium: Any, there: Listening) -> None:
    with opened(chromium, there) as page:
        page.goto(f"{GLUCOSE}?ask=usual_day&days=400")
        assert page.inner_text("#ask-days-wrong") == "Out of range; allowed: a number from 1 to 90 d."
        assert page.get_attribute("#ask-days", "aria-describedby") == "ask-days-wrong"
        assert serious(page) == []


def test_an_answer_is_read_without_scripts(chromium: Any, there: Listening) -> None:
    with opened(chromium, there, java_script_enabled=False) as page:
        page.goto(f"{GLUCOSE}?ask=usual_day")
        assert "86 % of readings in range" in page.inner_text("#answer")
        assert page.locator("#answer > .wide table").first.is_visible()


@pytest.mark.slow
def test_a_bolus_is_dragged_to_another_time(chromium: Any, there: Listening) -> None:
    with opened(chromium, there) as page:
        page.goto(f"{GLUCOSE}?show=what_if")
        page.wait_for_selector("figure.drawn")
        knob = page.locator(".drag-knob.bolus").last
        box = knob.bounding_box()
        page.mouse.move(box["x"] + 6, box["y"] + 6)
        page.mouse.down()
        page.mouse.move(box["x"] + 66, box["y"] + 6, steps=4)
        with page.expect_response(lambda one: "/asked" in one.url):
            page.mouse.up()
        page.wait_for_selector("#answer:has-text('later instead')")
        moved = float(page.input_value("[name=later]"))
        assert moved > 0
        page.locator(".drag-knob.bolus").last.focus()
        page.keyboard.press("ArrowLeft")
        assert float(page.input_value("[name=later]")) == moved - 5
        with page.expect_response(lambda one: f"later={moved - 5:.0f}" in one.url):
            page.keyboard.press("Enter")
        assert serious(page) == []
