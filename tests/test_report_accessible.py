"""The page for every reader: by keyboard, by ear, in the dark, in forced colours, enlarged, on a small screen."""

import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import conjac as cj
from conjac.validation import check_predictions
from conjac.views.report import render
from conjac.views.summary import Baseline, summarize

CHECKS = Path(__file__).with_name("accessibility.js").read_text(encoding="utf-8")
HOSTILE = ('<script>alert("1")</script> \' $x_1$', '"مرحبا بالعالم" 🎉 ' + "long" * 50)
WIDTHS = (320, 390, 800, 1400)
WINDOW = {"width": 1400, "height": 900}
TALL = 20_000
"""A window that shows all of a page, so that what lies behind a text can be asked for."""
RNG = np.random.default_rng(0)
Y = (RNG.random(1200) < 0.4).astype(int)
X = RNG.normal(size=(1200, 4)) + Y[:, None] * [1.2, 0.6, 0.3, 0.0]
TRAINED = slice(0, 400)
HELD_OUT = slice(400, None)


def model_page():
    fitted = LogisticRegression().fit(X[TRAINED], Y[TRAINED])
    over = {"C": [0.01, 0.1, 1.0], "threshold": [0.3, 0.4, 0.5]}
    surface = cj.surface(fitted, X[HELD_OUT], Y[HELD_OUT], over, "f1", (X[TRAINED], Y[TRAINED]))
    return cj.Report.from_estimator(
        fitted,
        X[HELD_OUT],
        Y[HELD_OUT],
        training_data=(X[TRAINED], Y[TRAINED]),
        surface=surface,
        title="A model",
        subject_to=["recall >= .9", "precision >= .999"],
    ).to_html()


def hostile_page():
    score = 1 / (1 + np.exp(-X[:, 0]))
    labels = np.array(HOSTILE, dtype=object)[Y]
    by = np.array([*HOSTILE, "one class"], dtype=object)[np.where(Y == 0, np.arange(1200) % 3, np.arange(1200) % 2)]
    return cj.Report.from_predictions(
        labels, score, labels=HOSTILE, by=by, title=HOSTILE[0] + HOSTILE[1], metric=f"recall[{HOSTILE[0]}]"
    ).to_html()


def rough_page():
    rows = check_predictions([0, 0, 0, 1, 0, 1, 0, 1, 1, 1], np.linspace(0.1, 0.9, 10).round(1))
    return render([summarize(rows, title="Ten rows", set_aside={"score missing": 3}, threshold=0.42)])


def compared_page():
    score = 1 / (1 + np.exp(-X[:, 0]))
    before, after = (check_predictions(Y[part], score[part]) for part in (TRAINED, HELD_OUT))
    return render(
        [summarize(after, title="Two periods", baseline=Baseline(before, before="October", after="November"))]
    )


def classes_page():
    y = RNG.integers(0, 6, 1200)
    u = RNG.normal(size=(1200, 6)) + 2 * np.eye(6)[y]
    labels = np.array([*HOSTILE, "c", "d", "e", "f"], dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.Report.from_predictions(labels[y], u, labels=list(labels), title="Six classes").to_html()


PAGES = {
    "compared": compared_page,
    "classes": classes_page,
    "model": model_page,
    "hostile": hostile_page,
    "rough": rough_page,
}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accessible")
    for name, made in PAGES.items():
        (folder / f"{name}.html").write_text(made(), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in PAGES}


@contextmanager
def opened(browser, address):
    """Open a page with all of its tables."""
    tab = browser.new_page(viewport=WINDOW)
    tab.goto(address)
    tab.eval_on_selector_all("details", "all => all.forEach(node => { node.open = true; })")
    yield tab
    tab.close()


@pytest.fixture(scope="module", params=PAGES)
def shared(request, browser, addresses):
    with opened(browser, addresses[request.param]) as tab:
        yield tab


@pytest.fixture
def tab(shared):
    """Show a page that no test changes for good, whatever the medium of the test before; its window is the test's."""
    shared.emulate_media(media="screen", color_scheme="light", forced_colors="none")
    return shared


@pytest.fixture
def tall(tab):
    """Show it in a window that holds all of it: laid out, which takes seconds, once for tests in a row."""
    tab.set_viewport_size({"width": 1400, "height": TALL})
    return tab


@pytest.fixture(params=PAGES)
def fresh(request, browser, addresses):
    """Show a page that the test may change."""
    with opened(browser, addresses[request.param]) as tab:
        yield tab


@contextmanager
def styled(tab, text):
    """Lay a style over a page, for a while."""
    style = tab.add_style_tag(content=text)
    try:
        yield
    finally:
        style.evaluate("(node) => node.remove()")


def failing(tab, check):
    return tab.evaluate(f"{CHECKS.strip()}.{check}()")


@pytest.mark.browser
@pytest.mark.parametrize("check", ["figures", "tables", "headings", "landmarks", "links"])
def test_what_is_seen_is_also_told(tab, check):
    tab.set_viewport_size(WINDOW)
    assert failing(tab, check) == []


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "forced"), [("light", "none"), ("dark", "none"), ("dark", "active")])
def test_every_text_stands_out_from_what_lies_behind_it(tall, scheme, forced):
    tall.emulate_media(color_scheme=scheme, forced_colors=forced)
    assert failing(tall, "contrast") == []
    paper, ink = failing(tall, "paper")
    assert (paper > ink) == (scheme == "light")


@pytest.mark.browser
def test_paper_is_light_whatever_the_screen(tall):
    tall.emulate_media(media="print", color_scheme="dark")
    paper, ink = failing(tall, "paper")
    assert paper == 1
    assert ink < 0.05
    assert failing(tall, "contrast") == []


@pytest.mark.browser
def test_what_has_the_focus_is_seen(fresh):
    fresh.keyboard.press("Tab")
    assert fresh.evaluate("document.activeElement.className") == "skip"
    box = fresh.locator(".skip").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    fresh.keyboard.press("Enter")
    assert fresh.evaluate("document.activeElement.tagName") == "MAIN"
    fresh.keyboard.press("Tab")
    assert failing(fresh, "focus") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_out_of_reach(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    assert failing(tab, "reach") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS[1:])
def test_text_is_enlarged_without_loss(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    before = failing(tab, "sizes")
    with styled(tab, "html { font-size: 200% }"):
        assert failing(tab, "sizes") == pytest.approx([2 * size for size in before])
        assert failing(tab, "reach") == []
    assert failing(tab, "sizes") == before


@pytest.mark.browser
def test_text_is_spaced_without_loss(tab):
    tab.set_viewport_size({"width": 390, "height": 900})
    spaced = "line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important"
    unspaced = "letter-spacing: normal !important; word-spacing: normal !important"  # text of pictures is laid out
    with styled(tab, f"* {{ {spaced} }} svg, svg * {{ {unspaced} }} p {{ margin-bottom: 2em !important }}"):
        assert failing(tab, "reach") == []
