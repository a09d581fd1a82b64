"""How large an explorer's file is, how soon it is there, and how fast it follows its slider, in Chromium.

    python -m benchmarks.explorer.slider [--rows N] [--classes K ...] [--moves N] [--width PIXELS] [--output FOLDER]

A move is an input event on the slider, dispatched at the start of a frame, as browsers deliver a drag. *Handler* is
until the event has been handled; *painted* until the frame that holds the change has been painted (the first task after
it). Long tasks are those of 50 ms or more that the browser reports, during these moves and during as many of a mouse
that drags the slider by hand. The peer is Plotly alone on the same pictures in the same page, by its own ways to move a
cursor: `relayout`, with the cursor as a shape.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

import conjac as cj
from benchmarks.decisions.report import markdown_table, page, verdict

CHROMIUM = "/usr/bin/chromium"
LARGEST, READY, PAINTED, HANDLED, LONG = 2.5e6, 2_500, 16, 8, 50
HEAD = "The explorer's page in Chromium without a GPU, in one run on one machine."
SCRIPT = Path(__file__).with_name("slider.js").read_text(encoding="utf-8")
WATCH = """
window.long = [];
new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask", buffered: true });
new MutationObserver((_, watch) => {
  if (document.documentElement?.dataset.conjac !== "ready") return;
  window.ready = performance.now();
  watch.disconnect();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-conjac"] });
"""

DRAWN = """
() => [...document.querySelectorAll(".chart")].every((chart) => {
  const { top, bottom } = chart.getBoundingClientRect();
  return bottom < -200 || top > innerHeight + 200 || chart.querySelector(".main-svg");
})
"""


def explorer(n_rows: int, n_classes: int) -> cj.Explorer:
    """Explore normal scores, with columns for the point map."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n_rows)
    X = rng.normal(size=(n_rows, 4)) + y[:, None] / n_classes
    if n_classes == 2:
        return cj.Explorer.from_predictions(y, 1 / (1 + np.exp(-rng.normal(1.5 * (2 * y - 1), 1.2))), X=X)
    return cj.Explorer.from_predictions(y, rng.normal(size=(n_rows, n_classes)) + 1.5 * np.eye(n_classes)[y], X=X)


def measure(tab: Page, address: str, moves: int) -> dict[str, Any]:
    """Open a page and move its slider."""
    tab.add_init_script(WATCH)
    tab.goto(address)
    tab.wait_for_selector("html[data-conjac=ready]")
    ready = tab.evaluate("ready")
    tab.wait_for_timeout(3_000)  # pictures near the window are drawn
    loading = tab.evaluate("long.splice(0)")
    paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    found = {"ready": ready, "paint": paint, "loading": loading}
    for place in ("top", "lines", "points"):  # what is in the window: tables, lines, rows as points
        tab.evaluate(f"{SCRIPT}.show({place!r})")
        tab.wait_for_function(DRAWN)
        tab.wait_for_timeout(1_500)
        tab.evaluate("long.splice(0)")
        found[place] = tab.evaluate(f"{SCRIPT}.drag({moves})")
        found[place]["long"] = tab.evaluate("long.splice(0)")
    tab.evaluate(f"{SCRIPT}.show('top')")
    found["hand"] = by_hand(tab, moves)
    tab.evaluate(f"{SCRIPT}.show('lines')")
    tab.wait_for_timeout(500)
    found["peer"] = tab.evaluate(f"{SCRIPT}.peer({min(moves, 50)})")
    return found


def by_hand(tab: Page, moves: int) -> list[float]:
    """Drag the slider by the mouse; return the long tasks of it."""
    box = tab.locator("input[type=range]").first.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] / 2, height)
    tab.mouse.down()
    tab.evaluate("long.splice(0)")
    for k in range(moves):
        tab.mouse.move(box["x"] + box["width"] * (0.5 + 0.4 * np.sin(k / 15)), height)
    tab.wait_for_timeout(400)
    tab.mouse.up()
    return list(tab.evaluate("long.splice(0)"))


def told(found: dict[str, Any]) -> list[list[str]]:
    """Return the lines of a table: one a place of the page, then the peer."""

    def line(name: str, one: dict[str, Any]) -> list[str]:
        sides = [np.asarray(one[side]) for side in ("handled", "painted")]
        figures = [f"{np.percentile(side, share):.1f}" for side in sides for share in (50, 95)]
        return [name, *figures, f"{max(one['long'], default=0):.0f}" if "long" in one else ""]

    names = {"top": "tables in sight", "lines": "lines in sight", "points": "points in sight"}
    return [*(line(name, found[key]) for key, name in names.items()), line("Plotly, of the lines alone", found["peer"])]


def verdicts(name: str, size: int, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return whether each requirement is met."""
    places = ("top", "lines", "points")
    handled, painted = (max(np.median(found[p][side]) for p in places) for side in ("handled", "painted"))
    longest = max([*(t for p in places for t in found[p]["long"]), *found["hand"]], default=0)
    return [
        verdict(f"{name}: at most 2.5 MB", size <= LARGEST, f"{size / 1e6:.2f} MB"),
        verdict(f"{name}: interactive within 2.5 s", found["ready"] < READY, f"{found['ready'] / 1e3:.2f} s"),
        verdict(f"{name}: painted in under 16 ms, median", painted < PAINTED, f"{painted:.1f} ms"),
        verdict(f"{name}: handled in under 8 ms, median", handled < HANDLED, f"{handled:.1f} ms"),
        verdict(f"{name}: no task over 50 ms", longest <= LONG, f"longest {longest:.0f} ms" if longest else "none"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer.slider", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 10])
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--chromium", default=CHROMIUM)
    parser.add_argument("--output", type=Path, help="folder of the page and its record")
    options = parser.parse_args()
    parts, judged, record = {}, [], {}
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        chromium = driver.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        for n_classes in options.classes:
            name = f"{options.rows:,} rows, {n_classes} classes"
            start = perf_counter()
            path = explorer(options.rows, n_classes).save(Path(folder) / f"{n_classes}.html")
            made, size = perf_counter() - start, path.stat().st_size
            tab = chromium.new_page(viewport={"width": options.width, "height": 900})
            found = measure(tab, path.as_uri(), options.moves)
            tab.close()
            record[name] = {"seconds": made, "size": size, **found}
            judged += verdicts(name, size, found)
            heads = ["ms", "handler, median", "95 %", "painted, median", "95 %", "longest task"]
            soon = f"interactive after {found['ready'] / 1e3:.2f} s, first paint after {found['paint'] / 1e3:.2f} s"
            facts = f"Made in {made:.1f} s; {size / 1e6:.2f} MB; {soon}."
            parts[name] = f"{facts}\n\n{markdown_table(heads, told(found))}"
        version = chromium.version
        chromium.close()
    text = page(
        parts, judged, [f"Chromium {version}, {options.moves} moves."], options.rows < 10_000, HEAD, ("plotly",)
    )
    if options.output:
        (options.output / "explorer.md").write_text(text)
        (options.output / "explorer.json").write_text(json.dumps(record, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
