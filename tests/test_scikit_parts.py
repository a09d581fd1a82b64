"""Derivatives through scikit-learn's transformers, pipelines and frames."""

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from pulls import assert_pulls, bound, cotangents, differences, told
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from support import needs

from conjac.models.scikit.features import ENCODERS
from conjac.models.scikit.part import rule_names

REGRESSION = LogisticRegression(C=0.5, max_iter=1000)
TRANSFORMERS = [
    FastICA(3, tol=0.1, random_state=0),
    FunctionTransformer(),
    GaussianRandomProjection(3, random_state=0),
    GenericUnivariateSelect(mode="k_best", param=2),
    IncrementalPCA(3),
    MaxAbsScaler(),
    MaxAbsScaler(clip=True) if "clip" in MaxAbsScaler().get_params() else MaxAbsScaler(),
    MinMaxScaler(),
    MinMaxScaler((-1, 2), clip=True),
    Normalizer(),
    Normalizer("l1"),
    Normalizer("max"),
    Nystroem(n_components=20, random_state=0),
    Nystroem(kernel="poly", degree=2, n_components=20, random_state=0),
    Nystroem(kernel="sigmoid", gamma=0.1, n_components=20, random_state=0),
    PCA(3),
    PCA(3, whiten=True),
    PolynomialFeatures(3),
    PolynomialFeatures(2, interaction_only=True, include_bias=False),
    PowerTransformer(),
    PowerTransformer(standardize=False),
    make_pipeline(MinMaxScaler((0.5, 2)), PowerTransformer("box-cox")),
    QuantileTransformer(n_quantiles=20),
    QuantileTransformer(n_quantiles=20, output_distribution="normal"),
    RBFSampler(n_components=20, random_state=0),
    RFE(REGRESSION, n_features_to_select=3),
    RFECV(REGRESSION, cv=2),
    RobustScaler(),
    RobustScaler(with_scaling=False),
    SelectFdr(alpha=0.99),
    SelectFpr(alpha=0.99),
    SelectFromModel(RandomForestClassifier(5, random_state=0)),
    SelectFwe(alpha=0.99),
    SelectKBest(k=2),
    SelectPercentile(percentile=50),
    SequentialFeatureSelector(REGRESSION, n_features_to_select=2, cv=2),
    SimpleImputer(),
    SparseRandomProjection(3, random_state=0),
    *(
        SplineTransformer(extrapolation=beyond, degree=degree, include_bias=has_bias)
        for beyond in ("constant", "linear", "continue", "periodic")
        for degree, has_bias in ((2, True), (3, False))
    ),
    StandardScaler(),
    StandardScaler(with_std=False),
    TruncatedSVD(3, random_state=0),
    VarianceThreshold(),
    make_pipeline("passthrough", StandardScaler()),
    make_union(StandardScaler(), PCA(2), "passthrough"),
    FeatureUnion([("a", StandardScaler()), ("b", PolynomialFeatures(2)), ("c", "drop")], transformer_weights={"b": 3}),
    make_column_transformer((StandardScaler(), [3, 1]), ("passthrough", slice(1, 2)), ("drop", [0])),
    ColumnTransformer(
        [("mask", PowerTransformer(), np.array([True, False, False, True, False])), ("none", PCA(), [])],
        remainder=MinMaxScaler(),
    ),
    ColumnTransformer([("callable", "passthrough", lambda X: [X.shape[1] - 1])], remainder="passthrough"),
]
CATEGORICAL = {"FeatureHasher", "HashingVectorizer", "TfidfVectorizer"}
"""Encoders without a test of their own: `still` is the rule of all."""


@pytest.fixture(scope="module", params=[2, 3])
def data(request):
    rng = np.random.default_rng(request.param)
    y = rng.integers(0, request.param, 160)
    return rng.normal(np.outer(y, [0.8, 0.4, 0, -0.5, 0.2]), 1), y


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=told)
def test_derivatives_through_a_transformer(data, transformer):
    X, y = data
    model = bound(make_pipeline(transformer, REGRESSION).fit(X[:100], y[:100]))
    assert_pulls(model, X[100:])


def _classes_within(one):
    yield type(one).__name__
    for _, inner, *_ in getattr(one, "steps", None) or getattr(one, "transformer_list", ()):
        yield from _classes_within(inner)


def test_every_rule_for_a_transformer_is_tested():
    named = {name for one in TRANSFORMERS for name in _classes_within(one)}
    steps = {type(one).__name__ for one in STEPS}
    wrappers = rule_names("transform") & rule_names("predict_proba") - {"Pipeline"}
    assert rule_names("transform") - named - steps - set(ENCODERS) - wrappers == {"RandomTreesEmbedding"}


STEPS = [Binarizer(), KBinsDiscretizer(encode="onehot-dense", strategy="uniform")]


@pytest.mark.parametrize("step", STEPS)
def test_steps_make_the_whole_stepwise(data, step):
    X, y = data
    union = make_union(StandardScaler(), step)
    model = bound(make_pipeline(union, REGRESSION).fit(X, y))
    assert model.stepwise
    assert model.pull is None
    assert model.derivative == f"{type(step).__name__} has steps"


def test_what_has_no_rule_is_named(data):
    X, y = data
    inner = make_column_transformer((FunctionTransformer(np.sin), [0]), (Nystroem(kernel="laplacian"), [1, 2]))
    model = bound(make_pipeline(inner, REGRESSION).fit(X, y))
    assert not model.stepwise
    assert model.pull is None
    assert model.derivative == "none known for FunctionTransformer(sin), none known for Nystroem(kernel='laplacian')"


def _ends(X):
    return [0, X.shape[1] - 1]  # one column twice, where there is one


def _all_but_one(X):
    return list(range(max(1, X.shape[1] - 1)))[::-1]


PIECES = st.sampled_from(
    [
        StandardScaler(),
        MinMaxScaler(),
        PowerTransformer(),
        PCA(1),
        "passthrough",
        Normalizer(),
        SplineTransformer(n_knots=3),
    ]
)
NESTED = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: make_pipeline(*parts)),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: make_union(*parts)),
        st.tuples(inner, inner).map(lambda two: make_column_transformer((two[0], _ends), (two[1], _all_but_one))),
    ),
    max_leaves=4,
)


@settings(max_examples=40)
@given(nested=NESTED, seed=st.integers(0, 99))
def test_derivatives_through_nested_parts(nested, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(80, 4)), np.arange(80) % 2
    model = bound(
        make_pipeline(StandardScaler(), make_union(clone(nested, safe=False), "passthrough"), REGRESSION).fit(X, y)
    )
    assert_pulls(model, rng.normal(size=(20, 4)))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_with_mixed_columns(library):
    frames = needs(library)
    if library == "polars" and sklearn.__version__.startswith("1.6"):
        pytest.skip("scikit-learn 1.6 finds no Polars columns by name")
    rng = np.random.default_rng(0)
    n = 200
    y = rng.integers(0, 2, n)
    age, income = rng.normal(40 + 5 * y, 9), rng.lognormal(y, 1)
    income[::7] = np.nan
    columns = {
        "region": np.array(["north", "south", "west"])[rng.integers(0, 3, n)],
        "income": income,
        "level": rng.integers(0, 3, n),
        "age": age,
        "unused": rng.normal(size=n),
        "note": np.array(["good", "bad", "good bad"])[rng.integers(0, 3, n)],
    }
    frame = frames.DataFrame(columns)
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), PowerTransformer()), ["income", "age"]),
        (OneHotEncoder(), ["region"]),
        (OrdinalEncoder(), ["level"]),
        (CountVectorizer(), "note"),
        (TargetEncoder(), ["region", "level"]),
        (MissingIndicator(), ["income"]),
    )
    model = bound(make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(frame, y))
    assert model.columns == tuple(columns)
    assert_pulls(model, frame, places=[1, 3, 4])
    found = model.pull(frame, np.ones(1))
    assert not found[:, [0, 2, 4, 5]].any()
    assert not found[::7, 1].any()
    assert found[1, [1, 3]].all()
    order = ["age", "note", "level", "region", "unused", "income"]
    turned = model.pull(frame[order], np.ones(1))
    np.testing.assert_array_equal(turned, found[:, [list(columns).index(name) for name in order]])


def test_selected_columns_of_a_frame():
    pandas = needs("pandas")
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    frame = pandas.DataFrame(rng.normal(np.outer(y, [1, 0, 0.5]), 1), columns=list("abc"))
    scale = make_column_transformer((StandardScaler(), make_column_selector(dtype_include=float)))
    pipeline = make_pipeline(scale.set_output(transform="pandas"), PolynomialFeatures(2), REGRESSION)
    assert_pulls(bound(pipeline.fit(frame, y)), frame)


def test_constant_derivatives_of_a_frame_are_one_row():
    pandas = needs("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"region": list("abc") * 20, "x": rng.normal(size=60), "z": rng.normal(size=60)})
    encode = make_column_transformer(
        (OneHotEncoder(), ["region"]), (make_pipeline(SimpleImputer(), StandardScaler()), ["z", "x"])
    )
    model = bound(make_pipeline(encode, PCA(3), REGRESSION).fit(frame, np.arange(60) % 2))
    assert model.pull(frame[["z", "region", "x"]], np.ones(1)).strides[0] == 0
    assert_pulls(model, frame, places=[1, 2])


def test_missing_values_pass_a_transformer_before_an_imputer(data):
    X, y = data
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    for transformer in (PowerTransformer(), QuantileTransformer(n_quantiles=20), StandardScaler()):
        model = bound(make_pipeline(transformer, SimpleImputer(), REGRESSION).fit(X[:100], y[:100]))
        assert_pulls(model, X[100:])


def test_quantiles_are_flat_at_the_ends_of_the_normal_distribution(data):
    X, y = data
    quantiles = QuantileTransformer(n_quantiles=20, output_distribution="normal")
    fitted = make_pipeline(quantiles, REGRESSION).fit(X, y)
    ends = np.quantile(X, [0, 1], axis=0) + np.array([[1e-9], [-1e-9]])
    model = bound(fitted)
    assert not model.pull(ends, cotangents(model, ends)).any()


@pytest.mark.parametrize(
    "imputer", [SimpleImputer(), SimpleImputer(add_indicator=True), SimpleImputer(missing_values=-1)]
)
def test_imputed_values_do_not_move(data, imputer):
    X, y = data
    X = X.copy()
    missing = np.random.default_rng(0).random(X.shape) < 0.2
    X[missing] = imputer.missing_values
    model = bound(make_pipeline(imputer, StandardScaler(), REGRESSION).fit(X, y))
    found = model.pull(X, cotangents(model, X))
    assert not found[missing].any()
    assert found[~missing].all()
    if imputer.missing_values != -1:
        np.testing.assert_allclose(found, differences(model, X, cotangents(model, X)), rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_columns_without_any_value_are_dropped_by_an_imputer(data):
    X, y = data
    X = np.insert(X, 1, np.nan, axis=1)
    model = bound(make_pipeline(SimpleImputer(), REGRESSION).fit(X, y))
    found = model.pull(X, cotangents(model, X))
    assert not found[:, 1].any()
    assert found[:, [0, 2]].all()


def test_single_precision_stays(data):
    X, y = (part.astype(np.float32) for part in data)
    fitted = make_pipeline(StandardScaler(), REGRESSION).fit(X, y)
    assert bound(fitted).scores(X).dtype == fitted.predict_proba(X).dtype
