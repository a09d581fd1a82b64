"""Sphinx settings: MyST pages, numpydoc docstrings, a gallery that runs."""

import inspect
import os
import re
import shutil
import sys
from pathlib import Path

import matplotlib
from sphinx_gallery.sorting import ExplicitOrder

import conjac
from conjac import datasets

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests"))
from reference import WITH_LIBRARY, members, public_names, resolve  # noqa: E402, the surface that the tests hold

matplotlib.use("Agg")

project = "conjac"
author = "conjac developers"
copyright = "2026, conjac developers"
release = version = conjac.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery", "benchmarks/[!i]*.md"]  # the tables are included by benchmarks/index.md
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = f"conjac {version}"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "header_links_before_dropdown": 6}
html_show_sourcelink = False
html_sidebars = {"index": []}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings state types and shapes
toc_object_entries_show_parents = "hide"
default_role = "py:obj"  # so that `Decision` in a docstring leads to its page
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# The reference has a page for each name. That of a class lists what conjac wrote, not what is inherited from others.
autosummary_filename_map = {  # beside the classes of the same letters, for disks that do not tell case
    "conjac.surface": "conjac.surface-function",
    "conjac.calculus.stability": "conjac.calculus.stability-function",
}


def own_members(cls):
    """Return the names of a class's own properties and methods, by kind."""
    found = {"properties": [], "methods": []}
    for one in members(cls):
        found["properties" if one.is_property else "methods"].append(one.name)
    return found


PUBLIC = {name: resolve(name) for name in (*public_names(), *WITH_LIBRARY)}
autosummary_context = {"own": {name: own_members(thing) for name, thing in PUBLIC.items() if inspect.isclass(thing)}}

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

FIELDS = ("spam", "health", "finance", "manufacturing", "images", "operations", "pictures")
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "subsection_order": ExplicitOrder([f"gallery/{name}" for name in FIELDS]),
    "filename_pattern": "|".join(re.escape(path.name) + "$" for path in SCRIPTS if path not in LACKING),
    "abort_on_example_error": True,
    "ignore_repr_types": r"matplotlib\.|conjac\.views\.displays",  # the figure is shown, and no address
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


def hide_what_nobody_passes(_app, what, _name, _obj, _options, signature, returns):
    """Show no signature of a class that its own functions make, and nobody else: some argument is private."""
    return ("", returns) if what == "class" and "_" in re.findall(r"[(\s](_?)\w+", signature or "") else None


def setup(app):
    """Connect what this site adds to Sphinx."""
    app.connect("autodoc-process-signature", hide_what_nobody_passes)
    app.connect("source-read", tell_lacking)
