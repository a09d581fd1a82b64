"""Decisions tuned on held-out scores, as a scikit-learn estimator."""

import pickle

import numpy as np
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_val_predict,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks
from support import needs

import conjac as cj

Tuned = cj.TunedDecisionClassifier
MODEL = LogisticRegression()
BY_DESIGN = {"check_classifiers_train": "a tuned decision is not the most probable class"}


@pytest.fixture(autouse=True)
def brief_search(monkeypatch):
    """The search for offsets is tested elsewhere; here it may be short."""
    for effort, least in {"MOST_SCANS": 0, "SWEEPS": 0, "FEWEST_STARTS": 1, "STEPS": 1}.items():
        monkeypatch.setattr(f"conjac.decisions.offsets.search.{effort}", least)


@pytest.fixture(scope="module")
def binary():
    """Calibrated: log-odds are linear in the first column."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 2))
    y = rng.random(3000) < 1 / (1 + np.exp(1.5 - 1.5 * X[:, 0]))
    return X, np.where(y, "ill", "fit")


@pytest.fixture(scope="module")
def classes():
    rng = np.random.default_rng(1)
    y = rng.choice(3, size=3000, p=[0.75, 0.19, 0.06])
    return rng.normal(size=(3000, 3)) + 1.3 * np.eye(3)[y], np.array(["a", "b", "fraud"])[y]


@pytest.fixture(scope="module")
def tuned(binary):
    return Tuned(MODEL, metric="f1").fit(*binary)


@parametrize_with_checks([Tuned(LogisticRegression(), cv=2)], expected_failed_checks=lambda _: BY_DESIGN)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def test_the_decision_is_that_of_the_held_out_scores(binary, tuned):
    X, y = binary
    score = cross_val_predict(MODEL, X, y, cv=5, method="predict_proba")[:, 1]
    decision = cj.maximize(y, score, "f1")
    assert tuned.threshold_ == decision.threshold
    assert tuned.decision_confint(0.9) == decision.confint(0.9)
    assert tuned.in_sample_score_ == f1_score(y, decision.predict(score), pos_label="ill")
    np.testing.assert_array_equal(tuned.estimator_.coef_, clone(MODEL).fit(X, y).coef_)
    np.testing.assert_array_equal(tuned.predict(X) == "ill", tuned.predict_proba(X)[:, 1] >= tuned.threshold_)


def test_each_fold_is_decided_by_the_others(binary, tuned):
    X, y = binary
    score = cross_val_predict(MODEL, X, y, cv=5, method="predict_proba")[:, 1]
    predicted = np.empty_like(y)
    for (rest, fold), rule in zip(StratifiedKFold(5).split(X, y), tuned.fold_decisions_, strict=True):
        decision = cj.maximize(y[rest], score[rest], "f1")
        assert rule.threshold == decision.threshold
        predicted[fold] = decision.predict(score[fold])
    assert tuned.out_of_sample_score_ == pytest.approx(f1_score(y, predicted, pos_label="ill"), abs=1e-12)
    np.testing.assert_array_equal(tuned.out_of_sample_matrix_, confusion_matrix(y, predicted))
    lower, upper = tuned.out_of_sample_confint()
    assert lower < tuned.out_of_sample_score_ < upper
    assert upper - lower == pytest.approx(3.92 * tuned.out_of_sample_stderr_, rel=0.1)


def test_offsets_of_a_rare_class(classes):
    X, y = classes
    tuned = Tuned(MODEL, metric="f1_macro", cv=3).fit(X, y)
    decision = cj.maximize(y, cross_val_predict(MODEL, X, y, cv=3, method="predict_proba"), "f1_macro")
    np.testing.assert_array_equal(tuned.offsets_, decision.offsets)
    lower, upper = tuned.decision_confint()
    assert ((lower <= tuned.offsets_) & (tuned.offsets_ <= upper)).all()
    assert f1_score(y, tuned.predict(X), average="macro") > f1_score(y, tuned.estimator_.predict(X), average="macro")
    with pytest.raises(AttributeError, match="offsets_"):
        tuned.threshold_  # noqa: B018
    J = tuned.confusion_jacobian(X, y)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, tuned.predict(X)))
    assert J.jacobian.shape == (3, 3, 3)


def test_in_sample_is_optimistic_and_out_of_sample_is_not():
    rng = np.random.default_rng(2)
    scores = []
    for _ in range(20):
        X, y = rng.normal(size=(100, 2)), rng.random(100) < 0.3
        tuned = Tuned(MODEL, cv=2).fit(X, y)
        scores.append((tuned.in_sample_score_, tuned.out_of_sample_score_))
    in_sample, out_of_sample = np.mean(scores, axis=0)
    assert in_sample > 0.525
    assert out_of_sample == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("pos_label", [None, "fit", "ill"])
@pytest.mark.parametrize("response_method", ["predict_proba", "decision_function"])
def test_costs_are_true_by_predicted_and_give_the_bayes_rule(binary, pos_label, response_method):
    X, y = binary
    costs = np.array([[0, 1], [4, 0]])  # a missed illness costs four false alarms: alert from 1/5
    settings = {"pos_label": pos_label, "response_method": response_method, "cv": 2}
    tuned = Tuned(MODEL, cost_matrix=costs, **settings).fit(X, y)
    turned = Tuned(MODEL, cost_matrix=costs.T, **settings).fit(X, y)
    bayes, other = (np.log(odds) * (-1 if pos_label == "fit" else 1) for odds in (1 / 4, 4))
    if response_method == "predict_proba":
        bayes, other = (1 / (1 + np.exp(-log_odds)) for log_odds in (bayes, other))
    for fitted, inside, outside in ((tuned, bayes, other), (turned, other, bayes)):
        lower, upper = fitted.decision_confint()
        assert lower < inside < upper
        assert not lower < outside < upper
    assert (tuned.predict(X) == "ill").sum() > (turned.predict(X) == "ill").sum()
    cells = confusion_matrix(y, tuned.predict(X))
    assert tuned.in_sample_score_ == pytest.approx((costs * cells).sum() / len(y), rel=0.05)


def test_costs_of_three_classes(classes):
    X, y = classes
    tuned = Tuned(MODEL, cost_matrix=[[0, 1, 1], [1, 0, 1], [9, 9, 0]], cv=2).fit(X, y)
    assert (tuned.predict(X) == "fraud").sum() > 1.5 * (y == "fraud").sum()
    assert tuned.decision_.metric == "expected_cost"


def test_constraints_are_met(classes):
    X, y = classes
    tuned = Tuned(MODEL, metric="accuracy", subject_to="recall[fraud] >= .9", cv=2).fit(X, y)
    assert tuned.decision_.matrix[2, 2] >= 0.9 * (y == "fraud").sum()
    free = Tuned(MODEL, metric="accuracy", cv=2).fit(X, y)
    assert (tuned.predict(X) == "fraud").sum() > (free.predict(X) == "fraud").sum()


def test_constraints_that_cannot_be_met(binary):
    X, y = binary
    with pytest.raises(cj.InfeasibleError, match="precision"):
        Tuned(MODEL, metric="f1", subject_to=["precision >= .99", "recall >= .9"]).fit(X, y)


def test_a_fold_without_a_decision_has_no_honest_score():
    x = np.arange(40.0)
    y = np.where(x < 20, "no", "yes")
    model = FrozenEstimator(LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"]))
    folds = PredefinedSplit((x >= 30).astype(int) * 2 - (x < 10))  # of the rows below 10 no fold tells
    with pytest.warns(cj.ConjacWarning, match="out_of_sample_score_ is nan: fold .* one class only"):
        tuned = Tuned(model, cv=folds).fit((x / 40)[:, None], y)
    assert np.isnan([tuned.out_of_sample_score_, tuned.out_of_sample_stderr_, *tuned.out_of_sample_confint()]).all()
    assert np.isnan(tuned.out_of_sample_matrix_).all()
    assert None in tuned.fold_decisions_
    assert tuned.diagnostics_["n_scored"] == 30


def test_frozen_estimators_score_all_rows_and_stay_as_they_are(binary):
    X, y = binary
    model = LogisticRegression(C=0.1).fit(X[:1000], y[:1000])
    rest = X[1000:], y[1000:]
    for refit in (True, False):
        tuned = Tuned(FrozenEstimator(model), metric="f1", refit=refit).fit(*rest)
        assert tuned.estimator_.estimator is model
        assert tuned.threshold_ == cj.maximize(rest[1], model.predict_proba(rest[0])[:, 1], "f1").threshold
        assert "must not be" in tuned.diagnostics_["model"]
        assert tuned.diagnostics_["n_scored"] == 2000
    with pytest.raises(NotFittedError):
        Tuned(FrozenEstimator(LogisticRegression())).fit(X, y)


@pytest.mark.filterwarnings("ignore:no row of y_true is 'b'")
def test_frozen_estimators_may_know_more_classes(classes):
    X, y = classes
    model = FrozenEstimator(LogisticRegression().fit(X, y))
    some = y != "b"
    tuned = Tuned(model, cost_matrix=1 - np.eye(3), cv=2).fit(X[some], y[some])
    assert list(tuned.classes_) == ["a", "b", "fraud"]
    assert tuned.out_of_sample_matrix_[1].sum() == 0
    with pytest.raises(cj.InvalidInputError, match="'new'"):
        Tuned(model).fit(X, np.where(y == "b", "new", y))


@pytest.mark.parametrize("groups", [None, np.arange(3000) // 10])
def test_a_single_split_keeps_its_model(binary, groups):
    X, y = binary
    split = StratifiedShuffleSplit(1, test_size=0.5, random_state=0)
    ((train, test),) = split.split(X, y)
    params = {} if groups is None else {"groups": groups}
    tuned = Tuned(MODEL, cv=[(train, test)], refit=False).fit(X, y, **params)
    np.testing.assert_array_equal(tuned.estimator_.coef_, clone(MODEL).fit(X[train], y[train]).coef_)
    assert len(tuned.fold_decisions_) == 5
    assert tuned.out_of_sample_matrix_.sum() == len(test)
    assert tuned.out_of_sample_score_ == pytest.approx(tuned.in_sample_score_, abs=0.02)
    with pytest.raises(cj.InvalidInputError, match="refit=False keeps the model of a single split, and cv gives 5"):
        Tuned(MODEL, refit=False).fit(X, y)


def test_groups_stay_together_and_widen_intervals(binary):
    """Rows five times over: errors are the root of 5 longer, but for the noise of the blocks into which names fall."""
    X, y = (np.repeat(part[:300], 5, axis=0) for part in binary)
    groups = np.arange(1500) // 5
    apart = Tuned(MODEL, cv=GroupKFold(5).split(X, y, groups)).fit(X, y)
    named = [Tuned(MODEL, cv=GroupKFold(5)).fit(X, y, groups=groups + shift) for shift in (0, 1000, 10**6, 10**8)]
    assert [tuned.threshold_ for tuned in named] == pytest.approx([apart.threshold_] * 4, abs=0.05)
    wider = np.array([tuned.out_of_sample_stderr_ for tuned in named]) / apart.out_of_sample_stderr_
    assert 1.8 < wider.mean() < 2.6
    assert wider.min() > 1.5


@pytest.mark.parametrize("cv", [4, StratifiedKFold(4), KFold(4, shuffle=True, random_state=0)])
def test_folds(binary, cv):
    X, y = (part[:600] for part in binary)
    tuned = Tuned(MODEL, cv=cv).fit(X, y)
    listed = Tuned(MODEL, cv=list(StratifiedKFold(4).split(X, y) if cv == 4 else cv.split(X, y))).fit(X, y)
    assert tuned.diagnostics_["n_folds"] == 4
    assert tuned.threshold_ == listed.threshold_
    assert tuned.out_of_sample_score_ == listed.out_of_sample_score_


def test_random_state_shuffles_the_rows_alone(binary):
    X, y = (part[:300] for part in binary)
    plain, *shuffled = (Tuned(MODEL, cv=2, random_state=seed).fit(X, y).threshold_ for seed in (None, 0, 0, 1))
    assert shuffled[0] == shuffled[1]
    assert len({plain, *shuffled}) == 3


def test_jobs_do_not_change_anything(binary, tuned):
    with parallel_config(backend="threading"):
        other = Tuned(MODEL, metric="f1", n_jobs=2).fit(*binary)
    assert other.threshold_ == tuned.threshold_
    assert other.fold_decisions_ == tuned.fold_decisions_


def test_weights_reach_the_estimator_and_the_tuning(binary):
    X, y = (part[:800] for part in binary)
    weight = np.where(y == "ill", 3.0, 1.0)
    score = cross_val_predict(MODEL, X, y, cv=5, method="predict_proba", params={"sample_weight": weight})[:, 1]
    expected = cj.maximize(y, score, "accuracy", sample_weight=weight)
    tuned = Tuned(MODEL, metric="accuracy").fit(X, y, sample_weight=weight)
    assert tuned.threshold_ == expected.threshold
    np.testing.assert_array_equal(tuned.estimator_.coef_, clone(MODEL).fit(X, y, weight).coef_)
    with pytest.warns(cj.ConjacWarning, match=r"KNeighborsClassifier.fit takes no sample_weight"):
        Tuned(KNeighborsClassifier(20)).fit(X, y, sample_weight=weight)


def test_metadata_is_routed(binary):
    X, y = (part[:400] for part in binary)
    weight, groups = np.where(y == "ill", 3.0, 1.0), np.arange(400) // 4
    by_hand = Tuned(MODEL, metric="accuracy", cv=3).fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        asking = LogisticRegression().set_fit_request(sample_weight=True)
        tuned = Tuned(asking, metric="accuracy", cv=3).set_fit_request(sample_weight=True)
        assert tuned.fit(X, y, sample_weight=weight).threshold_ == by_hand.threshold_
        silent = Tuned(LogisticRegression().set_fit_request(sample_weight=False), metric="accuracy", cv=3)
        silent.fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(silent.estimator_.coef_, clone(MODEL).fit(X, y).coef_)
        assert silent.decision_.matrix.sum() == weight.sum()
        with pytest.raises(UnsetMetadataPassedError):
            Tuned(LogisticRegression()).fit(X, y, sample_weight=weight)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), tuned)
        pipe.fit(X, y, sample_weight=weight)
        assert pipe[-1].decision_.matrix.sum() == weight.sum()
        grouped = Tuned(asking, cv=GroupKFold(3)).set_fit_request(sample_weight=True).fit(X, y, groups=groups)
        assert grouped.diagnostics_["n_folds"] == 3
        tuned.set_score_request(sample_weight=True)
        found = cross_validate(tuned, X, y, params={"sample_weight": weight}, cv=2, error_score="raise")
        assert found["test_score"].min() > 0.5
        assert tuned.fit(X, y).diagnostics_["n_folds"] == 3


def test_within_other_estimators(binary):
    X, y = (part[:500] for part in binary)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Tuned(MODEL, cv=2)),
        {"tuneddecisionclassifier__estimator__C": [1], "tuneddecisionclassifier__metric": ["f1", "accuracy"]},
        cv=2,
        scoring="balanced_accuracy",
        error_score="raise",
    ).fit(X, y)
    assert search.best_score_ > 0.6
    around = FixedThresholdClassifier(Tuned(MODEL, cv=2), threshold=0.3, pos_label="ill").fit(X, y)
    np.testing.assert_array_equal(around.predict(X) == "ill", around.estimator_.predict_proba(X)[:, 1] >= 0.3)
    inside = Tuned(
        GridSearchCV(make_pipeline(StandardScaler(), MODEL), {"logisticregression__C": [0.1, 1]}, cv=2), cv=2
    )
    assert balanced_accuracy_score(y, inside.fit(X, y).predict(X)) > 0.65
    assert inside.n_features_in_ == 2


def test_sparse_rows_kernels_and_lists(binary):
    X, y = (part[:400] for part in binary)
    dense = Tuned(MODEL, cv=3).fit(X, y)
    assert Tuned(MODEL, cv=3).fit(sparse.csr_array(X), y).threshold_ == pytest.approx(dense.threshold_, rel=1e-6)
    listed = Tuned(MODEL, cv=3).fit(X.tolist(), y.tolist())
    assert listed.threshold_ == dense.threshold_
    kernel = Tuned(SVC(kernel="precomputed"), cv=3).fit(X @ X.T, y)
    assert kernel.threshold_ == pytest.approx(Tuned(SVC(kernel="linear"), cv=3).fit(X, y).threshold_, rel=1e-3)


def test_frames(binary):
    pandas = needs("pandas")
    X, y = (part[:600] for part in binary)
    frame = pandas.DataFrame(X, columns=["age", "dose"], index=range(600, 0, -1))
    tuned = Tuned(MODEL).fit(frame, pandas.Series(y, index=frame.index))
    assert list(tuned.feature_names_in_) == ["age", "dose"]
    assert tuned.threshold_ == Tuned(MODEL).fit(X, y).threshold_
    with pytest.raises(ValueError, match="feature names"):
        tuned.predict(frame[["dose", "age"]])


@pytest.mark.parametrize("labels", [[False, True], [0, 7], [-1.0, 1.0], ["no", "yes"], np.array(["a", "b"], object)])
def test_labels_keep_their_type(binary, labels):
    X, y = (part[:300] for part in binary)
    labels = np.asarray(labels)
    tuned = Tuned(MODEL, cv=3).fit(X, labels[(y == "ill").astype(int)])
    assert tuned.predict(X).dtype == labels.dtype
    assert set(tuned.predict(X)) == set(labels)


def test_copies(binary, classes, tuned):
    X, y = binary
    for fitted, rows in ((tuned, X), (Tuned(MODEL, cv=2).fit(*classes), classes[0])):
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict(rows), fitted.predict(rows))
        np.testing.assert_array_equal(again.decision_confint(), fitted.decision_confint())
        assert again.out_of_sample_confint() == fitted.out_of_sample_confint()
    assert clone(tuned).fit(X, y).threshold_ == tuned.threshold_
    assert clone(Tuned(MODEL, cost_matrix=np.eye(2))).get_params()["metric"] == "balanced_accuracy"


def test_the_jacobian_is_at_the_decision(binary, tuned):
    X, y = binary
    J = tuned.confusion_jacobian(X, y, normalize="true")
    assert J.threshold == tuned.threshold_
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, tuned.predict(X), normalize="true"))
    turned = Tuned(MODEL, pos_label="fit").fit(X, y)
    assert turned.decision_.labels == ("ill", "fit")
    J = turned.confusion_jacobian(X, y)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, turned.predict(X), labels=["ill", "fit"]))


def test_a_decision_may_be_to_alert_never(binary):
    X, y = binary
    tuned = Tuned(MODEL, cost_matrix=[[0, 1], [0, 0]]).fit(X, y)
    assert set(tuned.predict(X)) == {"fit"}
    J = tuned.confusion_jacobian(X, y)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, tuned.predict(X)))
    assert Tuned(DummyClassifier()).fit(X, y).out_of_sample_score_ == 0.5


def test_what_the_inner_classifier_has(binary):
    X, y = binary
    margins = Tuned(LinearSVC()).fit(X[:500], y[:500])
    assert margins.decision_.coordinate == "score"
    assert not hasattr(margins, "predict_proba")
    assert not hasattr(Tuned(KNeighborsClassifier()), "decision_function")
    np.testing.assert_array_equal(margins.decision_function(X), margins.estimator_.decision_function(X))
    np.testing.assert_array_equal(margins.predict(X) == "ill", margins.decision_function(X) >= margins.threshold_)
    with pytest.raises(AttributeError, match="threshold_"):
        margins.offsets_  # noqa: B018
    calls = {"predict": [X], "predict_proba": [X], "confusion_jacobian": [X, y], "decision_confint": []}
    for method, arguments in (calls | {"out_of_sample_confint": []}).items():
        with pytest.raises(NotFittedError):
            getattr(Tuned(MODEL), method)(*arguments)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"metric": "f1", "cost_matrix": [[0, 1], [5, 0]]}, "metric='f1' and cost_matrix"),
        (
            {"cost_matrix": [[0, 1, 1], [1, 0, 1], [1, 1, 0]]},
            r"shape \(3, 3\).* 2 classes, \['fit', 'ill'\]",
        ),
        ({"cost_matrix": [[0, 1]]}, r"cost_matrix has shape \(1, 2\)"),
        ({"cost_matrix": [[0, np.nan], [1, 0]]}, r"cost_matrix\[0, 1\] is nan"),
        ({"metric": "f2"}, "metric 'f2' is unknown"),
        ({"metric": 3}, "metric is 3"),
        ({"subject_to": "recall[fraud] >= .9"}, "no such class; the labels are 'fit', 'ill'"),
        ({"subject_to": "recall is high"}, "expected 'metric >= number'"),
        ({"pos_label": "well"}, r"pos_label='well' is not among the classes \['fit', 'ill'\]"),
        ({"response_method": "predict"}, "response_method='predict': expected 'auto'"),
        ({"estimator": LinearSVC(), "response_method": "predict_proba"}, "LinearSVC has no predict_proba"),
        ({"estimator": DummyRegressor()}, "DummyRegressor has no predict_proba or decision_function"),
        ({"cv": ShuffleSplit(8, test_size=0.5, random_state=0)}, r"row \d+ is scored in \d of the 8 folds"),
        ({"cv": []}, "no row is scored"),
    ],
)
def test_bad_settings(binary, settings, complaint):
    with pytest.raises(cj.InvalidInputError, match=complaint):
        Tuned(**{"estimator": MODEL, **settings}).fit(*(part[:100] for part in binary))


@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        (["a"] * 30, r"y holds one class only \('a'\)"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
        ([np.nan] + [0.0, 1.0] * 14 + [1.0], r"y\[0\] is missing"),
        ([None] + ["a", "b"] * 14 + ["a"], r"y\[0\] is missing"),
    ],
)
def test_bad_labels(y, complaint):
    X = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(cj.InvalidInputError, match=complaint):
        Tuned(MODEL).fit(X, y)


def test_a_class_that_a_fold_is_not_trained_on():
    X, y = make_blobs(90, random_state=0)
    with pytest.raises(cj.InvalidInputError, match=r"knows the classes \[1, 2\], and y holds \[0, 1, 2\]"):
        Tuned(MODEL, cv=PredefinedSplit(y)).fit(X, y)


def test_a_positive_label_of_three():
    X, y = make_blobs(90, random_state=0)
    with pytest.raises(cj.NotSupportedError, match="pos_label=1 is for two classes"):
        Tuned(MODEL, pos_label=1).fit(X, y)


@pytest.mark.parametrize("weight", [[-1.0] * 100, [0.0] * 100, [1.0] * 99, [np.inf] * 100])
def test_bad_weights(binary, weight):
    X, y = (part[:100] for part in binary)
    with pytest.raises(cj.InvalidInputError, match="sample_weight"):
        Tuned(MODEL).fit(X, y, sample_weight=weight)


def test_constraints_may_be_asked_for_with_confidence(binary):
    X, y = binary
    bound = "recall >= .8"
    plain, sure = (Tuned(MODEL, metric="precision", subject_to=bound, confidence=c).fit(X, y) for c in (None, 0.95))
    assert sure.threshold_ < plain.threshold_
    assert sure.decision_.diagnostics["constraints"] == "met with one-sided confidence 0.95"
    with pytest.raises(cj.InvalidInputError, match="confidence=2"):
        Tuned(MODEL, subject_to=bound, confidence=2).fit(X, y)


def test_the_method_is_maximize_s(binary):
    X, y = binary
    exact = Tuned(MODEL, metric="f1", method="exact").fit(X, y)
    smooth = Tuned(MODEL, metric="f1").fit(X, y)
    assert exact.in_sample_score_ >= smooth.in_sample_score_
    assert exact.in_sample_score_ == smooth.diagnostics_["decision"]["exact_value"]
