"""Boosters of XGBoost and LightGBM as sources of scores: equal to their libraries' own, whatever the table."""

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from support import needs

from conjac.errors import InvalidInputError, NotSupportedError
from conjac.models.boosters import Boosters
from conjac.models.contract import adapter_of

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 3))
Y = {2: (X[:, 0] + X[:, 1] > 0).astype(int), 3: np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])}


def trained(library, n_classes, X=X, **parameters):
    """Return a booster of few trees."""
    module = needs(library)
    if library == "xgboost":
        objective = (
            {"objective": "binary:logistic"} if n_classes == 2 else {"objective": "multi:softprob", "num_class": 3}
        )
        rows = module.DMatrix(X, Y[n_classes], enable_categorical=True)
    else:
        objective = {"objective": "binary"} if n_classes == 2 else {"objective": "multiclass", "num_class": 3}
        rows, parameters = module.Dataset(X, Y[n_classes]), {"verbosity": -1, **parameters}
    return module.train({**objective, "nthread": 1, **parameters}, rows, 5)


def own(library, booster, X, **options):
    """Return what the library itself predicts."""
    if library == "xgboost":
        return booster.predict(needs(library).DMatrix(X, enable_categorical=True), **options)
    return booster.predict(X, **{"raw_score" if name == "output_margin" else name: x for name, x in options.items()})


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_the_library_s(library, n_classes):
    booster = trained(library, n_classes)
    adapter = adapter_of(booster)
    model = adapter.bind(booster, "auto")
    assert model.scores(X).shape == ((600,) if n_classes == 2 else (600, 3))
    np.testing.assert_array_equal(model.scores(X), own(library, booster, X))
    np.testing.assert_array_equal(adapter.bind(booster, "probabilities").scores(X), model.scores(X))
    margin = adapter.bind(booster, "logits").scores(X)
    np.testing.assert_array_equal(margin, own(library, booster, X, output_margin=True))
    to_probability = expit if n_classes == 2 else lambda m: softmax(m, axis=1)
    np.testing.assert_allclose(to_probability(margin), model.scores(X), rtol=1e-5)
    assert model.stepwise
    assert model.pull is None
    assert model.classes is None
    assert model.columns is None


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("table", ["pandas", "polars", "pyarrow"])
def test_frames_and_arrays_score_alike(library, table):
    pandas, module = needs("pandas"), needs(table)
    frame = pandas.DataFrame(X, columns=["age", "income", "debt"])
    booster = trained(library, 2, frame)
    model = adapter_of(booster).bind(booster, "auto")
    given = (
        module.table({name: frame[name].to_numpy() for name in frame})
        if table == "pyarrow"
        else module.DataFrame({name: frame[name].to_numpy() for name in frame})
    )
    assert model.columns == ("age", "income", "debt")
    np.testing.assert_array_equal(model.scores(given), model.scores(X))


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_categories_pass_and_what_cannot_is_told(library):
    pandas = needs("pandas")
    frame = pandas.DataFrame(X, columns=["age", "income", "debt"])
    frame["region"] = pandas.Categorical(np.where(Y[2] == 1, "north", "south"))
    booster = trained(library, 2, frame)
    model = adapter_of(booster).bind(booster, "auto")
    np.testing.assert_array_equal(model.scores(frame), own(library, booster, frame))
    with pytest.raises(InvalidInputError, match="X has 3 columns, and the booster was trained on 4"):
        model.scores(X)
    with pytest.raises(InvalidInputError, match=r"does not take X.*training data"):
        model.scores(frame.rename(columns={"age": "years"}))


def test_objectives_of_xgboost():
    several = trained("xgboost", 3, objective="multi:softmax")
    bound = adapter_of(several).bind(several, "auto")
    np.testing.assert_allclose(bound.scores(X).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(bound.scores(X).argmax(axis=1), own("xgboost", several, X))
    raw = trained("xgboost", 2, objective="binary:logitraw")
    bound = adapter_of(raw).bind(raw, "auto")
    np.testing.assert_allclose(logit(bound.scores(X)), own("xgboost", raw, X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("library", "parameters", "error", "words"),
    [
        ("xgboost", {"objective": "reg:squarederror"}, InvalidInputError, "objective is 'reg:squarederror'"),
        ("xgboost", {"objective": "binary:hinge"}, InvalidInputError, "pass a function of X"),
        ("xgboost", {"booster": "gblinear"}, NotSupportedError, "linear"),
        ("lightgbm", {"objective": "regression"}, InvalidInputError, "objective is 'regression'"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # XGBoost's farewell to its linear booster
def test_other_objectives_are_refused(library, parameters, error, words):
    booster = trained(library, 2, **parameters)
    with pytest.raises(error, match=words):
        adapter_of(booster).bind(booster, "auto")


def test_other_outputs_are_refused_and_linear_trees_are_no_steps():
    booster = trained("lightgbm", 2, linear_tree=True)
    adapter = adapter_of(booster)
    assert not adapter.bind(booster, "auto").stepwise
    with pytest.raises(InvalidInputError, match="output='votes'"):
        adapter.bind(booster, "votes")


def test_strangers_are_not_owned():
    assert not Boosters().owns(object())
