"""Make the README's picture: the top of the report on the demo's data, as a browser shows it.

    python docs/picture.py [-o docs/_static/report.png]

needs Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import conjac as cj
from conjac.views.demo import demo_scores

WIDTH, HEIGHT, SCALE = 1100, 880, 1.5
COLOURS = 128
"""The page has few; a palette makes the file a third as large."""


def screenshot(page: Path, target: Path) -> None:
    """Save what a browser shows of a page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("docs/picture.py needs Chromium: install it, and run this again")
    options = [f"--window-size={WIDTH},{HEIGHT}", f"--force-device-scale-factor={SCALE}", f"--screenshot={target}"]
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options, page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "_static" / "report.png")
    output = parser.parse_args().output
    with TemporaryDirectory() as folder:
        page, shot = Path(folder, "report.html"), Path(folder, "report.png")
        cj.Report.from_predictions(**demo_scores()).save(page)
        screenshot(page, shot)
        with Image.open(shot) as picture:
            picture.convert("RGB").quantize(COLOURS).save(output, optimize=True)
    print(output)


if __name__ == "__main__":
    main()
