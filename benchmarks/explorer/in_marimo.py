"""The explorer in marimo, driven in a real browser: what its shadow root, its theme and its model do with the widget.

    python benchmarks/explorer/in_marimo.py [--port 27180]

Runs marimo on this machine alone, opens the app in Chromium, moves the slider, and reads the state back in Python's own
output. Too slow for the suite, which drives the same widget behind a model of its own. Needs marimo, Playwright and
Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

APP = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import numpy as np
    import conjac as cj

    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 2000)
    score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    explorer = cj.confusion_jacobian(y, score, threshold=0.3).explore(title="In marimo", surface=False)
    explorer
    return explorer, mo


@app.cell
def _(explorer, mo):
    widget = mo.ui.anywidget(explorer.widget())
    widget
    return (widget,)


@app.cell
def _(mo, widget):
    mo.md(f"<span id='state'>{widget.value['state'].get('at')}</span>")
    return


@app.cell
def _(explorer):
    explorer.iframe()
    return


if __name__ == "__main__":
    app.run()
"""


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--port", type=int, default=27180)
    port = reader.parse_args().port
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.py")
        path.write_text(APP)
        command = [sys.executable, "-m", "marimo", "run", str(path), "--headless", "--no-token", "--host", "127.0.0.1"]
        server = subprocess.Popen([*command, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            drive(f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()
            server.wait(timeout=20)


def drive(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1100, "height": 1600}, color_scheme="dark")
        for _ in range(60):
            try:
                tab.goto(address)
                break
            except Error:
                time.sleep(0.5)
        slider = tab.locator(".conjac.cell input[type=range]").first
        slider.wait_for(timeout=60_000)
        print("in a shadow root:", slider.evaluate("(node) => node.getRootNode() instanceof ShadowRoot"))
        print(
            "theme, where marimo is light and the system dark:",
            tab.locator(".conjac.cell").first.get_attribute("data-theme"),
        )
        tab.locator(".conjac.cell .chart").first.evaluate("(node) => node.scrollIntoView()")
        tab.locator(".conjac.cell .js-plotly-plot .main-svg").first.wait_for(timeout=20_000)
        print("charts are drawn: True")
        slider.press("PageUp")
        moved = slider.input_value()
        tab.wait_for_function("(at) => document.querySelector('#state')?.textContent.startsWith(at)", arg=moved[:8])
        print(
            "slider, its other view, and Python:",
            moved,
            *(tab.locator(".conjac.cell input[type=range]").nth(1).input_value(), tab.locator("#state").text_content()),
        )
        frame = tab.locator("iframe").last.element_handle().content_frame()
        frame.wait_for_selector("html[data-conjac=ready]", timeout=20_000)
        print("the frame is ready: True")
        browser.close()


if __name__ == "__main__":
    main()
