"""The explorer in a real browser: it shows what scikit-learn counts, whatever is moved, and asks for nothing."""

import io
import json
import re
import warnings

import matplotlib.image
import numpy as np
import pytest
from explored import SETTLED, Explored, number
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score
from support import needs_program

import conjac as cj

pytestmark = pytest.mark.browser

RNG = np.random.default_rng(0)
N = 800
Y = (RNG.random(N) < 0.4).astype(int)
X = RNG.normal(size=(N, 3)) + Y[:, None] * [1.2, 0.6, 0.0]
MODEL = LogisticRegression().fit(X[:300], Y[:300])
SCORE = MODEL.predict_proba(X)[:, 1]
BY = np.array(["north", "south", "one class"])[np.where(Y == 1, np.arange(N) % 2, np.arange(N) % 3)]
WEIGHT = RNG.uniform(0.5, 2, N).round(2)
LATTICE = SCORE.round(2).astype(np.float32)
RAW = MODEL.decision_function(X)
HOSTILE = (
    "<script>hacked=1</script>\"'`$x_1$%{y}${y}",
    '"مرحبا بالعالم" 🎉 <img src=x onerror=hacked=1>' + "long" * 50,
)
PLACES = np.linspace(0, 1, 60)
CLASS = RNG.integers(0, 3, N)
U = RNG.normal(size=(N, 3)) + 1.5 * np.eye(3)[CLASS]


def full_page():
    over = {"threshold": [0.2, 0.4, 0.6, 0.8], "drift[x0]": [-1.0, 0.0, 1.0]}
    return cj.Explorer.from_estimator(
        MODEL, X, Y, surface=cj.surface(MODEL, X, Y, over), by=BY, title="By region", subject_to="recall >= .9"
    )


def lattice_page():
    return cj.Explorer.from_predictions(Y, LATTICE, sample_weight=WEIGHT, surface=False)


def raw_page():
    return cj.Explorer.from_predictions(Y, RAW, title="Raw", surface=False)


def hostile_page():
    return cj.Explorer.from_predictions(
        np.array(HOSTILE, dtype=object)[Y],
        SCORE,
        X=X,
        labels=HOSTILE,
        by=np.array([*HOSTILE, "#1 = {}"], dtype=object)[np.arange(N) % 3],
        title=HOSTILE[0] + HOSTILE[1],
        metric=f"recall[{HOSTILE[0]}]",
        surface=False,
    )


def hostile_surface_page():
    y, metric = np.array(HOSTILE, dtype=object)[Y], f"recall[{HOSTILE[0]}]"
    model = LogisticRegression().fit(X[:300], y[:300])
    over = {"threshold": [0.2, 0.4, 0.6, 0.8], "drift[x0]": [-1.0, 0.0, 1.0]}
    surface = cj.surface(model, X, y, over, metric)
    return cj.Explorer.from_estimator(model, X, y, surface=surface, title=HOSTILE[0] + HOSTILE[1], metric=metric)


def classes_page():
    return cj.Explorer.from_predictions(CLASS, U, X=X, surface=False, title="Three classes")


PAGES = {
    "full": full_page,
    "lattice": lattice_page,
    "raw": raw_page,
    "hostile": hostile_page,
    "hostile surface": hostile_surface_page,  # drawn by software, which takes seconds each time
    "classes": classes_page,
}


@pytest.fixture(scope="module")
def explored(browser, tmp_path_factory):
    """Open each page once, in a tab that the tests share; each test begins where the page does."""
    folder, opened = tmp_path_factory.mktemp("explorer"), {}

    def of(name):
        if name not in opened:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", cj.ConjacWarning)
                explorer = PAGES[name]()
            opened[name] = Explored(browser, explorer.save(folder / f"{name}.html").as_uri())
            opened[name].scene = explorer.scene
        page = opened[name]
        if name == "classes":
            page.restore('{"moving": "offset[0]", "coordinate": "score", "offsets": {}}')
        else:
            start(page, "score" if name == "raw" else "probability")
        return page

    yield of
    for page in opened.values():
        page.close()


@pytest.fixture
def page(explored):
    opened = explored("full")
    yield opened
    assert opened.faults() == []


def start(page, coordinate="probability"):
    page.restore(json.dumps({"group": "", "metric": "f1", "moving": "threshold", "coordinate": coordinate}))


def counted(at, y=Y, score=SCORE, weight=None):
    return confusion_matrix(y, score >= at, labels=[0, 1], sample_weight=weight)


def test_the_matrix_shown_is_scikit_learns_wherever_the_slider_is(page):
    found = page.moved(PLACES)
    assert len({at for at, _ in found}) > 50
    for at, shown in found:
        np.testing.assert_array_equal(shown, counted(at))


def test_counts_of_scores_on_a_lattice_are_exact_and_weights_are_summed(explored):
    page = explored("lattice")
    for at, shown in page.moved(PLACES.round(2)):
        assert at == round(at, 2)
        np.testing.assert_allclose(shown, counted(at, score=LATTICE, weight=WEIGHT), rtol=5e-4)
    assert page.faults() == []


def test_raw_scores_are_moved_on_their_own_scale(explored):
    page = explored("raw")
    for at, shown in page.moved(np.linspace(RAW.min() - 1, RAW.max() + 1, 60)):
        np.testing.assert_array_equal(shown, counted(at, score=RAW))
    assert page.faults() == []


def decided(offsets):
    return confusion_matrix(CLASS, (U + offsets).argmax(axis=1))


def test_the_offset_of_a_class_is_moved_exactly_and_several_together_by_estimate(explored):
    page = explored("classes")
    part = page.drawn("[data-conjac=points]")
    for k, label in enumerate("012"):
        page.choose("class", label)
        for at, shown in page.moved(np.linspace(-2, 2, 9)):
            np.testing.assert_array_equal(shown, decided(at * np.eye(3)[k]))
        expected = (U + at * np.eye(3)[k]).argmax(axis=1) != U.argmax(axis=1)
        told = int(part.locator(".note").first.text_content().split()[0])
        assert abs(told - expected.sum()) <= 2  # scores of points are rounded
        state = page.text("json")
        page.tab.locator("[data-conjac=reset]").evaluate("node => node.click()")
        np.testing.assert_array_equal(page.matrix(), decided(np.zeros(3)))
        page.restore(state)
        np.testing.assert_array_equal(page.matrix(), decided(at * np.eye(3)[k]))
        page.tab.locator("[data-conjac=reset]").evaluate("node => node.click()")
    assert page.faults() == []


def test_dragged_by_the_mouse(page):
    slider = page.tab.locator("[data-conjac=threshold]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    height = box["y"] + box["height"] / 2
    page.tab.mouse.move(box["x"] + box["width"] * page.at(), height)
    page.tab.mouse.down()
    seen = []
    for share in (0.45, 0.35, 0.25):
        page.tab.mouse.move(box["x"] + box["width"] * share, height, steps=3)
        seen.append(page.at())
        np.testing.assert_array_equal(page.matrix(), counted(page.at()))
    page.tab.mouse.up()
    assert seen == pytest.approx([0.45, 0.35, 0.25], abs=0.02)
    np.testing.assert_array_equal(page.matrix(), counted(page.at()))


def test_moved_by_keys(page):
    slider = page.tab.locator("[data-conjac=threshold]")
    slider.focus()
    seen = [page.at()]
    for key in ("ArrowRight", "ArrowUp", "PageUp", "ArrowLeft", "ArrowDown", "PageDown"):
        page.tab.keyboard.press(key)
        seen.append(page.at())
        np.testing.assert_array_equal(page.matrix(), counted(page.at()))
    assert (np.sign(np.diff(seen)) == [1, 1, 1, -1, -1, -1]).all()
    assert seen[0] == seen[-1]
    page.tab.keyboard.press("Home")
    np.testing.assert_array_equal(page.matrix(), counted(0))
    page.tab.keyboard.press("End")
    np.testing.assert_array_equal(page.matrix(), counted(1))
    page.tab.get_by_role("button", name="One step down").click()
    np.testing.assert_array_equal(page.matrix(), counted(page.at()))
    assert page.at() < 1


def test_told_a_number(page):
    box = page.tab.locator("[data-conjac=value]")
    box.fill("0.37")
    box.press("Enter")
    assert page.at() == 0.37
    np.testing.assert_array_equal(page.matrix(), counted(0.37))
    box.fill("0.3700001")
    box.press("Enter")
    assert page.at() == 0.37
    page.tab.get_by_text("0.3700001 is no step; this is the nearest.").wait_for()
    page.tab.get_by_role("button", name="One step up").click()
    assert page.tab.get_by_text("is no step").count() == 0
    np.testing.assert_array_equal(page.matrix(), counted(page.at()))
    box.fill("")
    box.press("Enter")
    np.testing.assert_array_equal(page.matrix(), counted(page.at()))


@pytest.mark.parametrize("group", ["north", "south", "one class"])
def test_a_group_has_its_own_counts(page, group):
    page.choose("group", group)
    here = group == BY
    for at, shown in page.moved(PLACES[::6]):
        np.testing.assert_array_equal(shown, counted(at, Y[here], SCORE[here]))


def test_a_metric_is_chosen_from_the_list_or_the_table(page):
    page.choose("metric", "Recall")
    page.tab.get_by_role("heading", name="Slope of Recall", exact=True).wait_for()
    page.tab.get_by_role("button", name="F1", exact=True).click()
    page.tab.get_by_role("heading", name="Slope of F1", exact=True).wait_for()
    assert page.tab.locator("[data-conjac=metric] option:checked").text_content() == "F1"
    for place in (0.2, 0.5, 0.8):
        page.moved([place])
        assert number(page.row("f1")[1].split()[0]) == float(f"{f1_score(Y, page.at() <= SCORE):.4g}")


def test_another_coordinate_is_the_same_place(page):
    page.moved([0.3])
    before = page.matrix()
    page.choose("coordinate", "logit")
    assert page.at() == pytest.approx(np.log(0.3 / 0.7))
    np.testing.assert_array_equal(page.matrix(), before)
    page.choose("coordinate", "percentile")
    assert page.at() == pytest.approx((SCORE >= 0.3).mean())
    np.testing.assert_array_equal(page.matrix(), before)
    slider = page.tab.locator("[data-conjac=threshold]")
    slider.press("ArrowRight")
    assert page.at() > (SCORE >= 0.3).mean()  # to the right is more, of a share too


def test_decisions_are_applied(page):
    expected = cj.ConfusionCurve.from_predictions(Y, SCORE).maximize("f1", subject_to="recall >= .9")
    page.tab.locator("[data-aim='Best F1 with Recall ≥ 0.9']").click()
    assert page.at() == expected.threshold
    np.testing.assert_array_equal(page.matrix(), expected.matrix)


def test_the_best_of_a_metric_the_least_cost_and_a_target_are_found_among_the_steps(page):
    steps = page.scene.sheets[0].score.tolist()
    matrices = np.array([counted(at) for at in steps])
    page.tab.locator("[data-conjac=best]").click()
    f1 = np.array([f1_score(Y, at <= SCORE) for at in steps])
    assert f1[steps.index(page.at())] == f1.max()
    page.tab.locator("[data-conjac=cost]").fill("3")
    page.tab.get_by_role("button", name="Least cost", exact=True).click()
    cost = 3 * matrices[:, 1, 0] + matrices[:, 0, 1]
    assert cost[steps.index(page.at())] == cost.min()
    page.tab.locator("[data-conjac=target-metric]").select_option(label="Recall")
    page.tab.locator("[data-conjac=target]").fill("0.85")
    page.tab.get_by_role("button", name="Meet it").click()
    recall = matrices[:, 1, 1] / matrices[:, 1].sum(axis=1)
    assert recall[steps.index(page.at())] == recall[recall >= 0.85].min()
    page.tab.locator("[data-conjac=target]").fill("1.2")
    page.tab.get_by_role("button", name="Meet it").click()
    assert page.tab.get_by_text("No step has Recall of at least 1.2").count() == 1


def test_a_state_is_restored_from_the_address_the_link_and_json(page):
    page.choose("group", "south")
    page.choose("metric", "Precision")
    page.choose("coordinate", "logit")
    page.moved([-0.7])
    page.tab.wait_for_timeout(SETTLED)
    state, before = page.text("json"), page.matrix()
    link = page.text("link")
    assert page.tab.url == link
    for again in (lambda: page.tab.reload(), lambda: page.open(link[len(page.address) :])):
        again()
        page.tab.wait_for_selector("html[data-conjac=ready]")
        assert page.text("json") == state
        np.testing.assert_array_equal(page.matrix(), before)
    for text in (state, link):
        start(page)
        assert page.text("json") != state
        page.restore(text)
        assert page.text("json") == state
        np.testing.assert_array_equal(page.matrix(), before)


@pytest.mark.parametrize("key", ["Home", "End"])
def test_an_end_of_the_logits_is_a_state_too(page, key):
    page.choose("coordinate", "logit")
    page.tab.locator("[data-conjac=threshold]").press(key)
    state, before = page.text("json"), page.matrix()
    assert before[:, 1 if key == "Home" else 0].sum() == N
    start(page)
    page.restore(state)
    np.testing.assert_array_equal(page.matrix(), before)
    assert page.text("json") == state


MOVED_TO = """(hash) => new Promise((done) => {
  addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(done)), { once: true });
  history.replaceState(null, "", "#");  // an address that stays as it is tells nothing
  location.hash = hash;
})"""
"""Done once the page has read a new address, as its listener came first, and has painted what that tells."""


@pytest.mark.parametrize(
    "fragment",
    [
        "#broken",
        "#%E0%A4%A",
        "#5",
        "#null",
        "#[1,2]",
        '#{"metric":{"toString":1},"group":[],"moving":7,"at":"x"}',
        '#{"group":"<img src=x onerror=hacked=1>"}',
        '#{"__proto__":{"at":0.1},"constructor":1,"at":1e999}',
    ],
)
def test_an_address_that_is_no_state_of_the_page_is_told_and_harmless(page, fragment):
    page.tab.evaluate(MOVED_TO, fragment)
    told = page.tab.locator(".caution").text_content()
    harmless = fragment in ("#[1,2]",) or "__proto__" in fragment
    assert harmless or told.startswith("Not in this page: ")
    assert page.tab.evaluate("typeof hacked") == "undefined"
    np.testing.assert_array_equal(page.matrix(), counted(page.at()))


def test_a_page_opened_at_a_broken_address_says_so(page):
    page.open("#broken")
    assert page.tab.locator(".caution").text_content() == 'Not in this page: the state "broken".'
    np.testing.assert_array_equal(page.matrix(), counted(0.5))
    page.restore("nonsense")
    assert page.tab.get_by_text("neither a link nor JSON").count() == 1


@pytest.mark.parametrize(("name", "coordinate"), [("full", "probability"), ("full", "logit"), ("raw", "score")])
def test_the_python_of_a_state_gives_its_numbers(explored, name, coordinate):
    page = explored(name)
    if name == "full":
        page.choose("coordinate", coordinate)
    page.moved([0.7])
    score = {"full": SCORE, "raw": RAW}[name]
    made = {"y_true": Y, "y_score": score, "print": lambda *_: None}
    code = page.text("python")
    setup = "y_true, y_score = ...  # your labels and scores"
    assert setup in code
    exec(code.replace(setup, ""), made)
    np.testing.assert_array_equal(made["J"].matrix, page.matrix())
    value, gain = page.row("f1")[1:3]
    assert number(value.split()[0]) == float(f"{made['f'].value:.4g}")
    size = number(re.search(r"per (\S+) of", page.tab.locator("figcaption").nth(1).text_content())[1])
    assert number(gain.split()[0]) == pytest.approx(float(made["f"].gradient) * size, rel=6e-3)


def test_the_surface_is_drawn_in_space(page):
    part = page.drawn("[data-conjac=surface]")
    part.locator("canvas").first.wait_for()
    page.tab.wait_for_timeout(300)
    assert len(hues(part)) > 100


def test_rows_that_are_predicted_otherwise_are_ringed(page):
    part = page.drawn("[data-conjac=points]")
    part.locator(".point").first.wait_for()
    drawn = part.locator(".point").count()
    assert drawn == N
    for at in (0.5, 0.8, 0.2):
        page.moved([at])
        expected = int(((at <= SCORE) != (SCORE >= 0.5)).sum())
        assert part.locator("canvas.rings").get_attribute("data-rings") == str(expected)
        assert part.locator(".note").first.text_content().startswith(f"{expected:,} of these {N:,} rows")


@pytest.fixture(scope="module")
def without_webgl(browser):
    args = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    plain = browser.browser_type.launch(executable_path=needs_program("chromium"), args=args)
    yield plain
    plain.close()


def test_without_webgl_the_surface_is_seen_from_above(page, without_webgl):
    flat = Explored(without_webgl, page.address)
    part = flat.drawn("[data-conjac=surface-flat]")
    assert part.get_by_text("WebGL is missing here").count() == 1
    part.locator(".heatmaplayer, .contourlayer").first.wait_for(state="attached")
    assert len(hues(part)) > 30
    np.testing.assert_array_equal(flat.matrix(), counted(0.5))
    assert flat.faults() == []
    flat.close()


def hues(part):
    """Return the colours of a part of the page."""
    picture = matplotlib.image.imread(io.BytesIO(part.screenshot()))
    return np.unique((picture[..., :3] * 255).astype(int).reshape(-1, 3), axis=0)


def test_the_dark_has_its_own_colours_in_pictures_too(page):
    part = page.drawn("section:has(h2:text('Along the slider'))")
    ink = "node => getComputedStyle(node).fill"
    tick = part.locator(".xtick text").first
    tick.wait_for()
    light = [tick.evaluate(ink), hues(part).mean()]
    page.tab.emulate_media(color_scheme="dark")
    page.tab.wait_for_selector(".xtick text", state="attached")
    page.tab.wait_for_timeout(300)
    dark = [part.locator(".xtick text").first.evaluate(ink), hues(part).mean()]
    page.tab.emulate_media(color_scheme="light")
    assert dark[0] != light[0]
    assert dark[1] < 128 < light[1]


@pytest.mark.parametrize("name", ["full", "hostile", "hostile surface"])
def test_no_width_scrolls_sideways(explored, name):
    page = explored(name)
    if name == "hostile surface":
        page.drawn("[data-conjac=surface]").locator("canvas").first.wait_for()
    found = {}
    for width in (320, 390, 800, 1400):
        page.tab.set_viewport_size({"width": width, "height": 900})
        page.drawn("[data-conjac=points]")
        page.tab.wait_for_timeout(100)
        found[width] = page.tab.evaluate("document.documentElement.scrollWidth")
    page.tab.set_viewport_size({"width": 1200, "height": 900})
    assert {width: wide for width, wide in found.items() if wide > width} == {}


def nothing_of_names_ran(page):
    assert page.tab.locator("h1").text_content() == HOSTILE[0] + HOSTILE[1]
    assert page.tab.evaluate("typeof hacked") == "undefined"
    assert page.tab.locator("script").count() == 5  # Plotly's own among them
    assert page.tab.locator("img, iframe, object").count() == 0


def test_hostile_names_of_a_surface_are_text(explored):
    page = explored("hostile surface")
    page.drawn("[data-conjac=surface]").locator("canvas").first.wait_for()
    nothing_of_names_ran(page)
    assert page.faults() == []


def test_hostile_names_are_text(explored):
    page = explored("hostile")
    for part in ("[data-conjac=points]", "section:has(h2:text('Trade-off'))"):
        page.drawn(part)
    nothing_of_names_ran(page)
    for k, group in enumerate([*HOSTILE, "#1 = {}"]):
        page.choose("group", group)
        here = np.arange(N) % 3 == k
        page.moved([0.4])
        np.testing.assert_array_equal(page.matrix(), counted(page.at(), Y[here], SCORE[here]))
        state = page.text("json")
        assert json.loads(state)["group"] == group
        page.restore("{}")
        page.restore(state)
        assert page.text("json") == state
        compile(page.text("python"), "copied", "exec")
    assert page.faults() == []


def test_the_python_of_hostile_names_runs(explored):
    page = explored("hostile")
    page.moved([0.4])
    made = {"y_true": np.array(HOSTILE, dtype=object)[Y], "y_score": SCORE, "print": lambda *_: None}
    exec(page.text("python").replace("y_true, y_score = ...", ""), made)
    np.testing.assert_array_equal(made["J"].matrix, page.matrix())


def test_the_policy_allows_its_own_code_alone(page):
    policy = page.tab.locator("meta[http-equiv]").get_attribute("content")
    assert "unsafe-eval" not in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+' blob:;", policy)
    assert "default-src 'none'" in policy
    page.tab.evaluate("fetch('https://example.invalid/').catch(() => 0)")
    (blocked, *_) = page.faults()
    assert "example.invalid" in blocked or "connect-src" in blocked


def test_nothing_moves_by_itself(page):
    page.tab.emulate_media(reduced_motion="reduce")
    page.moved([0.2, 0.8])
    page.choose("metric", "Recall")
    assert page.tab.evaluate("document.getAnimations().length") == 0
    page.tab.emulate_media(reduced_motion="no-preference")


def test_it_prints(page):
    page.tab.emulate_media(media="print", color_scheme="dark")
    assert page.tab.locator(".controls").evaluate("node => getComputedStyle(node).position") == "static"
    ground = page.tab.locator(".conjac").first.evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert page.tab.pdf()[:4] == b"%PDF"
    page.tab.emulate_media(media="screen", color_scheme="light")


def test_without_scripts_it_says_what_it_needs(browser, page):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.address)
    assert tab.locator("body").inner_text().startswith("This page looks figures up by a script")
    context.close()
