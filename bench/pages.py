"""Pages in Chromium: bytes, first paint, frames of a live chart: `python -m bench.pages ONE_TIME_LINK`.

A server must be running over the sample patients; the link is the one that it printed. Bytes are those of the first
answer as sent and of all that a page loads without ECharts. First paint is "first contentful paint" of the Performance
API, from the start of the navigation, the median of five loads with a filled cache, and the best of them. The live
chart holds 10,000 points and gets all of them anew for each frame (`update` of static/chart.js), for five seconds; the
CPU time of the page's main thread for one frame says what it would reach on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import shutil
from statistics import median
from typing import Any
from urllib.parse import urlsplit

PLACES = (
    "/", "/patients/sample-a", "/patients/sample-a/timeline", "/patients/sample-a/measurements/6301-6",
    "/patients/sample-e/measurements/glucose", "/patients/sample-c/twins/dose", "/patients/sample-e/twins/glucose",
    "/patients/sample-d/twins/heart", "/monitor", "/intake", "/audit", "/patients/sample-a/consent", "/account",
)  # fmt: skip
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_FRAMES = """async () => {
  const { update, drawAll } = await import("/static/chart.js");
  const x = Array.from({ length: 10000 }, (_, k) => k);
  const wave = (at) => x.map((k) => 100 + 30 * Math.sin((k + at) / 150) + (k % 7));
  const picture = (at) => ({ name: "live", title: "Live", x_title: "x", x_unit: "s", y_title: "y", y_unit: "mmHg", x,
    x_is_time: false, zone: [70, 130], lines: [{ title: "a", y: wave(at), bands: [], marks: false }] });
  const figure = Object.assign(document.createElement("figure"), { id: "live" });
  figure.dataset.chart = "";
  const data = Object.assign(document.createElement("script"), { type: "application/json" });
  data.textContent = JSON.stringify(picture(0));
  figure.append(Object.assign(document.createElement("div"), { className: "plot" }), data);
  document.getElementById("main").append(figure);
  drawAll();
  while (!figure.classList.contains("drawn")) await new Promise(requestAnimationFrame);
  const begun = performance.now();
  let frames = 0;
  while (performance.now() - begun < 5000) {
    update(figure, picture(20 * frames));
    frames += 1;
    await new Promise(requestAnimationFrame);
  }
  return [(1000 * frames) / (performance.now() - begun), frames];
}"""


def loads(page: Any, place: str) -> tuple[int, int, float, float]:
    """Bytes of the first answer, of everything without ECharts, and median and best first paint in ms."""
    asked: list[Any] = []

    def heard(one: Any) -> None:
        asked.append(one)

    page.on("requestfinished", heard)
    first = len(page.goto(place, wait_until="load").body())
    page.wait_for_timeout(1500)
    page.remove_listener("requestfinished", heard)
    sizes = {one.url: one.sizes()["responseBodySize"] for one in asked}
    paints = []
    for _ in range(5):
        page.goto(place, wait_until="load")
        page.wait_for_timeout(300)
        paints.append(float(page.evaluate(_PAINT) or "nan"))
    return first, sum(size for url, size in sizes.items() if "echarts" not in url), median(paints), min(paints)


def frames(page: Any) -> tuple[float, float]:
    """Frames a second, and CPU time of the main thread for one in ms."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    before = busy()
    rate, count = page.evaluate(_FRAMES)
    return rate, 1000 * (busy() - before) / count


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link", help="one-time sign-in link of the server")
    link = parser.parse_args().link
    parts = urlsplit(link)
    with sync_playwright() as one:
        browser = one.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        base = f"{parts.scheme}://{parts.netloc}"
        context = browser.new_context(base_url=base)
        page = context.new_page()
        page.goto(link)
        for place in PLACES:
            fresh = browser.new_context(base_url=base, storage_state=context.storage_state())
            html, sent, usual, best = loads(fresh.new_page(), place)
            fresh.close()
            sizes = f"first {html / 1000:5.1f} kB  page {sent / 1000:6.1f} kB"
            print(f"{place:44} {sizes}  paint {usual:5.0f} ms (best {best:.0f})", flush=True)
        page.goto("/intake")
        rate, cpu = frames(page)
        print(f"live chart of 10,000 points: {rate:.0f} frames a second, {cpu:.1f} ms of CPU each")
        browser.close()


if __name__ == "__main__":
    main()
