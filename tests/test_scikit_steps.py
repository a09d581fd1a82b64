"""scikit-learn's models without a derivative: step functions anywhere in them, and what no rule is known for."""

import numpy as np
import pytest
from pulls import bound, told
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, DotProduct, Matern
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from support import needs

REGRESSION = LogisticRegression(C=0.5)
BAYES = GaussianNB()


@pytest.fixture(scope="module")
def binary():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 140)
    return rng.normal(np.outer(y, [0.8, 0.4, 0, -0.5, 0.2]), 1), y


@pytest.mark.parametrize(
    ("estimator", "because"),
    [
        (SVC(), "SVC of more than two classes has steps"),
        (CalibratedClassifierCV(BAYES, method="isotonic", cv=2), "CalibratedClassifierCV(method='isotonic') has steps"),
        (VotingClassifier([("a", REGRESSION), ("b", RandomForestClassifier(3))], voting="soft"), "RandomForest"),
        (make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=3)), "HistGradientBoosting"),
        (CalibratedClassifierCV(RandomForestClassifier(3), cv=2), "RandomForestClassifier has steps"),
        (StackingClassifier([("a", REGRESSION), ("b", Perceptron())], stack_method="predict"), "of predictions"),
        (BaggingClassifier(Perceptron(), 3), "BaggingClassifier of Perceptron has steps"),
        (BernoulliNB(), "BernoulliNB has steps"),
    ],
    ids=told,
)
def test_steps_anywhere_make_the_whole_stepwise(estimator, because):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    model = bound(estimator.fit(rng.normal(y[:, None], 1, (90, 4)), y))
    assert model.stepwise
    assert model.pull is None
    assert because in model.derivative


def test_boosted_trees_of_other_libraries_are_steps(binary):
    X, y = binary
    xgboost = needs("xgboost")
    fit = {"n_estimators": 3, "n_jobs": 1}
    assert bound(xgboost.XGBClassifier(**fit).fit(X, y)).stepwise
    assert bound(make_pipeline(StandardScaler(), xgboost.XGBRFClassifier(**fit)).fit(X, y)).stepwise
    linear = bound(xgboost.XGBClassifier(booster="gblinear", **fit).fit(X, y))
    assert not linear.stepwise
    assert linear.derivative == "none known for XGBClassifier(booster='gblinear')"


def test_trees_of_lightgbm_are_steps(binary):
    X, y = binary
    lightgbm = needs("lightgbm")
    fit = {"n_estimators": 3, "n_jobs": 1, "verbose": -1}
    assert bound(lightgbm.LGBMClassifier(**fit).fit(X, y)).stepwise
    assert not bound(lightgbm.LGBMClassifier(linear_tree=True, **fit).fit(X, y)).stepwise


@pytest.mark.parametrize(
    ("estimator", "because"),
    [
        (SVC(kernel=lambda a, b: a @ b.T), "SVC(kernel=<function"),
        (GaussianProcessClassifier(DotProduct() + RBF()), "GaussianProcessClassifier(kernel=DotProduct("),
        (GaussianProcessClassifier(Matern(nu=0.5)), "nu=0.5"),
        (BernoulliNB(binarize=None), "BernoulliNB(binarize=None)"),
    ],
    ids=told,
)
def test_what_has_no_rule_is_named(binary, estimator, because):
    X, y = binary
    model = bound(estimator.fit(np.where(X > 0, 1, 0), y))
    assert model.pull is None
    assert not model.stepwise
    assert model.derivative.startswith("none known for ")
    assert because in model.derivative
