"""Velocities that are told beside the scores: of rows, of tallies however they are split, of frames on every engine."""

import numpy as np
import pytest
from engines import each_engine
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError

N = 6000


def sample(seed, n=N):
    """Return labels, probabilities, and derivatives of these by a coefficient, a drift, and a drift of some rows."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    y = (x + 0.3 * z + rng.normal(size=n) > 0).astype(int)
    p = 1 / (1 + np.exp(-1.5 * x - 0.5 * z))
    slope = p * (1 - p)
    return y, p, {"coefficient": slope * x, "drift": slope * 1.5, "slice": np.where(z > 0.5, slope * 0.5, 0.0)}


def tally_of(y, p, moves, *, step=None, thresholds=(0.4,), **more):
    empty = cj.Tally.zero(
        "logit", step, thresholds=thresholds, clustered="groups" in more, velocities=tuple(moves), labels=(0, 1)
    )
    return empty.update(y, p, velocities=moves, **more)


def by_tally(tally, **how):
    return cj.ConfusionJacobian.from_tally(tally, threshold=0.4, wrt="velocities", **how)


def assert_close(one, other, rtol):
    np.testing.assert_array_equal(one.matrix, other.matrix)
    scale = np.abs(other.jacobian).max(axis=(0, 1))
    np.testing.assert_allclose(one.jacobian / scale, other.jacobian / scale, atol=rtol)
    np.testing.assert_allclose(one.stderr / other.stderr, 1, atol=rtol)
    for metric in ("f1", "accuracy"):
        np.testing.assert_allclose(one.of(metric).gradient, other.of(metric).gradient, rtol=rtol, atol=rtol / 10)


def test_drifts_of_a_linear_model_are_those_of_features():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N, 3))
    y = (X @ [1.0, -1.0, 0.5] + rng.normal(size=N) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    p = model.predict_proba(X)[:, 1]
    moves = {f"x{k}": p * (1 - p) * c for k, c in enumerate(model.coef_[0])}
    told = cj.confusion_jacobian(y, p, wrt=cj.Velocities(moves))
    model_told = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=cj.Features(unit="raw"))
    np.testing.assert_allclose(told.jacobian, model_told.jacobian, rtol=1e-9)
    np.testing.assert_allclose(told.stderr, model_told.stderr, rtol=1e-6)
    assert told.parameters == ("x0", "x1", "x2")


def test_several_classes_are_those_of_features():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(N, 2))
    y = np.argmax(X @ rng.normal(size=(2, 3)) + rng.gumbel(size=(N, 3)), axis=1)
    model = LogisticRegression().fit(X, y)
    p, coef = model.predict_proba(X), model.coef_
    moves = {f"x{k}": p * (coef[:, k] - p @ coef[:, k, None]) for k in range(2)}
    told = cj.confusion_jacobian(y, p, wrt=cj.Velocities(moves))
    model_told = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=cj.Features(unit="raw"))
    np.testing.assert_allclose(told.jacobian, model_told.jacobian, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(told.stderr, model_told.stderr, rtol=1e-6, atol=1e-9)


def test_a_closed_form():
    """Scores N(2y - 1, 1) that move by a + b s: the flux of a class is its density at the threshold times a + b t."""
    rng = np.random.default_rng(3)
    n, t = 40_000, 0.3
    y = rng.integers(0, 2, n)
    s = rng.normal(2 * y - 1, 1)
    J = cj.confusion_jacobian(y, s, threshold=t, wrt=cj.Velocities({"shift": np.full(n, 2.0), "scale": s}))
    for true in (0, 1):
        flux = (y == true).sum() * norm.pdf(t, 2 * true - 1) * np.array([2.0, t])
        assert (np.abs(J.jacobian[true, 1] - flux) < 4 * J.stderr[true, 1]).all()
        np.testing.assert_allclose(J.jacobian[true, 0], -J.jacobian[true, 1])


FORMS = {
    "rows": {},
    "weights": {"sample_weight": np.tile([0.5, 1.0, 2.5], N // 3)},
    "groups": {"groups": np.arange(N) // 5},
    "both": {"sample_weight": np.tile([0.5, 1.0, 2.5], N // 3), "groups": np.arange(N) // 5},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_tally_tells_what_its_rows_do(form):
    y, p, moves = sample(4)
    rows = cj.confusion_jacobian(y, p, threshold=0.4, wrt=cj.Velocities(moves), **FORMS[form])
    assert_close(by_tally(tally_of(y, p, moves, **FORMS[form])), rows, 2e-3)


@pytest.mark.parametrize("form", ["rows", "weights"])
def test_a_tally_with_a_bin_a_row_is_its_rows(form):
    y, p, moves = sample(5, 600)
    how = {name: values[:600] for name, values in FORMS[form].items()}
    rows = cj.confusion_jacobian(y, p, threshold=0.4, wrt=cj.Velocities(moves), **how)
    tally = tally_of(y, p, moves, step=2.0**-24, **how)
    assert len(tally.rows) == 600
    assert_close(by_tally(tally), rows, 2e-3)  # densities of rows are binned


@given(st.integers(0, 99), st.lists(st.integers(0, 300), max_size=4), st.sampled_from(["rows", "weights", "groups"]))
def test_parts_add_up_in_any_order(seed, cuts, form):
    y, p, moves = sample(seed, 300)
    how = {name: values[:300] for name, values in FORMS[form].items()}
    order = np.random.default_rng(seed).permutation(300)
    parts = [
        tally_of(y[some], p[some], {n: v[some] for n, v in moves.items()}, **{n: v[some] for n, v in how.items()})
        for some in np.split(order, sorted(cuts))
        if len(some)
    ]
    whole, merged = tally_of(y, p, moves, **how), parts[0].merge(*parts[1:])
    np.testing.assert_array_equal(merged.keys, whole.keys)
    np.testing.assert_allclose(merged.moments, whole.moments, rtol=1e-9, atol=1e-12)
    if len(parts) > 1:
        rest, others = merged.diff(parts[0]), parts[1].merge(*parts[2:])
        np.testing.assert_array_equal(rest.keys, others.keys)
        np.testing.assert_allclose(rest.moments, others.moments, rtol=1e-6, atol=1e-9)


def test_it_is_stored(tmp_path):
    tally = tally_of(*sample(6, 500))
    tally.to_parquet(tmp_path / "tally.parquet")
    for read in (
        cj.Tally.from_json(tally.to_json()),
        cj.Tally.from_parquet(tmp_path / "tally.parquet"),
        cj.Tally.from_arrays(tally.to_arrays()),
    ):
        assert read.velocities == ("coefficient", "drift", "slice")
        np.testing.assert_array_equal(read.moments, tally.moments)


@each_engine("weighted", [False, True])
def test_frames_sum_what_rows_do(frames, weighted):
    y, p, moves = sample(7, 900)
    w = np.tile([0.5, 1.0, 2.5], 300)
    frame = frames({"y": y, "p": p, "w": w, **{f"d {name}": v for name, v in moves.items()}})
    columns = {name: f"d {name}" for name in moves}
    how = {"label": "y", "score": "p", "weight": "w" if weighted else None, "labels": [0, 1]}
    curve = cj.ConfusionCurve.from_frame(frame, velocities=columns, thresholds=[0.4], **how)
    told = tally_of(y, p, moves, step=curve.tally.step, **({"sample_weight": w} if weighted else {}))
    np.testing.assert_array_equal(curve.tally.keys, told.keys)
    np.testing.assert_allclose(curve.tally.moments, told.moments, rtol=1e-9, atol=1e-12)
    J = cj.ConfusionJacobian.from_frame(frame, wrt=cj.Velocities(columns), threshold=0.4, **how)
    np.testing.assert_allclose(J.jacobian, by_tally(told).jacobian, rtol=1e-6)


def test_rows_without_a_velocity_are_set_aside(frames):
    y, p, moves = sample(8, 60)
    v = [None if k == 3 else np.inf if k == 7 else float(value) for k, value in enumerate(moves["drift"])]
    frame = frames({"y": y, "p": p, "v": v})
    with pytest.warns(ConjacWarning, match="2 of 60 rows are faulty"):
        curve = cj.ConfusionCurve.from_frame(frame, label="y", score="p", velocities={"drift": "v"})
    assert dict(curve.diagnostics["set_aside"]) == {"velocity 'v' missing": 1, "velocity 'v' infinite": 1}
    assert int(curve.tally.rows.sum()) == 58
    assert np.isfinite(curve.tally.moments).all()


def test_rows_that_nothing_moves():
    y, p, moves = sample(9)
    with pytest.warns(ConjacWarning, match="effective rows cross as 'still' moves"):
        J = by_tally(tally_of(y, p, {"still": 0 * p, **moves}))
    assert (J.jacobian[..., 0] == 0).all()
    assert np.isnan(J.stderr[..., 0]).all()
    assert np.isfinite(J.stderr[..., 1:]).all()


def test_exact_zeros_and_ones_stay_finite():
    y, p, _ = sample(10, 900)
    p[:40], p[40:80] = 0, 1
    tally = tally_of(y, p, {"drift": np.ones(900)})
    assert np.isfinite(tally.moments).all()
    assert np.isfinite(by_tally(tally).jacobian).all()


BAD = {
    "another name": ({"other": np.zeros(4)}, "other"),
    "no mapping": (np.zeros(4), "ndarray"),
    "a shape": ({"v": np.zeros(3)}, r"velocities\['v'\] has shape \(3,\); expected \(4,\)"),
    "nan": ({"v": np.array([0.0, np.nan, 0.0, 0.0])}, r"velocities\['v'\]\[1\] is nan"),
    "text": ({"v": np.array(list("abcd"))}, r"velocities\['v'\] holds"),
    "none": (None, r"expected a mapping of \['v'\]"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_velocities_are_named(kind):
    moves, said = BAD[kind]
    with pytest.raises(InvalidInputError, match=said):
        cj.Tally.zero("logit", velocities=("v",)).update([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], velocities=moves)


def test_what_cannot_be_asked():
    y, p, moves = sample(11, 300)
    with pytest.raises(InvalidInputError, match=r"Velocities\(dict\): expected a mapping of names"):
        cj.Velocities({})
    with pytest.raises(InvalidInputError, match="wrt='velocities': which"):
        cj.confusion_jacobian(y, p, wrt="velocities")
    with pytest.raises(InvalidInputError, match="this tally has none"):
        by_tally(cj.Tally.zero("logit").update(y, p))
    with pytest.raises(InvalidInputError, match="different velocities do not merge"):
        tally_of(y, p, moves).merge(tally_of(y, p, {"v": p}))
    with pytest.raises(InvalidInputError, match="expected different names"):
        cj.Tally.zero("logit", velocities=("a", "a"))
    with pytest.raises(InvalidInputError, match="expected 'threshold' or 'velocities'"):
        cj.ConfusionJacobian.from_tally(tally_of(y, p, moves), wrt="offsets")
    with pytest.raises(NotSupportedError, match="assume_calibrated"):
        by_tally(tally_of(y, p, moves), assume_calibrated=True)
    with pytest.raises(NotSupportedError, match="assume_calibrated"):
        cj.confusion_jacobian(y, p, wrt=cj.Velocities(moves), assume_calibrated=True)


def test_frames_refuse_what_they_cannot_move(frames):
    y, p, _ = sample(12, 60)
    frame = frames({"y": y, "p": p})
    with pytest.raises(InvalidInputError, match=r"velocity=3: expected the name of a column"):
        cj.ConfusionCurve.from_frame(frame, label="y", score="p", velocities={"drift": 3})
    with pytest.raises(InvalidInputError, match=r"wrt=.*expected a conjac.Velocities of columns"):
        cj.ConfusionJacobian.from_frame(frame, label="y", score="p", wrt="velocities")
    with pytest.raises(NotSupportedError, match="their offsets alone move there"):
        cj.ConfusionJacobian.from_frame(frame, label="y", score=["p", "p", "p"], wrt=cj.Velocities({"v": "p"}))


def test_it_says_what_moves():
    y, p, moves = sample(13)
    rows = cj.confusion_jacobian(y, p, threshold=0.4, wrt=cj.Velocities(moves))
    tally = by_tally(tally_of(y, p, moves))
    for J in (rows, tally):
        assert "  drift        d recall: " in repr(J)
        assert J.units == ("1 of coefficient", "1 of drift", "1 of slice")
        assert "as it was passed" in J.diagnostics["derivative"]
        assert J.to_frame().shape[0] == 12
    with pytest.raises(NotSupportedError, match="keeps no rows"):
        tally.contributions("recall", "drift")


def test_rows_add_up_to_the_slope():
    y, p, moves = sample(14)
    J = cj.confusion_jacobian(y, p, threshold=0.4, wrt=cj.Velocities(moves))
    for k, name in enumerate(moves):
        found = J.contributions("cell[1, 1]", name)
        assert found.contribution.sum() == pytest.approx(J.center[1, 1, k], rel=0.05)
        assert (found.contribution[y == 0] == 0).all()
