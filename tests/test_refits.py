"""Refits: what is fitted and counted by hand, errors row by row and seed by seed, names, steps, caches, and an end."""

import multiprocessing
import re
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from refit_models import Cut, NoisyCut, draw
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from support import needs
from test_recount import variance_by_hand

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError
from conjac.inference.delta import normalized, normalized_slope

HOWS = (None, "true", "pred", "all")


def problem(n_classes=2, n=900, n_train=300, names="abc"):
    """Return training rows and labels, test rows and labels."""
    X, y = make_classification(
        n + n_train, 6, n_informative=4, n_redundant=0, n_classes=n_classes, flip_y=0.2, random_state=1
    )
    y = np.array(list(names))[y]
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def refit(model, data, *names, seed=0, weight=None, moves=None, **options):
    """Return the Jacobian of a model that is fitted first."""
    Xt, yt, X, y = data
    training = (Xt, yt) if weight is None else (Xt, yt, weight)
    moves = {"method": "refit", **(moves or {})}
    return cj.ConfusionJacobian.from_estimator(
        model, X, y, wrt=cj.Hyperparameters(*names, **moves), training_data=training, random_state=seed, **options
    )


def fitted(model, data):
    return clone(model).fit(data[0], data[1])


def by_hand(model, data, J, name, path=None, weight=None):
    """Return predictions of models fitted at the values and seeds that a Jacobian tells, (n_seeds, 2, n_rows)."""
    Xt, yt, X, _ = data
    seeds = J.diagnostics["seeds"]
    told = []
    for seed in [0] if isinstance(seeds, str) else seeds:
        told.append([])
        for value in J.diagnostics["values"][name]:
            other = clone(model).set_params(**{path or name: value})
            drawn = [key for key in other.get_params() if key.split("__")[-1] == "random_state"]
            other.set_params(**dict.fromkeys(drawn, seed)).fit(Xt, yt, **({} if weight is None else weight))
            told[-1].append(decided(other, X))
    return np.array(told)


def decided(model, X):
    """Return the place of the class that scores the highest, of two the second where they tie."""
    if not hasattr(model, "predict_proba"):
        return model.decision_function(X).argmax(axis=1)
    share = model.predict_proba(X)
    return (share[:, 1] >= 0.5).astype(int) if share.shape[1] == 2 else share.argmax(axis=1)


def quotients(J, predicted, y, step):
    """Return what each row of weight 1 adds to each pair's difference quotient, array of shape (n_seeds, n, K, K)."""
    true, K = np.searchsorted(J.labels, y), len(J.labels)
    adds = np.zeros((len(predicted), len(y), K, K))
    for pair, (low, high) in enumerate(predicted):
        adds[pair, np.arange(len(y)), true, high] += 1
        adds[pair, np.arange(len(y)), true, low] -= 1
    return adds / (2 * step)


MODELS = {
    "forest": (RandomForestClassifier(15, max_depth=4, random_state=3), "max_depth", None, 2),
    "forest of three": (RandomForestClassifier(10, min_samples_leaf=4), "min_samples_leaf", None, 3),
    "histograms": (HistGradientBoostingClassifier(max_iter=20), "learning_rate", None, 2),
    "rounds": (HistGradientBoostingClassifier(max_iter=20, early_stopping=True), "max_iter", None, 3),
    "tree": (DecisionTreeClassifier(min_samples_leaf=8), "min_samples_leaf", None, 2),
    "pipeline": (
        make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=15, subsample=0.5)),
        "n_estimators",
        "gradientboostingclassifier__n_estimators",
        2,
    ),
    "scores": (SVC(C=1.0, random_state=0), "C", None, 3),
}


@pytest.mark.parametrize("model", MODELS)
def test_slopes_are_mean_differences_of_matrices_of_models_fitted_by_hand(model):
    estimator, name, path, n_classes = MODELS[model]
    data = problem(n_classes)
    output = "scores" if model == "scores" else "auto"
    J = refit(fitted(estimator, data), data, name, output=output, moves={"n_seeds": 3})
    half, (low, high) = J.diagnostics["step"][name], J.diagnostics["values"][name]
    assert half == pytest.approx(np.log(high / low) / 2)
    predicted = by_hand(estimator, data, J, name, path)
    adds = quotients(J, predicted, data[3], step=half)
    np.testing.assert_allclose(J.jacobian[..., 0], adds.sum(axis=1).mean(axis=0), atol=1e-9)
    assert J.method == "secant"
    assert J.jacobian.shape == (n_classes, n_classes, 1)
    assert J.units == (f"1 of log {name}",)
    np.testing.assert_array_equal(J.center, J.jacobian)
    assert (np.abs(J.jacobian).sum() > 0).all()


@pytest.mark.parametrize("design", ["rows", "weights", "groups", "classes", "all"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_errors_are_those_of_rows_and_of_pairs(design, n_classes):
    data, rng = problem(n_classes), np.random.default_rng(0)
    estimator, y = RandomForestClassifier(8, max_depth=4, random_state=0), data[3]
    weight = rng.exponential(size=len(y)) if design in ("weights", "all") else None
    groups = rng.integers(0, 40, len(y)) if design in ("groups", "all") else None
    condition_on = "class" if design in ("classes", "all") else None
    told = {"sample_weight": weight, "groups": groups, "condition_on": condition_on}
    J = refit(fitted(estimator, data), data, "max_depth", **told)
    half, n = J.diagnostics["step"]["max_depth"], len(J.diagnostics["seeds"])
    adds = quotients(J, by_hand(estimator, data, J, "max_depth"), y, step=half).reshape(n, len(y), -1)
    w = np.ones(len(y)) if weight is None else weight
    value = np.einsum("r,srk->sk", w, adds)
    true = np.searchsorted(J.labels, y)

    outcomes = type("Rows", (), {"true": true, "weight": weight, "block": J._outcomes.block})
    one_row = np.array([(v := w[true == k]) @ v / v.sum() for k in range(n_classes)]).repeat(n_classes) ** 2
    reach = 0.5 * one_row / (2 * half) ** 2
    shared = variance_by_hand(outcomes, adds.mean(axis=0), condition_on) + reach
    alone = np.mean([variance_by_hand(outcomes, each, condition_on) + reach for each in adds], axis=0)
    pairs = value.var(axis=0, ddof=1) / n
    beyond = np.maximum(pairs - (alone - shared) / (n - 1), 0)
    variance = shared + beyond
    known = np.isfinite(J.stderr[..., 0]).ravel()
    assert known.mean() > 0.5
    np.testing.assert_allclose(J.stderr[..., 0].ravel()[known], np.sqrt(variance[known]), rtol=1e-9)
    noise = np.where(beyond > 0, pairs**2 / (n - 1), 0)
    noise = noise + (0 if groups is None else shared**2 / J.cells.df)
    with np.errstate(divide="ignore"):
        quantile = stats.t.ppf(0.95, np.maximum(variance**2 / noise, 1))
    lower, upper = J.confint(0.9)
    half_width = quantile * np.sqrt(variance)
    np.testing.assert_allclose((upper - lower)[..., 0].ravel()[known] / 2, half_width[known], rtol=1e-9)
    assert (beyond > 0).any()


@pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
def test_rows_that_turn_in_some_pairs_count_in_part():
    seen = []
    for seed in range(4):
        data = problem(3, n=1000)
        data = (*data[:2], data[2][seed::16], data[3][seed::16])
        estimator = RandomForestClassifier(8, max_depth=4)
        J = refit(fitted(estimator, data), data, "max_depth", seed=seed, moves={"step": 0.3})
        half = J.diagnostics["step"]["max_depth"]
        flow = quotients(J, by_hand(estimator, data, J, "max_depth"), data[3], half).mean(axis=0) * 2 * half
        share = np.abs(flow).sum(axis=(1, 2)) / 2
        assert J.diagnostics["effective_rows"]["max_depth"] == pytest.approx(share.sum() ** 2 / (share @ share))
        with np.errstate(invalid="ignore"):
            enough = np.abs(flow).sum(axis=0) ** 2 / (flow**2).sum(axis=0) >= 5 * (1 - 1e-9)
        np.testing.assert_array_equal(np.isfinite(J.stderr[..., 0]), enough)
        seen.append(enough)
    assert 0 < np.mean(seen) < 1


@pytest.mark.parametrize("how", HOWS)
def test_normalised_slopes_obey_the_laws_of_their_sums(how):
    data = problem(3)
    forest = fitted(RandomForestClassifier(10, max_depth=4, min_samples_leaf=3, random_state=0), data)
    weight = np.random.default_rng(0).exponential(size=len(data[3]))
    J, plain = (
        refit(forest, data, "max_depth", "min_samples_leaf", normalize=h, sample_weight=weight, moves={"step": 0.7})
        for h in (how, None)
    )
    cells = plain.cells.weight
    np.testing.assert_allclose(J.matrix, normalized(cells[0], how))
    for place in range(2):
        expected = normalized_slope(cells, plain.jacobian[None, ..., place], how)[0]
        np.testing.assert_allclose(J.jacobian[..., place], expected, atol=1e-9)
    sums = J.jacobian.sum(axis={"pred": 0}.get(how, 1))
    np.testing.assert_allclose(sums, 0, atol=1e-9)
    assert np.isfinite(J.stderr).any()


@pytest.mark.parametrize("metric", ["recall_macro", "f1_macro", "accuracy", "precision[b]"])
def test_metric_slopes_and_their_errors_follow_the_chain_rule(metric):
    data = problem(3)
    forest = fitted(RandomForestClassifier(10, max_depth=4, random_state=0), data)
    J = refit(forest, data, "max_depth")
    row, cells = cj.metrics.resolve(metric, J.labels), J.cells.weight[0].astype(float)
    moved = J.jacobian[..., 0]
    step = 1e-5
    expected = (row.value(cells + step * moved) - row.value(cells - step * moved)) / (2 * step)
    found = J.of(metric)
    assert found.gradient[0] == pytest.approx(expected, rel=1e-6)
    lower, upper = found.confint()
    assert lower[0] < found.gradient[0] < upper[0]
    assert (upper - lower)[0] / 2 >= 1.96 * found.stderr[0] * (1 - 1e-4)


def test_a_metric_that_is_a_cell_over_a_constant_has_the_errors_of_the_cell():
    data = problem(2)
    J = refit(fitted(RandomForestClassifier(10, max_depth=3), data), data, "max_depth", normalize="true")
    found, cell = J.of("recall"), (1, 1, 0)
    assert found.gradient[0] == pytest.approx(J.jacobian[cell])
    assert found.stderr[0] == pytest.approx(J.stderr[cell])
    np.testing.assert_allclose([end[0] for end in found.confint()], [end[cell] for end in J.confint()])


def test_it_agrees_with_fine_refits_and_with_the_implicit_function_theorem():
    Xt, yt, X, _y = data = problem(2, n=20_000, n_train=300)
    model = LogisticRegression(C=0.02, tol=1e-10, max_iter=1000).fit(Xt, yt)
    J = refit(model, data, "C")
    smooth = refit(model, data, "C", moves={"method": "implicit"})
    assert J.diagnostics["seeds"].startswith("none")
    assert smooth.method == "tangent"
    apart = np.abs(J.jacobian - smooth.center - J.diagnostics["bias"])
    assert (apart <= 3 * np.sqrt(J.stderr**2 + J.diagnostics["bias_stderr"] ** 2)).all()
    assert (np.abs(smooth.center) > 5 * smooth.stderr).all()
    fine = [(clone(model).set_params(C=0.02 * np.exp(h)).fit(Xt, yt).predict(X) == "b").sum() for h in (-0.1, 0.1)]
    assert J.jacobian[:, 1, 0].sum() == pytest.approx((fine[1] - fine[0]) / 0.2, rel=0.15)


# --- what is fitted


def test_one_pair_serves_where_no_random_number_matters():
    data = problem(2)
    J = refit(fitted(HistGradientBoostingClassifier(max_iter=5), data), data, "learning_rate")
    tree = fitted(Cut(), draws())
    K = refit(tree, draws(), "level")
    for found in (J, K):
        assert found.diagnostics["seeds"] == "none: training draws no random numbers that change a score"
    assert K.diagnostics["refits"] == 6
    noisy = refit(fitted(NoisyCut(), draws()), draws(), "level")
    assert len(noisy.diagnostics["seeds"]) == 5
    assert noisy.diagnostics["refits"] == 2 * (2 * 3 + 5)
    asked = refit(fitted(NoisyCut(), draws()), draws(), "level", moves={"step": 0.3, "n_seeds": 3})
    assert asked.diagnostics["refits"] == 6
    assert asked.diagnostics["step_choice"] == "as asked"
    assert np.isnan(asked.diagnostics["bias"]).all()


def draws(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return *draw(rng, 30), *draw(rng, n)


def test_seeds_are_those_of_random_state_and_both_sides_share_them():
    data = draws()
    model = fitted(NoisyCut(spread=0.5), data)
    one, same, other = (refit(model, data, "level", seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.stderr, same.stderr)
    assert one.diagnostics["seeds"] == same.diagnostics["seeds"] != other.diagnostics["seeds"]
    jittered = fitted(NoisyCut(spread=0, jitter=3.0), data)
    with pytest.warns(ConjacWarning, match="fewer than 5 effective rows"):
        J = refit(jittered, data, "level", moves={"step": 1e-9})  # had sides noise of their own, thousands would turn
    assert (J.jacobian == 0).all()


def test_the_estimator_and_the_rows_are_left_as_they_were():
    _Xt, yt, _X, _y = data = problem(2)
    forest = fitted(RandomForestClassifier(5, max_depth=3, random_state=7), data)
    kept, told, trees = [part.copy() for part in data], dict(forest.get_params()), forest.estimators_
    for part in data:
        part.flags.writeable = False
    refit(forest, data, "max_depth", weight=np.ones(len(yt)))
    assert forest.get_params() == told
    assert forest.estimators_ is trees
    for part, before in zip(data, kept, strict=True):
        np.testing.assert_array_equal(part, before)


@pytest.mark.parametrize("wrap", [False, True])
def test_training_weights_reach_the_fit(wrap):
    data = problem(2)
    weight = np.random.default_rng(0).exponential(size=len(data[1])) ** 2
    model = DecisionTreeClassifier(min_weight_fraction_leaf=0.05, random_state=0)
    name, passed = "min_weight_fraction_leaf", {"sample_weight": weight}
    path = name
    if wrap:
        model, path = make_pipeline(StandardScaler(), model), f"decisiontreeclassifier__{name}"
        passed = {"decisiontreeclassifier__sample_weight": weight}
    J = refit(fitted(model, data), data, name, weight=weight)
    predicted = by_hand(model, data, J, name, path, passed)
    adds = quotients(J, predicted, data[3], step=J.diagnostics["step"][name])
    np.testing.assert_allclose(J.jacobian[..., 0], adds.sum(axis=1)[0], atol=1e-9)
    unweighted = by_hand(model, data, J, name, path)
    assert (unweighted != predicted).any()


def test_the_rule_is_that_of_the_model_that_stands():
    data = problem(2)
    Xt, yt, X, y = data
    forest = fitted(RandomForestClassifier(10, max_depth=4, random_state=0), data)
    for positive, column in (("b", 1), ("a", 0)):
        J = refit(forest, data, "max_depth", pos_label=positive, threshold=0.3, moves={"step": 0.4, "n_seeds": 2})
        found = []
        for value in J.diagnostics["values"]["max_depth"]:
            for seed in J.diagnostics["seeds"]:
                other = clone(forest).set_params(max_depth=value, random_state=seed).fit(Xt, yt)
                found.append((other.predict_proba(X)[:, column] >= 0.3)[y == positive].sum())
        low, high = np.mean(found[:2]), np.mean(found[2:])
        assert J.jacobian[1, 1, 0] == pytest.approx((high - low) / (2 * J.diagnostics["step"]["max_depth"]))
    svc = fitted(SVC(C=1.0), data)
    ahead, behind = (refit(svc, data, "C", output="scores", pos_label=label) for label in "ba")
    np.testing.assert_array_equal(ahead.jacobian, behind.jacobian[::-1, ::-1])


def test_offsets_and_a_reject_option_stay():
    data = problem(3)
    forest = fitted(RandomForestClassifier(10, max_depth=4, random_state=0), data)
    J = refit(forest, data, "max_depth", offsets=[0, 0.1, -0.1, np.log(0.5)])
    assert J.jacobian.shape == (3, 4, 1)
    np.testing.assert_allclose(J.jacobian.sum(axis=1), 0, atol=1e-9)
    assert np.abs(J.jacobian[:, 3]).sum() > 0


def test_a_search_is_fitted_again_by_its_best():
    data = problem(2)
    forest = RandomForestClassifier(5, random_state=0)
    search = GridSearchCV(forest, {"max_depth": [3]}, cv=2).fit(data[0], data[1])
    J, same = (refit(model, data, "max_depth") for model in (search, search.best_estimator_))
    np.testing.assert_array_equal(J.jacobian, same.jacobian)
    assert J.diagnostics["refitted"] == "RandomForestClassifier, the best of the GridSearchCV"
    assert same.diagnostics["refitted"] == "RandomForestClassifier"


@pytest.mark.parametrize("given", [None, "balanced", {"a": 2.0, "b": 0.5}])
def test_the_weight_of_a_class_moves_alone(given):
    data = problem(2)
    model = LogisticRegression(class_weight=given)
    J = refit(fitted(model, data), data, "class_weight[b]")
    share = (data[1] == "b").mean()
    at = {"a": 1.0, "b": 1.0} if given is None else {"a": 0.5 / (1 - share), "b": 0.5 / share}
    at = given if isinstance(given, dict) else at
    low, high = J.diagnostics["values"]["class_weight[b]"]
    assert np.sqrt(low * high) == pytest.approx(at["b"])
    ends = [
        decided(clone(model).set_params(class_weight={**at, "b": w}).fit(data[0], data[1]), data[2]).sum()
        for w in (low, high)
    ]
    assert J.jacobian[:, 1, 0].sum() == pytest.approx((ends[1] - ends[0]) / np.log(high / low))
    assert J.jacobian[:, 1, 0].sum() > 0


# --- values on both sides


@pytest.mark.parametrize(
    ("value", "unit", "step", "expected"),
    [
        (5, "log", 0.5, (3, 8)),
        (5, "log", 0.01, (4, 6)),
        (2, "log", 1.0, (1, 5)),
        (10, "raw", 2.4, (8, 12)),
        (10, "raw", 0.1, (9, 11)),
    ],
)
def test_whole_numbers_stay_whole_and_differ(value, unit, step, expected):
    data = problem(2)
    model = fitted(DecisionTreeClassifier(max_depth=value, random_state=0), data)
    J = refit(model, data, "max_depth", moves={"unit": unit, "step": step})
    low, high = J.diagnostics["values"]["max_depth"]
    assert (low, high) == expected
    assert all(isinstance(end, int) for end in (low, high))
    half = np.log(high / low) / 2 if unit == "log" else (high - low) / 2
    assert J.diagnostics["step"]["max_depth"] == pytest.approx(half)
    assert J.units == ("1 of log max_depth" if unit == "log" else "1 of max_depth",)


def test_a_whole_number_that_need_not_be_moves_by_fractions():
    data = problem(2)
    J = refit(fitted(SVC(C=1), data), data, "C", output="scores", moves={"step": 0.1})
    np.testing.assert_allclose(J.diagnostics["values"]["C"], np.exp([-0.1, 0.1]))


def test_units_are_linked_by_the_chain_rule():
    data = draws(20_000)
    model = fitted(Cut(level=3.0), data)
    log = refit(model, data, "level", moves={"step": 0.1})
    raw = refit(model, data, "level", moves={"step": 3 * np.tanh(0.1), "unit": "raw"})
    assert raw.units == ("1 of level",)
    np.testing.assert_allclose(log.jacobian, 3 * raw.jacobian, rtol=0.03)
    chosen = refit(model, data, "level", moves={"unit": "raw"})
    assert chosen.diagnostics["step"]["level"] / 3 in (0.125, 0.25, 0.5)


@pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
@pytest.mark.parametrize("kind", [Cut, NoisyCut])
def test_a_step_that_the_model_refuses_is_left_out_and_told(kind):
    data = draws()
    model = fitted(kind(refuse_above=1.5), data)
    J = refit(model, data, "level")
    assert J.diagnostics["step"]["level"] == 0.25
    assert np.isnan(J.diagnostics["bias"]).all()
    (one, two) = J.diagnostics["cautions"]
    assert "level=1.64872" in one
    assert "level is too high for me" in two
    with pytest.warns(ConjacWarning, match="a wider step was not tried"):
        refit(model, data, "level")


def test_one_side_alone_and_warnings_of_fits_are_told():
    data = problem(2)
    model = fitted(RandomForestClassifier(5, max_depth=1, random_state=0), data)
    with pytest.warns(ConjacWarning, match="max_depth stands at 1 and is moved to one side alone"):
        J = refit(model, data, "max_depth", moves={"step": 0.5})
    assert J.diagnostics["values"]["max_depth"] == (1, 2)
    X, y = data[:2]
    rough = LogisticRegression(C=0.01, max_iter=1000).fit(X, y).set_params(max_iter=2)
    with pytest.warns(ConjacWarning, match=r"4 of 4 refits warned: ConvergenceWarning"):
        refit(rough, data, "C", moves={"step": 0.5, "n_seeds": 2})


# --- errors


@pytest.mark.parametrize(
    ("model", "names", "moves", "words"),
    [
        (
            RandomForestClassifier(),
            ("depth",),
            {},
            r"has no hyper-parameter 'depth'; those that are numbers: .*min_samples_leaf",
        ),
        (RandomForestClassifier(), ("max_depth",), {}, "'max_depth' is None, which is no number"),
        (RandomForestClassifier(), ("bootstrap",), {}, "'bootstrap' is True"),
        (RandomForestClassifier(), ("max_features",), {}, "'max_features' is 'sqrt'.*set it to one"),
        (RandomForestClassifier(), ("random_state",), {}, "'random_state' tells how the solution is sought"),
        (LogisticRegression(), ("tol",), {}, "'tol' tells how"),
        (LogisticRegression(), ("max_iter",), {}, "tells when the solver of LogisticRegression gives up"),
        (LogisticRegression(), ("penalty[x0]",), {}, "pass .*method='implicit'"),
        (LogisticRegression(class_weight="balanced"), ("class_weight",), {}, r"name one class, as class_weight\[...\]"),
        (LogisticRegression(), ("class_weight[z]",), {}, r"'z' is not among the classes \['a', 'b'\]"),
        (RandomForestClassifier(class_weight="balanced_subsample"), ("class_weight[a]",), {}, "pass a dict of them"),
        (RandomForestClassifier(), (), {}, "refits move what is named"),
        (
            RandomForestClassifier(min_impurity_decrease=0.0),
            ("min_impurity_decrease",),
            {},
            "has no logarithm.*unit='raw'",
        ),
        (RandomForestClassifier(), ("min_impurity_decrease",), {"unit": "raw"}, "a step cannot be made of it"),
        (RandomForestClassifier(max_depth=3), ("max_depth",), {"step": -1.0}, "expected a positive number"),
        (
            GradientBoostingClassifier(n_estimators=3, subsample=0.9),
            ("subsample",),
            {},
            r"with subsample=1.15562 \(it stands at 0.9\): InvalidParameterError: .*smaller step",
        ),
        (RandomForestClassifier(3), ("min_samples_split",), {}, "min_samples_split=1 .*fitted at another value"),
        (
            make_pipeline(DecisionTreeClassifier(max_depth=3)),
            ("ecisiontreeclassifier",),
            {},
            "decisiontreeclassifier__max_depth",
        ),
    ],
)
def test_what_cannot_be_refitted_is_refused_in_words(model, names, moves, words):
    data = problem(2)
    with pytest.raises(InvalidInputError, match="(?s)" + words):
        refit(fitted(model, data), data, *names, moves=moves)


def test_other_errors():
    data = problem(2)
    Xt, yt, X, y = data
    forest = fitted(RandomForestClassifier(3, max_depth=3), data)
    twice = fitted(VotingClassifier([(k, DecisionTreeClassifier(max_depth=3)) for k in "pq"], voting="soft"), data)
    with pytest.raises(InvalidInputError, match="more than one name: p__max_depth, q__max_depth"):
        refit(twice, data, "max_depth")
    assert refit(twice, data, "p__max_depth", moves={"step": 0.9}).parameters == ("p__max_depth",)
    with pytest.raises(InvalidInputError, match="cannot be fitted again"):
        refit(lambda rows: rows[:, 0], data, "max_depth", labels=["a", "b"])
    with pytest.raises(InvalidInputError, match=r"training_data has the labels \['x', 'y'\]"):
        refit(forest, (Xt, np.where(yt == "a", "x", "y"), X, y), "max_depth")
    with pytest.raises(InvalidInputError, match="training_data is missing"):
        cj.ConfusionJacobian.from_estimator(forest, X, y, wrt=cj.Hyperparameters("max_depth"))
    with pytest.raises(InvalidInputError, match="pass random_state=0"):
        refit(forest, data, "max_depth", seed=None, moves={"cache": "somewhere"})


# --- workers, cache, progress, an end


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # where a test before loaded JAX
def test_workers_change_nothing():
    data = problem(2, n=300)
    forest = fitted(RandomForestClassifier(3, max_depth=3, min_samples_leaf=3, random_state=0), data)
    one = refit(forest, data, "max_depth", "min_samples_leaf", moves={"step": 0.7, "n_seeds": 2})
    two = refit(forest, data, "max_depth", "min_samples_leaf", moves={"step": 0.7, "n_seeds": 2, "n_jobs": 2})
    with parallel_config(backend="threading", n_jobs=2):
        threads = refit(forest, data, "max_depth", "min_samples_leaf", moves={"step": 0.7, "n_seeds": 2})
    with parallel_config(backend="multiprocessing", n_jobs=2):  # gives no results before all are done
        processes = refit(forest, data, "max_depth", "min_samples_leaf", moves={"step": 0.7, "n_seeds": 2})
    for other in (two, threads, processes):
        np.testing.assert_array_equal(other.jacobian, one.jacobian)
        np.testing.assert_array_equal(other.stderr, one.stderr)


def n_fits(record):
    return len(Path(record).read_text().splitlines()) if Path(record).exists() else 0


def test_progress_is_told_and_ends_at_1(tmp_path, capsys):
    record, told = str(tmp_path / "record"), []
    data = draws()
    model = fitted(NoisyCut(record=record), data)
    before = n_fits(record)
    refit(model, data, "level", moves={"progress": told.append})
    assert n_fits(record) - before == 22
    assert told == sorted(told)
    assert told[0] == 1 / 22
    assert told[-1] == 1
    told.clear()
    refit(fitted(Cut(), data), data, "level", moves={"progress": told.append})
    assert told[-1] == 1
    refit(fitted(Cut(), data), data, "level", moves={"progress": True})
    assert capsys.readouterr().out == ""


def test_a_cache_fits_nothing_twice(tmp_path):
    record = str(tmp_path / "record")
    data = draws()
    model = fitted(NoisyCut(record=record), data)
    moves = {"cache": tmp_path / "cache"}
    first = refit(model, data, "level", moves=moves)
    before = n_fits(record)
    again = refit(model, data, "level", moves={**moves, "n_jobs": 2})
    assert n_fits(record) == before
    np.testing.assert_array_equal(first.stderr, again.stderr)
    np.testing.assert_array_equal(first.stderr, refit(model, data, "level").stderr)
    changed = (data[0], data[1], data[2] + 0.1, data[3])
    before = n_fits(record)
    refit(model, changed, "level", moves=moves)
    assert n_fits(record) > before
    before = n_fits(record)
    refit(model, data, "level", threshold=0.7, moves=moves)  # the rule is part of what is kept
    assert n_fits(record) > before


class Stop:
    """Raises as Ctrl-C does, once so many shares were told."""

    def __init__(self, after):
        self.left = after

    def __call__(self, _):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_run_that_is_stopped_leaves_nobody_behind_and_goes_on_from_the_cache(n_jobs, tmp_path):
    record = str(tmp_path / "record")
    data = draws()
    model = fitted(NoisyCut(record=record), data)
    start = n_fits(record)
    moves = {"cache": tmp_path / "cache", "n_jobs": n_jobs}
    with pytest.raises(KeyboardInterrupt):
        refit(model, data, "level", moves={**moves, "progress": Stop(4)})
    stopped = n_fits(record) - start
    assert 4 <= stopped < 22
    if n_jobs == 2:
        assert not multiprocessing.active_children()
    resumed = refit(model, data, "level", moves={"cache": tmp_path / "cache"})
    done = n_fits(record) - start
    assert done == 22 if n_jobs == 1 else 22 <= done <= 24  # what was under way when it stopped is done again
    np.testing.assert_array_equal(resumed.stderr, refit(model, data, "level").stderr)


# --- what a user sees


def test_text_columns_and_plain_types():
    data = problem(3)
    forest = fitted(RandomForestClassifier(10, max_depth=3, min_samples_leaf=3, random_state=0), data)
    J = refit(forest, data, "max_depth", "min_samples_leaf", moves={"step": 1.0})
    told = repr(J)
    assert re.search(r"max_depth +d recall_macro: ", told)
    assert len(J.to_columns()["true"]) == 18
    assert J.to_dict()["diagnostics"]["step"]["max_depth"] == J.diagnostics["step"]["max_depth"]
    assert J.jvp([1.0, 0.0]).shape == (3, 3)


BOOSTERS = {
    "xgboost": ("XGBClassifier", {"verbosity": 0}),
    "lightgbm": ("LGBMClassifier", {"verbose": -1, "subsample_freq": 1}),
}


@pytest.mark.parametrize("library", BOOSTERS)
def test_boosters_by_their_own_classes(library):
    name, own = BOOSTERS[library]
    make = getattr(needs(library), name)
    data = problem(2, names=[0, 1])
    same = {"n_estimators": 10, "max_depth": 3, "subsample": 0.5, "learning_rate": 0.3, "n_jobs": 1, "random_state": 0}
    model = fitted(make(**same, **own), data)
    J = refit(model, data, "learning_rate", moves={"step": 0.5, "n_seeds": 2})
    adds = quotients(J, by_hand(model, data, J, "learning_rate"), data[3], step=0.5)
    np.testing.assert_allclose(J.jacobian[..., 0], adds.sum(axis=1).mean(axis=0), atol=1e-9)
    assert len(J.diagnostics["seeds"]) == 2
