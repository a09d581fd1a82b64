"""Through the training of networks: equal to scikit-learn's where both exist, and to refits where only these do."""

import copy
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.engines.implicit import by_levers
from conjac.engines.networks import network_by_levers, network_by_rows, trained
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
from conjac.objectives import Fitted
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
    of_own, of_module = by_rows(fitted, bind(own)), network_by_rows(parts(module, objective, training), y, {})
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
    rows = network_by_rows(parts(network), TEST[1], {})
    for row in (0, 7):
        weight = np.ones((2, len(TRAINING[1])))
        weight[:, row] += step, -step
        up, down = (minimised(network, TRAINING, weight=each) for each in weight)
        with torch.no_grad():
            refitted = (up(torch.tensor(X)) - down(torch.tensor(X))).numpy() / (2 * step)
        found = rows.solved.model.push(X) @ rows.weight[row]
        assert found == pytest.approx(refitted, abs=1e-3 * np.abs(refitted).max())
