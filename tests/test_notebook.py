"""The explorer in notebooks: the rows of a Jacobian, the widget in a page, a frame in a converted notebook."""

import html
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from support import needs
from widgets import MODEL, Front

import conjac as cj
from conjac.validation import check_classes, check_predictions
from conjac.views.explorer import widget as widgets
from conjac.views.explorer.kept import INSTEAD, parts_kept, rows_kept
from conjac.views.explorer.notebook import Frame, in_kernel
from conjac.views.summary.scene import pack

RNG = np.random.default_rng(0)
N = 900
Y = (RNG.random(N) < 0.4).astype(int)
SCORE = 1 / (1 + np.exp(-RNG.normal(2 * Y - 1, 1)))
WEIGHT = RNG.uniform(0.5, 2, N)
CLUSTERS = np.arange(N) // 3
BY = np.array(["north", "south"])[CLUSTERS % 2]
KERNEL = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel="a kernel"))
HOSTILE = '"><img src=x onerror=alert(1)> & </iframe>'


@pytest.fixture(scope="module")
def explorer():
    return cj.confusion_jacobian(Y, SCORE, threshold=0.3).explore(title=HOSTILE, surface=False)


def figures(explorer):
    """Return all that a scene shows, but how it is written in Python."""
    tree = explorer.scene.to_tree()
    return pack({name: tree[name] for name in tree.keys() - {"recipe"}})


# ---- the rows of a Jacobian


@pytest.mark.parametrize(
    ("decided", "rows"),
    [
        ({"threshold": 0.2, "coordinate": "percentile"}, {"sample_weight": WEIGHT}),
        ({"threshold": -1.0, "coordinate": "logit", "condition_on": "class"}, {"pos_label": 0, "groups": CLUSTERS}),
    ],
)
def test_a_jacobian_explores_the_rows_that_it_counted(decided, rows):
    told = {"metric": "recall", "subject_to": "precision >= .6", "level": 0.9, "title": "t", "surface": False}
    score = 1 - SCORE if "pos_label" in rows else SCORE
    J = cj.confusion_jacobian(Y, score, **decided, **rows)
    found = J.explore(**told)
    assert figures(found) == figures(cj.Explorer.from_predictions(Y, score, **decided, **rows, **told))
    track = found.scene.sheets[0].tracks[0]
    assert track.matrix.value[track.base] == pytest.approx(J.matrix, rel=1e-12)
    assert f"labels={list(J.labels)}" in found.scene.recipe.options


def test_groups_are_those_that_were_asked_for():
    found = cj.confusion_jacobian(Y, SCORE, groups=CLUSTERS).explore(by=BY, surface=False)
    assert figures(found) == figures(cj.Explorer.from_predictions(Y, SCORE, groups=CLUSTERS, by=BY, surface=False))


def test_rows_of_several_classes_are_those_that_were_checked():
    y, score = RNG.integers(0, 3, N), RNG.dirichlet([1, 1, 1], N)
    J = cj.confusion_jacobian(y, score, offsets=[0, 0.1, 0], groups=CLUSTERS, sample_weight=WEIGHT)
    kept, expected = rows_kept(J), check_classes(y, score, groups=CLUSTERS, sample_weight=WEIGHT)
    assert (kept.labels, kept.reading) == (expected.labels, expected.reading)
    assert all(np.array_equal(getattr(kept, k), getattr(expected, k)) for k in ("true", "score", "weight", "block"))


def test_a_group_keeps_its_clusters():
    rows = check_predictions(Y, SCORE, groups=CLUSTERS)
    (_, north), (_, south) = parts_kept(rows, BY, "probability")
    assert np.array_equal(north.block, rows.block[BY == "north"])
    assert np.array_equal(south.score, SCORE[BY == "south"])


def test_what_keeps_no_scores_says_what_to_do_instead():
    with pytest.raises(cj.NotSupportedError, match="this result keeps no scores") as refused:
        cj.confusion_jacobian(Y, SCORE, wrt=cj.Mix("class")).explore()
    assert INSTEAD in str(refused.value)
    with pytest.raises(cj.NotSupportedError, match=r"ConfusionCurve\.from_predictions\(\.\.\., assume_calibrated=True"):
        cj.confusion_jacobian(RNG.random(N) < SCORE, SCORE, assume_calibrated=True).explore()
    three = RNG.dirichlet([1, 1, 1], N)
    with pytest.raises(cj.NotSupportedError, match="a reject option"):
        cj.confusion_jacobian(three.argmax(axis=1), three, offsets=[0, 0, 0, -0.5]).explore()
    changed = SCORE.copy()
    J = cj.confusion_jacobian(Y, changed)
    changed[:] = changed[::-1]
    with pytest.raises(cj.InvalidInputError, match="changed since"):
        J.explore()


# ---- what a notebook is shown


def test_without_a_notebook_a_frame_is_shown_and_says_so(explorer):
    shown = explorer._repr_mimebundle_()
    assert shown["text/plain"] == repr(explorer)
    assert "No notebook runs here; this frame does all but recompute." in shown["text/html"]


def test_without_anywidget_a_frame_is_shown_and_names_the_extra(explorer, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setitem(sys.modules, "IPython", KERNEL)
    lone = cj.Explorer(explorer.scene)
    said = "anywidget is not installed; pip install 'conjac[notebook]'"
    assert html.escape(f"{said}; this frame does all but recompute.") in lone._repr_mimebundle_()["text/html"]
    with pytest.raises(cj.MissingDependencyError) as missing:
        lone.widget()
    assert str(missing.value) == said


def test_a_frame_holds_the_whole_page_escaped(explorer):
    shown = explorer.iframe(height=432)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert shown.count("<") == shown.count(">") == 2
    assert html.unescape(shown.split('"')[1]) == explorer.to_html()
    assert html.escape(HOSTILE) in shown
    assert 'sandbox="allow-scripts"' in shown
    assert "height: 432px" in shown
    assert repr(Frame("", "t")) == "Frame('t', 760 px)"


def test_the_widget_is_one_and_holds_where_it_stands(explorer, monkeypatch):
    needs("anywidget")
    shown = explorer.widget()
    assert shown is explorer.widget()
    assert not shown.live
    monkeypatch.setitem(sys.modules, "IPython", KERNEL)
    data = explorer._repr_mimebundle_()[0]
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id
    assert data["text/plain"] == repr(explorer)
    assert explorer._display_() is shown
    with pytest.raises(cj.InvalidInputError, match=r"state\['metric'\] is 'f7'; expected one of .*'recall'"):
        shown.state = {"metric": "f7"}
    assert shown.state == {}


# ---- the widget in a page


class Echo:
    """A source that tells what it was asked for."""

    def answer(self, request):
        if "bad" in request["moves"]:
            raise cj.InvalidInputError("moves: there is no 'bad'")
        if "bug" in request["moves"]:
            raise ZeroDivisionError("a bug")
        return pack({"asked": request, "numbers": np.array([1.5, -2.0, 3.0])})


@pytest.fixture
def tab(browser):
    opened = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
    wrong = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: request.url.startswith(("blob:", "data:")) or wrong.append(request.url))
    opened.set_content(f"<body><script>{MODEL}</script></body>")
    yield opened
    opened.close()
    assert wrong == []


@pytest.fixture
def fresh(explorer):
    needs("anywidget")
    return lambda source=None: cj.Explorer(explorer.scene, source).widget()


@pytest.mark.browser
def test_the_slider_and_the_state_follow_each_other_in_any_root(tab, fresh):
    light, dark = Front(tab, "light", fresh()), Front(tab, "dark", fresh(), shadow=True)
    start = light.settled()[-1]
    assert (start["at"], start["metric"]) == (0.3, "f1")
    assert dark.settled()[-1] == start
    tab.set_viewport_size({"width": 1000, "height": 1600})
    for name in ("light", "dark"):
        tab.locator(f"#{name} .chart").first.evaluate("(node) => node.scrollIntoView()")
    for name in ("light", "dark"):
        tab.locator(f"#{name} .js-plotly-plot .main-svg").first.wait_for()
    assert tab.locator("script[src^=blob]").count() == 1  # Plotly, once for both
    for front in (light, dark):
        front.slider.press("ArrowRight")
        at = float(front.slider.input_value())
        front.settled()
        assert front.widget.state == {**start, "at": pytest.approx(at)}
        assert at > 0.3
        front.widget.state = {"at": 0.5, "metric": "recall"}
        front.take()
        front.settled()
        assert front.widget.state == {**start, "at": 0.5, "metric": "recall"}
        assert front.slider.input_value() == "0.5"
        assert tab.locator(f"#{front.name} .lead").text_content().startswith("Recall is")
    tab.evaluate("stops.light(), stops.dark()")
    assert tab.evaluate("models.light.listeners() + models.dark.listeners()") == 0
    assert tab.locator(".conjac").count() == 0


@pytest.mark.browser
def test_two_views_of_one_widget_stand_at_the_same_place(tab, fresh):
    front = Front(tab, "one", fresh())
    front.settled()
    tab.evaluate("""async () => {
        const place = document.body.appendChild(document.createElement("div"));
        place.id = "other";
        const { default: widget } = await import(models.one.esm);
        await widget.render({ model: models.one, el: place });
    }""")
    front.slider.press("PageDown")
    front.settled()
    other = tab.locator("#other .conjac input[type=range]")
    assert other.input_value() == front.slider.input_value() != "0.3"
    tab.wait_for_timeout(400)
    assert front.deliver() == []  # neither tells the other back


@pytest.mark.browser
def test_python_answers_and_its_errors_are_told(tab, fresh):
    shown = fresh(Echo())
    shown._esm = f"{shown._esm}\nexport {{ asking }};"
    front = Front(tab, "asked", shown)
    front.settled()
    assert shown.live
    tab.evaluate("""async () => {
        const { asking } = await import(models.asked.esm);
        window.questions = asking(models.asked);
        window.told = {};
        for (const name of ["a", "bad", "b"])
            questions.ask({ moves: { [name]: 1 }, sheet: 0 }).then(
                ({ tree, blob }) => (told[name] = [tree.value.asked, blob instanceof Uint8Array, blob.length]),
                (error) => (told[name] = error.message),
            );
    }""")
    front.deliver()
    asked = [{"moves": {name: 1}, "sheet": 0} for name in ("a", "b")]
    expected = {"a": [asked[0], True, 24], "bad": "moves: there is no 'bad'", "b": [asked[1], True, 24]}
    assert tab.evaluate("told") == expected
    tab.evaluate("void questions.ask({ moves: { bug: 1 }, sheet: 0 }).catch((error) => (told.bug = error.message))")
    (content,) = tab.evaluate("models.asked.sent.splice(0)")
    with pytest.raises(ZeroDivisionError):
        widgets._answering(Echo())(shown, content, [])
    assert front.replies[0][0]["error"] == "a bug"


@pytest.mark.browser
def test_with_the_model_at_hand_python_moves_what_the_page_shows(tab):
    needs("anywidget")
    X = RNG.normal(size=(N, 2)) + Y[:, None]
    model = LogisticRegression().fit(X[:300], Y[:300])
    explorer = cj.Explorer.from_estimator(model, X[300:], Y[300:], surface=False)
    front = Front(tab, "live", explorer.widget())
    front.settled()
    name = next(move.name for move in explorer.scene.moves if move.kind == "drift")
    before = tab.locator("#live .lead").text_content()
    tab.locator(f"#live [data-move='{name}']").press("PageUp")
    tab.wait_for_function("models.live.sent.length")
    front.deliver()
    tab.wait_for_function("(before) => document.querySelector('#live .lead').textContent !== before", arg=before)
    front.settled()
    (moved,) = front.widget.state["moves"].items()
    assert moved[0] == name
    assert moved[1] > 0


PAGES = (
    ("body", "data-jp-theme-light", "false", "dark"),
    ("body", "data-jp-theme-light", "true", "light"),
    ("body", "data-vscode-theme-kind", "vscode-high-contrast", "dark"),
    ("body", "data-vscode-theme-kind", "vscode-high-contrast-light", "light"),
    ("body", "class", "vscode-dark", "dark"),
    ("html", "theme", "dark", "dark"),
    ("body", "class", "light light-theme", "light"),
    ("body", "class", "dark dark-theme", "dark"),
    ("body", "class", "darkroom", None),
)
"""Of JupyterLab, VS Code, Colab and marimo; and one that does not say."""


@pytest.mark.browser
def test_it_is_as_dark_as_the_page_around_it(tab, fresh):
    tab.emulate_media(color_scheme="dark")
    Front(tab, "one", fresh(), shadow=True)
    root = tab.locator("#one .conjac")
    for element, attribute, value, theme in PAGES:
        for one in ("body", "html"):
            clear = "(node) => node.getAttributeNames().forEach((name) => node.removeAttribute(name))"
            tab.locator(one).evaluate(clear)
        tab.locator(element).evaluate(f"(node) => node.setAttribute('{attribute}', '{value}')")
        assert root.get_attribute("data-theme") == theme, value
        paper = "rgb(255, 255, 255)" if theme == "light" else "rgb(18, 23, 30)"
        assert root.evaluate("(node) => getComputedStyle(node).backgroundColor") == paper


@pytest.mark.browser
def test_keys_of_the_explorer_are_no_commands_of_the_notebook(tab, fresh):
    front = Front(tab, "one", fresh())
    tab.evaluate("window.pressed = []; addEventListener('keydown', (event) => pressed.push(event.key))")
    for key in ("ArrowDown", "d", "Escape", "Control+s"):
        front.slider.press(key)
    assert tab.evaluate("pressed") == ["Escape", "Control", "s"]


# ---- a notebook that really runs, and what it is converted to

CELLS = (
    "import numpy as np, sys, conjac as cj\n"
    "rng = np.random.default_rng(0); y = rng.integers(0, 2, 900); p = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))\n"
    "explorer = cj.confusion_jacobian(y, p, threshold=.3).explore(title='Two normals', surface=False)",
    "sys.modules['anywidget'] = None\nexplorer",
    "del sys.modules['anywidget']\nexplorer",
    "explorer.iframe(500)",
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after nbconvert ran it in a kernel; in a process of its own, since it has a loop of its own."""
    needs("nbconvert")
    needs("ipykernel")
    nbformat = needs("nbformat")
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbformat.write(notebook, folder / "run.ipynb")
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}
    script = (
        "import nbformat\nfrom nbconvert import HTMLExporter\nfrom nbconvert.preprocessors import ExecutePreprocessor\n"
        "notebook = nbformat.read('run.ipynb', 4)\n"
        "ExecutePreprocessor(timeout=120, kernel_name='python3').preprocess(notebook)\n"
        "nbformat.write(notebook, 'ran.ipynb')\n"
        "open('ran.html', 'w').write(HTMLExporter().from_notebook_node(notebook)[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={**os.environ, **own}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_kernel_shows_the_widget_or_a_frame_that_says_why(executed):
    _, *cells = json.loads((executed / "ran.ipynb").read_text())["cells"]
    fallback, shown, framed = (cell["outputs"][0]["data"] for cell in cells)
    assert "anywidget is not installed; pip install" in "".join(fallback["text/html"])
    assert "".join(framed["text/html"]).startswith("<iframe srcdoc")
    assert not in_kernel()
    needs("anywidget")
    assert set(shown) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert "".join(shown["text/plain"]).startswith("Explorer('Two normals')")


@pytest.mark.browser
def test_the_frame_of_a_converted_notebook_works_without_a_network(executed, browser):
    tab = browser.new_page(viewport={"width": 1000, "height": 900})
    tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    tab.goto((executed / "ran.html").as_uri(), wait_until="domcontentloaded")
    element = tab.locator("iframe[title='conjac explorer: Two normals']").last
    frame = element.element_handle().content_frame()
    slider = frame.wait_for_selector("html[data-conjac=ready] input[type=range]")
    assert element.bounding_box()["height"] == 500
    before = frame.text_content(".lead")
    slider.press("PageUp")
    assert float(slider.input_value()) > 0.3
    assert frame.text_content(".lead") != before
    frame.locator(".chart").first.scroll_into_view_if_needed()
    frame.wait_for_selector(".js-plotly-plot .main-svg")
    frame.click("[data-conjac=json]")
    assert json.loads(frame.input_value("[data-conjac=state]"))["at"] == pytest.approx(float(slider.input_value()))
    assert frame.evaluate("origin") == "null"  # it can reach neither the notebook nor what that has stored
    tab.close()
