"""Intervals of refits over draws of test rows and of seeds, against the population in closed form."""

import numpy as np
import pytest
from refit_models import Cut, NoisyCut, draw, quotient
from scipy import stats
from support import COVERAGE, RATIO, draws, slack
from test_refits import fitted

import conjac as cj

FULL = 160


def intervals(model, n, n_draws, step, metric=None, **truth):
    """Return estimate, standard error and whether the interval holds the population's, of each draw."""
    train = draw(np.random.default_rng(9), 20)
    model, told = fitted(model, train), []
    for seed in range(n_draws):
        X, y = draw(np.random.default_rng([seed, 7]), n)
        moves = cj.Hyperparameters("level", step=step)
        J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, training_data=train, random_state=seed)
        rate = quotient(J.diagnostics["step"]["level"], **truth)
        if metric is None:
            value, stderr, limits, true = J.jacobian[:, 1, 0], J.stderr[:, 1, 0], J.confint(), n * rate[:, 1]
            lower, upper = (end[:, 1, 0] for end in limits)
        else:
            figure = J.of(metric)
            value, stderr, (lower, upper) = figure.gradient, figure.stderr, figure.confint()
            true = 2 * rate[1, 1:]  # recall: half of all rows are positive
        told.append((value - true, stderr, (lower <= true) & (true <= upper), J.diagnostics["step"]["level"]))
    return [np.array(part) for part in zip(*told, strict=True)]


@pytest.mark.parametrize("step", [0.5, None])
def test_intervals_of_rows_alone_hold_the_population(step):
    off, stderr, held, steps = intervals(Cut(), 400, draws(FULL), step)
    assert (held.mean(axis=0) > 0.91 - slack(FULL, COVERAGE)).all()
    assert (held.mean(axis=0) < 0.98).all()
    same = steps == np.median(steps)
    ratio = np.sqrt((stderr[same] ** 2).mean(axis=0)) / off[same].std(axis=0)
    assert (np.abs(np.log(ratio)) < np.log(1.12) + slack(FULL, RATIO)).all()
    assert (np.abs(off.mean(axis=0)) < 3 * off.std(axis=0) / np.sqrt(len(off))).all()


@pytest.mark.parametrize(
    ("spread", "jitter", "n"),
    [(0.5, 0.0, 2000), (0.0, 1.0, 400), (0.3, 1.0, 1000)],
    ids=["seeds alone", "rows and seeds together", "all"],
)
def test_intervals_of_five_seeds_hold_the_mean_over_seeds(spread, jitter, n):
    off, stderr, held, _ = intervals(
        NoisyCut(spread=spread, jitter=jitter), n, draws(FULL), 0.5, spread=spread, jitter=jitter
    )
    assert (held.mean(axis=0) > 0.9).all()
    assert (held.mean(axis=0) < 0.985).all()
    ratio = np.sqrt((stderr**2).mean(axis=0)) / off.std(axis=0)
    assert (np.abs(np.log(ratio)) < np.log(1.15) + slack(FULL, RATIO)).all()
    assert (np.abs(off.mean(axis=0)) < 3 * off.std(axis=0) / np.sqrt(len(off))).all()
    if not jitter:  # the rows' errors alone, or a normal quantile, would be too short
        z = off / stderr
        assert np.sqrt((z**2).mean()) > 1.1
        assert (np.abs(z) > 1.96).mean() > 0.08


def test_intervals_of_a_metric_hold_as_those_of_cells_do():
    off, stderr, held, _ = intervals(
        NoisyCut(spread=0.4, jitter=0.5), 1000, draws(FULL), 0.5, "recall", spread=0.4, jitter=0.5
    )
    assert 0.9 < held.mean() < 0.985
    ratio = np.sqrt((stderr**2).mean()) / off.std()
    assert abs(np.log(ratio)) < np.log(1.15) + slack(FULL, RATIO)


def test_the_bias_of_the_step_is_told_with_its_error():
    train, z, steps = draw(np.random.default_rng(9), 20), [], []
    model = fitted(Cut(level=np.e**0.5), train)
    for seed in range(draws(80)):
        X, y = draw(np.random.default_rng([seed, 8]), 3000)
        moves = cj.Hyperparameters("level")
        J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, training_data=train)
        half = J.diagnostics["step"]["level"]
        mean = np.array([-1.0, 1.0])
        density = np.array([1, -1]) * 0.5 * stats.norm.pdf(0.5, mean)[:, None]
        bias = quotient(half, at=0.5) - density
        z.append((J.diagnostics["bias"][..., 0] / 3000 - bias) * 3000 / J.diagnostics["bias_stderr"][..., 0])
        steps.append(half)
    assert 0.3 < np.sqrt(np.mean(np.square(z))) < 1.6
    assert set(steps) <= {0.25, 0.5, 1.0}


def test_more_rows_take_a_smaller_step():
    train, half = draw(np.random.default_rng(9), 20), []
    model = fitted(Cut(level=np.e), train)
    for n in (200, 5_000, 1_000_000):
        X, y = draw(np.random.default_rng(3), n)
        moves = cj.Hyperparameters("level")
        J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, training_data=train)
        half.append(J.diagnostics["step"]["level"])
    assert half[0] >= half[1] >= half[2]
    assert half[0] > half[2]


def test_seeds_that_disagree_take_a_wider_step():
    train, half = draw(np.random.default_rng(9), 20), {0.0: [], 0.6: []}
    for spread, steps in half.items():
        model = fitted(NoisyCut(level=np.e, spread=spread, jitter=1e-9), train)
        for seed in range(draws(15)):
            X, y = draw(np.random.default_rng([seed, 5]), 20_000)
            J = cj.ConfusionJacobian.from_estimator(
                model, X, y, wrt=cj.Hyperparameters("level", n_seeds=2), training_data=train, random_state=seed
            )
            steps.append(J.diagnostics["step"]["level"])
    assert np.mean(half[0.0]) < 0.7 * np.mean(half[0.6])


@pytest.mark.parametrize("n", [300, 20_000])
def test_the_step_that_is_chosen_is_nearly_the_best(n):
    train, off = draw(np.random.default_rng(9), 20), {}
    slope = -0.5 * stats.norm.pdf(1.2, np.array([-1.0, 1.0]))
    model = fitted(Cut(level=np.exp(1.2)), train)
    for seed in range(draws(60)):
        X, y = draw(np.random.default_rng([seed, 5]), n)
        for step in (0.25, 0.5, 1.0, None):
            moves = cj.Hyperparameters("level", step=step)
            J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, training_data=train)
            off.setdefault(step, []).append((J.jacobian[:, 1, 0] / n - slope) / slope)
    told = {step: np.mean(np.square(each)) for step, each in off.items()}
    chosen = told.pop(None)
    assert chosen < 1.6 * min(told.values())
    assert max(told.values()) > 1.6 * min(told.values())


@pytest.mark.slow
@pytest.mark.parametrize(  # of two seeds, fewer leave even the wider bound
    ("n_seeds", "least", "n_draws"),
    [(2, 0.86, 250), (3, 0.9 - slack(250, COVERAGE), draws(250)), (10, 0.92, draws(250))],
    ids=["2", "3", "10"],
)
def test_intervals_of_other_numbers_of_seeds(n_seeds, least, n_draws):
    train = draw(np.random.default_rng(9), 20)
    model, held = fitted(NoisyCut(spread=0.5, jitter=0.3), train), []
    moves, true = cj.Hyperparameters("level", step=0.5, n_seeds=n_seeds), 1000 * quotient(0.5, spread=0.5, jitter=0.3)
    for seed in range(n_draws):
        X, y = draw(np.random.default_rng([seed, 7]), 1000)
        J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, training_data=train, random_state=seed)
        lower, upper = (end[..., 0] for end in J.confint())
        held.append((lower <= true) & (true <= upper))
    assert (np.mean(held, axis=0) > least).all()
    assert (np.mean(held, axis=0) < 0.985).all()
