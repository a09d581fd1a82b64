"""The shipped checkers pass what is right, and catch what is not."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import normal_rows

import conjac as cj
from conjac.inference import Interval
from conjac.testing import check_jacobian, check_merge

DATA = normal_rows(0, 600)
PARTS = [tuple(array[i::3] for array in DATA) for i in range(3)]


class Broken:
    """A Jacobian with one attribute replaced."""

    def __init__(self, J, **changed):
        self._J, self._changed = J, changed

    def __getattr__(self, name):
        return self._changed[name] if name in self._changed else getattr(self._J, name)


def scaled(J, name, factor):
    return {name: getattr(J, name) * factor}


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
@pytest.mark.parametrize("groups", [None, np.arange(600) // 4])
def test_a_jacobian_passes(normalize, coordinate, groups):
    check_jacobian(
        cj.confusion_jacobian(*DATA, threshold=0.3, normalize=normalize, coordinate=coordinate, groups=groups)
    )


TILT = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-6]])
BREAKS = {
    "rows do not sum to zero": (lambda J: {"jacobian": J.jacobian * TILT}, "rows of jacobian sum to"),
    "rows of the center": (lambda J: {"center": J.center * TILT}, "rows of center sum to"),
    "nan in part": (
        lambda J: {"jacobian": np.where([[True, False], [False, False]], np.nan, J.jacobian)},
        "nan in part",
    ),
    "matrix is transposed": (lambda J: {"matrix": J.matrix.T}, "outside its interval|of\\('"),
    "a negative cell": (lambda J: {"matrix": J.matrix - 1000}, "negative cell"),
    "another number of labels": (lambda _: {"labels": (0, 1, 2)}, "for 3 labels"),
    "stderr of another shape": (lambda J: {"stderr": J.stderr[0]}, "stderr has shape"),
    "stderr is negative": (lambda J: {"stderr": -J.stderr}, "stderr holds a negative"),
    "stderr is the variance": (lambda J: {"stderr": J.stderr**2}, "one quantile x stderr|narrower"),
    "center is the jacobian": (lambda J: {"center": J.jacobian}, "not centred on center"),
    "interval is one-sided": (
        lambda J: {"confint": lambda _=0.95: Interval(J.center - 1.0, J.center + J.stderr)},
        "not centred on center",
    ),
    "level is ignored": (
        lambda J: {"confint": lambda _=0.95: Interval(J.center - J.stderr, J.center + J.stderr)},
        "narrower than a normal quantile",
    ),
    "levels are reversed": (lambda J: {"confint": lambda level=0.95: J.confint(1 - level)}, "wider|narrower"),
    "matrix interval misses": (
        lambda J: {"matrix_confint": lambda _=0.95: Interval(J.matrix + 1.0, J.matrix + 2.0)},
        "outside its interval",
    ),
    "jvp ignores its direction": (lambda J: {"jvp": lambda _: J.jacobian}, "jvp is not"),
    "vjp sums": (lambda J: {"vjp": lambda _: float(J.jacobian.sum())}, "vjp is not"),
    "operator is doubled": (lambda J: {"as_linear_operator": lambda: 2 * J.as_linear_operator()}, "as_linear_operator"),
    "a metric off by 5e-4": (
        lambda J: {
            "of": lambda m: replace(J.of(m), gradient=J.of(m).gradient * (1.0005 if m.name == "f1" else 1)),
        },
        r"of\('f1'\).gradient breaks the chain rule",
    ),
    "a metric's value": (
        lambda J: {"of": lambda m: replace(J.of(m), value=J.of(m).value + (m.name == "recall") * 1e-6)},
        r"of\('recall'\).value",
    ),
    "elasticity is the gradient": (
        lambda J: {
            "of": lambda m: SimpleNamespace(value=J.of(m).value, gradient=J.of(m).gradient, elasticity=J.of(m).gradient)
        },
        "elasticity is not",
    ),
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda name: name.replace(" ", "-"))
def test_check_jacobian_catches(broken):
    J = cj.confusion_jacobian(*DATA, threshold=0.3)
    change, told = BREAKS[broken]
    with pytest.raises(AssertionError, match=told):
        check_jacobian(Broken(J, **change(J)))


def test_check_jacobian_catches_a_matrix_that_is_not_normalised():
    J = cj.confusion_jacobian(*DATA, normalize="true")
    with pytest.raises(AssertionError, match="sums to"):
        check_jacobian(Broken(J, matrix=J.matrix * 0.999))
    J = cj.confusion_jacobian(*DATA, normalize="pred")
    with pytest.raises(AssertionError, match="columns of jacobian"):
        check_jacobian(Broken(J, jacobian=cj.confusion_jacobian(*DATA).jacobian))


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
@pytest.mark.parametrize("n_parts", [2, 5])
def test_merging_passes(coordinate, n_parts):
    def make(y, p):
        return cj.ConfusionCurve.from_predictions(y, p, coordinate=coordinate, labels=[0, 1])

    check_merge(make, [tuple(array[i::n_parts] for array in DATA) for i in range(n_parts)])


class Faulty(cj.ConfusionCurve):
    """A curve whose merge goes wrong in the way that ``fault`` names."""

    fault = ""

    def merge(self, other):
        tally = self.tally.merge(other.tally)
        if self.fault == "loses a row":
            tally = replace(tally, rows=tally.rows - (np.arange(len(tally.rows)) == 0))
        if self.fault == "forgets the other":
            tally = self.tally
        if self.fault == "weighs the other double":
            tally = tally.merge(other.tally)
        if self.fault == "shifts a bin":
            tally = replace(tally, columns=(*tally.columns[:2], tally.columns[2] + 1, *tally.columns[3:]))
        if self.fault == "drifts":
            tally = replace(tally, offset=tally.offset * (1 + 1e-6))
        return type(self).from_tally(tally, labels=self.labels, coordinate=self.coordinate)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("loses a row", "rows of a bin differ|occupied bins differ"),
        ("forgets the other", "not commutative"),
        ("weighs the other double", "not commutative|not associative|not that of all"),
        ("shifts a bin", "not associative|not commutative|not that of all"),
        ("drifts", "means of a bin differ"),
    ],
)
def test_check_merge_catches(fault, told):
    class Curve(Faulty):
        pass

    Curve.fault = fault
    with pytest.raises(AssertionError, match=told):
        check_merge(Curve.from_predictions, PARTS)


class Overconfident(cj.ConfusionCurve):
    """A curve whose merge says that counts inside a bin are exact."""

    def merge(self, other):
        merged = super().merge(other)
        counter = merged.counter

        class Exact:
            totals, cutoffs, tally = counter.totals, counter.cutoffs, counter.tally

            @staticmethod
            def at(threshold):
                counts = counter.at(threshold)
                return replace(counts, bound=np.zeros_like(counts.bound))

        return replace(merged, counter=Exact())


def test_check_merge_catches_a_bound_that_is_too_small():
    with pytest.raises(AssertionError, match="the bound is broken at score"):
        check_merge(Overconfident.from_predictions, PARTS)


def test_check_merge_needs_two_parts():
    with pytest.raises(AssertionError, match="two parts or more"):
        check_merge(cj.ConfusionCurve.from_predictions, PARTS[:1])
