"""Every public docstring tells shapes, units, errors and sources, shows an example, and is in the reference."""

import inspect
import re

import pytest
from reference import RESULTS, WITH_LIBRARY, faults, members, public_names, resolve, unsourced
from support import ROOT, needs

import conjac

DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
NAMES = public_names()

# What computes names its sources, each in its own docstring; nothing is in neither list.
COMPUTES = {
    "conjac.Comparison",
    "conjac.ConfusionCurve",
    "conjac.ConfusionJacobian",
    "conjac.Decision",
    "conjac.DriftRanking",
    "conjac.Features",
    "conjac.Hyperparameters",
    "conjac.InfluentialRows",
    "conjac.MetricGradient",
    "conjac.Mix",
    "conjac.MultilabelCurves",
    "conjac.MultilabelDecision",
    "conjac.Offsets",
    "conjac.Parameters",
    "conjac.RowContributions",
    "conjac.ScoreJacobian",
    "conjac.Surface",
    "conjac.Tally",
    "conjac.Threshold",
    "conjac.TrainingWeights",
    "conjac.TunedDecisionClassifier",
    "conjac.TunedHyperparameters",
    "conjac.bayes_offsets",
    "conjac.calculus.Chain",
    "conjac.calculus.Integral",
    "conjac.calculus.JacobianResult",
    "conjac.calculus.Root",
    "conjac.calculus.Stability",
    "conjac.calculus.Trace",
    "conjac.calculus.change_of_variables",
    "conjac.calculus.complex_step",
    "conjac.calculus.determinant",
    "conjac.calculus.jacobian",
    "conjac.calculus.jvp",
    "conjac.calculus.log_abs_det",
    "conjac.calculus.newton",
    "conjac.calculus.stability",
    "conjac.calculus.substitute",
    "conjac.calculus.vjp",
    "conjac.compare",
    "conjac.confusion_jacobian",
    "conjac.decisions.CostCurve",
    "conjac.decisions.DecisionCurve",
    "conjac.decisions.Front",
    "conjac.decisions.Tradeoff",
    "conjac.decisions.offsets.OffsetFront",
    "conjac.maximize",
    "conjac.metrics.Domain",
    "conjac.metrics.Metric",
    "conjac.metrics.compose",
    "conjac.metrics.coverage",
    "conjac.metrics.decision_curve_slope",
    "conjac.metrics.expected_cost",
    "conjac.metrics.fbeta",
    "conjac.metrics.net_benefit",
    "conjac.metrics.ratio",
    "conjac.metrics.selective_accuracy",
    "conjac.pareto_front",
    "conjac.polish",
    "conjac.rank_drifts",
    "conjac.score_jacobian",
    "conjac.sensitivity.Sensitivity",
    "conjac.solve",
    "conjac.surface",
    "conjac.testing.check_jacobian",
    "conjac.tradeoff",
    "conjac.tune_hyperparameters",
}
PLAIN = {
    *(name for name in NAMES if name.endswith(("Error", "Warning", "Display"))),
    "conjac.Between",
    "conjac.Constraint",
    "conjac.Explorer",
    "conjac.Report",
    "conjac.Velocities",
    "conjac.calculus.Elementwise",
    "conjac.calculus.IDENTITY",
    "conjac.calculus.LOGIT",
    "conjac.calculus.Step",
    "conjac.calculus.as_linear_operator",
    "conjac.datasets.Dataset",
    "conjac.datasets.at_hand",
    "conjac.datasets.load",
    "conjac.datasets.names",
    "conjac.decisions.tradeoff.Course",
    "conjac.inference.Estimate",
    "conjac.inference.Interval",
    "conjac.metrics.Formula",
    "conjac.metrics.RATIO",
    "conjac.metrics.REAL",
    "conjac.metrics.SIGNED",
    "conjac.metrics.UNIT",
    "conjac.metrics.names",
    "conjac.metrics.resolve",
    "conjac.models.Adapter",
    "conjac.models.Applied",
    "conjac.models.Model",
    "conjac.models.Objective",
    "conjac.models.bind",
    "conjac.models.load",
    "conjac.models.register",
    "conjac.motion.Slopes",
    "conjac.rules.ArgmaxRule",
    "conjac.rules.ThresholdRule",
    "conjac.testing.check_merge",
    "conjac.training.Visit",
    "conjac.training.surfaces.BestNode",
    "conjac.training.surfaces.SurfacePoint",
}

# Where a delegate may raise, and never does on what it is passed here.
QUIET = {
    "conjac.Comparison.to_dict": "it asks for tables that there are",
    "conjac.decisions.Tradeoff.to_columns": "at a level that was checked when it was made",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_public_docstring_is_whole(name):
    assert faults(name, resolve(name), frozenset(QUIET)) == []


@pytest.mark.parametrize("name", WITH_LIBRARY)
def test_docstrings_of_what_needs_a_library_are_whole(name):
    needs(WITH_LIBRARY[name])
    public = resolve(name)
    assert faults(name, public, frozenset(QUIET)) == []
    assert list(unsourced(name, inspect.getdoc(public), PAGES)) == []


def test_each_public_name_is_known_to_compute_or_not():
    assert not COMPUTES & PLAIN
    assert set(NAMES) == COMPUTES | PLAIN


@pytest.mark.parametrize("name", sorted(COMPUTES))
def test_what_computes_names_its_sources(name):
    assert list(unsourced(name, inspect.getdoc(resolve(name)), PAGES)) == []


def test_links_of_docstrings_lead_to_pages():
    lost = {}
    for path in (ROOT / "src").rglob("*.py"):
        lost[path.name] = [page for page in re.findall(r":doc:`/([^`]*)`", path.read_text()) if page not in PAGES]
    assert {name: pages for name, pages in lost.items() if pages} == {}


def listed():
    """Return the names in the reference, in full: entries of its tables, and what it describes by hand."""
    found = []
    for path in sorted((DOCS / "api").glob("*.md")):
        module = "conjac"
        for line in path.read_text().splitlines():
            if told := re.match(r"\.\. currentmodule:: (\S+)", line):
                module = told[1]
            if told := re.match(r"(?:   ~?|\.\. py:data:: )([A-Za-z_][\w.]*)$", line):
                found.append(told[1] if told[1].startswith("conjac.") else f"{module}.{told[1]}")
    return found


def test_the_reference_lists_every_public_name_once():
    found = listed()
    assert sorted(found) == sorted({*NAMES, *WITH_LIBRARY})


def test_the_reference_leads_to_each_of_its_pages():
    index = (DOCS / "api.md").read_text()
    for path in (DOCS / "api").glob("*.md"):
        assert index.count(f"api/{path.stem}\n") == 1, f"{path.name} is not in the tree of api.md"
        assert f"(api/{path.name})" in index


def test_results_are_what_public_functions_return():
    told = [inspect.getdoc(f) or "" for name in NAMES for f in functions(resolve(name))]
    for name in RESULTS:
        last = name.rpartition(".")[2]
        assert any(re.search(rf"\b{last}\b", text) for text in told), f"nothing public mentions {name}"


def functions(public):
    """Yield a public function, or a class and its members."""
    yield public
    if inspect.isclass(public):
        yield from (member.function for member in members(public))


WHOLE = '''
    """Return the slope of a line.

    Parameters
    ----------
    x : array of shape (n,)
        Where.
    step : float
        In units of x.

    Returns
    -------
    array of shape (n,)
        Per unit of x.

    Raises
    ------
    InvalidInputError
        A step of 0.

    Notes
    -----
    Euler 1755.

    Examples
    --------
    >>> 1 + 1
    2
    """
'''


def made(tmp_path, text, body="    if not step:\n        raise InvalidInputError('step=0')\n    return x"):
    """Return a function with this docstring, from a file, as its source is read."""
    path = tmp_path / "made.py"
    path.write_text(f"from conjac.errors import InvalidInputError\n\n\ndef slope(x, step) -> 'AnyArray':{text}{body}\n")
    namespace = {"__name__": "conjac.made"}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    return namespace["slope"]


def text_of(quoted):
    """Return what a function with this docstring would tell."""
    return inspect.cleandoc(quoted.strip().strip('"'))


def test_the_checker_lets_a_whole_docstring_pass(tmp_path):
    assert faults("slope", made(tmp_path, WHOLE)) == []
    assert list(unsourced("slope", text_of(WHOLE), set())) == []


@pytest.mark.parametrize(
    ("whole", "broken", "complaint"),
    [
        ("step : float\n        In units of x.\n", "", "takes"),
        ("step : float", "steps : float", "takes"),
        ("    x : array", "    y : array of shape (n,)\n        Nothing.\n    x : array", "takes"),
        ("step : float", "step", "has no type"),
        ("        Where.\n", "", "is not described"),
        ("x : array of shape (n,)", "x : array", "of which shape"),
        ("In units of x.", "How far.", "has no units"),
        ("    Returns\n    -------\n    array of shape (n,)\n        Per unit of x.\n", "", "does not say so"),
        ("array of shape (n,)\n        Per unit", "float\n        Per unit", "of which shape"),
        ("    Raises\n    ------\n    InvalidInputError\n        A step of 0.\n", "", "raises InvalidInputError"),
        ("InvalidInputError\n", "NotSupportedError\n", "raises InvalidInputError"),
        (">>> 1 + 1\n    2\n", "As above.\n", "no example"),
        ("Euler 1755.", "L. Euler 1755.", "begins a list"),
        ("Return the slope of a line.", "", "no summary"),
    ],
)
def test_the_checker_catches(tmp_path, whole, broken, complaint):
    assert whole in WHOLE
    found = faults("slope", made(tmp_path, WHOLE.replace(whole, broken)))
    assert any(complaint in fault for fault in found), found


def test_the_checker_catches_what_a_delegate_raises(tmp_path):
    silent = WHOLE.replace("    Raises\n    ------\n    InvalidInputError\n        A step of 0.\n", "")
    slope = made(tmp_path, silent, body="    conjac_jacobian(x, step)\n    return x")
    slope.__globals__["conjac_jacobian"] = conjac.calculus.jacobian
    assert any("says nothing of what jacobian raises" in fault for fault in faults("slope", slope))


@pytest.mark.parametrize("source", ["Euler.", "See :doc:`/nowhere`."])
def test_the_checker_catches_a_formula_without_a_source(source):
    assert list(unsourced("slope", text_of(WHOLE.replace("Euler 1755.", source)), {"design"}))


def test_the_checker_reads_classes():
    class Found:
        """Something.

        Parameters
        ----------
        value : float
            What.

        Examples
        --------
        >>> 1 + 1
        2
        """

        def __init__(self, value, other):
            self.value, self.other = value, other

        def gradient(self) -> "AnyArray":  # noqa: F821
            """Return it."""
            raise conjac.InvalidInputError("never")

        @property
        def slope(self) -> "AnyArray":  # noqa: F821
            """That of the line."""
            return self.value

    for function in (Found.__init__, Found.gradient, Found.slope.fget):
        function.__module__ = "conjac.made"
    text = "\n".join(faults("Found", Found))
    assert "documents ['value'], and takes ['value', 'other']" in text
    assert "Found.gradient: returns AnyArray, and does not say so" in text
    assert "Found.gradient: raises InvalidInputError, and does not say so" in text
    assert "Found.slope: is an array, of which shape?" in text
    assert "Found.slope: has no units" in text
