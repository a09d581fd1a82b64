"""Features of networks: rows and images that drift, with slopes of an image's shape."""

import copy
import json

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.inputs import Inputs, spread
from conjac.testing import check_jacobian

torch = needs("torch")
nn = torch.nn
mpl.use("Agg")
SHAPE = (2, 4, 3)
CONSTANT = (1, 0, 0)


@pytest.fixture(scope="module")
def images():
    """Return noisy images, one pattern a class and one pixel the same in all, and their classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 3000)
    X = rng.normal(size=(3000, *SHAPE)) + 0.4 * rng.normal(size=(3, *SHAPE))[y]
    X[(slice(None), *CONSTANT)] = 2.0
    return X, y


def conv(n_outputs=3, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    layers = nn.Conv2d(2, 6, (2, 2)), nn.Tanh(), nn.Flatten(), nn.Linear(36, n_outputs)
    return nn.Sequential(*layers).to(dtype)


@pytest.fixture(scope="module")
def net(images):
    X, y = images
    module = conv()
    step = torch.optim.Adam(module.parameters(), 1e-2)
    for _ in range(30):
        step.zero_grad()
        nn.functional.cross_entropy(module(torch.tensor(X)), torch.tensor(y)).backward()
        step.step()
    step.zero_grad()
    return module


@pytest.fixture(scope="module")
def slopes(net, images):
    return cj.ConfusionJacobian.from_estimator(net, *images, wrt="features")


def of(module, images, **features):
    return cj.ConfusionJacobian.from_estimator(module, *images, wrt=cj.Features(**features))


def test_slopes_by_pixels_have_the_images_shape(slopes):
    whole = (3, 3, *SHAPE)
    assert slopes.jacobian.shape == slopes.center.shape == slopes.stderr.shape == slopes.confint().lower.shape == whole
    told = slopes.of("f1_macro")
    assert told.gradient.shape == told.stderr.shape == told.elasticity.shape == told.confint().upper.shape == SHAPE
    assert slopes.parameters[:4] == ("x[0, 0, 0]", "x[0, 0, 1]", "x[0, 0, 2]", "x[0, 1, 0]")
    np.testing.assert_allclose(slopes.jacobian.sum(axis=1), 0, atol=1e-9)


def test_products_take_and_give_images(slopes):
    direction = np.random.default_rng(0).normal(size=SHAPE)
    cotangent = np.random.default_rng(1).normal(size=(3, 3))
    assert slopes.vjp(cotangent).shape == SHAPE
    np.testing.assert_allclose((slopes.jvp(direction) * cotangent).sum(), (slopes.vjp(cotangent) * direction).sum())
    np.testing.assert_allclose(slopes.as_linear_operator() @ direction.ravel(), slopes.jvp(direction).ravel())
    with pytest.raises(InvalidInputError, match=r"direction has shape \(24,\); expected \(2, 4, 3\)"):
        slopes.jvp(direction.ravel())


def test_images_and_rows_of_their_pixels_have_the_same_slopes(slopes, net, images):
    X, y = images
    flat = of(nn.Sequential(nn.Unflatten(1, SHAPE), net), (X.reshape(len(X), -1), y))
    places = [int(name[1:]) for name in flat.parameters]
    assert sorted({*range(24)} - {*places}) == [np.ravel_multi_index(CONSTANT, SHAPE)]
    for name in ("jacobian", "center", "stderr"):
        np.testing.assert_allclose(getattr(slopes, name).reshape(3, 3, -1)[..., places], getattr(flat, name))


def test_slopes_are_those_of_a_recount(slopes, net, images):
    X, y = images
    recount = of(net, (np.asfortranarray(X), y), step=0.2)
    assert recount.jacobian.shape == slopes.jacobian.shape
    assert recount.method == "secant"
    off = (slopes.center - recount.center) / np.hypot(slopes.stderr, recount.stderr)
    assert np.nanmax(np.abs(off)) < 3.5
    assert np.corrcoef(*(one.jacobian[np.isfinite(off)] for one in (slopes, recount)))[0, 1] > 0.9


def test_a_constant_pixel_stands_still_and_says_so(slopes, net, images):
    at = (..., *CONSTANT)
    assert (slopes.jacobian[at] == 0).all()
    assert np.isnan(slopes.stderr[at]).all()
    assert slopes.diagnostics["left_out"] == {"x[1, 0, 0]": "one value in all images"}
    assert not any("x[1, 0, 0]" in caution for caution in slopes.diagnostics["cautions"])
    raw = of(net, images, unit="raw")
    assert (raw.jacobian[at] != 0).any()  # one more of it would move the scores
    assert raw.diagnostics["left_out"] == {}
    recount = of(net, images, step=0.2)
    assert np.isnan(recount.jacobian[at]).all()


def test_units_slices_and_named_pixels(slopes, net, images):
    X, y = images
    sd = X.std(axis=0)
    raw = of(net, images, unit="raw")
    moving = sd > 0
    np.testing.assert_allclose(slopes.jacobian[..., moving], (raw.jacobian * sd)[..., moving], rtol=1e-7)
    assert raw.units[0] == "1 of x[0, 0, 0]"
    parts = [of(net, images, where=y == k).jacobian for k in range(3)]
    some = of(net, images, where=1)
    np.testing.assert_allclose(parts[1], some.jacobian)
    assert (some.jacobian[[0, 2]] == 0).all()
    named = of(net, images, columns=["x[0, 3, 1]", "x[1, 2, 0]"])
    assert named.parameters == ("x[0, 3, 1]", "x[1, 2, 0]")
    np.testing.assert_allclose(
        named.jacobian, np.stack([slopes.jacobian[..., 0, 3, 1], slopes.jacobian[..., 1, 2, 0]], axis=-1)
    )
    with pytest.raises(InvalidInputError, match=r"no column 'x\[9, 0, 0\]'"):
        of(net, images, columns="x[9, 0, 0]")
    with pytest.raises(InvalidInputError, match="images, whose pixels are numbers all"):
        of(net, images, categorical=["x[0, 0, 0]"])


def test_whole_numbers_and_other_dtypes_are_images_too(net, images):
    X, y = images
    whole = np.clip(np.round(40 * X + 128), 0, 255)
    scaled = nn.Sequential(nn.Conv2d(2, 2, 1, groups=2), net).double()
    with torch.no_grad():
        scaled[0].weight.fill_(1 / 40)
        scaled[0].bias.fill_(-128 / 40)
    one, other = (of(scaled, (whole.astype(dtype), y)) for dtype in (np.float64, np.uint8))
    np.testing.assert_allclose(one.jacobian, other.jacobian)
    steps = [of(scaled, (whole.astype(dtype), y), step=0.5).jacobian for dtype in (np.float64, np.uint8)]
    np.testing.assert_allclose(*steps)
    single = of(copy.deepcopy(scaled).float(), (torch.tensor(whole, requires_grad=True), y))
    np.testing.assert_allclose(single.jacobian, one.jacobian, atol=1e-4 * np.abs(one.jacobian).max())


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("output", ["auto", "probabilities"])
def test_two_classes_by_one_output_or_two(images, n_outputs, output):
    X, y = images
    module = conv(2, seed=3)
    if n_outputs == 1:
        less = nn.Linear(2, 1, bias=False).double()
        less.weight = nn.Parameter(torch.tensor([[-1.0, 1.0]], dtype=torch.float64))
        two, module = module, nn.Sequential(module, less)
    told = cj.ConfusionJacobian.from_estimator(module, X, y > 0, wrt="features", output=output)
    same = cj.ConfusionJacobian.from_estimator(two if n_outputs == 1 else module, X, y > 0, wrt="features")
    assert told.jacobian.shape == (2, 2, *SHAPE)
    assert (told.jacobian != 0).any()
    check_jacobian(told)
    np.testing.assert_allclose(told.jacobian, same.jacobian, rtol=1e-6, atol=1e-9)


def test_rectifiers_in_single_precision_are_believed(images):
    X, y = images
    torch.manual_seed(0)
    exact = nn.Sequential(
        nn.Conv2d(2, 64, 2), nn.ReLU(), nn.Conv2d(64, 64, 2), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)
    )
    found = of(exact, (X, y))
    assert "torch.autograd, float32, checked on" in found.diagnostics["derivative"]
    expected = of(exact.double(), (X, y))
    assert "torch.autograd, float64, checked on" in expected.diagnostics["derivative"]
    np.testing.assert_allclose(found.jacobian, expected.jacobian, atol=1e-2 * np.abs(expected.jacobian).max())


def test_a_linear_network_has_the_slopes_of_scikit_learns_model():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 2000)
    X = rng.normal(size=(2000, 4)) + rng.normal(size=(3, 4))[y]
    fitted = LogisticRegression().fit(X, y)
    module = nn.Linear(4, 3).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(fitted.coef_))
        module.bias.copy_(torch.tensor(fitted.intercept_))
    theirs = cj.ConfusionJacobian.from_estimator(fitted, X, y, wrt="features", output="scores")
    np.testing.assert_allclose(of(module, (X, y)).jacobian, theirs.jacobian, rtol=1e-6, atol=1e-6)


def test_ways_out_of_a_jacobian_of_images(slopes):
    table = slopes.to_columns()
    assert {len(column) for column in table.values()} == {9 * 24}
    assert table["parameter"][:24] == list(slopes.parameters)
    np.testing.assert_array_equal(np.reshape(table["jacobian"], (3, 3, *SHAPE)), slopes.jacobian)
    assert np.shape(json.loads(json.dumps(slopes.to_dict()))["jacobian"]) == slopes.jacobian.shape
    assert "and 4 more, which move it less" in str(slopes)
    assert cj.ConfusionJacobianDisplay.of(slopes).picture.left_out == 4
    assert cj.ConfusionJacobianDisplay.of(slopes, "x[0, 3, 1]").picture.value[1][1] == slopes.jacobian[1, 1, 0, 3, 1]
    fastest = slopes.fastest("accuracy")
    assert fastest == slopes.parameters[np.abs(slopes.of("accuracy").center).argmax()]
    assert slopes.contributions("accuracy", fastest).parameter == fastest
    with pytest.raises(NotSupportedError):
        slopes.influential_rows("accuracy")


def test_images_are_drawn_by_their_own_shape(slopes, net, images):
    X, y = images
    picture = cj.PixelDisplay.of(slopes).picture
    assert [image.name for image in picture.images[:3]] == ["0, channel 0", "0, channel 1", "1, channel 0"]
    assert picture.shape == SHAPE[1:]
    recall = slopes.of("recall[2]").gradient
    for channel, image in enumerate(picture.images[4:]):
        np.testing.assert_array_equal(image.value, recall[channel])
    (one, two) = cj.PixelDisplay.of(slopes, metric="accuracy").picture.images
    np.testing.assert_array_equal([one.value, two.value], slopes.of("accuracy").gradient)
    drawn = cj.PixelDisplay.from_estimator(net, torch.tensor(X), y)
    np.testing.assert_allclose(drawn.picture.images[3].beneath, X[y == 1, 1].mean(axis=0))
    grey = cj.PixelDisplay.from_estimator(lambda rows: np.tanh(rows.sum(axis=1)), X[:, 0], y)
    assert [image.name for image in grey.picture.images] == ["0", "1", "2"]
    assert grey.picture.shape == SHAPE[1:]
    named = of(net, images, columns=["x[0, 3, 1]"])
    with pytest.raises(InvalidInputError, match=r"shape \(1,\), which is no image's; pass shape="):
        cj.PixelDisplay.of(named)


def test_a_ranking_of_pixels_is_refused(net, images):
    with pytest.raises(InvalidInputError, match=r"images of shape \(2, 4, 3\), whose pixels are not ranked; ask"):
        cj.rank_drifts(net, *images, metric="accuracy")


def test_columns_of_images_are_views_of_any_memory_order(images):
    X = images[0][:50]
    for one in (X, np.asfortranarray(X), X[:, ::-1][:, ::-1], X.astype(np.float32)):
        inputs = Inputs.of(one)
        assert inputs.column(7).tolist() == one[:, 0, 2, 1].tolist()
        moved = inputs.moved(7, 0.5)
        assert moved[3, 0, 2, 1] == one[3, 0, 2, 1] + one.dtype.type(0.5)
        assert np.count_nonzero(moved != one) == 50
        np.testing.assert_allclose(spread(inputs, range(24), None), one.reshape(50, -1).std(axis=0), rtol=1e-6)
