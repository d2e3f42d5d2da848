"""Pages in real Chromium: drawn, usable by keyboard, readable on a phone, in the dark and on paper, and for everybody
(axe); nothing leaves the host and no rule of the content policy is broken."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Listening, listening

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ASSETS = ROOT / "src" / "vitruvian" / "serve" / "assets" / "SHA256SUMS"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PLACES = (
    "/",
    "/intake",
    "/quarantine",
    "/audit",
    "/patients/sample-a",
    "/patients/sample-a/timeline",
    "/patients/sample-a/measurements/6301-6",
    "/patients/sample-a/consent",
    "/patients/sample-a/access",
)
DOSE = "/patients/sample-c/twins/dose"
EVERY = (
    *PLACES,
    *(f"/patients/sample-{one}" for one in "bcde"),
    "/patients/sample-e/measurements/glucose",
    "/patients/sample-e/twins/glucose?show=usual_day",
    "/patients/sample-d/twins/heart?show=qt",
    "/patients/sample-d/twins/dose",
    "/audit/verify",
    "/proposals",
    "/purpose",
    "/accounts",
    "/accounts/programs",
    "/accounts/emergencies",
    "/account",
    "/account/applications",
)
"""Every page but those of one's own test: dose, answers of twins, monitor, signing in, what a patient sees, errors."""
LIGHT = 150_000
_LONGEST_MS = 180_000

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.skipif(not ASSETS.exists() or not AXE.exists(), reason="needs the scripts of the pages (make web)"),
]


@pytest.fixture(scope="module")
def there(server_record: Path) -> Iterator[Listening]:
    with listening(server_record) as one:
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as one:
        browser = one.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(chromium: Any, there: Listening, role: str = "owner", **options: Any) -> Iterator[Any]:
    """A page of somebody who is signed in; fails if anything goes elsewhere, is refused, or goes wrong.

    Nobody is signed in with the role "".
    """
    cookies = there.people.session(role)[0] if role else {}
    context = chromium.new_context(base_url=there.url, **({"viewport": {"width": 1280, "height": 900}} | options))
    context.add_cookies([{"name": name, "value": value, "url": there.url} for name, value in cookies.items()])
    context.set_default_timeout(_LONGEST_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda one: None if one.url.startswith((there.url, "data:")) else wrong.append(one.url))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: wrong.append(str(one)))
    try:
        yield page
        assert wrong == []
    finally:
        context.close()


def serious(page: Any) -> list[str]:
    """What axe finds that keeps somebody out."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def settled(page: Any, place: str) -> None:
    """Open, with every part that the page asks for."""
    page.goto(place, wait_until="networkidle")
    for _ in range(10):  # parts far below come when they are looked at
        if not page.locator("[hx-trigger=revealed] > p > a").count():
            return
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(50)
        page.wait_for_load_state("networkidle")


def loaded(page: Any, there: Listening, place: str) -> dict[str, int]:
    """Open, and say what came from the server: address → bytes as they were sent."""
    asked: list[Any] = []

    def heard(one: Any) -> None:
        asked.append(one)

    page.on("requestfinished", heard)
    settled(page, place)
    page.remove_listener("requestfinished", heard)
    return {one.url: one.sizes()["responseBodySize"] for one in asked if one.url.startswith(there.url)}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_light_and_for_everybody(there: Running, chromium: Any, scheme: str) -> None:
    """Axe finds nothing serious; all that a page loads, without ECharts, is small; a phone is wide enough."""
    with opened(chromium, there, color_scheme=scheme, viewport={"width": 390, "height": 844}) as page:
        for place in EVERY:
            sizes = loaded(page, there, place)
            assert serious(page) == [], place
            assert sum(size for url, size in sizes.items() if "echarts" not in url) <= LIGHT, place
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, place


@pytest.mark.slow
def test_every_page_is_read_without_scripts(there: Running, chromium: Any) -> None:
    with opened(chromium, there, java_script_enabled=False) as page:
        for place in EVERY:
            page.goto(place)
            assert page.locator("h1").is_visible(), place
            for part in page.locator("[hx-get][hx-trigger=load], [hx-get][hx-trigger=revealed]").all():
                if part.evaluate("one => one.tagName") == "DIV":
                    assert part.locator("a").first.is_visible(), place


def test_what_others_see_is_for_everybody(there: Running, chromium: Any) -> None:
    """The consent of a patient in their own words, signing in, a second factor being set up, an error."""
    with opened(chromium, there, "patient") as page:
        settled(page, "/patients/sample-a/consent")
        assert "your consent" in page.locator("h1").inner_text()
        assert serious(page) == []
    with opened(chromium, there, "") as page:
        settled(page, "/sign-in")
        assert serious(page) == []
    with opened(chromium, there, "administrator") as page:
        settled(page, "/account")
        page.get_by_role("button", name="Set it up").click()
        page.wait_for_selector("[name=code]")
        assert serious(page) == []


def test_an_alert_is_seen_and_acknowledged(there: Running, chromium: Any) -> None:
    cookies, csrf = there.people.session("clinician")
    now = round(time.time() * 1000)
    fixed = {"signal": "heart_rate", "unit": "/min", "source": "bed"}
    rows = [fixed | {"start": now - 1000 * k, "value": 138 if k < 30 else 72} for k in range(60, 0, -1)]
    sent = httpx.post(f"{there.url}/api/v1/patients/sample-b/samples", json={"samples": rows}, cookies=cookies,
                      headers=csrf, timeout=60)  # fmt: skip
    assert sent.status_code == 202
    with opened(chromium, there, "clinician") as page:
        page.goto("/monitor", wait_until="load")
        page.wait_for_selector(".bed.calls", timeout=60_000)
        assert "beyond a limit" in page.locator(".bed.calls .messages").inner_text()
        assert "False alerts:" in page.locator(".bed.calls").inner_text()
        assert "scale" in page.locator("[data-scale]").first.inner_text()
        assert serious(page) == []
        page.get_by_role("button", name="Acknowledge").first.click()
        page.wait_for_selector(".bed .tag:has-text('seen by')", timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_pages_are_for_everybody(there: Listening, chromium: Any, scheme: str) -> None:
    with opened(chromium, there, color_scheme=scheme) as page:
        for place in PLACES:
            settled(page, place)
            assert serious(page) == [], place


def test_pages_fit_a_phone(there: Listening, chromium: Any) -> None:
    with opened(chromium, there, viewport={"width": 390, "height": 844}) as page:
        for place in PLACES:
            settled(page, place)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{place}: {wide} px too wide"


def test_a_page_is_light(there: Listening, chromium: Any) -> None:
    """Everything that a page with a chart loads, without ECharts, as it is sent."""
    with opened(chromium, there) as page:
        sizes = loaded(page, there, "/patients/sample-a/measurements/6301-6")
        page.wait_for_selector("figure.drawn canvas")
    assert not [one for one in sizes if "echarts" in one]
    assert 20_000 < sum(sizes.values()) <= LIGHT


@pytest.mark.slow
def test_the_whole_dose_page_by_keyboard(there: Listening, chromium: Any) -> None:
    with opened(chromium, there) as page:
        page.goto(DOSE)
        page.wait_for_selector("figure.drawn")
        assert serious(page) == []
        before = page.locator("#course").inner_text()
        reached: list[str] = []
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
            if reached[-1] == "dose":
                break
        assert {"To the content", "Print view", "PDF", "Draft order (FHIR)", "route", "dose"} <= set(reached)
        page.keyboard.press("Control+A")
        page.keyboard.type("2")
        page.wait_for_selector("#course .message:has-text('tacrolimus 2 mg by mouth every 12 h')")
        page.wait_for_selector("#course figure.drawn")
        assert page.locator("#course").inner_text() != before
        assert page.evaluate("document.activeElement.name") == "dose"  # the answer does not take the focus
        plot = page.locator("#course .plot")
        plot.focus()
        page.keyboard.press("ArrowRight")
        assert any(one.isdigit() for one in page.locator("#course .u-legend .u-value").first.inner_text())
        assert serious(page) == []


@pytest.mark.slow
def test_a_dose_on_paper(there: Listening, chromium: Any) -> None:
    with opened(chromium, there, color_scheme="dark") as page:
        page.goto(DOSE)
        page.wait_for_selector("figure.drawn")
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("nav").first.is_visible()
        assert page.locator("nav.person b", has_text="Carla Sample").is_visible()  # whose it is
        assert not page.locator("#h-try").is_visible()
        assert page.locator("#h-regimens").is_visible()


def test_a_bundle_dropped_is_seen_on_the_timeline(there: Listening, chromium: Any, tmp_path: Path) -> None:
    from test_serve_pages_record import bundle

    file = tmp_path / "new.json"
    file.write_bytes(bundle(0.9, 1.4))
    with opened(chromium, there) as page:
        page.goto("/intake")
        page.set_input_files("#files", str(file))
        assert "1 chosen: new.json" in page.locator("#chosen").inner_text()
        page.get_by_role("button", name="Add to the record").click()
        page.wait_for_selector("#h-account")
        assert "3 stored" in page.locator("#h-account").inner_text()
        page.locator("#account a[href^='/patients/']").first.click()
        page.get_by_role("link", name="Timeline").click()
        assert page.get_by_role("cell", name="1.4 mg/dL").count() == 1


def test_without_scripts_pages_can_be_read(there: Listening, chromium: Any) -> None:
    with opened(chromium, there, java_script_enabled=False) as page:
        page.goto("/patients/sample-a")
        page.get_by_role("link", name="Laboratory and other measurements: 7").click()
        assert page.get_by_role("link", name="Creatinine").is_visible()
        page.get_by_role("link", name="Creatinine").click()
        page.locator("summary").click()
        assert page.get_by_role("cell", name="1.63").first.is_visible()


def put(page: Any, picture: dict[str, Any]) -> None:
    """A figure as the macro `chart` makes it, drawn."""
    page.evaluate(
        """async (picture) => {
        const figure = document.createElement("figure");
        figure.dataset.chart = "";
        figure.id = "put";
        const box = Object.assign(document.createElement("div"), { className: "plot" });
        const data = Object.assign(document.createElement("script"), { type: "application/json" });
        data.textContent = JSON.stringify(picture);
        figure.append(box, data);
        document.getElementById("main").append(figure);
        (await import("/static/chart.js")).drawAll();
    }""",
        picture,
    )
    page.wait_for_selector("#put.drawn canvas")


LINE: dict[str, Any] = {"title": "a", "y": [1, 2, 3], "bands": [], "marks": False}
PICTURE: dict[str, Any] = {
    "name": "p", "title": "P", "x_title": "x", "x_unit": "mL", "y_title": "y", "y_unit": "mmHg", "x": [0, 1, 2],
    "x_is_time": False, "zone": [1, None], "lines": [LINE],
}  # fmt: skip
UPDATE = """async (picture) => (await import("/static/chart.js")).update(document.getElementById("put"), picture)"""
DRAWN = "document.querySelector('#put canvas').toDataURL()"


def test_a_picture_that_changes_is_drawn_anew(there: Listening, chromium: Any) -> None:
    with opened(chromium, there) as page:
        page.goto("/intake")
        put(page, PICTURE)
        before = page.evaluate(DRAWN)
        lines = [LINE | {"y": [3, 1, None]}]
        page.evaluate(UPDATE, PICTURE | {"lines": lines})
        page.wait_for_function(f"before => {DRAWN} !== before", arg=before)
        banded = [lines[0] | {"bands": [[[1, 0, 0], [4, 3, 3]]]}]
        page.evaluate(UPDATE, PICTURE | {"lines": banded})
        assert page.locator("#put canvas").count() == 1


def test_a_loop_is_drawn_and_moved_within_the_policy(there: Listening, chromium: Any) -> None:
    with opened(chromium, there) as page:
        page.goto("/intake")
        put(page, PICTURE | {"x": [0, 2, 1, 0]} | {"lines": [LINE | {"y": [0, 1, 2, 0]}]})
        before = page.evaluate(DRAWN)
        page.evaluate(UPDATE, PICTURE | {"x": [0, 3, 1, 0]} | {"lines": [LINE | {"y": [0, 4, 5, 0]}]})
        page.wait_for_function(f"before => {DRAWN} !== before", arg=before)
