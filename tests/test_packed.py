"""Arrays as bytes: what is packed is unpacked, in Python and in the browser, as exactly as each kind promises."""

import base64
import json

import numpy as np
import pytest

from conjac.errors import InvalidInputError
from conjac.views.explorer.module import module
from conjac.views.explorer.page import in_text
from conjac.views.summary.scene import Figure, pack
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


ADDRESS = "data:text/javascript;base64," + base64.b64encode(module("unpack").encode()).decode()


def in_browser(browser, packed):
    """Unpack in Chromium; numbers come back as texts, which hold what JSON does not."""
    script = """async ([address, tree, blob]) => {
        const { unpack } = await import(address);
        const found = unpack(tree, Uint8Array.from(atob(blob), (letter) => letter.charCodeAt(0)));
        const told = (one) =>
            ArrayBuffer.isView(one)
                ? Array.from(one, String)
                : Object.fromEntries(Object.entries(one).map(([key, item]) => [key, told(item)]));
        return told(found);
    }"""
    tab = browser.new_page()
    found = tab.evaluate(script, [ADDRESS, packed.tree, base64.b64encode(packed.blob).decode()])
    tab.close()
    return found


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


@pytest.mark.parametrize("digits", [1, 9, 12, 24])
def test_figures_keep_as_many_digits_as_are_asked_for(digits):
    figures = RNG.normal(size=1000)
    found = unpacked(pack({"a": Rounded(figures, digits)}))["a"]
    assert (np.abs(found - figures.astype(np.float32)) <= 2.0**-digits * np.abs(figures)).all()
    assert (digits == 24) == np.array_equal(found, figures.astype(np.float32))


@pytest.mark.browser
def test_limits_are_kept_as_distances(browser):
    value = RNG.normal(size=50)
    lower, upper = value - np.exp(RNG.normal(size=50)), value + np.exp(RNG.normal(size=50))
    tree = Figure(value, lower, upper).to_tree()
    packed = pack({"a": tree, "b": Figure(value, 2 * value - upper, upper).to_tree()})
    assert len(packed.tree["arrays"]) == 3  # limits that are as far away on either side are kept once
    found = in_browser(browser, packed)
    np.testing.assert_allclose([float(x) for x in found["a"]["lower"]], lower, atol=0.01)
    np.testing.assert_allclose([float(x) for x in found["a"]["upper"]], upper, atol=0.01)


@pytest.mark.browser
def test_bytes_come_back_from_letters(browser):
    script = """async ([address, texts]) => {
        const { fromBase85 } = await import(address);
        return texts.map((text) => Array.from(fromBase85(text)));
    }"""
    given = [RNG.bytes(n) for n in (0, 1, 2, 3, 4, 5, 1000)] + [bytes(8), b"\xff" * 9]
    tab = browser.new_page()
    found = tab.evaluate(script, [ADDRESS, [in_text(one) for one in given]])
    tab.close()
    assert [bytes(one) for one in found] == given
    assert not set("".join(map(in_text, given))) & set("<>&\"'")


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
    found = list(in_browser(browser, packed).values())
    assert len(found) == len(named)
    for texts, array in zip(found, unpacked(packed).values(), strict=True):
        numbers = np.array([float(text.replace("Infinity", "inf")) for text in texts])
        np.testing.assert_array_equal(numbers, array.ravel())
