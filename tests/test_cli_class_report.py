"""``conjac report`` of several classes: from columns of scores or a model, and what cannot be."""

import json
import re
import warnings

import numpy as np
import pytest
from shell import refuse, run
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.engines.database import write_parquet
from conjac.validation import check_classes
from conjac.views.summary import summarize_classes

pytestmark = pytest.mark.usefixtures("quick_throughout")

RNG = np.random.default_rng(0)
N = 400
CLASSES = ("ant", "bee", "cat")
X = RNG.normal(size=(N, 2))
PLACE = np.digitize(X[:, 0] + 0.4 * X[:, 1] + RNG.logistic(size=N) / 2, (-0.6, 0.6))
Y = np.array(CLASSES)[PLACE]
MODEL = LogisticRegression().fit(X, Y)
P = MODEL.predict_proba(X)
TABLE = {
    "y": Y.tolist(),
    **{f"p_{name}": P[:, k].tolist() for k, name in enumerate(CLASSES)},
    "u": X[:, 0].tolist(),
    "v": X[:, 1].tolist(),
    "w": RNG.integers(1, 4, N).tolist(),
    "id": (np.arange(N) // 2).tolist(),
    "g": np.where((PLACE == 1) & (np.arange(N) % 4 == 0), "b", "a").tolist(),
}
SCORES = tuple(part for name in CLASSES for part in ("--score", f"p_{name}"))
ROWS = ("rows.parquet", "--label", "y")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_parquet(TABLE, tmp_path / "rows.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told_by(*args):
    """Return what a report in JSON holds."""
    done = run("report", *args, "--format", "json", "-o", "told.json")
    assert done.exit_code == 0, done.stderr
    with open("told.json", encoding="utf-8") as file:
        return json.load(file)


def plain(summary):
    return json.loads(json.dumps(summary.to_dict()))


@pytest.mark.usefixtures("folder")
def test_it_is_the_summary_of_the_scores():
    rows = check_classes(Y, P, sample_weight=TABLE["w"], groups=TABLE["id"])
    expected = summarize_classes(rows, title="rows.parquet", metric="accuracy", level=0.9, offsets=[0, 0.2, 0])
    options = ("--weight", "w", "--groups", "id", "--metric", "accuracy", "--level", ".9", "--offset", "bee=.2")
    assert told_by(*ROWS, *SCORES, *options) == plain(expected)


@pytest.mark.usefixtures("folder")
def test_f1_macro_is_the_default_and_bounds_are_handed_on():
    found = told_by(*ROWS, *SCORES, "--subject-to", "recall[bee] >= .6")
    assert found["metric"] == "f1_macro"
    assert found["constraints"] == ["recall[bee] >= 0.6"]
    assert len(found["choices"]) == 3


def test_a_page_is_written(folder):
    done = run("report", *ROWS, *SCORES, "--title", "Insects", "-o", "r.html")
    assert (done.exit_code, done.stdout) == (0, "r.html\n")
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert re.findall(r'id="(s1-(?:matrix|pairs|offsets))"', page) == ["s1-matrix", "s1-pairs", "s1-offsets"]
    assert "<title>Insects" in page


@pytest.mark.usefixtures("folder")
def test_labels_are_read_in_their_order():
    swapped = ("--score", "p_cat", "--score", "p_bee", "--score", "p_ant", "--labels", "cat,bee,ant")
    assert told_by(*ROWS, *swapped)["labels"] == ["cat", "bee", "ant"]


def test_by_makes_a_section_a_group_and_one_class_has_no_offsets(folder):
    done = run("report", *ROWS, *SCORES, "--by", "g", "-o", "r.json")
    assert done.exit_code == 0
    first, second = json.loads((folder / "r.json").read_text())
    assert (first["group"], second["group"]) == ("g='a'", "g='b'")
    assert first["choices"]
    assert second["choices"] == []
    assert "warning: g='b': no row is 'ant', 'cat'" in done.stderr
    assert run("report", *ROWS, *SCORES, "--by", "g", "-o", "r.html").exit_code == 0
    assert 'id="overview"' in (folder / "r.html").read_text(encoding="utf-8")


def test_a_model_of_several_classes_scores_the_rows_and_its_inputs_drift(folder):
    needs("skops.io").dump(MODEL, folder / "three.skops")
    write_parquet({name: TABLE[name] for name in ("u", "v", "y")}, folder / "inputs.parquet")
    args = ("inputs.parquet", "--label", "y", "--model", "three.skops", "--features", "u,v", "--wrt", "offsets")
    found = told_by(*args)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.errors.ConjacWarning)
        drift = cj.rank_drifts(MODEL, needs("pandas").DataFrame({"u": X[:, 0], "v": X[:, 1]}).to_numpy(), Y, "f1_macro")
    slopes = sorted(abs(v) for v in drift.told.gradient)
    assert sorted(abs(one["change"]["value"]) for one in found["drift"]["numbers"]) == pytest.approx(slopes)
    assert found["drift"]["numbers"][0]["name"] == "u"
    assert run("report", *args, "-o", "r.html").exit_code == 0
    assert 'id="s1-drift"' in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_two_scores_stay_the_report_of_two_classes():
    write_parquet({"y": ["a", "b"] * 50, "p": P[:100, 0].tolist(), "q": (1 - P[:100, 0]).tolist()}, "two.parquet")
    found = told_by("two.parquet", "--label", "y", "--score", "p", "--score", "q")
    assert found["schema"] == "conjac.summary/1"


GOOD = "y,p_ant,p_bee,p_cat,g\n" + "".join(
    f"{CLASSES[i % 3]},{0.2 + 0.3 * (i % 3 == 0)},{0.2 + 0.3 * (i % 3 == 1)},{0.3 + 0.3 * (i % 3 == 2)},0\n"
    for i in range(12)
)
THREE = ("scores.csv", "--label", "y", *SCORES, "--coordinate", "score")
BAD = {
    "a threshold": (["--threshold", ".4"], "threshold=0.4 is for the threshold of two classes; offsets decide here"),
    "a positive label": (["--pos-label", "ant"], "pos_label='ant' is for the threshold of two classes"),
    "percentiles": (["--coordinate", "percentile"], "offsets are told in 'logit'"),
    "a metric of two classes": (["--metric", "f1"], "metric 'f1' is for two classes"),
    "a threshold that moves": (["--wrt", "threshold"], "--wrt threshold: offsets decide here"),
    "a reject option": (["--offset", "reject=.5"], "a report has no reject option"),
    "an offset of nobody": (["--offset", "dog=.5"], "no class is 'dog'"),
    "a format": (["--format", "csv"], "a report is html or json"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_one_line_and_status_2(case, tmp_path, monkeypatch):
    args, message = BAD[case]
    refuse(tmp_path, monkeypatch, "report", GOOD, [*THREE, *args], message)


def test_two_classes_have_no_offset(tmp_path, monkeypatch):
    text = "y,p\n" + "0,.2\n1,.8\n" * 5
    args = ["scores.csv", "--label", "y", "--score", "p", "--offset", "1=.5"]
    refuse(tmp_path, monkeypatch, "report", text, args, "--offset: two classes are decided by their threshold here")


def test_the_help_tells_of_several_classes():
    assert "several classes" in run("report", "--help").stdout
