"""Sphinx settings: MyST pages, numpydoc docstrings, a gallery that runs."""

import os
import re
import shutil
from pathlib import Path

import matplotlib
from sphinx_gallery.sorting import ExplicitOrder

import conjac
from conjac import datasets

matplotlib.use("Agg")

HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[1] / "shared" / "data"
if BESIDE.is_dir():
    os.environ.setdefault("CONJAC_DATA", str(BESIDE))

project = "conjac"
author = "conjac developers"
copyright = "2026, conjac developers"
release = version = conjac.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery", "benchmarks/[!i]*.md"]  # the tables are included by benchmarks/index.md
templates_path = []
html_static_path = ["_static"]
html_theme = "pydata_sphinx_theme"
html_title = f"conjac {version}"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "header_links_before_dropdown": 6}
html_show_sourcelink = False
html_sidebars = {"index": []}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings state types and shapes
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Scripts whose data are at hand run, and those of Spark where there is Java; the others are shown as they are, and
# their pages say so. Where every part is promised, none may be left out.
SCRIPTS = sorted((HERE / "gallery").rglob("plot_*.py"))


def lacking(text):
    """Return what a script needs and this machine lacks."""
    lack = {name for name in re.findall(r'datasets\.load\("(\w+)"', text) if not datasets.at_hand(name)}
    return lack | ({"Java"} if "pyspark" in text and not shutil.which("java") else set())


LACKING = {path: lack for path in SCRIPTS if (lack := lacking(path.read_text()))}
if LACKING and os.environ.get("CONJAC_REQUIRE_ALL") == "1":
    raise RuntimeError(f"CONJAC_REQUIRE_ALL=1 promises every part, and these are not at hand: {LACKING}")

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "subsection_order": ExplicitOrder(
        [
            f"gallery/{name}"
            for name in ("spam", "health", "finance", "manufacturing", "images", "operations", "pictures")
        ]
    ),
    "filename_pattern": "|".join(re.escape(path.name) + "$" for path in SCRIPTS if path not in LACKING),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}


def tell_lacking(_app, docname, source):
    """Say at the head of a gallery page that its data were not at hand."""
    for path, lack in LACKING.items():
        if docname == f"auto_gallery/{path.parent.name}/{path.stem}":
            names = ", ".join(sorted(lack))
            source[0] = f".. attention:: Not run: {names} was not at hand when this page was built.\n\n{source[0]}"


def setup(app):
    """Connect what this site adds to Sphinx."""
    app.connect("source-read", tell_lacking)
