"""What must not matter does not: the order of rows, the names of labels, the unit of weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normal_rows
from strategies import LABELS, rows

import conjac as cj

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
SLOPES = ("jacobian", "center", "stderr")


def jacobian(r, **options):
    return cj.confusion_jacobian(r.y_true, r.y_score, sample_weight=r.sample_weight, **options)


def assert_slopes(a, b, factor=1.0, **options):
    for name in SLOPES:
        np.testing.assert_allclose(getattr(a, name), factor * getattr(b, name), **options)


@given(data=st.data())
def test_the_order_of_rows(data):
    r = data.draw(rows())
    order = np.array(data.draw(st.permutations(range(len(r)))))
    t = data.draw(st.floats(0.01, 0.99))
    a, b = jacobian(r, threshold=t), jacobian(r.take(order), threshold=t)
    np.testing.assert_allclose(a.matrix, b.matrix, rtol=1e-12)
    np.testing.assert_allclose(a.matrix_stderr, b.matrix_stderr, rtol=1e-9, atol=1e-12)
    assert a.method == b.method
    assert_slopes(a, b, rtol=1e-9)


@given(data=st.data(), names=st.sampled_from(sorted(LABELS)))
@settings(max_examples=50)
def test_the_names_of_labels(data, names):
    r = data.draw(rows(labels="ints"))
    a = jacobian(r)
    b = cj.confusion_jacobian(LABELS[names][r.y_true], r.y_score, sample_weight=r.sample_weight)
    assert b.labels == tuple(LABELS[names].tolist())
    np.testing.assert_array_equal(a.matrix, b.matrix)
    for name in SLOPES:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_array_equal(a.of("f1").stderr, b.of("f1").stderr)


@given(data=st.data())
@settings(max_examples=50)
def test_swapping_the_classes_turns_the_matrix_about(data):
    """The other class positive, scores 1 - p, threshold 1 - t: the same decisions if no score is at t."""
    r = data.draw(rows(labels="ints", dtypes=(np.float64,)))
    score = np.round(r.y_score * 32) / 32
    t = (data.draw(st.integers(0, 31)) + 0.5) / 32
    options = {"sample_weight": r.sample_weight}
    a = cj.confusion_jacobian(r.y_true, score, threshold=t, **options)
    b = cj.confusion_jacobian(r.y_true, 1 - score, threshold=1 - t, pos_label=0, **options)
    np.testing.assert_allclose(b.matrix, a.matrix[::-1, ::-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_swapping_the_classes_mirrors_the_slopes(t):
    y, p = normal_rows(0, 1000)
    a = cj.confusion_jacobian(y, p, threshold=t)
    b = cj.confusion_jacobian(y, 1 - p, threshold=1 - t, pos_label=0)
    np.testing.assert_allclose(b.jacobian, -a.jacobian[::-1, ::-1], rtol=1e-4)
    np.testing.assert_allclose(b.stderr, a.stderr[::-1, ::-1], rtol=1e-4)


@given(data=st.data(), exponent=st.integers(-6, 6))
def test_the_unit_of_weights(data, exponent):
    r = data.draw(rows(weighted=True))
    c, t = 2.0**exponent, data.draw(st.floats(0.01, 0.99))
    a = jacobian(r, threshold=t)
    b = cj.confusion_jacobian(r.y_true, r.y_score, sample_weight=c * r.sample_weight, threshold=t)
    np.testing.assert_allclose(b.matrix, c * a.matrix, rtol=1e-12)
    np.testing.assert_allclose(b.matrix_stderr, c * a.matrix_stderr, rtol=1e-9, atol=1e-12)
    assert_slopes(b, a, c, rtol=1e-9)
    for level in (0.5, 0.95):
        for mine, other in zip(b.matrix_confint(level), a.matrix_confint(level), strict=True):
            np.testing.assert_allclose(mine, c * other, rtol=1e-9, atol=1e-12)
    for name in ("f1", "recall", "matthews_corrcoef", "positive_likelihood_ratio"):
        mine, other = b.of(name), a.of(name)
        np.testing.assert_allclose(mine.value, other.value, rtol=1e-9)
        np.testing.assert_allclose(mine.value_stderr, other.value_stderr, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(mine.stderr, other.stderr, rtol=1e-9)
        np.testing.assert_allclose(mine.value_confint(), other.value_confint(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("c", [1 / 3, 0.1, 7.0])
@pytest.mark.parametrize("design", ["plain", "groups", "class"])
def test_weights_of_one_size_are_no_weights(c, design):
    y, p = normal_rows(1, 800)
    options = {"plain": {}, "groups": {"groups": np.arange(800) // 4}, "class": {"condition_on": "class"}}[design]
    plain = cj.confusion_jacobian(y, p, threshold=0.3, **options)
    weighted = cj.confusion_jacobian(y, p, threshold=0.3, sample_weight=np.full(800, c), **options)
    np.testing.assert_allclose(weighted.matrix, c * plain.matrix, rtol=1e-12)
    # A quartile between two rows may fall to either by rounding.
    assert_slopes(weighted, plain, c, rtol=5e-3)
    np.testing.assert_allclose(weighted.matrix_stderr, c * plain.matrix_stderr, rtol=1e-9)
    np.testing.assert_allclose(weighted.of("f1").value_stderr, plain.of("f1").value_stderr, rtol=1e-9)


@given(data=st.data())
@settings(max_examples=50)
def test_rows_of_weight_zero_count_for_nothing(data):
    r = data.draw(rows(weighted=True))
    kept = r.take(r.sample_weight > 0)
    t = data.draw(st.floats(0.01, 0.99))
    a, b = jacobian(r, threshold=t), jacobian(kept, threshold=t)
    np.testing.assert_allclose(a.matrix, b.matrix, rtol=1e-12)
    np.testing.assert_allclose(a.matrix_stderr, b.matrix_stderr, rtol=1e-9, atol=1e-12)
    for name in ("f1", "matthews_corrcoef"):
        np.testing.assert_allclose(a.of(name).value_confint(), b.of(name).value_confint(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_zero_weights_leave_the_slopes_alone(seed):
    y, p = normal_rows(seed, 600)
    rng = np.random.default_rng(50 + seed)
    extra_y, extra_p = rng.integers(0, 2, 600), rng.random(600)
    weight = np.concatenate([rng.exponential(size=600), np.zeros(600)])
    a = cj.confusion_jacobian(np.append(y, extra_y), np.append(p, extra_p), sample_weight=weight)
    b = cj.confusion_jacobian(y, p, sample_weight=weight[:600])
    np.testing.assert_allclose(a.matrix, b.matrix, rtol=1e-12)
    assert_slopes(a, b, rtol=2e-2)


@pytest.mark.parametrize("t", [0.3, 0.5])
def test_a_weight_of_two_counts_twice_but_is_one_row(t):
    """Sampling weights, not frequencies: the estimate is that of the doubled rows, the error is not."""
    y, p = normal_rows(2, 1500)
    twice = np.random.default_rng(7).random(1500) < 0.5
    weight = 1.0 + twice
    again = np.concatenate([np.arange(1500), np.flatnonzero(twice)])
    a = cj.confusion_jacobian(y, p, sample_weight=weight, threshold=t)
    b = cj.confusion_jacobian(y[again], p[again], threshold=t)
    np.testing.assert_array_equal(a.matrix, b.matrix)
    # Fewer rows ask for a wider kernel: the same figure within its error, not to the bit.
    assert (np.abs(a.jacobian - b.jacobian) < a.stderr).all()
    assert (a.matrix_stderr > 1.03 * b.matrix_stderr).all()
    assert a.of("f1").value_stderr > 1.03 * b.of("f1").value_stderr
    assert (a.stderr > b.stderr).all()


def test_a_row_doubled_is_not_two_rows_if_it_is_one_cluster():
    y, p = normal_rows(3, 1000)
    again = np.repeat(np.arange(1000), 2)
    jitter = 1e-4 * np.random.default_rng(0).random(2000)
    doubled = np.clip(p[again] + jitter, 0, 1)
    alone = cj.confusion_jacobian(y, p)
    naive = cj.confusion_jacobian(y[again], doubled)
    clustered = cj.confusion_jacobian(y[again], doubled, groups=again)
    np.testing.assert_allclose(naive.matrix_stderr, np.sqrt(2) * alone.matrix_stderr, rtol=0.02)
    np.testing.assert_allclose(clustered.matrix_stderr, 2 * alone.matrix_stderr, rtol=0.3)


def test_inputs_are_left_as_they_were_and_not_held():
    y, p = normal_rows(4, 300)
    w = np.ones(300)
    kept = y.copy(), p.copy(), w.copy()
    J = cj.confusion_jacobian(y, p, sample_weight=w)
    curve = cj.ConfusionCurve.from_predictions(y, p, sample_weight=w)
    before = curve.matrix_at(0.5), curve.jacobian_at(0.5)
    for array, copy in zip((y, p, w), kept, strict=True):
        np.testing.assert_array_equal(array, copy)
    p[:] = 0.9
    w[:] = 100
    np.testing.assert_array_equal(curve.matrix_at(0.5), before[0])
    np.testing.assert_array_equal(curve.jacobian_at(0.5), before[1])
    np.testing.assert_array_equal(J.matrix, before[0])


def test_read_only_and_non_contiguous_arrays():
    y, p = normal_rows(5, 400)
    expected = cj.confusion_jacobian(y[::2], p[::2])
    table = np.stack([1 - p, p], axis=1)[::2]
    table.flags.writeable = False
    found = cj.confusion_jacobian(y[::2], np.asfortranarray(table)[:, 1])
    np.testing.assert_array_equal(found.matrix, expected.matrix)
    big_endian = cj.confusion_jacobian(y[::2].astype(">i4"), p[::2].astype(">f8"))
    np.testing.assert_array_equal(big_endian.matrix, expected.matrix)
    np.testing.assert_allclose(big_endian.jacobian, expected.jacobian)
