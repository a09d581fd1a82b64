"""The explorer's arrays of several classes: paths of each offset, a sample for joint moves, and metrics as ratios."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NormalScores
from scipy.stats import t as student
from sklearn.metrics import confusion_matrix
from strategies import class_rows

from conjac.engines.classes import motion_at, rule_of
from conjac.engines.rising import Rising
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import resolve
from conjac.motion import MIN_ROWS
from conjac.validation import check_classes
from conjac.views.summary.scene.joint import joint_matrix, moved_together
from conjac.views.summary.scene.offsets import OffsetSheet, scene_metrics
from conjac.views.summary.scene.ratios import MeanOfRatios
from conjac.views.summary.scene.sample import REPLICATES, JointSample, allocation


def normals(n=1500, n_classes=3, seed=0, decimals=None, as_probabilities=False, **options):
    """Return rows of normal scores, perhaps rounded to atoms, or as probabilities."""
    y, score = NormalScores.of(n_classes).draw(np.random.default_rng(seed), n)
    if as_probabilities:
        score = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    score = score if decimals is None else score.round(decimals)
    if as_probabilities and decimals is not None:
        score /= score.sum(axis=1, keepdims=True)
    return check_classes(y, score, labels=range(n_classes), **options)


def drawn(n, seed=1):
    rng = np.random.default_rng(seed)
    return {"sample_weight": rng.exponential(size=n)}, {"groups": np.arange(n) // 3}


WEIGHTS, GROUPS = drawn(1500)
KINDS = {
    "rows": {},
    "probabilities": {"as_probabilities": True},
    "weights": WEIGHTS,
    "groups": {**WEIGHTS, **GROUPS},
    "atoms": {"decimals": 1},
    "rounded probabilities": {"decimals": 2, "as_probabilities": True},
    "two classes": {"n_classes": 2},
}


def there(scene, column, step):
    """Return the offsets at a step of a path."""
    offsets = scene.offsets.copy()
    offsets[column] = scene.tracks[column].at[step]
    return offsets


def brute(rows, predicted):
    n = len(rows.labels)
    return confusion_matrix(rows.true, predicted, labels=range(n), sample_weight=rows.weight)


# --- paths


@pytest.mark.parametrize("condition_on", [None, "class"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_that_of_the_jacobian_there(kind, condition_on):
    rows = normals(**KINDS[kind])
    n = len(rows.labels)
    offsets = 0.2 * np.cos(np.arange(n)) - 0.2
    scene = OffsetSheet.of(rows, offsets, condition_on=condition_on, n_steps=5, n_sample=50)
    for k, path in enumerate(scene.tracks):
        for step in range(len(path.at)):
            J = ConfusionJacobian.from_classes(rows, offsets=there(scene, k, step), condition_on=condition_on)
            same(path.matrix.value[step], J.matrix, 0 if rows.weight is None else 1e-12)
            for found, told in zip(path.matrix[1:], J.matrix_confint(), strict=True):
                same(found[step], told)
            same(path.slope.value[step], J.jacobian[..., k])
            for found, told in zip(path.slope[1:], J.confint(), strict=True):
                same(found[step], told[..., k])
            for m, metric in enumerate(scene.metrics):
                told = J.of(metric.name)
                known = ~np.isnan(path.metric.value[step, m])
                same(path.metric.value[step, m], told.value if known else np.nan)
                limits = path.metric[1:]
                for found, side in zip(limits, told.value_confint(), strict=True):
                    same(found[step, m], side if known else np.nan)
                same(path.gain.value[step, m], told.gradient[k])
                for found, side in zip(path.gain[1:], told.confint(), strict=True):
                    same(found[step, m], side[k])
            told = J.exchange_rate(f"precision[{k}]", f"recall[{k}]")
            lower, upper = (side[k] for side in told.confint())
            known = np.isfinite([lower, upper]).all()
            same(path.exchange.value[step, 0], told.gradient[k] if known else np.nan)
            same(path.exchange.lower[step, 0], lower if known else np.nan, 1e-6)
            same(path.exchange.upper[step, 0], upper if known else np.nan, 1e-6)


def same(found, told, relative=1e-9):
    np.testing.assert_allclose(found, told, rtol=relative, atol=relative * np.nan_to_num(np.abs(told)).max())


@settings(max_examples=50)
@given(r=class_rows(min_size=2), data=st.data())
def test_counts_are_those_of_the_rule_at_ties_too(r, data):
    read = "score" if r.kind == "score" else None
    rows = check_classes(r.y_true, r.y_score, labels=r.labels, sample_weight=r.sample_weight, coordinate=read)
    n = len(r.labels)
    rule = rule_of(rows, data.draw(st.lists(st.integers(-8, 8).map(lambda x: x / 8), min_size=n, max_size=n)))
    compared = rule.compared(rows.score)
    for column in range(n):
        rising = Rising.of(rows, rule, compared, column)
        ties = rising.turning.needed[:: max(1, len(rows.true) // 4)]
        values = np.unique(np.concatenate([ties, [0.0, -0.125, 0.3]]))
        rules = [rising.rule_at(value) for value in values]
        cells = rising.cells_at(values, rising.turning.odd(values, rules, rows.score), None)
        for counted, moved in zip(cells.weight, rules, strict=True):
            np.testing.assert_allclose(counted, brute(rows, moved.predict(rows.score)), rtol=1e-12)
            if rows.weight is None:
                assert counted.dtype == np.int64


@pytest.mark.parametrize("options", [{"decimals": 1}, {"decimals": 0, "n_classes": 6}, {"n_classes": 5}, WEIGHTS])
def test_fluxes_where_rows_tie_and_where_many_classes_meet_are_those_of_the_jacobian(options):
    rows = normals(**options)
    rule = rule_of(rows, np.linspace(0, 0.4, len(rows.labels)).round(1))
    compared = rule.compared(rows.score)
    for column in range(len(rows.labels)):
        rising = Rising.of(rows, rule, compared, column)
        values = np.array([-1.05, -0.1, 0.0, 0.1, 0.35, 2.0])
        motion = rising.motion_at(values, None)
        pair = (resolve("f1_macro", rows.labels), resolve("recall[1]", rows.labels))
        covariance = motion.slope_covariance(pair)
        for step, value in enumerate(values):
            told = motion_at(rows, rising.rule_at(value), None)
            same(motion.counted.weight[step], told.counted.weight[0])
            clear = np.abs(told.effective_rows[column] - MIN_ROWS) > 1e-9  # of just five rows rounding decides
            for found, figures in zip(motion.slopes()[:3], told.slopes(None)[:3], strict=True):
                same(found[step][clear], figures[column][clear])
            same(covariance[step], told.slope_covariance(pair)[column], 1e-7)


def test_a_path_reaches_from_hardly_any_row_to_nearly_all_and_holds_the_base():
    scene = OffsetSheet.of(normals(5000), [0, 0.3, -0.1], n_steps=41)
    for k, path in enumerate(scene.tracks):
        assert (np.diff(path.at) > 0).all()
        assert path.at[path.base] == scene.offsets[k]
        share = path.matrix.value[:, :, k].sum(axis=1) / 5000
        assert share[0] < 0.01
        assert share[-1] > 0.99
        assert len(path.at) <= 41
        recall = path.matrix.value[:, k, k] / path.matrix.value[0, k].sum()
        assert np.diff(recall).max() < 0.1
        np.testing.assert_array_equal(path.matrix.value[path.base], scene.tracks[0].matrix.value[scene.tracks[0].base])


def test_a_rare_class_is_told_as_finely_as_a_common_one():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(20_000) < 0.002, 2, rng.integers(0, 2, 20_000))
    rows = check_classes(y, rng.normal(size=(20_000, 3)) + 2 * np.eye(3)[y], labels=range(3))
    path = OffsetSheet.of(rows, n_sample=50).tracks[2]
    assert np.diff(path.matrix.value[:, 2, 2] / (y == 2).sum()).max() < 0.15


def test_heavy_tails_do_not_thin_the_steps():
    rows = normals(3000, as_probabilities=True)
    score = rows.score.copy()
    score[:300] = np.eye(3)[rows.true[:300]]
    path = OffsetSheet.of(check_classes(rows.true, score), n_sample=50).tracks[0]
    assert np.ptp(path.at) > 20
    assert np.count_nonzero(np.abs(path.at) < 5) > 25


# --- what is rare


def test_absent_classes_are_nan_and_rows_of_one_class_are_no_trouble():
    rng = np.random.default_rng(0)
    score = rng.normal(size=(400, 4))
    for y in (rng.choice([0, 2], 400), np.full(400, 2)):
        rows = check_classes(y, score, labels=range(4))
        scene = OffsetSheet.of(rows, n_steps=9, n_sample=100)
        names = [metric.name for metric in scene.metrics]
        for path in scene.tracks:
            assert np.isnan(path.metric.value[:, names.index("recall[1]")]).all()
            assert path.matrix.value.sum(axis=(1, 2)).tolist() == [400] * len(path.at)
        np.testing.assert_array_equal(scene.tracks[3].matrix.value[:, [1, 3]], 0)


def test_scores_that_are_all_alike_have_a_path():
    scene = OffsetSheet.of(check_classes([0, 1, 2, 0], np.full((4, 3), 2.0)), n_steps=9)
    assert [path.at.tolist() for path in scene.tracks] == [[-1.0, 0.0, 1.0]] * 3
    assert scene.tracks[1].matrix.value[:, :, 1].sum(axis=1).tolist() == [0, 0, 4]


def test_labels_and_metrics_are_told_with_their_direction():
    scene = OffsetSheet.of(normals(), metric="cohen_kappa", n_steps=5, n_sample=50)
    assert scene.labels == ("0", "1", "2")
    assert scene.metrics[0].name == "cohen_kappa"
    assert len(scene.metrics) == 1 + 5 + 9
    assert {metric.better for metric in scene.metrics} == {1}
    assert [metric.place for metric in scene.metrics] == [-1] * 6 + [0, 1, 2] * 3
    assert scene.coordinate == "score"
    shares = []
    OffsetSheet.of(normals(), n_steps=5, report=shares.append)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_what_does_not_fit_is_refused():
    with pytest.raises(NotSupportedError, match="reject"):
        OffsetSheet.of(normals(), [0, 0, 0, 0.1])
    with pytest.raises(InvalidInputError, match="'score'"):
        OffsetSheet.of(normals(), coordinate="logit")


# --- metrics as ratios


@pytest.mark.parametrize("weighted", [False, True])
def test_ratios_are_the_metrics(weighted):
    rng = np.random.default_rng(0)
    for n in (2, 3, 6):
        matrix = rng.integers(0, 50, (n, n)) * rng.integers(0, 2, (n, n)) * (rng.random() if weighted else 1)
        matrix[-1] = 0
        matrix[0, 0] += 1
        told = 0
        for row in scene_metrics("f1_macro", tuple(range(n))):
            ratios = MeanOfRatios.of(row, matrix.sum(axis=1))
            assert (ratios is None) == (row.name == "matthews_corrcoef")
            if ratios is not None:
                assert ratios.value(matrix) == pytest.approx(float(row.value(matrix)), rel=1e-12, nan_ok=True)
                told += 1
        assert told == 4 + 3 * n


# --- joint moves


def test_a_sample_stands_for_the_rows():
    rows = normals(20_000, 4)
    rule = rule_of(rows, [0, 0.2, -0.3, 0.1])
    sample = JointSample.of(rows, rule, rule.compared(rows.score), 1000, 0)
    assert 900 < len(sample.true) <= 1000
    assert sample.score.dtype == np.float32
    assert (sample.score.max(axis=1) == 0).all()
    found = np.zeros((4, 4))
    np.add.at(found, (sample.true, sample.score.argmax(axis=1)), sample.weight)
    by_class = np.bincount(rows.true)
    np.testing.assert_allclose(found.sum(axis=1), by_class)
    groups = np.bincount(sample.replicate, minlength=REPLICATES)
    assert np.ptp(groups) <= 1
    assert "of 20,000 rows" in sample.told


def test_ties_of_a_sample_go_as_those_of_the_rule():
    rows = normals(2000, 4, decimals=0)
    rule = rule_of(rows, None)
    sample = JointSample.of(rows, rule, rule.compared(rows.score), 10_000, 0)
    assert sample.told.startswith("All 2,000 rows")
    found = np.zeros((4, 4))
    np.add.at(found, (sample.true, sample.score.argmax(axis=1)), sample.weight)
    np.testing.assert_array_equal(found, brute(rows, rule.predict(rows.score)))
    assert not sample.spread.any()


def test_where_logarithms_tie_and_probabilities_do_not_a_sample_goes_with_the_rule():
    least = np.linspace(0.34, 0.49, 400)
    more = np.nextafter(least, 1)
    tied = np.log(least) == np.log(more)
    assert tied.any()
    score = np.stack([least, more, 1 - least - more], axis=1)[tied]
    rows = check_classes(np.arange(len(score)) % 3, score)
    rule = rule_of(rows, None)
    sample = JointSample.of(rows, rule, rule.compared(rows.score), 10_000, 0)
    assert (sample.score.argmax(axis=1) == 1).all()
    path = OffsetSheet.of(rows, n_steps=5).tracks[2]
    assert path.matrix.value[path.base, :, 1].sum() == len(score)
    assert not path.matrix.value[path.base + 1 :, :, 1].any()  # where offsets differ, logarithms are compared


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=30), st.integers(1, 5000))
def test_an_allocation_takes_a_few_of_each_and_no_more_than_there_are(sizes, n_sample):
    size = np.array(sizes)
    taken = allocation(size, n_sample, np.where(size % 2, 0.25, 1.0))
    assert (taken <= size).all()
    assert (taken >= np.minimum(size, 4)).all()
    assert taken.sum() <= max(n_sample, np.minimum(size, 4).sum())


def test_moves_of_one_offset_are_exact():
    scene = OffsetSheet.of(normals(5000, 4), [0, 0.2, -0.3, 0.1], n_steps=9, n_sample=300)
    for k, path in enumerate(scene.tracks):
        steps = np.array([one.base for one in scene.tracks])
        for step in range(len(path.at)):
            steps[k] = step
            found = joint_matrix(scene, steps)
            np.testing.assert_allclose(found.matrix, path.matrix.value[step], atol=1e-8)
            assert not found.stderr.any()


def test_of_all_rows_joint_moves_are_exact():
    rows = normals(2000, 4, **drawn(2000)[0])
    scene = OffsetSheet.of(rows, n_steps=9, n_sample=10_000)
    found = joint_matrix(scene, np.array([2, 6, 3, 5]))
    offsets = np.array([path.at[step] for path, step in zip(scene.tracks, [2, 6, 3, 5], strict=True)])
    np.testing.assert_allclose(found.matrix, brute(rows, rule_of(rows, offsets).predict(rows.score)), atol=1e-9)
    assert not found.stderr.any()


@pytest.mark.parametrize("moves", [(0.3, 0.3, 0, 0), (0.8, -0.5, 0.3, 0), (1.5, 1.5, 0, 0)])
def test_errors_of_joint_moves_hold_and_are_below_those_of_the_sample_alone(moves):
    rows, moves = normals(20_000, 4), np.array(moves)
    rule = rule_of(rows, None)
    compared = rule.compared(rows.score)

    def counted(offsets):
        return brute(rows, (compared + offsets[:, None]).argmax(axis=0)).astype(float)

    base, exact = counted(0 * moves), counted(moves)
    alone = sum(counted(move) - base for move in moves * np.eye(4))
    off, stderr, plain = [], [], []
    for seed in range(60):
        sample = JointSample.of(rows, rule, compared, 1500, seed)
        found = moved_together(sample, moves, base, alone)
        off.append(found.matrix - exact)
        stderr.append(found.stderr)
        whole = np.zeros((4, 4))
        np.add.at(whole, (sample.true, (sample.score + moves).argmax(axis=1)), sample.weight)
        plain.append(whole - exact)
    off, stderr, plain = np.array(off), np.array(stderr), np.array(plain)
    inside = np.abs(off) <= student.ppf(0.975, REPLICATES - 1) * stderr
    assert 0.93 < inside.mean() < 0.995
    assert np.abs(off.mean(axis=0)).max() < 4 * off.std(axis=0).max() / np.sqrt(60)
    assert (off**2).mean() < (plain**2).mean()
    np.testing.assert_allclose(off.sum(axis=2), 0, atol=1e-6)


def test_a_metric_of_joint_moves_has_an_error():
    scene = OffsetSheet.of(normals(20_000, 4), n_steps=9, n_sample=1000)
    ratios = dict(zip([metric.name for metric in scene.metrics], scene.ratios, strict=True))["f1_macro"]
    value, stderr = joint_matrix(scene, np.array([5, 5, 2, 4])).figure(ratios.value)
    offsets = np.array([path.at[step] for path, step in zip(scene.tracks, [5, 5, 2, 4], strict=True)])
    rows = normals(20_000, 4)
    exact = resolve("f1_macro", range(4)).value(brute(rows, rule_of(rows, offsets).predict(rows.score)))
    assert 0 < stderr < 0.02
    assert abs(value - exact) < 4 * stderr


def test_of_many_classes_there_are_fewer_steps(monkeypatch):
    assert OffsetSheet.of(normals(), n_sample=50).n_steps == 41
    monkeypatch.setattr("conjac.views.summary.scene.offsets.MOST_STEPS", 36)
    scene = OffsetSheet.of(normals(), n_sample=50)
    assert scene.n_steps == 12
    assert [len(path.at) for path in scene.tracks] == [12] * 3


def test_arrays_of_a_path_have_the_shapes_that_are_told():
    scene = OffsetSheet.of(normals(), n_steps=9, n_sample=50)
    n, m = 3, len(scene.metrics)
    for path in scene.tracks:
        s = len(path.at)
        shapes = {"matrix": (s, n, n), "slope": (s, n, n), "metric": (s, m), "gain": (s, m), "exchange": (s, 1)}
        assert {name: [side.shape for side in getattr(path, name)] for name in shapes} == {
            name: [shape] * 3 for name, shape in shapes.items()
        }
    assert resolve("f1_macro", range(3)).name == scene.metrics[0].name
