"""Errors of drifts: by each row's influence, by the jackknife, and by the population's slopes of bent scores."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from oracles import normalise, normalise_slope
from support import COVERAGE, draws, slack
from test_features import BENT, DESIGNS, bent_pull, design_of, drift, rows_of

import conjac as cj
from conjac.density.velocity import WIDTHS, Velocity

# --- by the rows


def rows_by_hand(found, velocity):
    """Return what a unit of each row's weight adds to its class's flux of a feature, and the variance of half a row.

    The density's part is the crossing's own, which `test_density` holds against differences. That of the mean velocity
    is of a weighted local quadratic, with one row of a flat line in slope and curvature.
    """
    crossing, rows = found._motion.joint.sums.crossing, found._outcomes
    weight = np.ones(len(velocity)) if rows.weight is None else rows.weight
    adds, half_a_row, chosen = np.zeros(len(velocity)), np.zeros(2), width_of(found, velocity)
    for y, width in enumerate(chosen):
        mine = crossing.true[crossing.facet] == y
        row, u = crossing.row[mine], crossing.distance[mine]
        kernel = weight[row] * np.exp(-0.5 * (u / width) ** 2)
        powers, one_row = u[:, None] ** np.arange(3), kernel @ kernel / kernel.sum()
        normal = powers.T @ (kernel[:, None] * powers) + one_row * np.diag([0, width**2, width**4])
        fit = np.linalg.solve(normal, powers.T @ (kernel * velocity[row]))
        assert fit[0] * crossing.center[y] == pytest.approx(found._motion.joint.sums.center[y, 0], rel=1e-9)
        n_eff = kernel.sum() / one_row
        share = np.linalg.inv(normal)[0] @ powers.T * kernel / weight[row] * np.sqrt(n_eff / (n_eff - 3))
        adds[row] = crossing.adds[mine] * fit[0] + crossing.center[y] * share * (velocity[row] - powers @ fit)
        wide = weight[row] * np.exp(-0.5 * (u / 2) ** 2)
        half_a_row[y] = crossing.penalty[y] * (wide @ velocity[row] ** 2) / wide.sum()
    return adds, weight, half_a_row


def width_of(found, velocity):
    """Return the bandwidths that are chosen, of each class, in those of its density."""
    crossing = found._motion.joint.sums.crossing

    class One:
        n_parameters, alike, together = 1, False, False

        def blocks(self):
            yield slice(0, len(crossing.row)), velocity[crossing.row, None]

    return WIDTHS[Velocity.of(crossing, found._outcomes.weight, One()).width[:, 0]]


def stderr_by_hand(found, velocity, gradient, bent_by):
    """Return the standard error of a figure's slope, with its gradient in the cells and how that bends."""
    rows, steps = found._outcomes, gradient[:, 1] - gradient[:, 0]
    flux, weight, half_a_row = rows_by_hand(found, velocity)
    adds = bent_by[rows.true, rows.predicted] + flux * steps[rows.true]
    strata = rows.true if found.cells.condition_on else np.zeros(len(adds), int)
    for one in np.unique(strata):
        inside = strata == one
        adds[inside] -= weight[inside] @ adds[inside] / weight[inside].sum()
    adds *= weight
    if rows.block is not None:
        adds = np.array([adds[rows.block == block].sum() for block in np.unique(rows.block)])
        adds *= np.sqrt(len(adds) / (len(adds) - 1))
    return np.sqrt(adds @ adds + steps**2 @ half_a_row)


@pytest.mark.parametrize("design", DESIGNS)
def test_errors_are_those_of_each_row_s_influence(design):
    X, y = rows_of(10, 400)
    found = drift(BENT, X, y, features=cj.Features([0]), **design_of(design, y))
    velocity = bent_pull(X, np.ones((len(X), 1)))[:, 0] * found.diagnostics["spread"]["x0"]
    cells, moved = found.cells.weight[0].astype(float), found.center[..., 0]
    for how in (None, "all", "pred"):
        for place in np.ndindex(2, 2):
            figure = partial(share, how=how, place=place)
            gradient, bent_by = gradient_of(figure, cells), bending(figure, cells, moved)
            if how == "all":  # its total is taken as known
                gradient, bent_by = gradient_of(lambda c, place=place: c[place] / cells.sum(), cells), 0 * cells
            expected = stderr_by_hand(found, velocity, gradient, bent_by)
            assert replace(found, normalize=how).stderr[*place, 0] == pytest.approx(expected, rel=3e-4)
    for name in ("f1", "matthews_corrcoef", "recall"):
        row = cj.metrics.resolve(name, found.labels)
        expected = stderr_by_hand(found, velocity, row.gradient(cells), bending(row.value, cells, moved))
        assert found.of(name).stderr[0] == pytest.approx(expected, rel=3e-4)


def share(cells, how, place):
    return normalise(cells, how)[place]


def gradient_of(figure, cells):
    each, step = np.eye(4).reshape(4, 2, 2), 1e-4 * cells.sum()
    return np.reshape([(figure(cells + step * e) - figure(cells - step * e)) / (2 * step) for e in each], (2, 2))


def bending(figure, cells, moved):
    t = 1e-3 * cells.sum() / abs(moved).max()
    return (gradient_of(figure, cells + t * moved) - gradient_of(figure, cells - t * moved)) / (2 * t)


def test_the_error_is_the_jackknife_s():
    X, y = rows_of(11, 6000)
    sd, slopes = X.std(axis=0), []
    for part in range(60):
        kept = np.arange(6000) % 60 != part
        slopes.append(drift(BENT, X[kept], y[kept], normalize="true", features=cj.Features(unit="raw")).center * sd)
    found = drift(BENT, X, y, normalize="true")
    assert np.median(found.stderr / np.sqrt(59 * np.var(slopes, axis=0))) == pytest.approx(1, abs=0.15)


# --- the population's slopes


MEANS = {2: np.array([[0.0, 0.0], [1.0, 0.6]]), 3: np.array([[0.0, 0.0], [1.4, 0.2], [0.1, 1.3]])}
SHARES = {2: np.array([0.6, 0.4]), 3: np.array([0.45, 0.3, 0.25])}
LEVEL = np.array([[0.0, 0.0], [1.1, 0.2], [0.2, 1.0]])


def scores_of(X):
    """Return bent scores of three classes; `margin_of` is that of two."""
    return X @ LEVEL.T + 0.4 * np.sin(X[:, :1] + 2 * np.arange(3)) + 0.2 * (X[:, :1] * X[:, 1:]) * [0, 1, -1]


def margin_of(X):
    return 1.2 * np.tanh(X[:, 0]) + 0.5 * X[:, 1] + 0.3 * X[:, 0] * X[:, 1] - 0.5


SCORES = {2: margin_of, 3: scores_of}


@cache
def population(n_classes):
    """Return the rates of the cells and their slopes by the drift of each input, by quadrature.

    Inputs are normal with unit variance in each class, and a drift moves their mean: the slope of the share that is
    predicted k is the mean of its indicator times how far x lies from the mean.
    """
    grid = np.linspace(-7, 8, 1501)
    X = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    score = SCORES[n_classes](X)
    winner = (score >= 0).astype(int) if score.ndim == 1 else score.argmax(axis=1)
    rates, slopes = np.zeros((n_classes,) * 2), np.zeros((n_classes, n_classes, 2))
    for y, mean in enumerate(MEANS[n_classes]):
        mass = np.exp(-0.5 * ((X - mean) ** 2).sum(axis=1))
        mass *= SHARES[n_classes][y] / mass.sum()
        rates[y] = np.bincount(winner, mass, n_classes)
        slopes[y] = np.stack([np.bincount(winner, mass * away, n_classes) for away in (X - mean).T], axis=1)
    return rates, slopes


def drawn(rng, n_classes, n, how):
    if how == "clustered":
        y, shared = np.repeat(rng.choice(n_classes, n // 4, p=SHARES[n_classes]), 4), rng.normal(size=(n // 4, 2))
        own = rng.normal(size=(n, 2))
        return y, MEANS[n_classes][y] + np.sqrt(0.8) * np.repeat(shared, 4, axis=0) + np.sqrt(0.2) * own
    y = rng.choice(n_classes, n, p=SHARES[n_classes])
    if how == "stratified":
        y = np.repeat(np.arange(n_classes), np.round(n * SHARES[n_classes]).astype(int))
    return y, rng.normal(MEANS[n_classes][y])


# name: classes, rows, samples, how rows are drawn, options
SIMULATIONS = {
    "2 classes": (2, 2000, 160, "rows", {}),
    "2 classes, many rows": (2, 20000, 100, "rows", {}),
    "2 classes, weights": (2, 2000, 250, "rows", {"sample_weight": None}),
    "2 classes, clusters": (2, 4000, 150, "clustered", {"groups": None}),
    "2 classes fixed by design": (2, 2000, 150, "stratified", {"condition_on": "class"}),
    "3 classes": (3, 2000, 120, "rows", {}),
    "3 classes, clusters": (3, 4000, 100, "clustered", {"groups": None}),
    "3 classes fixed by design, weights": (
        3,
        2000,
        110,
        "stratified",
        {"condition_on": "class", "sample_weight": None},
    ),
}


def figures(J, cells, slope):
    """Yield the name, the estimate, its error and limits, and the truth."""
    last = len(J.labels) - 1
    for how in (None, "true", "pred"):
        shares, truth = replace(J, normalize=how), normalise_slope(cells, slope, how)
        free = np.s_[:last] if how == "pred" else np.s_[:, 1:]
        yield str(how), shares.center[free], shares.stderr[free], [x[free] for x in shares.confint()], truth[free]
    for metric in ("f1_macro", "matthews_corrcoef", "recall[1]", "accuracy"):
        told, row = J.of(metric), cj.metrics.resolve(metric, J.labels)
        truth = np.einsum("yk,ykj->j", row.gradient(cells), slope)
        yield "metrics", told.center, told.stderr, told.confint(), truth


@pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")  # a few samples are rough, and say so
@pytest.mark.parametrize("name", SIMULATIONS, ids=lambda name: name.replace(" ", "-").replace(",", ""))
def test_slopes_are_the_population_s_within_their_errors(name):
    n_classes, n, repetitions, how, options = SIMULATIONS[name]
    rates, slopes = population(n_classes)
    rng, factor = np.random.default_rng(30), np.ones(n_classes)
    if "sample_weight" in options:
        factor[0] = 2.0
    cells, slope = n * factor[:, None] * rates, n * factor[:, None, None] * slopes
    found = {}
    for _ in range(draws(repetitions)):
        y, X = drawn(rng, n_classes, n, how)
        values = {"sample_weight": rng.exponential(size=len(y)) * factor[y], "groups": np.arange(len(y)) // 4}
        given = {key: values[key] if value is None else value for key, value in options.items()}
        J = drift(SCORES[n_classes], X, y, features=cj.Features(unit="raw"), **given)
        assert J.method == "tangent"
        for figure, center, stderr, (lower, upper), truth in figures(J, cells, slope):
            z, inside = found.setdefault(figure, ([], []))
            z.append(((center - truth) / stderr).ravel())
            inside.append(np.where(np.isnan(stderr), np.nan, (lower <= truth) & (truth <= upper)).ravel())
    for figure, (z, inside) in found.items():
        z, inside = np.concatenate(z), np.concatenate(inside)
        assert np.isnan(z).mean() < 0.02, figure
        rms, covers = np.sqrt(np.nanmean(z**2)), np.nanmean(inside)
        assert 0.85 < rms < 1.15, (figure, rms)
        more = slack(repetitions, COVERAGE)
        assert 0.92 - more < covers < 0.975 + more, (figure, covers)
