"""Fitted classifiers as sources of scores."""

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from support import needs

import conjac as cj

from_estimator = cj.ConfusionJacobian.from_estimator


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    return rng.normal(np.outer(2 * y - 1, [0.7, 0.3]), 1), np.array(["bad", "good"])[y]


@pytest.mark.parametrize(
    ("model", "method", "coordinate"),
    [
        (LogisticRegression(), "predict_proba", "probability"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "predict_proba", "probability"),
        (LinearSVC(), "decision_function", "score"),
        (RidgeClassifier(), "decision_function", "score"),
    ],
)
def test_the_default_decision_is_the_model_s_own(data, model, method, coordinate):
    X, y = data
    J = from_estimator(model.fit(X, y), X, y)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X)))
    assert J.labels == ("bad", "good")
    assert J.coordinate == coordinate
    assert J.diagnostics["response_method"] == method
    with pytest.raises(TypeError):
        J.diagnostics["response_method"] = "other"


def test_output_chooses_the_method(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    scores = from_estimator(model, X, y, output="scores")
    probabilities = from_estimator(model, X, y, output="probabilities")
    assert scores.coordinate == "score"
    np.testing.assert_array_equal(scores.matrix, probabilities.matrix)
    np.testing.assert_allclose(scores.jacobian, probabilities.jacobian / 4, rtol=1e-2)
    log_odds = from_estimator(model, X, y, coordinate="logit")
    np.testing.assert_allclose(scores.jacobian, log_odds.jacobian, rtol=1e-2)


@pytest.mark.parametrize("output", ["auto", "probabilities", "scores"])
@pytest.mark.parametrize("pos_label", ["bad", "good"])
def test_the_positive_label_may_be_either_and_the_scores_follow_it(data, output, pos_label):
    X, y = data
    model = LogisticRegression().fit(X, y)
    J = from_estimator(model, X, y, output=output, pos_label=pos_label)
    assert J.labels[1] == pos_label
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X), labels=list(J.labels)))
    assert J.of("recall").value > 0.5


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC()])
@pytest.mark.parametrize("labels", [["bad", "good"], ["good", "bad"]])
def test_labels_may_be_listed_in_either_order_and_the_scores_follow_them(data, model, labels):
    X, y = data
    model.fit(X, y)
    J = from_estimator(model, X, y, labels=labels)
    assert list(J.labels) == labels
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X), labels=labels))


def test_options_go_through(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    weight = np.linspace(0.5, 2, len(y))
    J = from_estimator(model, X, y, threshold=0.3, sample_weight=weight, normalize="true", groups=np.arange(600) // 3)
    expected = cj.confusion_jacobian(
        y, model.predict_proba(X), threshold=0.3, sample_weight=weight, normalize="true", groups=np.arange(600) // 3
    )
    np.testing.assert_array_equal(J.matrix, expected.matrix)
    np.testing.assert_array_equal(J.stderr, expected.stderr)


def test_frames(data):
    pandas = needs("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=["a", "b"])
    model = LogisticRegression().fit(frame, y)
    J = from_estimator(model, frame, pandas.Series(y, index=range(600, 0, -1)))
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(frame)))


def test_trees_are_secant_where_their_scores_are_a_lattice():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 4000)
    X = rng.normal(np.outer(2 * y - 1, [0.7, 0.3]), 1)
    model = RandomForestClassifier(100, max_features=1, random_state=0, n_jobs=1).fit(X[:1000], y[:1000])
    J = from_estimator(model, X[1000:], y[1000:])
    assert J.method == "secant"
    assert (round(200 * J.diagnostics["step"]) - 200 * J.diagnostics["step"]) == pytest.approx(0, abs=1e-6)
    assert "atoms" in J.diagnostics["reason"]


@pytest.mark.parametrize("output", ["probability", "", None, "logits"])
def test_unknown_outputs(data, output):
    X, y = data
    with pytest.raises(cj.InvalidInputError, match=r"output=.*auto.*probabilities.*scores"):
        from_estimator(LogisticRegression().fit(X, y), X, y, output=output)


def test_models_without_scores(data):
    X, y = data
    with pytest.raises(cj.InvalidInputError, match=r"DummyRegressor has no .*predict_proba.*from_predictions"):
        from_estimator(DummyRegressor().fit(X, np.arange(600)), X, y)
    with pytest.raises(cj.InvalidInputError, match=r"LinearSVC has no predict_proba"):
        from_estimator(LinearSVC().fit(X, y), X, y, output="probabilities")
    with pytest.raises(cj.InvalidInputError, match=r"LogisticRegression has no .*fit a classifier first"):
        from_estimator(LogisticRegression(), X, y)


def test_a_model_of_three_classes_moves_with_its_offsets(data):
    X, _ = data
    y = np.arange(600) % 3
    model = LogisticRegression().fit(X, y)
    J = from_estimator(model, X, y)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X)))
    assert J.jacobian.shape == (3, 3, 3)
    assert J.diagnostics["response_method"] == "predict_proba"


def test_meta_estimators(data):
    X, y = data
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.3, pos_label="good").fit(X, y)
    J = from_estimator(model, X, y, threshold=0.3)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X)))


@pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
def test_labels_order_the_columns_of_several_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    X = rng.normal(size=(300, 3)) + np.eye(3)[y]
    model = LogisticRegression().fit(X, y)
    J = cj.ConfusionJacobian.from_estimator(model, X, y, labels=[2, 0, 1])
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, model.predict(X), labels=[2, 0, 1]))
    with pytest.raises(cj.InvalidInputError, match=r"labels=\[2, 0\]: the classifier knows \[0, 1, 2\]"):
        cj.ConfusionJacobian.from_estimator(model, X, y, labels=[2, 0])


def test_scores_of_pairs_of_classes_are_refused():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    X = rng.normal(size=(90, 2))
    model = make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo")).fit(X, y)
    with pytest.raises(cj.InvalidInputError, match=r"SVC\(decision_function_shape='ovo'\) scores pairs of classes"):
        cj.ConfusionJacobian.from_estimator(model, X, y)
