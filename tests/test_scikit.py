"""Derivatives of scikit-learn's classifiers, alone and inside others."""

import inspect

import numpy as np
import pytest
import sklearn.calibration
from pulls import assert_pulls, bound, cotangents
from sklearn.base import ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, Matern, RationalQuadratic, WhiteKernel
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB, GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.utils.discovery import all_estimators
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.models.checked import checked
from conjac.models.scikit import part as table
from conjac.models.scikit.compose import INNER
from conjac.models.scikit.part import rule_names
from conjac.models.scikit.steps import CLASSIFIERS as STEPS

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:sklearn"),
    pytest.mark.filterwarnings("ignore:y contains no unlabeled samples"),
]
REGRESSION = LogisticRegression(C=0.5)
BAYES = GaussianNB()
SMOOTH_CALIBRATIONS = ["sigmoid"] + ["temperature"] * hasattr(sklearn.calibration, "_TemperatureScaling")
SMOOTH = [
    REGRESSION,
    SGDClassifier(loss="log_loss", alpha=0.1, random_state=0),
    SGDClassifier(loss="modified_huber", alpha=1.0, random_state=0),
    BAYES,
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(),
    *(
        MLPClassifier((8, 6), activation, max_iter=30, random_state=0)
        for activation in ("identity", "logistic", "tanh", "relu")
    ),
    *(
        CalibratedClassifierCV(inner, method=method, cv=2, ensemble=ensemble)
        for method in SMOOTH_CALIBRATIONS
        for inner in (LinearSVC(), BAYES)
        for ensemble in (True, False)
    ),
    OneVsRestClassifier(REGRESSION),
    OneVsRestClassifier(LinearSVC()),
    BaggingClassifier(REGRESSION, 3, random_state=0),
    BaggingClassifier(BAYES, 3, max_features=3, bootstrap_features=True, random_state=0),
    VotingClassifier([("a", REGRESSION), ("b", BAYES), ("c", "drop")], voting="soft", weights=[1, 3, 1]),
    StackingClassifier([("a", REGRESSION), ("b", BAYES)], passthrough=True, cv=2),
    StackingClassifier([("a", LinearSVC()), ("b", BAYES)], make_pipeline(StandardScaler(), REGRESSION), cv=2),
    RFE(REGRESSION, n_features_to_select=2),
    GaussianProcessClassifier(2.0 * RBF([1, 2, 3, 4, 5.0]), optimizer=None),
    GaussianProcessClassifier(Matern(nu=1.5) + WhiteKernel(0.1), optimizer=None),
    GaussianProcessClassifier(RationalQuadratic(alpha=0.7) * Matern(nu=2.5), optimizer=None),
]
BINARY = [
    *(SVC(kernel=kernel, gamma=0.1, coef0=0.5) for kernel in ("linear", "rbf", "poly", "sigmoid")),
    NuSVC(nu=0.3),
]
NOT_CLASSIFIERS_OF_CLASSES = {
    "ClassifierChain": "several labels at once",
    "MultiOutputClassifier": "several targets at once",
    "OutputCodeClassifier": "no scores",
}


@pytest.fixture(scope="module", params=[2, 3])
def data(request):
    rng = np.random.default_rng(request.param)
    y = rng.integers(0, request.param, 140)
    return rng.normal(np.outer(y, [0.8, 0.4, 0, -0.5, 0.2]), 1), y


@pytest.fixture(scope="module")
def binary():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 140)
    return rng.normal(np.outer(y, [0.8, 0.4, 0, -0.5, 0.2]), 1), y


def named(estimator):
    return str(estimator).replace("\n", "").replace(" ", "")


def outputs(fitted):
    """Return the outputs that a classifier has."""
    has = {"probabilities": "predict_proba", "scores": "decision_function"}
    return [output for output, method in has.items() if hasattr(fitted, method)]


@pytest.mark.parametrize("estimator", SMOOTH, ids=named)
def test_derivatives_of_a_classifier(data, estimator):
    X, y = data
    fitted = estimator.fit(X[:120], y[:120])
    for output in outputs(fitted):
        model = bound(fitted, output)
        if model.stepwise and len(outputs(fitted)) == 2:
            continue
        assert_pulls(model, X[100:])
        assert model.scale == ("logit" if output == "probabilities" else "score")


@pytest.mark.parametrize("estimator", SMOOTH, ids=named)
def test_a_frame_is_as_good_as_an_array(binary, estimator):
    pandas = needs("pandas")
    X, y = binary
    frame = pandas.DataFrame(X, columns=list("abcde"))
    by_array, by_frame = bound(clone(estimator).fit(X, y)), bound(clone(estimator).fit(frame, y))
    assert by_frame.columns == tuple("abcde")
    if by_array.stepwise:
        return
    cotangent = cotangents(by_array, X)
    np.testing.assert_allclose(by_frame.pull(frame, cotangent), by_array.pull(X, cotangent), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("estimator", BINARY, ids=named)
def test_derivatives_of_support_vector_machines(binary, estimator):
    X, y = binary
    assert_pulls(bound(estimator.fit(X[:120], y[:120])), X[100:])


@pytest.mark.parametrize("estimator", [MultinomialNB(), ComplementNB()], ids=named)
def test_derivatives_of_counts(data, estimator):
    X, y = np.abs(data[0]) + 0.1, data[1]
    assert_pulls(bound(estimator.fit(X, y)), X[:30])


def wrappers():
    grid = {"C": [0.5]}
    pipeline = make_pipeline(StandardScaler(), REGRESSION)
    yield FixedThresholdClassifier(pipeline, threshold=0.3)
    yield FrozenEstimator(pipeline)
    yield GridSearchCV(REGRESSION, grid, cv=2)
    yield HalvingGridSearchCV(REGRESSION, grid, cv=2, min_resources="exhaust", random_state=0)
    yield HalvingRandomSearchCV(REGRESSION, grid, n_candidates=1, cv=2, min_resources=100, random_state=0)
    yield RandomizedSearchCV(REGRESSION, grid, n_iter=1, cv=2)
    yield SelfTrainingClassifier(REGRESSION)
    yield cj.TunedDecisionClassifier(pipeline, cv=2)
    yield TunedThresholdClassifierCV(pipeline, cv=2)


@pytest.mark.parametrize("wrapper", list(wrappers()), ids=lambda one: type(one).__name__)
def test_wrappers_have_the_derivative_of_what_they_hold(binary, wrapper):
    X, y = binary
    if isinstance(wrapper, FrozenEstimator):
        wrapper.estimator.fit(X, y)
    model = bound(wrapper.fit(X, y))
    assert_pulls(model, X[:20])
    inner = bound(getattr(wrapper, INNER[type(wrapper).__name__]))
    np.testing.assert_array_equal(model.pull(X, np.ones(1)), inner.pull(X, np.ones(1)))


def _names_within(estimator):
    yield type(estimator).__name__
    for _, inner in getattr(estimator, "steps", ()):
        yield from _names_within(inner)


def test_every_rule_for_a_classifier_is_tested():
    tested = {name for one in [*SMOOTH, *BINARY, *wrappers()] for name in _names_within(one)} | set(STEPS)
    known = rule_names("predict_proba") | rule_names("decision_function")
    elsewhere = {"MultinomialNB", "ComplementNB", "BernoulliNB", "XGBClassifier", "LGBMClassifier", "RFECV"}
    same = {"LogisticRegressionCV", "PassiveAggressiveClassifier", "RidgeClassifier", "RidgeClassifierCV", "Perceptron"}
    inside = {"LinearSVC", "Pipeline", "_BinaryGaussianProcessClassifierLaplace"}
    assert known - tested - elsewhere - same - inside == set()


@pytest.mark.parametrize("estimator", [REGRESSION, make_pipeline(StandardScaler(), REGRESSION), RidgeClassifier()])
def test_a_linear_model_has_one_row_for_all(data, estimator):
    X, y = data
    model = bound(estimator.fit(X, y))
    for cotangent in (cotangents(model, X[:1])[0], cotangents(model, X[:1])):
        found = model.pull(X, cotangent)
        assert found.shape == X.shape
        assert found.strides[0] == 0
        assert not found.flags.writeable
    many = model.pull(X, cotangents(model, X))
    assert many.strides[0] > 0
    assert_pulls(model, X)


@pytest.mark.parametrize("estimator", [REGRESSION, BAYES, SMOOTH[9], SMOOTH[-1]], ids=named)
def test_pulls_are_linear_in_cotangents(data, estimator):
    X, y = data
    model = bound(estimator.fit(X, y))
    first, second = cotangents(model, X, seed=1), cotangents(model, X, seed=2)
    both = model.pull(X, 2 * first - 3 * second)
    np.testing.assert_allclose(both, 2 * model.pull(X, first) - 3 * model.pull(X, second), atol=1e-9)
    one = first[0]
    np.testing.assert_allclose(model.pull(X, one), model.pull(X, np.tile(one, (len(X), 1))), atol=1e-12)


def test_older_ways_to_several_classes(data):
    X, y = data
    model = clone(REGRESSION).fit(X, y)
    if len(model.classes_) == 2:
        model.multi_class = "multinomial"
        np.testing.assert_array_equal(bound(model).pull(X, np.ones(1))[0], 2 * model.coef_[0])
        return
    model.multi_class = "ovr"
    rivals = OneVsRestClassifier(REGRESSION).fit(X, y)
    for row, rival in enumerate(rivals.estimators_):
        rival.coef_, rival.intercept_ = model.coef_[[row]], model.intercept_[[row]]
    cotangent = cotangents(bound(model), X)
    np.testing.assert_allclose(bound(model).pull(X, cotangent), bound(rivals).pull(X, cotangent))


def test_an_output_that_is_not_there_is_refused(binary):
    X, y = binary
    with pytest.raises(InvalidInputError, match="RidgeClassifier has no predict_proba"):
        bound(RidgeClassifier().fit(X, y), "probabilities")
    with pytest.raises(InvalidInputError, match="output='logits'"):
        bound(REGRESSION.fit(X, y), "logits")
    with pytest.raises(InvalidInputError, match="'ovo'"):
        bound(SVC(decision_function_shape="ovo").fit(X, np.arange(len(X)) % 3))


class Overconfident(LogisticRegression):
    """Overrides what the rule of its parent is for."""

    def predict_proba(self, X):
        odds = np.exp(3 * self.decision_function(X))
        return np.column_stack([1 / (1 + odds), odds / (1 + odds)])


class Own(ClassifierMixin):
    """A classifier of no library."""

    classes_ = np.array(["no", "yes"])

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def test_classifiers_of_no_library_are_scored():
    model = bound(Own())
    assert model.classes == ("no", "yes")
    assert model.derivative == "none known for Own"
    assert model.scores(np.array([[0.25]])).tolist() == [[0.75, 0.25]]


def test_a_subclass_with_other_probabilities_is_caught(binary):
    X, y = binary
    found = checked(bound(Overconfident().fit(X, y)), Inputs.of(X))
    assert found.pull is None
    assert "not used: 66.7% off differences" in found.derivative


def test_a_rule_one_percent_wrong_is_caught(monkeypatch, data):
    X, y = data
    right = checked(bound(REGRESSION.fit(X, y)), Inputs.of(X))
    assert right.pull is not None
    assert "checked on 16 rows" in right.derivative
    wrong = {"LogisticRegression": lambda estimator: table.linear(1.01 * estimator.coef_)}
    monkeypatch.setitem(table._RULES, "predict_proba", table._RULES["predict_proba"] | wrong)
    assert checked(bound(REGRESSION), Inputs.of(X)).pull is None


@pytest.mark.parametrize("name", [name for name, _ in all_estimators("classifier")])
def test_every_classifier_of_scikit_learn_binds(binary, name):
    if name in NOT_CLASSIFIERS_OF_CLASSES:
        return
    X, y = binary
    estimator = dict(all_estimators("classifier"))[name]
    wanted = inspect.signature(estimator).parameters
    given = {"estimator": REGRESSION} if "estimator" in wanted and name != "AdaBoostClassifier" else {}
    if "estimators" in wanted:
        given = {"estimators": [("a", REGRESSION), ("b", BAYES)], **({"voting": "soft"} if "voting" in wanted else {})}
    X = np.abs(X) if name in {"MultinomialNB", "ComplementNB"} else X
    X = np.floor(np.abs(X)).astype(int) if name == "CategoricalNB" else X
    fitted = estimator(**given).fit(X, y)
    for output in outputs(fitted):
        model = bound(fitted, output)
        assert model.classes == (0, 1)
        assert (model.pull is None) == model.derivative.startswith(("none known", f"{name} has steps"))
        found = checked(model, Inputs.of(X))
        assert (found.pull is None) == (model.pull is None), found.derivative
