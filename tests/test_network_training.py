"""Through the training of networks: equal to scikit-learn's where both exist, and to refits where only these do."""

import copy

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.engines.implicit import by_levers
from conjac.engines.network_rows import by_directions, likeliest_other, one_by_one
from conjac.engines.networks import network_by_levers, trained
from conjac.engines.weights import by_rows
from conjac.errors import (
    ConvergenceError,
    InvalidInputError,
    NotDifferentiableError,
    NotStationaryError,
    NotSupportedError,
    SingularJacobianError,
)
from conjac.models import Objective, bind
from conjac.objectives import AdjointEffects, Fitted, Products
from conjac.validation import check_training

torch = needs("torch")
DECAY = 5e-3


def drawn(n, n_classes, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    return rng.normal(size=(n, 4)) + 1.5 * np.eye(n_classes, 4)[y], y


def bent(n, seed):
    """Draw rows of which no line tells the class."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    return X, (X[:, 0] * X[:, 1] + 0.7 * rng.normal(size=n) > 0).astype(int)


def cross_entropy(outputs, y):
    return torch.nn.functional.cross_entropy(outputs, y, reduction="none")


def logistic(outputs, y):
    return torch.nn.functional.softplus(-(2 * y - 1) * outputs[:, 0])


def ridge(parameters, weight_decay):
    return weight_decay / 2 * sum((value**2).sum() for value in parameters.values())


def ridge_of_weights(parameters, weight_decay):
    return weight_decay / 2 * (parameters["weight"] ** 2).sum()


def small(seed=1):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2)).double()


def minimised(module, training, decay=DECAY, weight=None):
    """Train a module to the optimum of the mean cross-entropy and half the squares, from where it stands."""
    module, (X, y) = copy.deepcopy(module), map(torch.tensor, training)
    weight = torch.ones(len(y), dtype=torch.float64) if weight is None else torch.tensor(weight)
    solver = torch.optim.LBFGS(
        module.parameters(), max_iter=3000, tolerance_grad=1e-12, tolerance_change=1e-18, line_search_fn="strong_wolfe"
    )

    def objective():
        solver.zero_grad()
        own = ridge(dict(module.named_parameters()), decay)
        total = (cross_entropy(module(X), y) * weight).sum() / weight.sum() + own
        total.backward()
        return total

    solver.step(objective)
    return module


TRAINING = bent(200, 0)
TEST = bent(4000, 1)


@pytest.fixture(scope="module")
def network():
    return minimised(small(), TRAINING)


@pytest.fixture(scope="module")
def linear():
    """Return scikit-learn's logistic regressions with the same as a module, by the number of classes."""
    found = {}
    for n_classes in (2, 3):
        training = drawn(150, n_classes, 0)
        own = cj.polish(LogisticRegression(C=0.1).fit(*training), *training)
        module = torch.nn.Linear(4, len(own.coef_)).double()
        with torch.no_grad():
            module.weight.copy_(torch.tensor(own.coef_))
            module.bias.copy_(torch.tensor(own.intercept_))
        loss = logistic if n_classes == 2 else cross_entropy
        objective = Objective(loss, ridge_of_weights, {"weight_decay": 1 / (0.1 * len(training[1]))})
        found[n_classes] = own, module, objective, training, drawn(3000, n_classes, 1)
    return found


def moved(model, rows, wrt, training, objective=None, **options):
    return cj.ConfusionJacobian.from_estimator(
        model, *rows, wrt=wrt, training_data=training, objective=objective, **options
    )


def by_decay(model, objective=None, training=TRAINING, rows=TEST, **options):
    objective = objective or Objective(cross_entropy, ridge, {"weight_decay": DECAY})
    return moved(model, rows, cj.Hyperparameters("weight_decay", **options), training, objective)


def parts(model, objective=None, training=TRAINING):
    objective = objective or Objective(cross_entropy, ridge, {"weight_decay": DECAY})
    return trained(bind(model), objective, check_training(training))


def directions(network, y=TEST[1]):
    return by_directions(network, likeliest_other(network, y, {}))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_linear_module_follows_its_penalty_as_scikit_learn_does(linear, n_classes):
    own, module, objective, training, rows = linear[n_classes]
    by_C = moved(own, rows, cj.Hyperparameters("C"), training, output="scores")
    by_weight_decay = moved(module, rows, cj.Hyperparameters("weight_decay"), training, objective)
    assert by_weight_decay.matrix.tolist() == by_C.matrix.tolist()
    assert by_weight_decay.jacobian == pytest.approx(-by_C.jacobian, rel=1e-5)  # the penalty is divided by C
    assert by_weight_decay.stderr == pytest.approx(by_C.stderr, rel=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_training_rows_of_a_linear_module_act_as_those_of_scikit_learn(linear, n_classes):
    own, module, objective, training, (X, y) = linear[n_classes]
    fitted = Fitted.of(own, check_training(training))
    of_own, of_module = by_rows(fitted, bind(own)), directions(parts(module, objective, training), y)
    by_C = by_levers(fitted, bind(own), cj.Hyperparameters("C"))[0].model.push(X[:20])[..., :1]
    found, each = (of.solved.model.push(X[:20]) @ of.weight.T for of in (of_module, of_own))
    # one row more dilutes all others where losses are averaged, as a smaller C does where they are summed
    expected = each - by_C / len(training[1])
    assert found == pytest.approx(expected, abs=1e-5 * np.abs(expected).max())
    assert of_module.changes.removed() == pytest.approx(-of_module.weight)
    assert (of_module.changes.other == of_own.changes.other).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_that_matter_are_those_that_scikit_learn_names(linear, n_classes):
    own, module, objective, training, rows = linear[n_classes]
    cell = "fn" if n_classes == 2 else "cell[0, 1]"
    one = moved(own, rows, "training_weights", training, output="scores").influential_rows(cell)
    two = moved(module, rows, "training_weights", training, objective).influential_rows(cell)
    assert two.label.tolist() == one.label.tolist()
    assert np.corrcoef(two.relabelled.value, one.relabelled.value)[0, 1] > 0.999  # but for leverage
    assert two.relabelled.stderr == pytest.approx(one.relabelled.stderr, rel=0.2)
    assert len({*two.top(10, by="removed")} & {*one.top(10, by="removed")}) >= 8


def test_scores_follow_the_penalty_as_refits_do(network):
    X, step = TEST[0][:50], 1e-2
    solved, values = network_by_levers(parts(network), cj.Hyperparameters())
    up, down = (minimised(network, TRAINING, DECAY * np.exp(side * step)) for side in (1, -1))
    with torch.no_grad():
        refitted = (up(torch.tensor(X)) - down(torch.tensor(X))).numpy() / (2 * step)
    assert values == {"weight_decay": DECAY}
    assert solved.model.push(X)[..., 0] == pytest.approx(refitted, abs=1e-3 * np.abs(refitted).max())


def test_scores_follow_training_rows_as_refits_do(network):
    X, step = TEST[0][:50], 0.2
    rows = directions(parts(network))
    for row in (0, 7):
        weight = np.ones((2, len(TRAINING[1])))
        weight[:, row] += step, -step
        up, down = (minimised(network, TRAINING, weight=each) for each in weight)
        with torch.no_grad():
            refitted = (up(torch.tensor(X)) - down(torch.tensor(X))).numpy() / (2 * step)
        found = rows.solved.model.push(X) @ rows.weight[row]
        assert found == pytest.approx(refitted, abs=1e-3 * np.abs(refitted).max())


def test_many_parameters_are_served_figure_by_figure_as_few_by_directions(network):
    of = parts(network)
    other = likeliest_other(of, TEST[1], {})
    few, many = by_directions(of, other), one_by_one(of, other, *TEST, {})["_motion"]
    crossing = many.pulled.fixed.crossing
    each = np.random.default_rng(0).normal(size=len(crossing.row))
    scores = few.solved.model.push(TEST[0][crossing.row])
    margins = scores[:, 1] - scores[:, 0]
    expected = [each @ margins @ where.T for where in (few.weight, few.changes.removed(), few.changes.relabelled())]
    assert many.pulled.pull.ask(each) == pytest.approx(np.concatenate(expected), rel=1e-6, abs=1e-9)


def test_effects_of_many_parameters_are_those_of_few_within_their_errors(network, monkeypatch):
    objective, network = Objective(cross_entropy, ridge, {"weight_decay": DECAY}), copy.deepcopy(network)
    network[0].requires_grad_(False)
    few = moved(network, TEST, "training_weights", TRAINING, objective)
    monkeypatch.setattr("conjac.engines.weights.LARGEST", 8)
    many = moved(network, TEST, "training_weights", TRAINING, objective)
    assert many.jacobian.shape == few.jacobian.shape == (2, 2, len(TRAINING[1]))
    assert many.jacobian.sum(axis=1) == pytest.approx(0, abs=1e-9)  # what leaves one cell enters another
    one, two, three = (J.influential_rows("fn", errors=told) for J, told in ((few, True), (many, False), (many, True)))
    assert np.isnan(two.weight.stderr).all()
    assert two.weight.value == pytest.approx(three.weight.value)
    assert two.weight.value == pytest.approx(many.jacobian[1, 0])
    assert many.of("recall").gradient == pytest.approx(-two.weight.value / (TEST[1] == 1).sum())
    for way in ("weight", "removed", "relabelled"):
        off = one.effect(way).center - three.effect(way).center
        assert (np.abs(off) < 3 * one.effect(way).stderr).all()
        assert np.median(three.effect(way).stderr / one.effect(way).stderr) == pytest.approx(1, abs=0.4)
    assert "row" in repr(two)


@pytest.mark.parametrize("wide", [True, False])
def test_jax_tells_the_same(network, wide):
    jax = needs("jax")
    parameters = {
        name: value.numpy().astype(float if wide else np.float32) for name, value in network.state_dict().items()
    }

    def apply(p, X):
        return jax.numpy.tanh(X @ p["0.weight"].T + p["0.bias"]) @ p["2.weight"].T + p["2.bias"]

    def loss(outputs, y):
        return -jax.nn.log_softmax(outputs)[jax.numpy.arange(len(y)), y]

    objective = Objective(loss, ridge, {"weight_decay": DECAY})
    rel = 1e-6 if wide else 0.02
    with jax.enable_x64(wide):
        model = cj.models.Applied(apply, parameters)
        J = by_decay(model, objective)
        assert J.jacobian == pytest.approx(by_decay(network).jacobian, rel=rel)
        if not wide:
            return
        both = parts(model, objective), parts(network)
        rows, same = (next(of.problem.rows())[1] for of in both)
        assert np.sort(rows) == pytest.approx(np.sort(same), abs=1e-9)  # leaves of JAX are in another order
        direction = {name: np.random.default_rng(0).normal(size=value.shape) for name, value in parameters.items()}
        found, expected = (
            AdjointEffects(of.problem, Products(of.problem), TRAINING[1][::-1]).of(
                of.parametric.structure.flatten(direction)
            )
            for of in both
        )
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_objectives_of_jax_that_do_not_serve_are_refused():
    jax = needs("jax")
    model = cj.models.Applied(lambda p, X: X @ p["w"], {"w": np.ones((2, 2), np.float32)})
    for loss, complaint in (
        (lambda u, y: (u[:, 0] * y).mean(), "expected .200,., the loss of each row"),
        (lambda u, y: u @ y, "fail on training rows"),
        (lambda u, y: jax.numpy.log(u[:, 0] * 0) * y, "the loss of training row 0 is"),
    ):
        with pytest.raises(InvalidInputError, match=complaint):
            by_decay(model, Objective(loss, ridge, {"weight_decay": DECAY}))


def test_nothing_is_left_on_the_module(network):
    module = copy.deepcopy(network).float().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    J = by_decay(module)
    assert J.jacobian == pytest.approx(by_decay(network).jacobian, rel=0.02)  # products are in double precision
    assert module.training
    assert all(parameter.grad is None and parameter.dtype is torch.float32 for parameter in module.parameters())
    assert all((value == before[name]).all() for name, value in module.state_dict().items())
    assert J.diagnostics["training_rows"] == len(TRAINING[1])
    assert J.diagnostics["values"] == {"weight_decay": DECAY}
    assert J.units == ("1 of log weight_decay",)


def test_units_and_weights(network):
    log, raw = by_decay(network), by_decay(network, unit="raw")
    assert raw.jacobian * DECAY == pytest.approx(log.jacobian)
    twice = (np.vstack([TRAINING[0]] * 2), np.hstack([TRAINING[1]] * 2))
    weighted = (*TRAINING, np.full(len(TRAINING[1]), 2.0))
    assert by_decay(network, training=twice).jacobian == pytest.approx(log.jacobian, rel=1e-6)
    assert by_decay(network, training=weighted).jacobian == pytest.approx(log.jacobian, rel=1e-6)


def test_parameters_that_are_frozen_are_held(network):
    module = copy.deepcopy(network)
    module[0].requires_grad_(False)
    J = by_decay(module)
    assert J.diagnostics["held"] == ["0.weight", "0.bias"]
    assert J.diagnostics["training_parameters"] == 14
    assert J.jacobian != pytest.approx(by_decay(network).jacobian, rel=1e-3)


def test_hyperparameters_of_the_loss_move_too():
    training = drawn(150, 2, 0)
    own = cj.polish(LogisticRegression(C=0.1, class_weight={0: 1.0, 1: 2.0}).fit(*training), *training)
    module = torch.nn.Linear(4, 1).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(own.coef_))
        module.bias.copy_(torch.tensor(own.intercept_))

    def weighted(outputs, y, class_weight):
        return logistic(outputs, y) * (1 + (class_weight - 1) * y)

    levers = {"class_weight": 2.0, "weight_decay": 1 / (0.1 * len(training[1]))}
    rows = drawn(3000, 2, 1)
    found = moved(
        module, rows, "hyperparameters", training, Objective(weighted, ridge_of_weights, levers), normalize="true"
    )
    expected = moved(own, rows, cj.Hyperparameters("class_weight[1]", "C"), training, output="scores", normalize="true")
    assert found.parameters == ("class_weight", "weight_decay")
    assert found.jacobian == pytest.approx(expected.jacobian * [1, -1], rel=1e-5)


def test_a_flat_direction_without_effect_is_no_obstacle(linear):
    _, module, objective, training, rows = linear[3]  # a constant added to all three intercepts
    J = moved(module, rows, cj.Hyperparameters(), training, objective)
    damped = Objective(objective.loss, objective.penalty, objective.hyperparameters, damping=1e-9)
    assert moved(module, rows, cj.Hyperparameters(), training, damped).jacobian == pytest.approx(J.jacobian, rel=1e-5)


def test_damping_is_told_and_holds_back(network):
    damped = by_decay(network, Objective(cross_entropy, ridge, {"weight_decay": DECAY}, damping=10.0))
    assert "10 added to its diagonal" in damped.diagnostics["derivative"]
    assert np.abs(damped.jacobian).max() < 0.1 * np.abs(by_decay(network).jacobian).max()


def told(**changes):
    return Objective(**{"loss": cross_entropy, "penalty": ridge, "hyperparameters": {"weight_decay": DECAY}, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"loss": None}, r"loss=None\): expected a function"),
        ({"damping": -1.0}, r"damping=-1.0\): expected 0"),
        ({"hyperparameters": {"weight_decay": "much"}}, "weight_decay"),
        ({"hyperparameters": {"weight_decay": 1.0, "momentum": 0.9}}, "neither loss nor penalty takes"),
    ],
)
def test_an_objective_that_cannot_be_is_refused(changes, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        told(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"loss": torch.nn.functional.cross_entropy}, InvalidInputError, r"reduction='none'"),
        ({"loss": lambda u, y: u[:, 0] / (0 * y)}, InvalidInputError, "the loss of training row 0 is"),
        ({"loss": lambda u, y: u @ y}, InvalidInputError, "fail on training rows in double precision"),
        ({"loss": lambda u, y: u.detach()[:, 0] * y}, NotDifferentiableError, "do not follow the parameters"),
        ({"penalty": lambda p, weight_decay: weight_decay * p["0.bias"]}, InvalidInputError, "expected a number"),
        ({"hyperparameters": {"weight_decay": 0.0}}, InvalidInputError, "no logarithm; pass unit='raw'"),
        ({"hyperparameters": {"weight_decay": 0.05}}, NotStationaryError, "not what it was trained on"),
    ],
)
def test_an_objective_that_does_not_serve_is_refused(network, changes, error, complaint):
    with pytest.raises(error, match=complaint):
        by_decay(network, told(**changes))


def test_parameters_that_are_no_minimum_are_refused():
    torch.manual_seed(0)
    for wrt in ("hyperparameters", "training_weights"):
        with pytest.raises(SingularJacobianError, match=r"no minimum.*damping"):
            moved(small(3), TEST, wrt, TRAINING, told(hyperparameters={"weight_decay": 1e-6}))


def test_requests_that_cannot_be_met(network):
    objective = told()
    with pytest.raises(InvalidInputError, match="objective is missing"):
        moved(network, TEST, "hyperparameters", TRAINING)
    with pytest.raises(InvalidInputError, match=r"expected a conjac\.models\.Objective"):
        moved(network, TEST, "hyperparameters", TRAINING, cross_entropy)
    with pytest.raises(InvalidInputError, match=r"has none of this name; expected one of weight_decay"):
        moved(network, TEST, cj.Hyperparameters("momentum"), TRAINING, objective)
    with pytest.raises(InvalidInputError, match="the objective has none"):
        moved(network, TEST, "hyperparameters", TRAINING, Objective(cross_entropy))
    with pytest.raises(NotSupportedError, match="does not train networks"):
        by_decay(network, method="refit")
    with pytest.raises(NotSupportedError, match="Keras is not served"):
        moved(LogisticRegression().fit(*TRAINING), TEST, "hyperparameters", TRAINING, objective)
    with pytest.raises(InvalidInputError, match="do not pass through training"):
        moved(network, TEST, "features", None, objective)
    with pytest.raises(InvalidInputError, match="nothing passes through training"):
        moved(network, TEST, None, None, objective)
    with pytest.raises(InvalidInputError, match="a loss takes numbers"):
        moved(network, TEST, "hyperparameters", (TRAINING[0], np.array(["no", "yes"])[TRAINING[1]]), objective)
    with pytest.raises(InvalidInputError, match="y holds 2"):
        moved(
            network,
            TEST,
            "training_weights",
            (TRAINING[0], TRAINING[1] * 2),
            told(loss=lambda u, y: (u[:, 0] - y) ** 2),
        )


def test_a_solution_that_is_not_reached_is_told(network, monkeypatch):
    monkeypatch.setattr("conjac.objectives.products.STEPS", 2)
    with pytest.raises(ConvergenceError, match=r"in 2 steps .*damping"):
        by_decay(network)
