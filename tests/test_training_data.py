"""What passes through training, asked for in other ways than the right ones: errors that say what and the way out."""

import numpy as np
import pytest
from oracles import NormalClasses
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.errors import ConjacError, InvalidInputError, NotDifferentiableError, NotSupportedError
from conjac.models import Model
from conjac.validation import TrainingData, check_training

X, Y = NormalClasses.of(2).draw(np.random.default_rng(0), 100)
TEST = NormalClasses.of(2).draw(np.random.default_rng(1), 600)
FIT = LogisticRegression(tol=1e-10).fit(X, Y)
IMPLICIT = cj.Hyperparameters("C", method="implicit")
both = pytest.mark.parametrize("wrt", [IMPLICIT, "training_weights"], ids=["hyperparameters", "training_weights"])


def moved(wrt, training=(X, Y), estimator=FIT, **options):
    return cj.ConfusionJacobian.from_estimator(estimator, *TEST, wrt=wrt, training_data=training, **options)


# --- training rows


BAD = {
    "nothing": (None, r"training_data is missing: pass \(X, y\)"),
    "rows alone": (X, r"training_data is a ndarray; expected a tuple \(X, y\)"),
    "one part": ((X,), r"expected a tuple \(X, y\), or \(X, y, sample_weight\)"),
    "four parts": ((X, Y, None, None), "expected a tuple"),
    "a mapping": ({"X": X, "y": Y}, "training_data is a dict"),
    "a shorter y": ((X, Y[:-1]), "X has 100 rows and y has 99"),
    "a longer y": ((X[:-1], Y), "X has 99 rows and y has 100"),
    "shorter weights": ((X, Y, np.ones(99)), "sample_weight has 99 rows"),
    "a negative weight": ((X, Y, np.where(np.arange(100) == 7, -1.0, 1.0)), r"sample_weight\[7\] is -1.0"),
    "weights of nothing": ((X, Y, np.zeros(100)), "sample_weight is zero in every row"),
    "a weight that is missing": ((X, Y, np.where(np.arange(100) == 7, np.nan, 1.0)), r"sample_weight\[7\]"),
    "no rows": ((X[:0], Y[:0]), "is empty"),
    "labels a column": ((X, np.eye(2)[Y]), "expected one dimension"),
    "a label that is missing": ((X, np.where(np.arange(100) == 3, np.nan, Y)), r"y_true\[3\] is missing"),
    "another label": ((X, np.where(np.arange(100) == 3, 7, Y)), r"y holds 7, and the estimator's classes are \[0, 1\]"),
    "labels of another type": ((X, np.array(["ham", "spam"])[Y]), r"y holds 'ham', .*classes are \[0, 1\]"),
    "one class": ((X[Y == 1], Y[Y == 1]), "no row has the label 0"),
    "a column less": ((X[:, :1], Y), "X has 1 features, but LogisticRegression is expecting 2 .*pass the rows that it"),
    "a column more": ((np.hstack([X, X]), Y), "X has 4 features, but LogisticRegression is expecting 2"),
    "one dimension": ((X[:, 0], Y), "Expected 2D array"),
    "words": ((np.full(X.shape, "word"), Y), "could not convert string to float"),
    "a number that is missing": ((np.where(np.arange(100)[:, None] == 7, np.nan, X), Y), "Input X contains NaN"),
    "an infinite number": ((np.where(np.arange(100)[:, None] == 7, np.inf, X), Y), "Input X contains infinity"),
}


@both
@pytest.mark.parametrize("name", BAD)
def test_training_rows_that_cannot_serve_are_refused(name, wrt):
    training, why = BAD[name]
    with pytest.raises(InvalidInputError, match=f"(?s){why}"):
        moved(wrt, training)


@pytest.mark.parametrize("name", ["a column less", "words", "a number that is missing"])
def test_a_pipeline_refuses_them_as_well(name):
    piped = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10)).fit(X, Y)
    with pytest.raises(InvalidInputError, match=r"training_data: .*; pass the rows that it was fitted on"):
        moved(IMPLICIT, BAD[name][0], piped)


@both
def test_frames_need_the_columns_of_the_fit_in_their_order(wrt):
    pandas = needs("pandas")
    frame, test = (pandas.DataFrame(rows, columns=["age", "rate"]) for rows in (X, TEST[0]))
    for named in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        named.set_params(**{name: 1e-10 for name in named.get_params() if name.endswith("tol")}).fit(frame, Y)

        def ask(training, estimator=named):
            same = {"wrt": wrt, "training_data": (training, Y)}
            return cj.ConfusionJacobian.from_estimator(estimator, test, TEST[1], **same)

        assert ask(frame).jacobian.shape[:2] == (2, 2)
        with pytest.raises(InvalidInputError, match=r"now missing: - rate"):
            ask(frame[["age"]])
        with pytest.raises(InvalidInputError, match=r"unseen at fit time: - Rate"):
            ask(frame.rename(columns={"rate": "Rate"}))
        with pytest.raises(InvalidInputError, match="same order"):
            ask(frame[["rate", "age"]])


def test_rows_are_read_from_lists_frames_and_sparse_arrays():
    expected = moved(IMPLICIT)
    some = [(X.tolist(), Y.tolist()), [X, Y, None], (X, Y, np.ones(100)), (sparse.csr_array(X), Y), (X.copy("F"), Y)]
    for training in some:
        np.testing.assert_allclose(moved(IMPLICIT, training).jacobian, expected.jacobian, rtol=1e-9)
    read = check_training([X.tolist(), Y.tolist(), [2] * 100])
    assert isinstance(read, TrainingData)
    assert (read.y.dtype.kind, read.weight.dtype) == ("i", np.float64)


def test_what_is_given_is_not_changed():
    rows = X.copy(), Y.copy(), np.ones(100)
    moved("training_weights", rows).influential_rows("recall")
    moved(IMPLICIT, rows)
    np.testing.assert_array_equal(rows[0], X)
    np.testing.assert_array_equal(rows[1], Y)
    np.testing.assert_array_equal(rows[2], 1)


# --- where nothing passes through training, or no training is known


@pytest.mark.parametrize("wrt", [None, "threshold", cj.Threshold(), cj.Mix("class")])
def test_training_rows_are_refused_where_nothing_passes_through_training(wrt):
    with pytest.raises(InvalidInputError, match="training_data: nothing passes through training"):
        moved(wrt)


@pytest.mark.parametrize("wrt", ["features", cj.Features([0])])
def test_features_do_not_pass_through_training(wrt):
    with pytest.raises(InvalidInputError, match="training_data: features do not pass"):
        moved(wrt)


@pytest.mark.parametrize("wrt", ["hyperparameters", "training_weights", IMPLICIT, cj.TrainingWeights()])
def test_scores_alone_do_not_tell_what_moves_them(wrt):
    with pytest.raises(InvalidInputError, match="scores do not tell what moves them; use from_estimator"):
        cj.confusion_jacobian(TEST[1], FIT.predict_proba(TEST[0])[:, 1], wrt=wrt)


UNKNOWN = {
    "function": lambda X: FIT.predict_proba(X)[:, 1],
    "model": Model(lambda X: FIT.predict_proba(X)[:, 1], classes=(0, 1)),
    "tree": DecisionTreeClassifier(max_depth=3).fit(X, Y),
    "l1": LogisticRegression(l1_ratio=1.0, solver="liblinear").fit(X, Y),
    "elastic net": LogisticRegression(l1_ratio=0.5, solver="saga", max_iter=5000).fit(X, Y),
    "hinge": LinearSVC(loss="hinge", max_iter=10**5).fit(X, Y),
}


@both
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_classifier_whose_training_is_no_smooth_problem_is_refused(name, wrt):
    with pytest.raises(NotDifferentiableError, match=r"training of|stop at 0|kink to kink"):
        moved(wrt, estimator=UNKNOWN[name])


@pytest.mark.parametrize("name", ["gamma", "max_iter", "solver", "l1_ratio", "threshold", ""])
def test_a_hyper_parameter_that_the_optimum_does_not_follow_is_refused(name):
    with pytest.raises(NotDifferentiableError, match=r"LogisticRegression follows C, .*method='refit' for others"):
        moved(cj.Hyperparameters(name, method="implicit"))


def test_calibration_is_not_assumed_here():
    for wrt in (IMPLICIT, "training_weights"):
        with pytest.raises(NotSupportedError, match="assume_calibrated"):
            moved(wrt, assume_calibrated=True)


# --- how it is asked for


WRONG = {
    "method": ({"method": "newton"}, r"method='newton'\): expected one of \('auto', 'implicit', 'refit'\)"),
    "unit": ({"unit": "sd"}, r"unit='sd'\): expected 'log' or 'raw'"),
    "a step": ({"step": 0.1, "method": "implicit"}, "a step is that of refits"),
    "a step back": ({"step": -0.1}, "expected a positive number of units"),
    "no step": ({"step": 0.0}, "expected a positive number of units"),
    "a step without end": ({"step": np.inf}, "expected a positive number of units"),
    "a step that is missing": ({"step": np.nan}, "expected one number"),
    "one seed": ({"n_seeds": 1}, "expected a whole number, 2 or more"),
    "half a seed": ({"n_seeds": 2.5}, "expected a whole number, 2 or more"),
    "no seed": ({"n_seeds": 0}, "expected a whole number, 2 or more"),
    "a word of seeds": ({"n_seeds": "five"}, "n_seeds"),
}


@pytest.mark.parametrize("name", WRONG)
def test_options_out_of_their_range_are_refused(name):
    options, why = WRONG[name]
    with pytest.raises(InvalidInputError, match=why):
        cj.Hyperparameters("C", **options)


@pytest.mark.parametrize("names", [(1,), ("C", None), (["C", "tol"],), (b"C",)])
def test_names_are_words(names):
    with pytest.raises(InvalidInputError, match="expected names, such as 'C'"):
        cj.Hyperparameters(*names)


def test_a_name_occurs_once():
    with pytest.raises(InvalidInputError, match="a name occurs twice"):
        cj.Hyperparameters("C", "class_weight[1]", "C")


@pytest.mark.parametrize("wrt", ["hyperparameter", "training", "trainingweights", 3, cj.Hyperparameters])
def test_what_moves_is_named_among_what_there_is(wrt):
    with pytest.raises(InvalidInputError, match="'hyperparameters', 'training_weights'"):
        moved(wrt, training=None)


@both
def test_options_of_the_decision_are_checked_as_elsewhere(wrt):
    for options in (
        {"normalize": "rows"},
        {"condition_on": "rows"},
        {"threshold": np.nan},
        {"offsets": [0.0, 0.1]},
        {"pos_label": 7},
        {"labels": [0, 2]},
        {"sample_weight": np.ones(5)},
        {"groups": np.zeros(600)},
    ):
        with pytest.raises(ConjacError, match=next(iter(options))):
            moved(wrt, **options)
