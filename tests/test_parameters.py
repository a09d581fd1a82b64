"""With respect to a model's own parameters: laws, soft counts, both methods, and what is refused."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from hand import drawn, model_of, outputs, parameters_of, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import facets_of_row, finite_difference, gauss, normalise_slope
from scipy.special import logit, ndtr
from sklearn.datasets import make_classification
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support import needs

import conjac as cj
from conjac import metrics
from conjac.errors import InvalidInputError, NotDifferentiableError, NotSupportedError
from conjac.models import Model
from conjac.models.parametric import Parametric
from conjac.models.structure import Structure

pytestmark = pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")  # small samples are rough, and say so

METHODS = ("dense", "pull")
NORMALIZED = (None, "true", "pred", "all")


def jacobian(model, X, y, method="dense", names=(), bandwidth=None, **options):
    moves = cj.Parameters(*names, method=method, bandwidth=bandwidth)
    return cj.ConfusionJacobian.from_estimator(model, X, y, wrt=moves, **options)


def flat(J, tree):
    return np.concatenate([np.ravel(leaf) for leaf in J._learned.structure.take_apart(tree)])


def weights_of(y):
    return np.random.default_rng(9).uniform(0.2, 3, len(y))


def groups_of(y):
    return np.arange(len(y)) // 3


# name: number of classes, output, options (functions are of the labels)
DESIGNS = {
    "probability": (2, "probabilities", {"threshold": 0.4}),
    "logit": (2, "probabilities", {"coordinate": "logit", "threshold": -0.3}),
    "percentile": (2, "probabilities", {"coordinate": "percentile", "threshold": 0.4}),
    "score": (2, "scores", {"threshold": 0.2}),
    "the other class is positive": (2, "probabilities", {"pos_label": 0, "threshold": 0.6}),
    "weights": (2, "probabilities", {"sample_weight": weights_of}),
    "groups": (2, "scores", {"groups": groups_of}),
    "classes fixed by design": (2, "probabilities", {"condition_on": "class", "sample_weight": weights_of}),
    "3 classes": (3, "probabilities", {"sample_weight": weights_of, "groups": groups_of}),
    "3 classes in another order": (3, "probabilities", {"labels": [2, 0, 1], "condition_on": "class"}),
    "3 classes and a reject option": (3, "probabilities", {"offsets": [0.0, 0.2, -0.1, -0.8]}),
    "4 classes": (4, "scores", {"offsets": [0.0, 0.3, -0.2, 0.1], "groups": groups_of}),
}
every_design = pytest.mark.parametrize("design", DESIGNS)
every_method = pytest.mark.parametrize("method", METHODS)


def of_design(design, method, n=500, normalize=None, bandwidth=None):
    n_classes, output, options = DESIGNS[design]
    model, X, y = drawn(n_classes, n, output=output)
    told = {name: value(y) if callable(value) else value for name, value in options.items()}
    return jacobian(model, X, y, method, bandwidth=bandwidth, normalize=normalize, **told)


# --- laws of the Jacobian


@every_method
@pytest.mark.parametrize("normalize", NORMALIZED)
@every_design
def test_rows_add_to_zero_and_products_are_those_of_the_jacobian(design, normalize, method):
    J = of_design(design, method, normalize=normalize)
    K, P = J.matrix.shape, len(J.parameters)
    assert J.jacobian.shape == (*K, P)
    assert np.isfinite(J.jacobian).all()
    size = np.abs(J.jacobian).max()
    summed = {"pred": J.jacobian.sum(axis=0), "all": J.jacobian.sum(axis=(0, 1))}.get(normalize, J.jacobian.sum(axis=1))
    assert np.abs(summed).max() < 1e-10 * size
    rng = np.random.default_rng(1)
    for _ in range(3):
        c, d = rng.normal(size=K), rng.normal(size=P)
        pulled, pushed = flat(J, J.vjp(c)), J.jvp(d)
        np.testing.assert_allclose(pulled, np.tensordot(c, J.jacobian, 2), rtol=0, atol=1e-9 * size)
        np.testing.assert_allclose(pushed, J.jacobian @ d, rtol=0, atol=1e-9 * size)
        np.testing.assert_array_equal(pushed, J.jvp(J._learned.structure.unflatten(d)))
        operator = J.as_linear_operator()
        np.testing.assert_allclose(operator @ d, pushed.ravel(), rtol=0, atol=1e-9 * size)
        np.testing.assert_allclose(operator.T @ c.ravel(), pulled, rtol=0, atol=1e-9 * size)


@every_design
def test_the_matrix_as_normalised_moves_by_the_rule_for_quotients(design):
    n_labels = DESIGNS[design][0]
    for method in METHODS:
        counts = of_design(design, method)
        for how in NORMALIZED[1:]:
            shares = of_design(design, method, normalize=how)
            expected = normalise_slope(counts.matrix.astype(float), counts.jacobian, how)[:n_labels]
            np.testing.assert_allclose(shares.jacobian, expected, rtol=1e-9, atol=1e-12)


@every_design
def test_both_methods_agree_but_for_the_bandwidth_of_a_parameter(design):
    dense, pull = (of_design(design, method, 2000) for method in METHODS)
    np.testing.assert_array_equal(dense.matrix, pull.matrix)
    assert list(dense.parameters) == list(pull.parameters)
    size = np.sqrt((dense.jacobian**2).mean())
    assert np.sqrt(((dense.jacobian - pull.jacobian) ** 2).mean()) < 0.1 * size
    known = np.isfinite(dense.stderr) & np.isfinite(pull.stderr) & (dense.stderr > 0)
    off = np.abs(dense.center - pull.center)[known] / pull.stderr[known]
    assert off.max() < 2.5
    assert np.sqrt((off**2).mean()) < 1
    assert np.median((pull.stderr / dense.stderr)[known]) == pytest.approx(1.05, abs=0.2)


@every_method
@given(scale=st.floats(0.01, 100))
@settings(max_examples=8, deadline=None)
def test_scaled_weights_scale_all(method, scale):
    model, X, y = drawn(2, 300)
    weight = weights_of(y)
    one, other = (jacobian(model, X, y, method, sample_weight=w) for w in (weight, scale * weight))
    for name in ("jacobian", "center", "stderr"):
        np.testing.assert_allclose(getattr(other, name), scale * getattr(one, name), rtol=1e-6, atol=1e-9 * scale)
    f1, scaled = one.of("f1"), other.of("f1")
    np.testing.assert_allclose(flat(one, scaled.stderr), flat(one, f1.stderr), rtol=1e-6)
    np.testing.assert_allclose(scaled.flat(), f1.flat(), rtol=1e-6, atol=1e-12)


@every_method
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_parameter_that_enters_twice_moves_as_either(n_classes, method):
    _, X, y = drawn(n_classes, 500)
    J = jacobian(model_of(n_classes, twice=True), X, y, method)
    alone = jacobian(model_of(n_classes), X, y, method)
    f1 = J.of("f1" if n_classes == 2 else "f1_macro").gradient
    np.testing.assert_allclose(f1["bias"], f1["again"], rtol=1e-12)
    both = {"bias": np.ones_like(f1["bias"]), "weight": 0 * f1["weight"], "again": np.ones_like(f1["bias"])}
    once = {"bias": both["bias"], "weight": both["weight"]}
    np.testing.assert_allclose(J.jvp(both), 2 * alone.jvp(once), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(J.along(both).stderr, 2 * alone.along(once).stderr, rtol=1e-9)


@every_method
def test_an_intercept_moves_as_the_threshold_does_the_other_way(method):
    X, y = make_classification(900, 5, flip_y=0.2, random_state=0)
    model = LogisticRegression().fit(X, y)
    J = jacobian(model, X, y, method, coordinate="logit", threshold=0.3)
    cut = cj.ConfusionJacobian.from_estimator(model, X, y, coordinate="logit", threshold=0.3)
    for found in (J.along({"coef_": np.zeros((1, 5)), "intercept_": np.ones(1)}), J):
        np.testing.assert_allclose(found.jacobian[..., -1], -cut.jacobian, rtol=1e-9)
        np.testing.assert_allclose(found.center[..., -1], -cut.center, rtol=1e-9)
    assert J.along({"coef_": np.zeros((1, 5)), "intercept_": np.ones(1)}).stderr[..., 0] == pytest.approx(
        cut.stderr, rel=1e-2 if method == "dense" else 0.15
    )


@every_method
def test_intercepts_move_as_offsets_do(method):
    X, y = make_classification(900, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
    model = LogisticRegression().fit(X, y)
    J, offsets = jacobian(model, X, y, method), cj.ConfusionJacobian.from_estimator(model, X, y, wrt="offsets")
    np.testing.assert_allclose(J.jacobian[..., -3:], offsets.jacobian, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(J.center[..., -3:], offsets.center, rtol=1e-8, atol=1e-9)


@every_method
def test_the_other_class_as_the_positive_one_turns_the_matrix_round(method):
    model, X, y = drawn(2, 500)
    J, other = (jacobian(model, X, y, method, pos_label=k, threshold=t) for k, t in ((1, 0.4), (0, 0.6)))
    for name in ("matrix", "jacobian", "center"):
        np.testing.assert_allclose(getattr(other, name), getattr(J, name)[::-1, ::-1], rtol=1e-6, atol=1e-9)


@every_method
def test_the_order_of_labels_is_the_order_of_the_cells(method):
    model, X, y = drawn(3, 500)
    J, other = (jacobian(model, X, y, method, labels=labels) for labels in ([0, 1, 2], [2, 0, 1]))
    for name in ("matrix", "jacobian", "center"):
        np.testing.assert_allclose(
            getattr(other, name), getattr(J, name)[[2, 0, 1]][:, [2, 0, 1]], rtol=1e-6, atol=1e-9
        )


@every_method
def test_along_is_the_product_with_errors(method):
    model, X, y = drawn(3, 1500)
    J = jacobian(model, X, y, method)
    direction = np.random.default_rng(2).normal(size=len(J.parameters))
    step = J.along(direction)
    assert step.jacobian.shape == (3, 3, 1)
    size = np.abs(step.jacobian).max()
    # dense: a direction has a bandwidth of its own
    np.testing.assert_allclose(
        step.jacobian[..., 0], J.jvp(direction), atol=(0.05 if method == "dense" else 1e-9) * size
    )
    f1 = step.of("f1_macro")
    off = 0.5 * f1.stderr[0] if method == "dense" else 1e-9
    assert f1.gradient[0] == pytest.approx(J.of("f1_macro").flat() @ direction, abs=off)
    assert f1.stderr > 0
    assert step.parameters == ("direction",)
    with pytest.raises(NotSupportedError, match="along"):
        step.along(direction)


# --- derivatives of soft counts


def score_of(n_classes, theta, X):
    bias, weight = parameters_of(n_classes)
    return outputs(bias + theta[: len(bias)], weight + theta[len(bias) :].reshape(weight.shape), X)


@every_method
@pytest.mark.parametrize("h", [0.1, 0.5, 2.0])
def test_a_given_bandwidth_is_the_derivative_of_the_soft_count(h, method):
    model, X, y = drawn(2, 400)
    weight = weights_of(y)
    J = jacobian(model, X, y, method, bandwidth=h, threshold=0.3, sample_weight=weight)
    for place, step in enumerate(np.eye(len(J.parameters))):

        def soft(t, step=step):
            adds = weight * ndtr((score_of(2, t * step, X)[:, 0] - logit(0.3)) / h)
            return np.array([adds[y == label].sum() for label in (0, 1)])

        np.testing.assert_allclose(J.jacobian[:, 1, place], finite_difference(soft, 1e-4), rtol=1e-7, atol=1e-7)
    u = (score_of(2, np.zeros(3), X)[:, 0] - logit(0.3)) / h
    adds = (weight * gauss(u) / h * (3 - u**2) / 2)[:, None] * rows_of(*parameters_of(2), X)[:, 0]
    for label in (0, 1):  # the centre is under the kernel of fourth order
        np.testing.assert_allclose(J.center[label, 1], adds[y == label].sum(axis=0), rtol=1e-6, atol=1e-6)


@every_method
@pytest.mark.parametrize("name", ["MLPClassifier", "LogisticRegression", "SGDClassifier", "pipeline"])
def test_scikit_s_classifiers_follow_their_attributes(name, method):
    X, y = make_classification(300, 4, n_redundant=0, flip_y=0.1, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fits that stop early are as good here
        model = {
            "MLPClassifier": MLPClassifier((5, 3), activation="tanh", max_iter=60, random_state=0),
            "LogisticRegression": LogisticRegression(solver="liblinear"),
            "SGDClassifier": SGDClassifier(loss="log_loss", alpha=0.1, random_state=0),
            "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
        }[name].fit(X, y)
    J = jacobian(model, X, y, method, output="probabilities", bandwidth=0.4)
    last, direction = (
        model[-1] if name == "pipeline" else model,
        np.random.default_rng(3).normal(size=len(J.parameters)),
    )
    kept = J._learned.structure.unflatten(direction)

    def soft(t):
        other = copy.deepcopy(model)
        last_other = other[-1] if name == "pipeline" else other
        for attribute, leaf in kept.items():
            own = getattr(last, attribute)
            many = isinstance(own, list)
            new = [a + t * b for a, b in zip(own, leaf, strict=True)] if many else own + t * leaf
            setattr(last_other, attribute, new)
        return ndtr(logit(other.predict_proba(X)[:, 1]) / 0.4)[y == 1].sum()

    slope = finite_difference(soft, 1e-4)
    assert J.jvp(direction)[1, 1] == pytest.approx(slope, rel=1e-6)
    assert flat(J, J.vjp([[0, 0], [0, 1]])) @ direction == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    "model", [LogisticRegression(), LinearDiscriminantAnalysis(), RidgeClassifier(), "sgd", "mlp"], ids=str
)
def test_velocities_of_several_classes_are_differences_of_scores(model):
    X, y = make_classification(400, 4, n_informative=4, n_redundant=0, n_classes=3, random_state=2)
    model = {
        "sgd": SGDClassifier(loss="log_loss", random_state=0),
        "mlp": MLPClassifier((4,), "relu", solver="lbfgs", max_iter=50, random_state=0),
    }.get(model, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    probable = hasattr(model, "predict_proba")
    dense, pull = (jacobian(model, X, y, method, bandwidth=0.5) for method in METHODS)
    np.testing.assert_allclose(dense.jacobian, pull.jacobian, rtol=1e-9, atol=1e-9)
    direction = np.random.default_rng(4).normal(size=len(dense.parameters))
    moved = cj.models.bind(model, "auto").parametric(()).moved

    def compared(t):
        score = moved(t * direction)(X)
        return np.log(score) if probable else score

    velocity = finite_difference(compared, 1e-4)
    np.testing.assert_allclose(dense.jvp(direction), midpoint_flux(compared(0), velocity, y, 0.5), rtol=1e-5, atol=1e-5)


def midpoint_flux(u, velocity, y, h, weight=None):
    """Return the motion of the cells, facet by facet and row by row, under a Gaussian kernel."""
    found = np.zeros((u.shape[1],) * 2)
    for i in range(len(u)):
        for (j, k), margin in facets_of_row(u[i], u[i].argmax()).items():
            adds = gauss(margin / h) / h * (velocity[i, k] - velocity[i, j]) * (1 if weight is None else weight[i])
            found[y[i], k] += adds
            found[y[i], j] -= adds
    return found


@every_method
@pytest.mark.parametrize("n_classes", [3, 4])
def test_a_given_bandwidth_is_the_soft_flux_across_each_facet(n_classes, method):
    model, X, y = drawn(n_classes, 250)
    weight, offsets = weights_of(y), np.linspace(0, 0.4, n_classes)
    J = jacobian(model, X, y, method, bandwidth=0.3, sample_weight=weight, offsets=offsets)
    u = outputs(*parameters_of(n_classes), X)
    u = u - np.log(np.exp(u).sum(axis=1, keepdims=True)) + offsets
    velocity = rows_of(*parameters_of(n_classes), X)
    for place in range(len(J.parameters)):
        expected = midpoint_flux(u, velocity[..., place], y, 0.3, weight)
        np.testing.assert_allclose(J.jacobian[..., place], expected, rtol=1e-7, atol=1e-7)


@every_design
def test_both_methods_are_the_same_at_a_given_bandwidth(design):
    dense, pull = (of_design(design, method, bandwidth=0.4) for method in METHODS)
    for name in ("jacobian", "center"):
        np.testing.assert_allclose(getattr(dense, name), getattr(pull, name), rtol=1e-9, atol=1e-9)
    direction = np.linspace(-1, 1, len(dense.parameters))
    one, other = (J.along(direction) for J in (dense, pull))
    np.testing.assert_allclose(one.jacobian, other.jacobian, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.stderr, other.stderr, rtol=1e-9)
    np.testing.assert_allclose(one.jacobian[..., 0], dense.jvp(direction), rtol=1e-9, atol=1e-9)


# --- metrics


@every_method
@pytest.mark.parametrize(("n_classes", "name"), [(K, name) for K in (2, 3) for name in metrics.names(K)])
def test_gradients_of_metrics_are_the_chain_rule(n_classes, name, method):
    J = shared(n_classes, method)
    found, row, cells = J.of(name), metrics.resolve(name, J.labels), J.matrix.astype(float)
    expected = np.einsum("yk,ykp->p", row.gradient(cells), J.jacobian)
    np.testing.assert_allclose(found.flat(), expected, rtol=1e-9, atol=1e-12)
    direction = np.random.default_rng(5).normal(size=len(expected))
    moved = J.jvp(direction)
    slope = finite_difference(lambda t: row.value(cells + t * moved), 1e-3 / np.abs(moved).max())
    assert found.flat() @ direction == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert found.value == pytest.approx(float(row.value(cells)))
    assert set(found.gradient) == {"bias", "weight"}
    stderr = flat(J, found.stderr)
    assert (stderr >= 0).all()  # and known
    lower, upper = found.confint(0.9)
    assert (flat(J, lower) <= flat(J, found.center)).all()
    assert (flat(J, found.center) <= flat(J, upper)).all()
    assert flat(J, found.elasticity) * found.value == pytest.approx(found.flat())


_SHARED = {}


def shared(n_classes, method):
    if (n_classes, method) not in _SHARED:
        model, X, y = drawn(n_classes, 800)
        _SHARED[n_classes, method] = jacobian(model, X, y, method)
    return _SHARED[n_classes, method]


# --- what there is to see of a result


@every_method
def test_a_result_is_told_by_parameter(method):
    needs("pandas")
    J = shared(2, method)
    frame = J.to_frame()
    assert len(frame) == 4 * len(J.parameters)
    assert list(frame["parameter"][:3]) == list(J.parameters) == ["bias[0]", "weight[0, 0]", "weight[0, 1]"]
    assert [J.parameters[place] for place in range(-3, 3)] == 2 * list(J.parameters)
    np.testing.assert_array_equal(frame["jacobian"], J.jacobian.ravel())
    np.testing.assert_array_equal(frame["stderr"], J.stderr.ravel())
    plain = J.to_dict()
    assert plain["parameters"] == list(J.parameters)
    assert plain["units"] == ["1 of the parameter"] * 3
    assert "3 parameters" in repr(J)
    assert "0x" not in repr(J.of("f1"))


@every_method
def test_pictures_are_of_the_parameter_that_is_named(method):
    needs("pyarrow")
    J = shared(2, method)
    for place, name in enumerate(J.parameters):
        frame = cj.ConfusionJacobianDisplay.of(J, name).to_frame("pyarrow")
        np.testing.assert_allclose(frame["value"].to_numpy(), J.jacobian[..., place].ravel())
    fastest = J.fastest("recall")
    assert fastest == J.parameters[int(np.abs(J.of("recall").flat()).argmax())]
    for absent in ("weight", "weight[0, 2]"):
        with pytest.raises(InvalidInputError, match="expected one of bias"):
            cj.ConfusionJacobianDisplay.of(J, absent)


def test_text_asks_for_no_pull(monkeypatch):
    monkeypatch.setattr("conjac.engines.parameters.checked_parameters", lambda *_: "not looked at")
    model, X, y = drawn(2, 300)

    def refuse(*_):
        raise AssertionError("pulled")

    def never(names):
        own = model.parametric(names)
        return Parametric(own.structure, refuse, refuse, refuse, own.moved)

    J = jacobian(Model(model.scores, classes=(0, 1), scale="logit", parametric=never), X, y, "pull")
    assert "bias (1,)" in repr(J)
    assert J.of("f1").value > 0
    with pytest.raises(AssertionError, match="pulled"):
        J.vjp(np.eye(2))


@pytest.mark.parametrize("bandwidth", [None, 0.5])
def test_contributions_of_rows_sum_to_the_centre(bandwidth):
    model, X, y = drawn(2, 600)
    dense, pull = (jacobian(model, X, y, method, bandwidth=bandwidth) for method in METHODS)
    bins = 1e-9 if bandwidth else 1e-2  # contributions to a density are of rows, and its centre of rows in bins
    for place, name in enumerate(dense.parameters):
        found = dense.contributions("fn", name)
        assert found.contribution.sum() == pytest.approx(dense.center[1, 0, place], rel=bins)
        assert found.slope == pytest.approx(dense.center[1, 0, place])
    with pytest.raises(NotSupportedError, match="along"):
        pull.contributions("fn", "bias[0]")
    for J in (dense, pull):
        step = J.along(np.array([1.0, -2.0, 0.5]))
        found = step.contributions("f1")
        assert found.contribution.sum() == pytest.approx(step.of("f1").center[0], rel=1e-9 if J is pull else bins)


@every_method
def test_results_are_compared_by_their_cells(method):
    model, X, y = drawn(2, 300)
    J = jacobian(model, X, y, method)
    same = cj.compare(J, J)
    assert "within noise" in repr(same)


@every_method
def test_copies_keep_the_model_and_saved_results_say_that_they_do_not(method):
    J = jacobian(*drawn(2, 300), method)
    np.testing.assert_array_equal(flat(J, copy.deepcopy(J).vjp(np.eye(2))), flat(J, J.vjp(np.eye(2))))
    saved = pickle.loads(pickle.dumps(jacobian(*drawn(2, 300), method)))
    with pytest.raises(NotSupportedError, match="along"):
        saved.along(np.zeros(3))
    if method == "dense":  # every figure is there
        np.testing.assert_array_equal(saved.jacobian, J.jacobian)
        np.testing.assert_array_equal(saved.of("f1").stderr, flat(J, J.of("f1").stderr))
    else:
        for ask in (lambda: saved.vjp(np.eye(2)), lambda: saved.jvp(np.zeros(3)), lambda: saved.of("f1")):
            with pytest.raises(NotSupportedError, match="was saved"):
                ask()
    assert J.stderr.shape == J.jacobian.shape  # what was asked for before stays
    saved = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(saved.jacobian, J.jacobian)
    assert {len(column) for column in saved.to_columns().values()} == {12}


def test_other_products_are_refused_by_name():
    J = shared(2, "pull")
    with pytest.raises(NotSupportedError, match="exchange_rate"):
        J.exchange_rate()
    with pytest.raises(NotSupportedError, match="influential_rows"):
        J.influential_rows("recall")


# --- input


@every_method
def test_few_rows_and_empty_neighbourhoods(method):
    model, X, y = drawn(2, 400)
    for n in (2, 5, 30):
        some = np.concatenate([np.flatnonzero(y == 0)[: n // 2], np.flatnonzero(y == 1)[: n - n // 2]])
        J = jacobian(model, X[some], y[some], method)
        assert J.matrix.sum() == n
        if n < 10:
            assert np.isnan(J.stderr).all()
            assert np.isnan(flat(J, J.of("f1").stderr)).all()
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:2]])
    J = jacobian(model, X[rare], y[rare], method)
    assert np.isfinite(J.jacobian).all()
    assert np.isnan(J.stderr[1]).all()
    assert np.isfinite(J.stderr[0]).all()
    assert any("class 1" in caution for caution in J.diagnostics["cautions"])


@every_method
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_past_the_end_slopes_are_nan(threshold, method):
    model, X, y = drawn(2, 300)
    J = jacobian(model, X, y, method, threshold=threshold)
    assert J.method == "undefined"
    direction = np.ones(3)
    for figure in (J.jacobian, J.stderr, J.jvp(direction), flat(J, J.vjp(np.eye(2))), J.along(direction).jacobian):
        assert np.isnan(figure).all()
    f1 = J.of("f1")
    assert np.isnan(f1.flat()).all()
    assert np.isnan(flat(J, f1.stderr)).all()
    assert np.isnan(flat(J, f1.center)).all()
    assert "end" in J.diagnostics["reason"]
    soft = jacobian(model, X, y, method, threshold=threshold, bandwidth=0.3)
    assert not soft.jacobian.any()  # no soft count there moves


@every_method
def test_a_threshold_that_no_row_is_near(method):
    model, X, y = drawn(2, 300)
    J = jacobian(model, X, y, method, threshold=1 - 1e-9)
    assert np.nan_to_num(np.abs(J.jacobian)).max() < 1e-3
    assert np.isnan(flat(J, J.of("recall").stderr)).all()


def test_rounded_scores_need_a_bandwidth():
    model, X, y = drawn(2, 500)
    X = np.round(X)
    with pytest.raises(NotDifferentiableError, match=r"atoms.*bandwidth=\.\.\."):
        jacobian(model, X, y)
    dense, pull = (jacobian(model, X, y, method, bandwidth=0.5).jacobian for method in METHODS)
    assert np.abs(dense).max() > 0
    np.testing.assert_allclose(dense, pull, rtol=1e-9)


@pytest.mark.parametrize(
    ("names", "options", "told"),
    [
        ((3,), {}, r"Parameters\(3\): expected names"),
        ((), {"method": "fast"}, "method='fast'.*auto"),
        ((), {"bandwidth": 0}, "bandwidth=0.*positive"),
        ((), {"bandwidth": -1.0}, "bandwidth=-1.0.*positive"),
        ((), {"bandwidth": np.inf}, "bandwidth=inf.*positive"),
        ((), {"bandwidth": np.nan}, "bandwidth"),
        ((), {"bandwidth": "wide"}, "bandwidth"),
    ],
)
def test_what_cannot_be_asked_for(names, options, told):
    with pytest.raises(InvalidInputError, match=told):
        cj.Parameters(*names, **options)


@every_method
def test_names_choose_leaves_by_how_they_begin(method):
    X, y = make_classification(400, 4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((3,), max_iter=30, random_state=0).fit(X, y)
    whole = jacobian(model, X, y, method)
    some = jacobian(model, X, y, method, ["coefs_[1]", "intercepts_"])
    assert set(some.vjp(np.eye(2))) == {"coefs_", "intercepts_"}
    places = [list(whole.parameters).index(name) for name in some.parameters]
    assert some.parameters[0] == "coefs_[1][0, 0]"
    np.testing.assert_allclose(some.jacobian, whole.jacobian[..., places], rtol=1e-9, atol=1e-12)
    with pytest.raises(InvalidInputError, match=r"Parameters\('coef'\).*coefs_\[0\]"):
        jacobian(model, X, y, method, ["coef"])


@every_method
@pytest.mark.parametrize(
    ("direction", "told"),
    [
        (1.0, "bias \\(1,\\), weight \\(1, 2\\)"),
        ([1.0, 2.0], "own structure"),
        (np.zeros(4), "own structure"),
        ({"bias": [1.0]}, "weight"),
        ({"bias": [1.0], "weight": np.zeros((2, 1))}, r"shapes \[\(1,\), \(2, 1\)\]"),
        ({"bias": [np.nan], "weight": np.zeros((1, 2))}, "bias has entries that are missing"),
        (np.array([0, 1, np.inf]), "weight has entries that are missing"),
        (np.array(["a", "b", "c"], dtype=object), "could not convert"),
    ],
)
def test_directions_have_the_model_s_structure(direction, told, method):
    J = shared(2, method)
    for ask in (J.jvp, J.along):
        with pytest.raises(InvalidInputError, match=told):
            ask(direction)
    for cotangent in (np.eye(3), [1, 2], [[0, np.nan], [0, 0]]):
        with pytest.raises(InvalidInputError, match="cotangent"):
            J.vjp(cotangent)


def test_models_without_parameters_are_refused_with_those_that_have():
    model, X, y = drawn(2, 100)
    with pytest.raises(NotSupportedError, match=r"parameters with a known derivative.*PyTorch"):
        jacobian(Model(model.scores, classes=(0, 1)), X, y)
    with pytest.raises(InvalidInputError, match="training_data"):
        cj.ConfusionJacobian.from_estimator(model, X, y, wrt="parameters", training_data=(X, y))
    with pytest.raises(InvalidInputError, match="from_estimator"):
        cj.ConfusionJacobian.from_predictions(y, model.scores(X), wrt="parameters")
    broken = X.copy()
    broken[7, 1] = np.nan
    with pytest.raises(InvalidInputError, match=r"row 7 of X.*fill"):
        jacobian(model, broken, y)


def test_very_many_parameters_are_pulled_and_never_laid_out():
    model, X, y = drawn(2, 200)
    size = 30_000_000
    structure = Structure(("w",), ((size,),), lambda leaves: {"w": leaves[0]}, lambda tree: [tree["w"]])

    def never(*_):
        raise AssertionError("asked")

    parametric = Parametric(structure, never, never, never, never)
    J = jacobian(Model(model.scores, classes=(0, 1), scale="logit", parametric=lambda _: parametric), X, y, "auto")
    assert len(J.parameters) == len(J.units) == size
    assert J.parameters[size - 1] == f"w[{size - 1}]"
    for ask in (lambda: J.jacobian, lambda: J.stderr, lambda: J.to_columns()):
        with pytest.raises(NotSupportedError, match=r"4 x 30000000.*J\.vjp\(cotangent\)"):
            ask()


def test_auto_is_dense_for_few_and_pulled_for_many():
    X, y = make_classification(300, 40, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        few, many = (MLPClassifier((k,), max_iter=2, random_state=0).fit(X, y) for k in (3, 30))
    assert "each row" in jacobian(few, X, y, "auto").diagnostics["method"]
    assert "pulled back" in jacobian(many, X, y, "auto").diagnostics["method"]


def test_a_module_of_torch_agrees_with_the_perceptron_it_is():
    torch = needs("torch")
    X, y = make_classification(500, 4, flip_y=0.1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((5,), activation="tanh", max_iter=80, random_state=0).fit(X, y)
    first, second = torch.nn.Linear(4, 5), torch.nn.Linear(5, 1)
    with torch.no_grad():
        for layer, weight, bias in zip((first, second), model.coefs_, model.intercepts_, strict=True):
            layer.weight.copy_(torch.tensor(weight.T))
            layer.bias.copy_(torch.tensor(bias))
    module = torch.nn.Sequential(first, torch.nn.Tanh(), second).double()
    with torch.no_grad():
        for layer, weight in zip((module[0], module[2]), model.coefs_, strict=True):
            layer.weight.copy_(torch.tensor(weight.T))
    for method in METHODS:
        J, other = jacobian(model, X, y, method), jacobian(module, X, y, method, output="probabilities")
        f1, torched = J.of("f1"), other.of("f1")
        np.testing.assert_allclose(torched.gradient["0.weight"].T, f1.gradient["coefs_"][0], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(torched.stderr["2.weight"].T, f1.stderr["coefs_"][1], rtol=1e-5, atol=1e-7)
