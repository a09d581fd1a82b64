"""The two estimators of a density at the cut, and the choice between them."""

import warnings

import numpy as np
import pytest
from oracles import (
    NormalLogits,
    corrected_density,
    gauss,
    guessed_density,
    influence_of_rows,
    log_quadratic,
    logits,
    normal_rows,
)
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import beta, binom, norm

import conjac as cj
from conjac.density.tangent import Tangent
from conjac.tally import choose_step

POPULATION = NormalLogits()
CONTINUOUS = {
    "normal log-odds": lambda rng, n: expit(rng.normal(0, 1, n)),
    "uniform": lambda rng, n: rng.random(n),
    "beta": lambda rng, n: rng.beta(1, 8, n),
    "saturated": lambda rng, n: expit(rng.normal(0, 4, n)),
    "narrow": lambda rng, n: 0.5 + 0.01 * rng.normal(size=n).clip(-10, 10),
    "two modes": lambda rng, n: expit(rng.choice([-2, 2], n) + rng.normal(0, 0.7, n)),
    "raw normal": lambda rng, n: rng.normal(3, 100, n),
    "raw narrow": lambda rng, n: 1000 + rng.normal(0, 1e-3, n),
    "raw heavy tails": lambda rng, n: rng.standard_t(2, n),
    "float32": lambda rng, n: expit(rng.normal(0, 1.5, n)).astype(np.float32),
    "resampled": lambda rng, n: rng.choice(expit(rng.normal(0, 1, n)), n),
}


def quiet(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.confusion_jacobian(*args, **options)


@pytest.mark.parametrize("shape", CONTINUOUS)
@pytest.mark.parametrize("n", [20, 100, 1000, 10_000, 100_000])
def test_scores_with_a_density_are_never_taken_for_atoms(shape, n):
    rng = np.random.default_rng([n, len(shape)])
    if shape == "resampled" and n < 100:
        pytest.skip("a third of so few rows are ties")
    score = CONTINUOUS[shape](rng, n)
    y = np.arange(n) % 2
    for share in (0.05, 0.5, 0.95) if n < 100_000 else (0.5,):
        assert quiet(y, score, threshold=float(np.quantile(score, share))).method == "tangent"


@pytest.mark.parametrize("decimals", [1, 2])
@pytest.mark.parametrize("n", [500, 5000, 100_000])
def test_rounded_scores_are_taken_for_atoms(decimals, n):
    y, p = normal_rows(n, n)
    for t in (0.3, 0.5, 0.55, 0.8):
        J = quiet(y, np.round(p, decimals), threshold=t)
        assert J.method == "secant"
        assert J.diagnostics["step"] > 0
        assert "atoms" in J.diagnostics["reason"]


@pytest.mark.parametrize("n_levels", [2, 3, 5, 11])
def test_integers_are_taken_for_atoms(n_levels):
    rng = np.random.default_rng(0)
    y = np.arange(1000) % 2
    J = quiet(y, rng.integers(0, n_levels, 1000) + (y if n_levels > 2 else 0), threshold=1.0, coordinate="score")
    assert J.method == "secant"


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("t", [0.2, 0.5, 0.8])
def test_the_tangent_is_a_guess_corrected_by_the_rows(t, weighted):
    y, p = normal_rows(0, 2000)
    w = np.random.default_rng(1).exponential(size=len(y)) if weighted else np.ones(len(y))
    J = cj.confusion_jacobian(y, p, threshold=t, sample_weight=w if weighted else None)
    curve = cj.ConfusionCurve.from_predictions(y, p, sample_weight=w if weighted else None)
    margin, unit = logits(p), 1 / (t * (1 - t))
    for true, tangent in enumerate(curve.density.tangents):
        h = J.diagnostics["bandwidth"][str(true)]
        mine = (margin[y == true], w[y == true], h, tangent, logit(t))
        center, guess = corrected_density(*mine), guessed_density(tangent, logit(t))
        assert J.center[true, 1] == pytest.approx(-unit * center, rel=5e-3)
        influence = np.zeros(len(y))
        influence[y == true] = influence_of_rows(*mine)
        square = (w**2 * influence**2).sum()
        kept = max(0, 1 - 0.7 * square / (center - guess) ** 2)
        assert J.jacobian[true, 1] == pytest.approx(-unit * (guess + kept * (center - guess)), rel=5e-3)
        # Each row's influence, less the mean over all rows: the total weight is taken as known.
        variance = (w**2 * (influence - center / w.sum()) ** 2).sum()
        variance += 0.5 * (w[y == true] ** 2).mean() * (1.5 * gauss(0) / h) ** 2
        assert J.stderr[true, 1] == pytest.approx(unit * np.sqrt(variance), rel=4e-3)
        kernel = w[y == true] * gauss((mine[0] - logit(t)) / h)
        assert J.diagnostics["effective_rows"][str(true)] == pytest.approx(
            kernel.sum() ** 2 / (kernel @ kernel), rel=5e-3
        )


def test_the_log_quadratic_is_that_of_most_local_likelihood():
    """Loader's likelihood at 0, maximised numerically, has the closed form's density there."""
    u = np.random.default_rng(0).normal(0.4, 1, 400)
    h, grid = 0.7, np.linspace(-8, 8, 4001)
    kernel, weight = gauss(u / h) / h, gauss(grid / h) / h

    def loss(a):
        with np.errstate(over="ignore"):
            mass = np.trapezoid(weight * np.exp(a[0] + a[1] * grid + a[2] * grid**2), grid)
        return mass - (kernel * (a[0] + a[1] * u + a[2] * u**2)).sum() / len(u)

    best = minimize(loss, [-1.0, 0.0, -0.5], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    z = u / h
    closed = log_quadratic([(kernel * z**k).mean() for k in range(3)])
    assert best.x[0] == pytest.approx(closed, abs=1e-5)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (-3.0, 0.2), (1.0, 4.0)])
def test_a_normal_guess_is_that_of_most_likelihood(mean, sd):
    """A penalty of third order leaves the normal density free, so that its own mean and deviation are fitted."""
    margin = np.random.default_rng(0).normal(mean, sd, 3000)
    tally = cj.Tally.zero("score", choose_step(margin, "score")).add(np.zeros(3000, dtype=int), margin)
    tangent = Tangent.of(tally, 0)
    at = margin.mean() + margin.std() * np.linspace(-2, 2, 9)
    assert tangent.pilot.parameters < 5
    guess = [guessed_density(tangent, cut) for cut in at]
    np.testing.assert_allclose(guess, 3000 * norm.pdf(at, margin.mean(), margin.std()), rtol=0.06)


CLAW = [(0, 1, 0.5), *((centre, 0.1, 0.1) for centre in (-1, -0.5, 0, 0.5, 1))]


def claw(rng, n):
    which = rng.choice(len(CLAW), n, p=[share for *_, share in CLAW])
    mean, sd, _ = np.array(CLAW)[which].T
    return rng.normal(mean, sd)


def modes(rng, n):
    return rng.choice([-2.0, 2.0], n) + rng.normal(0, 0.7, n)


def claw_density(u):
    return sum(share * norm.pdf(u, mean, sd) for mean, sd, share in CLAW)


# Draws of log-odds or raw scores, their density, the cut, and the race's errors at n = 500 and 3,000 with some room.
CELLS = {
    "normal, near its mode": (lambda rng, n: rng.normal(1, 1, n), lambda u: norm.pdf(u, 1), 0.85, (0.075, 0.035)),
    "normal, at its inflection": (lambda rng, n: rng.normal(1, 1, n), lambda u: norm.pdf(u, 1), 0.0, (0.095, 0.045)),
    "valley": (modes, lambda u: (norm.pdf(u, -2, 0.7) + norm.pdf(u, 2, 0.7)) / 2, 0.0, (1.2, 0.42)),
    "saturated": (lambda rng, n: rng.normal(0, 4, n), lambda u: norm.pdf(u, 0, 4), 2.197, (0.075, 0.035)),
    "narrow": (lambda rng, n: rng.normal(0, 0.05, n), lambda u: norm.pdf(u, 0, 0.05), 0.03, (0.08, 0.035)),
    "claw, peak": (claw, claw_density, 0.5, (None, 0.095)),
    "claw, dip": (claw, claw_density, 0.25, (None, 0.14)),
    "t3": (lambda rng, n: rng.standard_t(3, n), stats.t(3).pdf, 1.0, (0.105, 0.042)),
    "uniform": (lambda rng, n: logit(rng.random(n)), lambda u: expit(u) * expit(-u), 0.0, (0.095, 0.036)),
    "Beta(1, 8)": (lambda rng, n: logit(rng.beta(1, 8, n)), None, logit(0.02), (0.11, 0.048)),
    "lognormal, raw": (lambda rng, n: rng.lognormal(0, 1, n), stats.lognorm(1).pdf, 1.0, (0.075, 0.035)),
}


@pytest.mark.parametrize("n", [500, 3000])
@pytest.mark.parametrize("name", CELLS)
def test_accuracy_of_the_race_s_cells(name, n):
    draw, density, cut, least = CELLS[name]
    least = least[n == 3000]
    if least is None:
        pytest.skip("not resolved by so few rows, as is told")
    truth = beta.pdf(0.02, 1, 8) * 0.02 * 0.98 if density is None else density(cut)
    unit = {"coordinate": "score" if "raw" in name else "logit", "threshold": cut}
    found, inside = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        margin = np.append(draw(rng, n), rng.normal(cut, 1, 50))
        y = np.repeat([1, 0], [n, 50])
        J = quiet(y, margin if "raw" in name else expit(margin), condition_on="class", **unit)
        found.append(-J.jacobian[1, 1] / n / truth)
        lower, upper = J.confint()
        inside.append(lower[1, 1] <= -n * truth <= upper[1, 1])
    assert np.sqrt(np.mean((np.array(found) - 1) ** 2)) < least, name
    assert np.mean(inside) >= 0.86, name


@pytest.mark.parametrize("t", [0.3, 0.5, 0.755])
def test_the_secant_s_estimand_is_the_population_s_difference_quotient(t):
    z, inside, n = [], [], 2000
    for seed in range(200):
        y, p = normal_rows(seed, n)
        J = cj.confusion_jacobian(y, np.round(p, 2), threshold=t)
        assert J.method == "secant"
        truth = n * POPULATION.rounded_quotient(t, J.diagnostics["step"], 0.01)
        lower, upper = J.confint()
        z.append((J.center - truth) / J.stderr)
        inside.append((lower <= truth) & (truth <= upper))
    assert (np.mean(inside, axis=0) >= 0.9).all()
    assert ((np.std(z, axis=0) > 0.85) & (np.std(z, axis=0) < 1.15)).all()


def test_votes_of_a_hundred_trees():
    """A lattice of hundredths: each row's votes are binomial about its own log-odds."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    chance = [binom.pmf(np.arange(101)[:, None], 100, expit(m + nodes)) @ weights for m in (-1, 1)]
    z, inside, n = [], [], 2000
    for seed in range(150):
        rng = np.random.default_rng(seed)
        y, u = POPULATION.draw(rng, n)
        J = cj.confusion_jacobian(y, rng.binomial(100, expit(u)) / 100, threshold=0.5)
        assert J.method == "secant"
        d = J.diagnostics["step"]
        within = np.abs(np.arange(101) / 100 - 0.5) < d
        moved = np.array([0.5 * c[within].sum() for c in chance]) * n / (2 * d)
        truth = np.stack([moved, -moved], axis=1)
        lower, upper = J.confint()
        z.append((J.center - truth) / J.stderr)
        inside.append((lower <= truth) & (truth <= upper))
    assert (np.mean(inside, axis=0) >= 0.9).all()
    assert ((np.std(z, axis=0) > 0.85) & (np.std(z, axis=0) < 1.15)).all()


def test_the_secant_reports_the_bias_that_remains():
    """As a derivative, a quotient over a wide step is biased by d^2 g'' / 6."""
    y, p = normal_rows(0, 50_000)
    J = cj.confusion_jacobian(y, np.round(p, 2), threshold=0.3)
    quotient, slope = POPULATION.rounded_quotient(0.3, J.diagnostics["step"], 0.01), POPULATION.slope(0.3)
    assert set(J.diagnostics["bias"]) == {"0", "1"}
    assert (np.abs(J.center - 50_000 * slope) < 4 * J.stderr + 50_000 * np.abs(quotient - slope)).all()


@pytest.mark.parametrize("n", [500, 2000, 20_000])
@pytest.mark.parametrize("how", ["resampled", "half twice", "all twice"])
def test_repeated_rows_do_not_shrink_the_bandwidth(n, how):
    """Oversampled or resampled rows have the same density: ties are no structure to resolve."""
    y, p = normal_rows(0, n)
    rng = np.random.default_rng(1)
    again = {
        "resampled": rng.integers(0, n, n),
        "half twice": np.append(np.arange(n), np.flatnonzero(rng.random(n) < 0.5)),
        "all twice": np.repeat(np.arange(n), 2),
    }[how]
    plain, repeated = cj.confusion_jacobian(y, p), cj.confusion_jacobian(y[again], p[again])
    assert repeated.method == "tangent"
    for label in ("0", "1"):
        assert repeated.diagnostics["bandwidth"][label] > 0.55 * plain.diagnostics["bandwidth"][label]


def test_the_bandwidth_is_capped_where_the_density_bends_neither_way():
    """At one sd from the mean g'' = 0, and a plug-in bandwidth would be unbounded."""
    y, p = normal_rows(0, 5000)
    at_bend = cj.confusion_jacobian(y, p, threshold=0.0, coordinate="logit")
    h = at_bend.diagnostics["bandwidth"]["1"]
    assert 0.1 < h < 1.0
    truth = 2500 * norm.pdf(0, 1)
    assert at_bend.jacobian[1, 0] == pytest.approx(truth, rel=0.15)


def test_coarse_bins_do_not_change_the_density():
    y, p = normal_rows(0, 5000)
    curve = cj.ConfusionCurve.from_predictions(y, p)
    for wider in (2, 8):
        rough = cj.ConfusionCurve.from_tally(curve.tally.coarsen(curve.tally.step * wider))
        np.testing.assert_allclose(rough.jacobian_at(0.4), curve.jacobian_at(0.4), rtol=5e-3)
        np.testing.assert_allclose(rough.stderr_at(0.4), curve.stderr_at(0.4), rtol=2e-2)


def test_few_effective_rows_make_the_interval_unknown_and_warn():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 500)
    score = expit(np.append(rng.normal(-6, 1, 500), rng.normal(0, 1, 500)))
    with pytest.warns(cj.ConjacWarning, match=r"fewer than 5 effective rows of class 0"):
        J = cj.confusion_jacobian(y, score)
    assert np.isnan(J.stderr[0]).all()
    assert np.isfinite(J.stderr[1]).all()
    assert np.isfinite(J.matrix_confint()).all()
    assert J.diagnostics["effective_rows"]["0"] < 5
    # A figure that needs both classes is unknown too; one that needs the other class alone is not.
    assert np.isnan(J.of("f1").stderr)
    assert np.isnan(J.exchange_rate().stderr)


def test_a_shape_finer_than_the_rows_resolve_is_told():
    """Marron and Wand's claw: at 300 rows its intervals miss, at 5,000 they hold; a normal shape is not accused."""
    told = dict.fromkeys((300, 5000), 0)
    accused = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.repeat([0, 1], 300)
        J = quiet(y, expit(np.append(rng.normal(size=300), claw(rng, 300))), threshold=expit(0.5))
        told[300] += J.diagnostics["doubts"].get("1") == "finer"
        accused += "0" in J.diagnostics["doubts"]
        y = np.repeat([0, 1], 5000)
        J = quiet(y, expit(np.append(rng.normal(size=5000), claw(rng, 5000))), threshold=expit(0.5))
        told[5000] += "1" in J.diagnostics["doubts"]
    assert told[300] >= 15
    assert told[5000] == 0
    assert accused <= 2
    rng = np.random.default_rng(0)
    score = expit(np.append(rng.normal(size=300), claw(rng, 300)))
    with pytest.warns(cj.ConjacWarning, match="class 1 show more than their number resolves"):
        cj.confusion_jacobian(np.repeat([0, 1], 300), score)


EDGES = {
    "exponential": (lambda rng, n: rng.exponential(size=n), lambda t: np.exp(-t), (0, np.inf)),
    "exponential, turned": (lambda rng, n: -rng.exponential(size=n), lambda t: np.exp(t), (-np.inf, 0)),
    "uniform": (lambda rng, n: rng.uniform(3, 5, n), lambda _: 0.5, (3, 5)),
    "beta": (lambda rng, n: rng.beta(1, 8, n) * 100, lambda t: beta.pdf(t / 100, 1, 8) / 100, (0, np.inf)),
}


@pytest.mark.parametrize("shape", EDGES)
@pytest.mark.parametrize("at", [0.02, 0.5])
def test_the_slope_of_raw_scores_near_a_hard_edge(shape, at):
    """A kernel estimate loses half of the density at its edge; found by the rows alone, the edge costs nothing."""
    draw, density, edges = EDGES[shape]
    t = float(np.quantile(draw(np.random.default_rng(99), 10**6), at if np.isfinite(edges[0]) else 1 - at))
    error, inside, seen = [], [], 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        score = draw(rng, 2000)
        y = np.repeat([0, 1], [2000, 2000])
        J = quiet(y, np.append(rng.normal(t, 1, 2000), score), threshold=t, coordinate="score", condition_on="class")
        error.append(-J.jacobian[1, 1] / 2000 / density(t) - 1)
        low, high = J.confint()
        inside.append(low[1, 1] <= -2000 * density(t) <= high[1, 1])
        found = J.diagnostics["edges"].get("1", (-np.inf, np.inf))
        seen += [np.isfinite(e) for e in found] == [np.isfinite(e) for e in edges]
        assert "0" not in J.diagnostics["edges"]
        for told, true in zip(found, edges, strict=True):
            assert not np.isfinite(told) or abs(told - true) < 0.01 * np.ptp(score)
    assert seen >= 37
    assert np.sqrt(np.mean(np.square(error))) < (0.13 if at == 0.02 else 0.05)
    assert np.mean(inside) >= 0.87


def test_few_rows_up_to_an_edge_are_told():
    rng = np.random.default_rng(0)
    score = np.append(rng.normal(size=2000), rng.exponential(size=2000))
    y = np.repeat([0, 1], 2000)
    near, off = (float(np.sort(score[2000:])[k]) for k in (4, 100))
    assert quiet(y, score, threshold=near).diagnostics["doubts"] == {"1": "edge"}
    assert quiet(y, score, threshold=off).diagnostics["doubts"] == {}


@pytest.mark.parametrize("draw", [lambda rng, n: rng.normal(size=n), lambda rng, n: rng.standard_t(3, n)])
@pytest.mark.parametrize("n", [100, 1000, 50_000])
def test_tails_are_not_taken_for_edges(draw, n):
    found = 0
    for seed in range(30 if n < 50_000 else 5):
        tally = cj.Tally.zero("score", 2.0**-12).add(np.zeros(n, int), draw(np.random.default_rng(seed), n))
        found += np.isfinite(Tangent.of(tally, 0).normalizing.edges).any()
    assert found <= 6 if n == 100 else found <= 2


@pytest.mark.parametrize("name", ["normal", "t3", "lognormal", "two modes", "exponential", "beta"])
def test_the_normalizing_scale_has_the_derivatives_it_says(name):
    laws = {
        "normal": lambda rng: rng.normal(3, 2, 2000),
        "t3": lambda rng: rng.standard_t(3, 2000),
        "lognormal": lambda rng: rng.lognormal(size=2000),
        "two modes": lambda rng: rng.choice([-2, 2], 2000) + rng.normal(0, 0.7, 2000),
        "exponential": lambda rng: rng.exponential(size=2000),
        "beta": lambda rng: rng.beta(0.5, 0.5, 2000),
    }
    margin = laws[name](np.random.default_rng(0))
    tally = cj.Tally.zero("score", choose_step(margin, "score")).add(np.zeros(2000, int), margin)
    scale = Tangent.of(tally, 0).normalizing
    at, e = np.quantile(margin, [0.01, 0.1, 0.3, 0.7, 0.99]), 1e-6
    np.testing.assert_allclose(scale.slope(at), (scale(at + e) - scale(at - e)) / (2 * e), rtol=1e-4)
    slope = [np.log(scale.slope(at + side * e)) for side in (-1, 1)]
    np.testing.assert_allclose(scale.bend(at), (slope[1] - slope[0]) / (2 * e), rtol=1e-3, atol=1e-3)
    if name == "two modes":  # no shape of the family: the derivatives still hold
        return
    z = scale(margin)
    assert abs(np.median(z)) < 0.1
    assert np.std(np.clip(z, -3, 3)) == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("draw", [lambda rng, n: rng.normal(0, 1, n), claw, modes])
def test_the_normalizing_scale_of_many_rows_has_no_rounding(draw):
    """Where the normal shape is certain, the tail is 0: one of 1e-25, divided by, is rounding and no scale."""
    for seed in range(8):
        margin = draw(np.random.default_rng(seed), 50_000)
        tally = cj.Tally.zero("score", 2.0**-10).add(np.zeros(50_000, int), margin)
        scale = Tangent.of(tally, 0).normalizing
        at = np.linspace(-2.5, 2.5, 101)
        assert (np.diff(scale(at)) > 0).all()
        np.testing.assert_allclose(scale.slope(at), (scale(at + 1e-5) - scale(at - 1e-5)) / 2e-5, rtol=1e-5)
