"""Errors of slopes by parameters: block by block, by the bootstrap, and by the population's slopes of linear scores."""

from functools import cache

import numpy as np
import pytest
from hand import drawn
from oracles import NormalClasses
from sklearn.linear_model import LogisticRegression
from support import COVERAGE, draws, slack
from test_parameters import DESIGNS, METHODS, flat, jacobian, of_design

import conjac as cj
from conjac import metrics
from conjac.inference.delta import normalized
from conjac.metrics.cells import figure

pytestmark = pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")  # small samples are rough, and say so


# --- pulled errors, block by block


def by_hand(J, value_of):
    """Return the standard errors of a figure's derivatives, each block's weight moved by itself.

    ``value_of`` is from the cells to the figure. What blocks add to the fluxes is a pull of their own rows.
    """
    motion, fixed = J._motion, J._motion.fixed
    crossing, cells = fixed.crossing, motion.cells.weight[0].astype(float)
    own = motion.blocks.by_block[0]
    n_blocks, n = own.shape[-1], crossing.n_facets
    flux = np.zeros((n_blocks, n, len(J.parameters)))
    for block in range(n_blocks):
        for facet in range(n):
            here = (motion.block == block) & (crossing.facet == facet)
            flux[block, facet] = motion.pull(np.where(here, fixed.center, 0.0))
    whole, enlarged = flux.sum(axis=0), flux * fixed.inflation[:, None]

    def steps(at):
        gradient = gradient_of(value_of, at)
        return gradient[crossing.true, crossing.upper] - gradient[crossing.true, crossing.lower]

    strata = np.eye(len(cells)) if motion.cells.condition_on else np.ones((1, len(cells)))
    adds = np.zeros((n_blocks, len(J.parameters)))
    for stratum in strata:
        mine = stratum[crossing.true]
        t = 1e-4
        part = np.moveaxis(own, -1, 0) * stratum[:, None]
        bent = np.array([(steps(cells + t * p) - steps(cells - t * p)) / (2 * t) for p in part])
        found = np.einsum("f,bfp->bp", steps(cells) * mine, enlarged) + bent @ whole
        share = part.sum(axis=(1, 2)) / part.sum() if part.any() else np.zeros(n_blocks)
        adds += found - share[:, None] * found.sum(axis=0)
    used = int((own.sum(axis=(0, 1)) > 0).sum())
    return np.sqrt((adds**2).sum(axis=0) * used / (used - 1))


def gradient_of(value_of, cells):
    found, step = np.zeros(cells.shape), 1e-3
    for place in np.ndindex(*cells.shape):
        e = np.zeros(cells.shape)
        e[place] = step * max(cells.sum() / cells.size, 1)
        found[place] = (value_of(cells + e) - value_of(cells - e)) / (2 * e[place])
    return found


@pytest.mark.parametrize("design", DESIGNS)
def test_pulled_errors_are_those_of_each_block(design):
    J = of_design(design, "pull", 400)
    n = DESIGNS[design][0]
    names = ("f1", "recall", "matthews_corrcoef") if n == 2 else ("f1_macro", "accuracy")
    if "reject" in design:
        names = ("accuracy",)
    for name in names:
        row = figure(name, cj.rules.outcomes_of(J.labels, J.matrix.shape[1]), n)
        expected = by_hand(J, lambda cells, row=row: float(row.value(cells)))
        np.testing.assert_allclose(flat(J, J.of(name).stderr), expected, rtol=2e-3)
    for how in (None, "pred"):
        shares = of_design(design, "pull", 400, normalize=how)
        expected = by_hand(shares, lambda cells, how=how: normalized(cells, how)[0, 1])
        known = np.isfinite(shares.stderr[0, 1])
        # half a row at a facet enlarges what blocks add here, and not their mean
        np.testing.assert_allclose(shares.stderr[0, 1][known], expected[known], rtol=5e-2)


def test_what_moves_nothing_has_no_error():
    model, X, y = drawn(2, 400)
    alike = metrics.expected_cost([[1, 1], [1, 1]])
    for method in METHODS:
        J = jacobian(model, X, y, method)
        assert not flat(J, J.of(alike).stderr).any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_errors_are_the_bootstrap_s(n_classes, method):
    model, X, y = drawn(n_classes, 1000)
    J, rng = jacobian(model, X, y, method), np.random.default_rng(1)
    metric = "f1" if n_classes == 2 else "f1_macro"
    found = []
    for _ in range(draws(80)):
        again = rng.integers(0, len(y), len(y))
        one = jacobian(model, X[again], y[again], method)
        found.append(flat(one, one.of(metric).center))
    ratio = flat(J, J.of(metric).stderr) / np.std(found, axis=0)
    assert np.exp(np.log(ratio).mean()) == pytest.approx(1, abs=0.15)
    assert ratio.min() > 0.7
    assert ratio.max() < 1.6


@pytest.mark.parametrize("n_classes", [2, 3])
def test_pulled_errors_agree_with_those_of_rows_along_a_direction(n_classes):
    model, X, y = drawn(n_classes, 1500)
    J = jacobian(model, X, y, "pull")
    for metric in ("accuracy", "matthews_corrcoef"):
        blocks = flat(J, J.of(metric).stderr)
        rows = [J.along(step).of(metric).stderr[0] for step in np.eye(len(J.parameters))]
        assert blocks / rows == pytest.approx(np.ones(len(rows)), abs=0.35)  # 64 blocks: 9 % each
        assert np.mean(blocks / rows) == pytest.approx(1, abs=0.15)


# --- the population's slopes


SHAPES = {2: np.array([[1.1, 0.7, -1.2]]), 3: np.array([[-0.8, -0.7, 0.8], [1.3, -0.4, -0.5], [-0.3, 1.3, -0.5]])}


@cache
def linear(n_classes):
    """Return the classifier with given parameters, and the population's rates and slopes by them, as it keeps them."""
    parameters, population = SHAPES[n_classes], NormalClasses.of(n_classes)
    model = LogisticRegression()
    model.coef_, model.intercept_ = parameters[:, :2], parameters[:, 2]
    model.classes_, model.n_features_in_ = np.arange(n_classes), 2
    places = [(k, j) for k in range(len(parameters)) for j in (0, 1)] + [(k, 2) for k in range(len(parameters))]
    slopes = []
    for place in places:
        motion = np.zeros(parameters.shape)
        motion[place] = 1
        slopes.append(population.slope(parameters, motion))
    return model, population, population.rates(parameters), np.stack(slopes, axis=-1)


# classes, samples, rows
SIMULATIONS = [(2, 100, 1500), (3, 50, 1500)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("n_classes", "n_samples", "n"), SIMULATIONS)
def test_intervals_hold_the_population_s_slopes_as_often_as_they_claim(n_classes, n_samples, n, method):
    model, population, rates, slopes = linear(n_classes)
    rng, names = np.random.default_rng(7), ("f1",) if n_classes == 2 else ("f1_macro", "matthews_corrcoef")
    held, scaled = {"cells": [], "metrics": []}, {"cells": [], "metrics": []}
    for _ in range(draws(n_samples)):
        X, y = population.draw(rng, n)
        J = jacobian(model, X, y, method, output="probabilities")
        told = [("cells", J.center, J.stderr, J.confint(), n * slopes)]
        for name in names:
            f = J.of(name)
            limits = [flat(J, side) for side in f.confint()]
            known = np.einsum("yk,ykp->p", metrics.resolve(name, J.labels).gradient(n * rates), n * slopes)
            told.append(("metrics", flat(J, f.center), flat(J, f.stderr), limits, known))
        for kind, center, stderr, (lower, upper), known in told:
            held[kind].append(np.mean((lower <= known) & (known <= upper)))
            scaled[kind].append(np.sqrt(np.nanmean(((center - known) / stderr) ** 2)))
    for kind, shares in held.items():
        assert 0.91 - slack(n_samples, COVERAGE) <= np.mean(shares) <= 0.985
        assert 0.85 < np.sqrt(np.mean(np.square(scaled[kind]))) < 1.2
