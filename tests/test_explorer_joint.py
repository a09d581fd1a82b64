"""Offsets moved together: the page estimates what the reference in Python does."""

import base64

import numpy as np
import pytest

from conjac.inference import quantile
from conjac.metrics import resolve
from conjac.validation import check_classes
from conjac.views.explorer.module import module
from conjac.views.summary.scene import pack
from conjac.views.summary.scene.joint import joint_matrix
from conjac.views.summary.scene.offsets import OffsetSheet

N = 3000
RNG = np.random.default_rng(0)
SCRIPT = """async ([unpacking, joining, tree, blob, asked]) => {
  const [{ unpack }, { Joint }] = await Promise.all([import(unpacking), import(joining)]);
  const { sheet } = unpack(tree, Uint8Array.from(atob(blob), (letter) => letter.charCodeAt(0)));
  const joint = new Joint(sheet);
  return asked.map((steps) => {
    const found = joint.at(steps);
    const all = (length, figure) => Array.from({ length }, (_, k) => Object.values(figure(k)).map(String));
    return [all(sheet.tracks.length ** 2, found.matrix), all(sheet.ratios.length, found.metric)];
  });
}"""


def address(part):
    return "data:text/javascript;base64," + base64.b64encode(module(part).encode()).decode()


@pytest.fixture(scope="module", params=["", "weighted"])
def sheet(request):
    y = RNG.integers(0, 4, N)
    weight = RNG.uniform(0.5, 2, N) if request.param else None
    rows = check_classes(y, RNG.normal(size=(N, 4)) + 1.2 * np.eye(4)[y], sample_weight=weight)
    return OffsetSheet.of(rows, [0, 0.2, -0.1, 0.3], n_steps=9, n_sample=600)


@pytest.mark.browser
def test_the_page_estimates_what_python_does(browser, sheet):
    packed = pack({"sheet": sheet.to_tree()})
    base = [track.base for track in sheet.tracks]
    asked = [[6, 2, 5, 3], [6, 2, *base[2:]], [1, 7, 1, 7]]
    tab = browser.new_page()
    given = [address("unpack"), address("joint"), packed.tree, base64.b64encode(packed.blob).decode(), asked]
    found = tab.evaluate(SCRIPT, given)
    tab.close()
    names = [metric.name for metric in sheet.metrics]
    for steps, (cells, metrics) in zip(asked, found, strict=True):
        told = joint_matrix(sheet, np.array(steps))
        value, lower, upper = np.array(cells, dtype=float).T.reshape(3, 4, 4)
        np.testing.assert_allclose(value, told.matrix.clip(0), atol=0.06)
        half = quantile(sheet.level, sheet.sample.n_replicates - 1) * told.stderr
        np.testing.assert_allclose((upper - lower) / 2, half, rtol=0.02, atol=0.02)
        for name in ("f1_macro", "accuracy", "recall[2]", "precision[1]"):
            row = resolve(name, (0, 1, 2, 3))
            exact, error = told.figure(lambda matrix, row=row: float(row.value(matrix)))
            shown, low, high = (float(text) for text in metrics[names.index(name)])
            assert shown == pytest.approx(exact, abs=1e-4)
            spread = (high - low) / 2 / quantile(sheet.level, sheet.sample.n_replicates - 1)
            assert spread == pytest.approx(error, rel=0.02, abs=2e-5)
        assert metrics[names.index("matthews_corrcoef")] == ["NaN"] * 3
