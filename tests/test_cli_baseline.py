"""``conjac report --baseline`` and ``--baseline-score``: another period, or another model."""

import json

import numpy as np
import pytest
from shell import run
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.engines.database import write_parquet
from conjac.validation import check_predictions
from conjac.views.summary import Baseline, summarize

RNG = np.random.default_rng(0)
ARGS = ("new.parquet", "--label", "y", "--score", "p")


def table(n, distance, wards=("a", "b", "c")):
    y = RNG.integers(0, 2, n)
    x = RNG.normal(distance * (2 * y - 1), 1)
    return {
        "y": np.where(y == 1, "spam", "ham").tolist(),
        "p": (1 / (1 + np.exp(-x))).tolist(),
        "p_old": (1 / (1 + np.exp(-x - RNG.normal(0, 1, n)))).tolist(),
        "raw": x.tolist(),
        "ward": RNG.choice(wards, n).tolist(),
        "who": RNG.integers(0, n // 4, n).tolist(),
        "x": x.tolist(),
    }


NEW, OLD = table(600, 0.7), table(500, 1.1, ("a", "b", "d"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baseline")
    write_parquet(NEW, folder / "new.parquet")
    write_parquet(OLD, folder / "old.parquet")
    write_parquet({name: OLD[name] for name in ("y", "raw")}, folder / "bare.parquet")
    write_parquet({"y": ["cat", "dog"] * 50, "p": np.linspace(0, 1, 100).tolist()}, folder / "pets.parquet")
    return folder


@pytest.fixture
def folder(filled, monkeypatch):
    monkeypatch.chdir(filled)
    return filled


def told_by(*args):
    done = run("report", *args, "--format", "json", "-o", "told.json")
    assert done.exit_code == 0, done.stderr
    with open("told.json", encoding="utf-8") as file:
        return json.load(file), done.stderr


def rows(columns, score="p"):
    return check_predictions(columns["y"], columns[score], labels=["ham", "spam"])


def plain(summary):
    return json.loads(json.dumps(summary.to_dict()))


@pytest.mark.usefixtures("folder")
def test_two_periods_are_separate_rows():
    found, _ = told_by(*ARGS, "--baseline", "old.parquet")
    baseline = Baseline(rows(OLD), "old.parquet", "new.parquet", paired=False)
    assert found["comparison"] == plain(summarize(rows(NEW), title="t", baseline=baseline))["comparison"]
    assert not found["comparison"]["paired"]


@pytest.mark.usefixtures("folder")
def test_two_models_are_paired():
    found, _ = told_by(*ARGS, "--baseline-score", "p_old", "--threshold", ".4", "--baseline-threshold", ".45")
    baseline = Baseline(rows(NEW, "p_old"), "p_old", "p", 0.45, paired=True)
    expected = plain(summarize(rows(NEW), title="t", threshold=0.4, baseline=baseline))
    assert found["comparison"] == expected["comparison"]
    assert found["point"] == expected["point"]
    assert (found["comparison"]["threshold_before"], found["comparison"]["threshold_after"]) == (0.45, 0.4)


@pytest.mark.usefixtures("folder")
def test_with_both_the_column_is_of_the_other_file():
    found, _ = told_by(*ARGS, "--baseline", "old.parquet", "--baseline-score", "p_old")
    baseline = Baseline(rows(OLD, "p_old"), "old.parquet", "new.parquet", paired=False)
    assert found["comparison"] == plain(summarize(rows(NEW), title="t", baseline=baseline))["comparison"]


@pytest.mark.parametrize("against", [("--baseline", "old.parquet"), ("--baseline-score", "p_old")])
def test_each_group_is_compared_with_the_same_group(against, folder):
    found, stderr = told_by(*ARGS, *against, "--by", "ward")
    assert [one["group"] for one in found] == ["ward='a'", "ward='b'", "ward='c'"]
    columns = NEW if against[0] == "--baseline-score" else OLD
    n_before = [None if one["comparison"] is None else one["comparison"]["n_before"] for one in found]
    expected = [columns["ward"].count(name) or None for name in "abc"]
    assert n_before == expected
    lacking = against[0] == "--baseline"
    assert (
        "warning: ward='c': --baseline old.parquet has no such group; it is compared with nothing" in stderr
    ) == lacking
    assert ("nothing is compared with ward='d', a group of it alone" in stderr) == lacking
    assert run("report", *ARGS, *against, "--by", "ward", "-o", "r.html").exit_code == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert page.count('-comparison-h">Compared') == 3 - lacking
    assert ("The baseline has no rows of this group" in page) == lacking


@pytest.mark.usefixtures("folder")
def test_groups_hold_their_comparison_with_the_rest():
    found, _ = told_by(*ARGS, "--by", "ward")
    assert [[change["name"] for change in one["rest"]] for one in found] == [["f1", "recall", "precision"]] * 3
    assert told_by(*ARGS)[0]["rest"] == []


@pytest.mark.usefixtures("folder")
def test_clusters_reach_both_sides():
    found, _ = told_by(*ARGS, "--baseline", "old.parquet", "--groups", "who")
    assert found["comparison"]["clusters"]
    assert "cluster" in found["sampling"]


def test_a_model_scores_both_periods_or_stands_beside_a_column(folder):
    io = needs("skops.io")
    model = LogisticRegression().fit(np.array(OLD["x"])[:, None], OLD["y"])
    io.dump(model, folder / "m.skops")
    args = ("new.parquet", "--label", "y", "--model", "m.skops", "--features", "x")
    found, _ = told_by(*args, "--baseline", "old.parquet")
    recall = [
        cj.ConfusionJacobian.from_predictions(one["y"], model.predict_proba(np.array(one["x"])[:, None])[:, 1])
        .of("recall")
        .value
        for one in (OLD, NEW)
    ]
    (change,) = (one for one in found["comparison"]["changes"] if one["name"] == "recall")
    assert [change["before"]["value"], change["after"]["value"]] == pytest.approx(recall)
    beside, _ = told_by(*args, "--baseline-score", "p_old")
    assert (beside["comparison"]["before"], beside["comparison"]["after"]) == ("p_old", "m.skops")
    (change,) = (one for one in beside["comparison"]["changes"] if one["name"] == "recall")
    assert change["after"]["value"] == pytest.approx(recall[1])


def test_the_same_rows_in_two_files_are_pointed_out(folder):
    write_parquet(NEW, folder / "again.parquet")
    _, stderr = told_by(*ARGS, "--baseline", "again.parquet")
    assert "name the older with --baseline-score, which sees smaller differences" in stderr


@pytest.mark.usefixtures("folder")
def test_rows_set_aside_are_told_of_the_file_they_are_in(folder):
    write_parquet({**OLD, "p": [None, *OLD["p"][1:]]}, folder / "holes.parquet")
    _, stderr = told_by(*ARGS, "--baseline", "holes.parquet")
    assert "warning: --baseline holes.parquet: 1 of 500 rows set aside" in stderr


BAD = {
    "no such column": (["--baseline", "bare.parquet"], "--baseline bare.parquet: "),
    "no such file": (["--baseline", "none.parquet"], "--baseline none.parquet: "),
    "other labels": (["--baseline", "pets.parquet"], "--baseline pets.parquet: "),
    "other scores": (
        ["--baseline-score", "raw"],
        "--baseline-score raw: coordinate='probability' takes scores in [0, 1]",
    ),
    "no column": (["--baseline-score", "none"], "none"),
    "itself": (["--baseline-score", "p"], "is the --score itself; name another column"),
    "a threshold of nothing": (["--baseline-threshold", ".4"], "--baseline-threshold: of no baseline"),
    "the baseline as output": (
        ["--baseline", "old.parquet", "--format", "json", "-o", "old.parquet"],
        "is also an input, which it would",
    ),
    "a threshold outside": (["--baseline-score", "p_old", "--baseline-threshold", "nan"], "threshold"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(case, folder):
    args, message = BAD[case]
    before = sorted(path.name for path in folder.iterdir())
    done = run("report", *ARGS, *args)
    told = [line for line in done.stderr.splitlines() if "names another" not in line]
    assert (done.exit_code, done.stdout, len(told)) == (2, "", 1)
    assert message in told[0]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_help_tells_of_both():
    text = " ".join(run("report", "--help").stdout.split())
    assert "--baseline-score" in text
    assert "--baseline-threshold" in text
