"""Arrays as bytes: what is packed is unpacked, in Python and in the browser, as exactly as each kind promises."""

import base64
import json

import numpy as np
import pytest

from conjac.errors import InvalidInputError
from conjac.views.explorer.module import module
from conjac.views.summary.scene import pack
from conjac.views.summary.scene.packed import DIGITS, LARGEST, Rounded

HALF = LARGEST // 2
RNG = np.random.default_rng(0)
CASES = {
    "counts": np.array([[10, 12, 11], [0, 5, 3]]),
    "negative": np.array([-3, 4, -5]),
    "widest small": np.array([HALF, -HALF, HALF, 0]),
    "large": np.array([2**53, -(2**53), 1]),
    "just large": np.array([LARGEST, 0]),
    "bytes": np.array([255, 0, 7], dtype=np.uint8),
    "flags": np.array([True, False, True]),
    "figures": RNG.normal(size=(3, 50)).astype(np.float32),
    "sizes": np.array([1e-38, -1e-30, 1e-3, 1.0, 3e38], dtype=np.float32),
    "odd": np.array([np.nan, np.inf, -np.inf, 0.0, 1.5, -1.5], dtype=np.float32),
    "thresholds": RNG.random(50),
    "odd thresholds": np.array([np.nan, np.inf, -np.inf, 0.1 + 0.2, 5e-324, -0.0]),
    "none": np.zeros((2, 0), dtype=np.float32),
    "no counts": np.zeros(0, dtype=np.int64),
    "one": np.array(7),
    "one figure": np.array(0.25, dtype=np.float32),
    "one threshold": np.array(0.1),
    "strided": np.arange(12).reshape(3, 4).T,
}


UNPACK = """async ([address, tree, blob]) => {
    const { unpack } = await import(address);
    const found = unpack(tree, Uint8Array.from(atob(blob), (letter) => letter.charCodeAt(0)));
    return RETURN;
}"""


def given(packed):
    """Return the browser's code, and what it is to read."""
    address = "data:text/javascript;base64," + base64.b64encode(module("unpack").encode()).decode()
    return [address, packed.tree, base64.b64encode(packed.blob).decode()]


def unpacked(packed):
    """Undo `pack`: what parts/unpack.mjs does, by its description alone."""
    start, arrays = 0, []
    for entry in packed.tree["arrays"]:
        data = packed.blob[start : start + entry["bytes"]]
        start += entry["bytes"]
        arrays.append(decoded(entry["kind"], data, entry["shape"], entry.get("digits")))
    assert start == len(packed.blob)

    def restore(one):
        if isinstance(one, list):
            return [restore(item) for item in one]
        if isinstance(one, dict):
            return arrays[one["$"]] if "$" in one else {key: restore(item) for key, item in one.items()}
        return one

    return restore(packed.tree["value"])


def decoded(kind, data, shape, digits):
    width = 8 if kind == "d" else 4
    plain = np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(width, -1).T)
    if kind == "d":
        return plain.view("<f8").reshape(shape)
    coded = plain.view("<u4").reshape(shape).astype(np.int64)
    steps = (coded >> 1) ^ -(coded & 1)
    whole = np.cumsum(steps, axis=-1) if shape else steps
    if kind == "i":
        return whole
    bits = np.abs(whole) << (24 - digits)
    return np.where(whole < 0, bits | 0x80000000, bits).astype(np.uint32).view(np.float32)


def agree(found, packed):
    """Whether an array came back as its kind promises."""
    assert found.shape == packed.shape
    if packed.dtype == np.float32:
        known = np.isfinite(packed)
        np.testing.assert_array_equal(found[~known], packed[~known])
        exact = packed.astype(np.float64)[known]
        assert (np.abs(found[known] - exact) <= 2.0**-DIGITS * np.abs(exact)).all()
    else:
        np.testing.assert_array_equal(found, packed)


@pytest.mark.parametrize("array", CASES.values(), ids=CASES)
def test_an_array_comes_back(array):
    agree(unpacked(pack({"a": array}))["a"], array)


def test_thresholds_come_back_to_the_last_bit():
    bits = unpacked(pack({"a": CASES["odd thresholds"]}))["a"].view(np.uint64)
    np.testing.assert_array_equal(bits, CASES["odd thresholds"].view(np.uint64))


@pytest.mark.parametrize("digits", [10, 12, 24])
def test_figures_keep_as_many_digits_as_they_are_told(digits):
    figures = CASES["figures"].astype(np.float64)
    found = unpacked(pack({"a": Rounded(figures, digits)}))["a"]
    assert (np.abs(found - figures) <= 2.0**-digits * np.abs(figures) + 1e-12).all()
    assert (found == figures.astype(np.float32)).all() == (digits == 24)


@pytest.mark.browser
def test_only_a_figure_with_limits_is_read_as_one(browser):
    figure = {"value": np.array([1.0, 2.0]), "below": np.array([0.5, 1.0]), "above": np.array([0.25, 2.0])}
    packed = pack({"figure": figure, "sums": {"weight": np.array([1.0]), "below": {"by": 1}, "above": {"by": 2}}})
    tab = browser.new_page()
    found = tab.evaluate(UNPACK.replace("RETURN", "JSON.stringify(found)"), given(packed))
    tab.close()
    found = json.loads(found)
    assert found["figure"]["lower"] == {"0": 0.5, "1": 1}
    assert found["figure"]["upper"] == {"0": 1.25, "1": 4}
    assert found["sums"]["below"] == {"by": 1}


def test_any_nan_of_figures_is_one_nan():
    patterns = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FFFFFFF], dtype=np.uint32).view(np.float32)
    packed = pack({"a": patterns, "b": np.full(4, np.nan, dtype=np.float32)})
    assert len(packed.tree["arrays"]) == 1
    assert np.isnan(unpacked(packed)["a"]).all()


def test_figures_are_rounded_to_the_nearest_and_keep_their_sign():
    close = (1 + np.arange(5) * 2.0**-DIGITS).astype(np.float32)  # every other of them is kept as it is
    found = unpacked(pack({"a": np.concatenate([close, -close])}))["a"]
    np.testing.assert_array_equal(found[:5], -found[5:])
    np.testing.assert_array_equal(found[[0, 2, 4]], close[[0, 2, 4]])
    assert set(found[[1, 3]]) <= set(close[[0, 2, 4]])


def test_what_surrounds_arrays_stays_as_it_is():
    tree = {"text": '<script>"$"</script>', "none": None, "list": [1, 2.5, True, {"in": np.arange(3)}], "empty": []}
    packed = pack(tree)
    json.dumps(packed.tree, allow_nan=False)
    found = unpacked(packed)
    np.testing.assert_array_equal(found["list"].pop()["in"], np.arange(3))
    assert found == {"text": '<script>"$"</script>', "none": None, "list": [1, 2.5, True], "empty": []}


def test_arrays_that_are_alike_are_kept_once():
    row = np.arange(100, dtype=np.float32)
    packed = pack({"a": row, "b": row.copy(), "c": row.reshape(10, 10), "d": row.astype(np.float64), "e": row[:99]})
    assert len(packed.tree["arrays"]) == 4
    assert packed.tree["value"]["a"] == packed.tree["value"]["b"]
    found = unpacked(packed)
    np.testing.assert_array_equal(found["c"], row.reshape(10, 10))


def test_counts_beyond_what_a_browser_holds_are_refused():
    with pytest.raises(InvalidInputError, match=r"2\^53"):
        pack({"a": np.array([2**53 + 1])})


@pytest.mark.browser
def test_the_browser_reads_what_is_packed(browser):
    named = {f"{k}": array for k, array in enumerate(CASES.values())}
    packed = pack(named)
    tab = browser.new_page()
    texts = "Object.values(found).map((array) => Array.from(array, String))"
    found = tab.evaluate(UNPACK.replace("RETURN", texts), given(packed))
    tab.close()
    assert len(found) == len(named)
    for texts, array in zip(found, unpacked(packed).values(), strict=True):
        numbers = np.array([float(text.replace("Infinity", "inf")) for text in texts])
        np.testing.assert_array_equal(numbers, array.ravel())
