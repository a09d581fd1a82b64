"""The order of imports, the weight of ``import conjac``, and the public surface, read from the source."""

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from support import ROOT, SRC

import conjac

# The drawing in docs/design.md, foundations first: a line imports from the lines before it.
LEVELS = (
    "_version _typing",
    "errors blocks",
    "readonly reading progress writing",
    "calculus validation frames inputs",
    "metrics coordinates rules perturbations prevalence confusions",
    "tally facets odds weights bundles",
    "density",
    "inference",
    "motion",
    "influence",
    "sensitivity diagnostics",
    "decisions",
    "models engines objectives",
    "embedding contributions gradients framed jacobian exports figures curve multilabel tuning tradeoffs comparison "
    "estimators drift scores training",
    "views testing datasets",
    "cli __main__",
)
# Within a level, who may import whom.
SIDEWAYS = {
    "coordinates": {"rules", "perturbations"},
    "rules": {"coordinates", "perturbations"},
    "perturbations": {"coordinates", "rules"},
    "facets": {"odds"},
    "bundles": {"facets", "weights"},
    "jacobian": {"exports", "contributions", "gradients", "framed"},
    "__main__": {"cli"},
    "engines": {"models", "objectives"},
    "objectives": {"models"},
    "exports": {"jacobian"},  # its type alone
    "curve": {"jacobian", "figures", "framed"},
    "multilabel": {"curve"},
    "tuning": {"curve", "multilabel"},
    "tradeoffs": {"curve", "multilabel", "tuning"},
    "estimators": {"jacobian", "curve", "tuning"},
    "comparison": {"jacobian", "curve"},
    "drift": {"jacobian", "curve"},
    "training": {"jacobian", "curve", "estimators"},
}
# The only ways up, each inside the named function: (module.function, target).
UPWARD = {
    ("exports.plot", "views"),
    ("contributions.plot", "views"),
    ("exports.explore", "views"),
    ("curve.plot", "views"),
    ("curve.explore", "views"),
    ("decisions.plot", "views"),
    ("training.plot", "views"),
    ("drift.plot", "views"),
    ("influence.plot", "views"),
    ("comparison.plot", "views"),
    ("tally.to_parquet", "engines"),  # where DuckDB is
    ("tally.from_parquet", "engines"),
}
LEVEL = {module: height for height, line in enumerate(LEVELS) for module in line.split()}
OPTIONAL = {
    "pandas",
    "polars",
    "pyarrow",
    "dask",
    "pyspark",
    "torch",
    "jax",
    "keras",
    "tensorflow",
    "onnxruntime",
    "skops",
    "xgboost",
    "lightgbm",
    "umap",
    "anywidget",
}
LAZY = {
    "pandas",
    "dask",
    "pyspark",
    "matplotlib",
    "plotly",
    "duckdb",
    "torch",
    "jax",
    "keras",
    "tensorflow",
    "onnxruntime",
    "skops",
    "xgboost",
    "lightgbm",
    "umap",
    "anywidget",
}
MODULES = sorted(SRC.rglob("*.py"))


def noun(path):
    """Name the entry of LEVELS that a file belongs to: a module, or the package that holds it."""
    return path.relative_to(SRC).with_suffix("").parts[0]


def imports(source):
    """Yield (enclosing function or None, dotted name imported) for every import in a source text."""

    def walk(node, function):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((function, alias.name) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, "imports within the package are absolute"
                yield from ((function, f"{child.module}.{alias.name}") for alias in child.names)
            elif isinstance(child, ast.Call) and ast.unparse(child.func).endswith("import_module"):
                yield from ((function, a.value) for a in child.args[:1] if isinstance(a, ast.Constant))
            inner = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            yield from walk(child, inner)

    yield from walk(ast.parse(source), None)


def violations(module, source):
    """List the imports of a module that break the drawing."""
    found = []
    for function, name in imports(source):
        package, _, rest = name.partition(".")
        if package != "conjac":
            continue
        target = rest.partition(".")[0]
        if target == module or (f"{module}.{function}", target) in UPWARD:
            continue
        if target not in LEVEL:
            found.append(f"{module} imports {name}: name the module it lives in, and its level in LEVELS")
        elif LEVEL[target] > LEVEL[module]:
            found.append(f"{module} imports {name}, which lies above it")
        elif LEVEL[target] == LEVEL[module] and target not in SIDEWAYS.get(module, ()):
            found.append(f"{module} imports {name}, which lies beside it")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_imports_follow_the_drawing(path):
    module = noun(path)
    if module == "__init__":
        names = [name for _, name in imports(path.read_text()) if name.startswith("conjac.")]
        assert not [name for name in names if LEVEL[name.split(".")[1]] >= LEVEL["cli"]]
        return
    assert module in LEVEL, f"give {module} its level in LEVELS, and in docs/design.md"
    assert not violations(module, path.read_text())


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("density", "from conjac.jacobian import ConfusionJacobian", "above"),
        ("density", "def plot():\n    from conjac.views import charts", "above"),
        ("jacobian", "from conjac.curve import ConfusionCurve", "beside"),
        ("jacobian", "from conjac.views.charts import paint", "above"),
        ("metrics", "import conjac.rules", "beside"),
        ("cli", "from conjac import confusion_jacobian", "name the module"),
        ("tally", "import importlib\nimportlib.import_module('conjac.cli')", "above"),
    ],
)
def test_the_reader_of_imports_catches(module, source, complaint):
    (found,) = violations(module, source)
    assert complaint in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("density", "from conjac.tally import Tally"),
        ("curve", "from conjac.jacobian import ConfusionJacobian"),
        ("rules", "from conjac.coordinates import logit"),
        ("exports", "class J:\n    def plot(self):\n        from conjac.views.charts import paint"),
        ("views", "from conjac.views.summary import summarise"),
        ("errors", "import numpy"),
    ],
)
def test_the_reader_of_imports_lets_pass(module, source):
    assert violations(module, source) == []


def test_each_optional_library_is_imported_in_one_place():
    places = defaultdict(set)
    for path in MODULES:
        for _, name in imports(path.read_text()):
            library = name.partition(".")[0]
            if library in OPTIONAL:
                places[library].add(path.relative_to(SRC).as_posix())
    assert {library: files for library, files in places.items() if len(files) > 1} == {}


def test_importing_conjac_is_light():
    probe = (
        "import sys, sklearn.metrics; before = set(sys.modules); import conjac; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    added = set(done.stdout.split())
    assert "conjac" in added
    assert added & LAZY == set()


def test_public_names_are_sorted_and_present():
    assert list(conjac.__all__) == sorted(conjac.__all__)
    assert [name for name in conjac.__all__ if not hasattr(conjac, name)] == []


@pytest.mark.parametrize("name", [name for name in conjac.__all__ if not name.startswith("__")])
def test_public_names_are_documented(name):
    public = getattr(conjac, name)
    text = inspect.getdoc(public) or ""
    assert text, f"conjac.{name} has no docstring"
    is_error = inspect.isclass(public) and issubclass(public, BaseException)
    if callable(public) and not is_error:
        assert re.search(r"^Examples\n-{8}$", text, re.MULTILINE), f"conjac.{name} shows no example"
        assert ">>>" in text


def without_docstrings(source):
    """Return how many lines a source has besides its docstrings."""
    docstrings = 0
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())) as told, *_]:
                    docstrings += told.end_lineno - told.lineno + 1
    return len(source.splitlines()) - docstrings


def test_no_file_needs_a_table_of_contents():
    code = {path.name: n for path in MODULES if (n := without_docstrings(path.read_text())) > 270}
    texts = [path for path in SRC.rglob("*") if path.suffix in {".jinja", ".css", ".mjs"}]
    long = {path.name: n for path in texts if (n := len(path.read_text().splitlines())) > 370}
    assert code | long == {}


def test_docstrings_are_not_counted():
    assert without_docstrings('"""Of two\n\nlines."""\n\n\ndef f():\n    """One."""\n    return "text"\n') == 4


def test_one_version():
    released = re.search(r"^## \[?(\d[^\s\]]*)", Path(ROOT, "CHANGELOG.md").read_text(), re.MULTILINE)
    assert released is not None
    assert released[1] == conjac.__version__ == importlib.metadata.version("conjac")
