"""The training loss: its soft cells, bandwidth and gradients, the same of PyTorch and JAX."""

import math

import numpy as np
import pytest
from scipy import special
from scipy.stats import norm
from support import needs

import conjac as cj
from conjac.facets import Facets
from conjac.models.softened import NORMAL_REFERENCE, Library, Running, Softened, memberships
from conjac.rules import ArgmaxRule

NUMPY = Library(np, special, lambda array, x: np.asarray(array, x.dtype), lambda x: x, lambda f, x: f(x))


class Twin:
    """Either library's loss in double precision, NumPy's arrays in and out."""

    def __init__(self, name):
        self.name = name
        self.library = needs(name)

    def trainer(self, metric, **options):
        """Return a function from batches to the loss and its derivative in the scores at each, from the start."""
        if self.name == "torch":
            from conjac.models.torch import ConfusionLoss

            return lambda batches: self._torch(ConfusionLoss(metric, **options).double(), batches)
        from conjac.models.jax import ConfusionLoss

        loss = ConfusionLoss(metric, **options)
        step = self.library.jit(
            self.library.value_and_grad(lambda scores, state, y, w: loss(state, scores, y, w), has_aux=True)
        )
        return lambda batches: self._jax(loss, step, batches)

    def _torch(self, loss, batches):
        torch, found = self.library, []
        for scores, *rest in batches:
            scores = torch.tensor(scores, requires_grad=True)
            value = loss(scores, *map(torch.as_tensor, rest))
            value.backward()
            found.append((value.item(), scores.grad.numpy()))
        return found

    def _jax(self, loss, step, batches):
        found = []
        with self.library.enable_x64(True):
            state = loss.init()
            for scores, y, *weight in batches:
                (value, state), gradient = step(scores, state, y, *(weight or [np.ones(len(y))]))
                found.append((float(value), np.asarray(gradient)))
        return found

    def refused(self, *arguments, **options):
        """Call the loss once, as it is."""
        if self.name == "torch":
            from conjac.models.torch import ConfusionLoss

            return ConfusionLoss("accuracy", **options)(*map(self.library.tensor, arguments))
        from conjac.models.jax import ConfusionLoss

        loss = ConfusionLoss("accuracy", **options)
        return loss(loss.init(), *map(self.library.numpy.asarray, arguments))

    def slope_of_memberships(self, columns, width, weight):
        """Return the derivative, in the scores, of the weighted sum of all soft memberships."""
        if self.name == "torch":
            from conjac.models.torch.loss import TORCH

            u = self.library.tensor(columns, requires_grad=True)
            found = memberships(TORCH, u, self.library.as_tensor(width))
            (found * self.library.as_tensor(weight)).sum().backward()
            return u.grad.numpy()
        from conjac.models.jax.loss import JAX

        with self.library.enable_x64(True):
            slope = self.library.grad(lambda u: (memberships(JAX, u, width) * weight).sum())
            return np.asarray(self.library.jit(slope)(columns))


@pytest.fixture(params=["torch", "jax"])
def twin(request):
    return Twin(request.param)


@pytest.fixture
def one_library():
    """Return one library where the code is of both and JAX would compile for seconds."""
    return Twin("torch")


def flux_slope(columns, width, weight, member):
    """Sum fluxes through facets: mass ``kappa_h(u_k - u_j)`` goes from j to k as u_k rises, times the membership."""
    n_classes = columns.shape[1]
    slope = np.zeros_like(columns)
    for j in range(n_classes):
        for k in range(n_classes):
            if j != k:
                mass = norm.pdf(columns[:, k] - columns[:, j], scale=width) * member(columns, j, k)
                slope[:, k] += mass * (weight[:, k] - weight[:, j])
    return slope


def drawn(n_classes, n=40, seed=0):
    rng = np.random.default_rng(seed)
    return 2 * rng.normal(size=(n, n_classes)), rng.uniform(0.3, 2, n), rng.normal(size=(n, n_classes))


def always(columns, _j, _k):
    return np.ones(len(columns))


def below_the_tied_pair(columns, j, k, width):
    """Probability that the third class lies below a tied pair: the midpoint rule, as soft as the kernel."""
    (third,) = {0, 1, 2} - {j, k}
    midpoint = (columns[:, j] + columns[:, k]) / 2
    return norm.cdf((midpoint - columns[:, third]) / (math.sqrt(3 / 4) * width))


def test_two_classes_flow_through_their_facet(twin):
    columns, width, weight = drawn(2)
    found = twin.slope_of_memberships(columns, width, weight)
    assert np.allclose(found, flux_slope(columns, width, weight, always), rtol=0, atol=1e-12)


def test_three_classes_flow_through_facets_by_the_soft_midpoint_rule(twin):
    columns, width, weight = drawn(3)
    found = twin.slope_of_memberships(columns, width, weight)
    expected = flux_slope(columns, width, weight, lambda *at: below_the_tied_pair(*at, width))
    assert np.allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("n_classes", [3, 5])
def test_away_from_corners_membership_is_that_of_facets(one_library, n_classes):
    columns, width, weight = drawn(n_classes, n=400, seed=1)
    width = width / 20
    facets = Facets.of(ArgmaxRule(np.zeros(n_classes), "score"), columns)

    def member(columns, j, k):
        there = np.zeros(len(columns))
        there[facets.row[facets.pair == min(j, k) * n_classes + max(j, k)]] = 1
        return there

    ordered = np.sort(columns, axis=1)
    clear = (ordered[:, -1] + ordered[:, -2]) / 2 - ordered[:, -3] > 7 * width
    assert clear.sum() > 100
    found, expected = (
        one_library.slope_of_memberships(columns, width, weight),
        flux_slope(columns, width, weight, member),
    )
    assert np.allclose(found[clear], expected[clear], rtol=0, atol=1e-6)
    assert np.abs(expected[clear]).max() > 1


def test_soft_counts_of_two_classes_are_normal_probabilities():
    scores, y, w = np.array([-1.0, 0.5, 2.0, 0.1]), np.array([0, 1, 1, 0]), np.array([1.0, 2.0, 1.0, 3.0])
    softened = Softened.of("f1", 2, 0.0, 10, 0.9, 0.01)
    _, seen = softened.step(NUMPY, nothing(2), scores, y, w)
    soft = norm.cdf(scores / seen.width[y])
    assert seen.cells[1, 1] == pytest.approx((w * soft)[y == 1].sum(), abs=1e-14)
    assert seen.cells[0, 1] == pytest.approx((w * soft)[y == 0].sum(), abs=1e-14)
    assert np.allclose(seen.cells.sum(axis=1), [4, 3], atol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 3, 10, 100])
def test_memberships_add_up_and_follow_the_scores(n_classes):
    columns, width, _ = drawn(n_classes)
    found = memberships(NUMPY, columns, width)
    assert np.allclose(found.sum(axis=1), 1, rtol=0, atol=1e-9)
    assert (found >= 0).all()
    sharp = memberships(NUMPY, columns, np.full(len(columns), 1e-6))
    assert (sharp.argmax(axis=1) == columns.argmax(axis=1)).all()
    assert np.allclose(sharp.max(axis=1), 1)


def test_memberships_are_those_of_noisy_scores():
    columns, width, _ = drawn(4, n=6)
    noise = np.random.default_rng(0).normal(size=(200_000, 6, 4)) * width[:, None] / math.sqrt(2)
    share = (np.argmax(columns + noise, axis=-1)[..., None] == np.arange(4)).mean(axis=0)
    assert np.allclose(memberships(NUMPY, columns, width), share, atol=5e-3)


def nothing(n_classes):
    zeros = np.zeros(n_classes)
    return Running(np.zeros((n_classes, n_classes)), zeros, zeros, np.full(n_classes, np.inf), np.zeros((), int))


def seen_after(batches, **options):
    softened, seen = Softened.of("f1", 2, **({"threshold": 0.0, "memory": 0.9, "min_bandwidth": 0.01} | options)), None
    widths = []
    for scores, y in batches:
        _, seen = softened.step(NUMPY, seen or nothing(2), scores, y, None)
        widths.append(seen.width)
    return np.array(widths)


def test_bandwidth_is_that_of_its_formula():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.25).astype(int)
    scores = rng.normal(2 * y - 1)
    for anneal_steps in (1, 4):
        widths = seen_after([(scores, y)] * 6, anneal_steps=anneal_steps, memory=0.5)
        for k in (0, 1):
            mean, n, expected = 0.0, 0.0, np.inf
            total = square = 0.0
            for step in range(6):
                total, square = total / 2 + (y == k).sum(), square / 4 + (y == k).sum()
                n = total**2 / square
                mean = (n * np.abs(scores[y == k]).mean() + 10 * np.abs(scores).mean()) / (n + 10)
                expected = min(expected, NORMAL_REFERENCE * mean * n ** -(min(1, step / anneal_steps) / 5))
                assert widths[step, k] == pytest.approx(expected, rel=1e-12)


def test_bandwidth_narrows_never_widens_and_has_a_floor():
    rng = np.random.default_rng(0)
    y = np.arange(100) % 2
    widths = seen_after([(scale * rng.normal(size=100), y) for scale in (1, 10, 0.1, 100, 0.0)], anneal_steps=3)
    assert (np.diff(widths, axis=0) <= 0).all()
    assert widths[1] == pytest.approx(widths[0])
    flat = seen_after([(np.zeros(100), y)], anneal_steps=3)
    assert (flat == 0.01).all()


def test_bandwidth_is_in_units_of_the_scores(one_library):
    columns, *_ = drawn(3)
    y, run = np.arange(40) % 3, one_library.trainer("f1_macro", n_classes=3)
    ((one, slope),), ((other, gentler),) = run([(columns, y)]), run([(100 * columns, y)])
    assert one == pytest.approx(other, rel=1e-6)
    assert np.allclose(slope, 100 * gentler, atol=1e-8)


METRICS = [
    ("torch", "f1", 2),
    ("torch", "matthews_corrcoef", 2),
    ("torch", "balanced_accuracy", 2),
    ("torch", cj.metrics.fbeta(2), 2),
    ("torch", [[0, 1], [5, 0]], 2),
    ("torch", "cohen_kappa", 4),
    ("torch", "recall[2]", 4),
    ("torch", 1 - np.eye(4), 4),
    ("jax", "f1", 2),
    ("jax", "f1_macro", 4),
]


@pytest.mark.parametrize(("library", "metric", "n_classes"), METRICS)
def test_of_a_whole_batch_the_gradient_is_that_of_the_metric(library, metric, n_classes):
    columns, _, _ = drawn(n_classes, n=60)
    rng = np.random.default_rng(3)
    y, w = rng.integers(n_classes, size=60), rng.uniform(0.5, 2, 60)
    softened = Softened.of(metric, n_classes, 0.0, 10, 0.9, 0.01)
    _, seen = softened.step(NUMPY, nothing(n_classes), columns, y, w)

    def value(at):
        cells = (y[:, None] == np.arange(n_classes)).T @ (w[:, None] * memberships(NUMPY, at, seen.width[y]))
        of = float(softened.metric.value(cells))
        return 1 - of if softened.metric.greater_is_better else of

    ((found, slope),) = Twin(library).trainer(metric, n_classes=n_classes, anneal_steps=10)([(columns, y, w)])
    assert found == pytest.approx(value(columns), abs=1e-6)
    assert np.abs(slope).max() > 1e-3
    for row, k in ((0, 0), (7, 1), (31, n_classes - 1)):
        step = np.zeros_like(columns)
        step[row, k] = 1e-5
        assert slope[row, k] == pytest.approx((value(columns + step) - value(columns - step)) / 2e-5, abs=1e-8)


def test_ways_to_tell_two_classes_agree(one_library):
    rng = np.random.default_rng(0)
    s, y, run = rng.normal(size=30), np.arange(30) % 2, one_library.trainer("f1", threshold=0.3)
    ((value, slope),), ((one, of_column),) = run([(s, y)]), run([(s[:, None], y)])
    ((two, of_both),) = run([(np.stack([1 - s, np.ones(30)], 1), y)])
    assert value == pytest.approx(one, rel=1e-7) == pytest.approx(two, rel=1e-7)
    assert np.allclose(of_column[:, 0], slope, atol=1e-8)
    assert np.allclose(of_both, np.stack([-slope, slope], 1), atol=1e-8)


def test_rows_without_weight_are_not_there(one_library):
    columns, *_ = drawn(3, n=30)
    y, w, run = np.arange(30) % 3, np.ones(30), one_library.trainer("f1_macro", n_classes=3)
    w[:5] = 0
    ((value, slope),), ((without, kept),) = run([(columns, y, w)]), run([(columns[5:], y[5:])])
    assert value == pytest.approx(without, rel=1e-6)
    assert np.allclose(slope[5:], kept, atol=1e-8)
    assert (slope[:5] == 0).all()


@pytest.mark.parametrize("metric", ["f1", "matthews_corrcoef", "g_mean"])
def test_batches_without_positives_have_finite_gradients(twin, metric):
    rng = np.random.default_rng(0)
    run = twin.trainer(metric)
    none, some = (rng.normal(size=20), np.zeros(20, int)), (rng.normal(size=20), np.arange(20) % 2)
    for order in ([none, none], [none, some], [some, none]):
        for _, slope in run(order):
            assert np.isfinite(slope).all()
    assert np.abs(run([some, none])[1][1]).max() > 0


def test_minibatches_expect_the_gradient_of_all_rows(one_library):
    rng = np.random.default_rng(0)
    n, size = 3_000, 15
    y = (rng.random(n) < 0.05).astype(int)
    scores = rng.normal(1.5 * y - 0.7)
    batches = [(scores[i : i + size], y[i : i + size]) for i in range(0, n, size)]
    off = {}
    for memory in (0.0, 0.99):
        run = one_library.trainer(
            "f1", memory=memory, min_bandwidth=3.0
        )  # wider than the data's: the same at every batch
        ((_, whole),) = run([(scores, y)])
        expected = np.concatenate([slope for _, slope in run(batches * 2)[len(batches) :]]) / len(batches)
        off[memory] = np.linalg.norm(expected - whole) / np.linalg.norm(whole)
    assert off[0.99] < 0.15 < 0.3 < off[0.0]


def test_twins_agree():
    columns, *_ = drawn(3, n=200)
    y = np.random.default_rng(0).integers(3, size=200)
    batches = [(columns[i : i + 50], y[i : i + 50]) for i in range(0, 200, 50)]
    told = [Twin(name).trainer("f1_macro", n_classes=3, anneal_steps=2)(batches) for name in ("torch", "jax")]
    for (one, slope), (other, its) in zip(*told, strict=True):
        assert one == pytest.approx(other, rel=1e-6)
        assert np.allclose(slope, its, atol=1e-8)


def imbalanced(seed=0):
    """Rows of which one in 25 is positive, along a bent boundary."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(3_000, 4))
    return X.astype(np.float32), (X[:, 0] + X[:, 1] ** 2 + 0.5 * rng.normal(size=3_000) > 3.8).astype(int)


def test_a_network_learns_f1():
    torch = needs("torch")
    from conjac.models.torch import ConfusionLoss

    torch.manual_seed(0)
    X, y = map(torch.as_tensor, imbalanced())
    network = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    loss, optimizer = ConfusionLoss("f1", anneal_steps=100), torch.optim.Adam(network.parameters(), 0.01)

    def f1():
        cells = cj.confusion_jacobian(y.numpy(), network(X)[:, 0].detach().numpy(), threshold=0, coordinate="score")
        return cells.of("f1").value

    start, rows = f1(), torch.Generator().manual_seed(0)
    for _ in range(300):
        some = torch.randint(len(y), (100,), generator=rows)
        optimizer.zero_grad()
        loss(network(X[some]), y[some]).backward()
        optimizer.step()
    assert start < 0.2
    assert f1() > 0.7


def test_jax_scans_over_batches_and_learns():
    jax = needs("jax")
    from conjac.models.jax import ConfusionLoss

    X, y = imbalanced()
    X = np.column_stack([X, X**2, np.ones(len(X))]).astype(np.float32)
    batches = X.reshape(-1, 100, 9), y.reshape(-1, 100)
    loss = ConfusionLoss("f1", anneal_steps=100)

    def step(carry, batch):
        weights, state = carry
        (value, state), slope = jax.value_and_grad(lambda w: loss(state, batch[0] @ w, batch[1]), has_aux=True)(weights)
        return (weights - 0.5 * slope, state), value

    carry = jax.numpy.zeros(9), loss.init()
    epoch = jax.jit(lambda carry: jax.lax.scan(step, carry, batches))
    carry, first = epoch(carry)
    for _ in range(5):
        carry, last = epoch(carry)
    assert last.mean() < 0.5 < 0.7 < first[:5].mean()
    assert int(carry[1].steps) == 180


def test_state_survives_saving():
    torch = needs("torch")
    from conjac.models.torch import ConfusionLoss

    torch.manual_seed(0)
    batches = [(torch.randn(20), torch.arange(20) % 2) for _ in range(4)]
    one, other = ConfusionLoss("f1"), ConfusionLoss("f1")
    for batch in batches[:3]:
        one(*batch)
    other.load_state_dict(one.state_dict())
    assert one(*batches[3]) == other(*batches[3])
    assert all(torch.equal(a, b) for a, b in zip(one.buffers(), other.buffers(), strict=True))
    assert int(other.steps) == 4


def test_evaluation_is_of_the_rows_given_and_remembers_nothing():
    torch = needs("torch")
    from conjac.models.torch import ConfusionLoss

    torch.manual_seed(0)
    loss, (scores, y) = ConfusionLoss("f1"), (torch.randn(20), torch.arange(20) % 2)
    loss(-scores, y)
    before = {name: buffer.clone() for name, buffer in loss.state_dict().items()}
    loss.eval()
    first, again = loss(scores, y), loss(scores, y)
    assert first == again
    assert all(torch.equal(buffer, before[name]) for name, buffer in loss.state_dict().items())
    assert first != loss.train()(scores, y)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_half_precision_is_worked_on_in_single(dtype):
    torch = needs("torch")
    from conjac.models.torch import ConfusionLoss

    scores = torch.tensor([6e4, -6e4, 1.0, -1.0] * 10, dtype=getattr(torch, dtype), requires_grad=True)
    value = ConfusionLoss("f1")(scores, torch.tensor([1, 0, 1, 0] * 10))
    value.backward()
    assert value.dtype == (torch.float64 if dtype == "float64" else torch.float32)
    assert scores.grad.dtype == scores.dtype
    assert torch.isfinite(scores.grad).all()


@pytest.mark.parametrize(
    ("arguments", "options", "complaint"),
    [
        (([0.0, 1.0], [0, 1, 1]), {}, "y has shape .3,.; expected .2,."),
        (([[0.0, 1.0, 2.0]], [0]), {}, r"scores have shape \(1, 3\).*n_classes"),
        (([0.0, 1.0], [0, 1]), {"n_classes": 3}, r"scores have shape \(2,\); expected \(n_samples, 3\)"),
        (([[[0.0, 1.0]]], [0]), {}, "axes"),
        (([0.0, 1.0], [0.0, 1.0]), {}, "class numbers"),
        (([0.0, 1.0], [0, 2]), {}, "y holds 2; expected class numbers from 0 to 1"),
        (([0.0, 1.0], [-1, 1]), {}, "y holds -1"),
        (([0.0, float("nan")], [0, 1]), {}, "scores hold nan or infinity; lower the learning rate"),
        (([0.0, 1.0], [0, 1], [1.0, -1.0]), {}, "sample_weight holds"),
        (([0.0, 1.0], [0, 1], [0.0, 0.0]), {}, "sample_weight holds"),
        (([0.0, 1.0], [0, 1], [1.0]), {}, "sample_weight has shape"),
    ],
)
def test_bad_batches_are_refused(twin, arguments, options, complaint):
    with pytest.raises(cj.InvalidInputError, match=complaint):
        twin.refused(*arguments, **options)


@pytest.mark.parametrize(
    ("metric", "options", "complaint"),
    [
        ("f2", {}, "metric 'f2' is unknown"),
        ("f1", {"n_classes": 3}, "f1_macro"),
        ([[0, 1, 2], [1, 0, 2]], {}, "a square cost matrix"),
        ([[0, 1], [1, 0]], {"n_classes": 3}, "is for 2 classes"),
        ("f1", {"n_classes": 1}, "n_classes is 1; expected"),
        ("f1_macro", {"n_classes": 3, "threshold": 0.5}, "threshold is 0.5; expected 0 of 3 classes"),
        ("f1", {"threshold": float("nan")}, "threshold"),
        ("f1", {"anneal_steps": 0}, "anneal_steps is 0"),
        ("f1", {"memory": 1.0}, "memory is 1.0; expected a number in"),
        ("f1", {"min_bandwidth": 0.0}, "min_bandwidth is 0.0"),
    ],
)
def test_bad_arguments_are_refused(metric, options, complaint):
    given = {"threshold": 0.0, "n_classes": None, "anneal_steps": 10, "memory": 0.9, "min_bandwidth": 0.01}
    with pytest.raises(cj.InvalidInputError, match=complaint):
        Softened.of(metric, **(given | options))
