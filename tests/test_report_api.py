"""`conjac.Report`: what it is of, how it is saved and shown, and what it refuses."""

import html
import json
import re
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.validation import check_predictions
from conjac.views.report import MOST_GROUPS, render
from conjac.views.report.report import OWN_LINKS
from conjac.views.summary import summarize

RNG = np.random.default_rng(0)
N = 900
Y = (RNG.random(N) < 0.4).astype(int)
X = RNG.normal(size=(N, 3)) + Y[:, None] * [1.2, 0.6, 0.0]
SCORE = 1 / (1 + np.exp(-X[:, 0]))
BY = np.array(["north", "south"])[(np.arange(N) % 3 == 0).astype(int)]
FITTED = LogisticRegression().fit(X[:300], Y[:300])
TRAINING = (X[:300], Y[:300])


def same(found, expected):
    return found.to_dict() == expected.to_dict()


@pytest.fixture(scope="module")
def report():
    return cj.Report.from_predictions(Y, SCORE, title="Mail")


# ---- what it is of


def test_it_is_the_summary_and_the_page_of_the_rows(report):
    (found,) = report.summaries
    expected = summarize(check_predictions(Y, SCORE), title="Mail")
    assert found.to_dict() == expected.to_dict()
    assert report.to_html() == render([expected])
    assert report.to_dict() == expected.to_dict()


def test_every_option_reaches_the_summary():
    weight, groups = RNG.integers(1, 4, N), np.arange(N) // 3
    how = {"threshold": 0.4, "coordinate": "probability", "condition_on": "class"}
    told = {"title": "t", "metric": "recall", "subject_to": "precision >= .5", "level": 0.9}
    named = {"sample_weight": weight, "groups": groups, "pos_label": 0}
    (found,) = cj.Report.from_predictions(Y, SCORE, **how, **told, **named).summaries
    assert same(found, summarize(check_predictions(Y, SCORE, **named), **how, **told))
    (turned,) = cj.Report.from_predictions(Y, SCORE, labels=[1, 0]).summaries
    assert turned.labels == ("1", "0")


def test_a_model_is_scored_and_its_inputs_drift():
    (found,) = cj.Report.from_estimator(FITTED, X, Y, metric="recall", threshold=0.4).summaries
    ranking = cj.rank_drifts(FITTED, X, Y, "recall", threshold=0.4)
    rows = check_predictions(Y, FITTED.predict_proba(X)[:, 1], labels=[0, 1])
    assert same(found, summarize(rows, title="Classifier", metric="recall", threshold=0.4, drift=ranking))
    assert found.training is None


@pytest.mark.parametrize(
    ("drift", "names"),
    [(False, None), (None, None), ("x1", {"x1"}), ([0, "x2"], {"x0", "x2"}), (cj.Features(0, unit="raw"), {"x0"})],
)
def test_which_inputs_drift_is_chosen(drift, names):
    (found,) = cj.Report.from_estimator(FITTED, X, Y, drift=drift).summaries
    assert (found.drift and {one.name for one in found.drift.numbers}) == names
    assert found.drift is None or found.drift.unit == ("raw" if isinstance(drift, cj.Features) else "sd")


def test_the_other_class_is_positive_where_asked():
    (found,) = cj.Report.from_estimator(FITTED, X, Y, pos_label=0, drift=False).summaries
    (plain,) = cj.Report.from_predictions(Y, FITTED.predict_proba(X), pos_label=0).summaries
    assert found.labels == plain.labels == ("1", "0")
    assert found.point.cells == plain.point.cells


# ---- groups


def test_groups_are_checked_as_all_rows_were_and_share_a_coordinate():
    raw = np.where(BY == "south", X[:, 0] * 3, SCORE)
    found = cj.Report.from_predictions(Y, raw, by=BY).summaries
    assert [one.group for one in found] == ["north", "south"]
    assert {one.coordinate for one in found} == {"score"}  # those of the north alone would be probabilities
    for one in found:
        rows = check_predictions(Y[one.group == BY], raw[one.group == BY], labels=[0, 1])
        assert len(one.rest) == 3  # against the other group
        alone = replace(one, rest=())
        assert same(alone, summarize(rows, title="Classifier", coordinate="score", group=one.group))


def test_groups_of_a_model_have_their_own_rows_drift_and_training():
    found = cj.Report.from_estimator(FITTED, X, Y, by=BY, training_data=TRAINING, groups=np.arange(N) // 2).summaries
    here = BY == "south"
    options = {"labels": [0, 1], "groups": (np.arange(N) // 2)[here], "coordinate": "probability"}
    ranking = cj.rank_drifts(FITTED, X[here], Y[here], "f1", **options)
    assert [one.change.value for one in found[1].drift.numbers] == ranking.to_columns("numeric")["gradient"]
    assert found[1].data.rows == here.sum()
    assert found[0].training.influence.ways != found[1].training.influence.ways


def test_a_frame_is_shared_out_by_rows():
    frame = needs("pandas").DataFrame(X, columns=["a", "b", "c"]).assign(region=BY)
    model = LogisticRegression().fit(frame[["a", "b", "c"]], Y)
    found = cj.Report.from_estimator(model, frame[["a", "b", "c"]], Y, by=frame["region"]).summaries
    assert [one.group for one in found] == ["region='north'", "region='south'"]
    assert [one.data.rows for one in found] == [(name == BY).sum() for name in ("north", "south")]


def test_a_group_of_one_class_has_neither_drift_nor_training():
    by = np.where(Y == 0, np.arange(N) % 2, 0)
    _, lone = cj.Report.from_estimator(FITTED, X, Y, by=by, training_data=TRAINING).summaries
    assert lone.data.positives == 0
    assert (lone.drift, lone.training) == (None, None)


def test_one_group_is_still_a_list():
    plain = cj.Report.from_predictions(Y, SCORE, by=["all"] * N).to_dict()
    assert [one["group"] for one in plain] == ["all"]


# ---- saved and shown


def test_it_is_saved_by_its_suffix(report, tmp_path):
    assert report.save(tmp_path / "r.html") == tmp_path / "r.html"
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == report.to_html()
    report.save(str(tmp_path / "r.json"))
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == report.to_dict()
    report.save(tmp_path / "r.txt", format="json")
    assert (tmp_path / "r.txt").read_bytes() == (tmp_path / "r.json").read_bytes()


def test_it_is_saved_whole_or_not_at_all(report, tmp_path, monkeypatch):
    (tmp_path / "r.html").write_text("before")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(cj.InvalidInputError, match=r"r\.html: cannot be written: No space left"):
        report.save(tmp_path / "r.html")
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    assert (tmp_path / "r.html").read_text() == "before"


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("r.pdf", None, "the suffix tells no format; expected one of .html, .htm, .json"),
        ("r.html", "pdf", "format 'pdf': a report is html or json"),
        ("none/r.html", None, "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_saved_says_why(report, tmp_path, name, form, message):
    with pytest.raises(cj.InvalidInputError, match=re.escape(message)):
        report.save(tmp_path / name, form)
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_it_in_a_frame_of_its_own():
    hostile = '"><script>alert(1)</script>'
    report = cj.Report.from_predictions(Y, SCORE, title=hostile)
    shown = report._repr_html_()
    assert shown.count("<iframe") == shown.count(">") - shown.count("</iframe>") == 1  # all else is escaped
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1])
    assert inside.replace(f"\n{OWN_LINKS}", "") == report.to_html()
    assert 'title="conjac report: &quot;&gt;&lt;script' in shown
    assert ' sandbox="" ' in shown
    assert "px, 85vh)" in shown


def test_it_says_what_it_is_of(report):
    f1 = report.summaries[0].point.metric("f1").value.value
    assert repr(report) == f"Report('Mail'): F1 {f1:.4g} at a threshold of 0.5, 900 rows"
    assert repr(cj.Report.from_predictions(Y, SCORE, by=BY)) == "Report('Classifier'): 2 groups"


@pytest.mark.browser
def test_links_and_the_dark_reach_the_frame_of_a_notebook(browser, report, tmp_path):
    tab = browser.new_page(viewport={"width": 900, "height": 700}, color_scheme="dark")
    (tmp_path / "notebook.html").write_text(f"<style>* {{ color: red !important }}</style>{report._repr_html_()}")
    tab.goto((tmp_path / "notebook.html").as_uri())
    frame = tab.frames[1]
    frame.wait_for_selector("#s1-meaning")
    assert frame.evaluate("getComputedStyle(document.body).color") == "rgb(230, 234, 240)"
    assert tab.locator("iframe").bounding_box()["height"] <= 0.85 * 700
    frame.click("a[href='#s1-meaning']")
    assert frame.evaluate("document.getElementById('s1-meaning').getBoundingClientRect().top") < 300
    assert frame.url == "about:srcdoc#s1-meaning"
    tab.close()


# ---- what it refuses

THREE = np.arange(N) % 3
REFUSED = {
    "a threshold of three classes": (
        lambda: cj.Report.from_predictions(THREE, np.eye(3)[THREE], threshold=0.5),
        cj.NotSupportedError,
        "threshold=0.5 is for the threshold of two classes",
    ),
    "offsets of two classes": (
        lambda: cj.Report.from_predictions(Y, SCORE, offsets=[0, 1]),
        cj.InvalidInputError,
        "offsets",
    ),
    "the training of three classes": (
        lambda: cj.Report.from_estimator(LogisticRegression().fit(X, THREE), X, THREE, training_data=(X, THREE)),
        cj.NotSupportedError,
        "training_data: that section of a report is of two classes",
    ),
    "hyper-parameters alone": (
        lambda: cj.Report.from_estimator(FITTED, X, Y, hyperparameters="C"),
        cj.InvalidInputError,
        "pass training_data=(X, y) too",
    ),
    "groups of another length": (
        lambda: cj.Report.from_predictions(Y, SCORE, by=BY[:5]),
        cj.InvalidInputError,
        "by has 5 rows and y_true has 900",
    ),
    "a group that is missing": (
        lambda: cj.Report.from_predictions(Y, SCORE, by=[None, *BY[1:]]),
        cj.InvalidInputError,
        "by[0] is missing (1 missing in all)",
    ),
    "too many groups": (
        lambda: cj.Report.from_predictions(Y, SCORE, by=np.arange(N)),
        cj.InvalidInputError,
        f"by names 900 groups; a page holds {MOST_GROUPS}",
    ),
    "a metric in a group": (
        lambda: cj.Report.from_predictions(Y, SCORE, by=BY, metric="f2"),
        cj.InvalidInputError,
        "north: ",
    ),
    "no summary": (lambda: cj.Report(()), cj.InvalidInputError, "0 groups; a page holds 1 to"),
    "training rows that are none": (
        lambda: cj.Report.from_estimator(FITTED, X, Y, training_data=X),
        cj.InvalidInputError,
        "expected a tuple (X, y)",
    ),
    "a column unknown": (
        lambda: cj.Report.from_estimator(FITTED, X, Y, drift="age"),
        cj.InvalidInputError,
        "X has no column 'age'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused_with_the_way_out(case):
    ask, kind, message = REFUSED[case]
    with pytest.raises(kind, match=re.escape(message)):
        ask()


def test_several_classes_are_reported_too_and_by_group():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        model = LogisticRegression().fit(X, THREE)
        halves = np.where(np.arange(N) < N / 2, "north", "south")
        report = cj.Report.from_estimator(model, X, THREE, by=halves, offsets=[0, 0.1, 0])
    assert [one.group for one in report.summaries] == ["north", "south"]
    assert {one.metric for one in report.summaries} == {"f1_macro"}
    assert all(one.drift is not None and len(one.labels) == 3 for one in report.summaries)
    assert report.beside is None
    whole = cj.Report.from_predictions(THREE, model.predict_proba(X))
    assert repr(whole) == f"Report('Classifier'): 3 classes, {N} rows"
    assert whole.to_dict()["schema"] == "conjac.classes/1"


def test_it_is_loaded_once_it_is_asked_for():
    probe = "import sys, conjac; print('jinja2' in sys.modules); conjac.Report; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_what_trees_do_is_reported_too():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        tree = DecisionTreeClassifier(max_leaf_nodes=30, random_state=0).fit(*TRAINING)
        (found,) = cj.Report.from_estimator(tree, X, Y, training_data=TRAINING).summaries
    assert found.drift.method == "secant"
    assert dict(found.training.refused).keys() == {"hyperparameters", "weights"}
