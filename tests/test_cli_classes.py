"""Several classes at the shell: a column of scores a class, offsets, shares; the figures are those of Python."""

import json

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import records, refuse, run

import conjac as cj
from conjac.cli.costs import read_costs
from conjac.cli.labels import by_name
from conjac.engines.database import write_parquet

pytestmark = pytest.mark.usefixtures("quick_throughout")

CLASSES = ["cat", "dog", "fox"]
P3 = ("--label", "y", "--score", "p_cat", "--score", "p_dog", "--score", "p_fox")
JSON = ("--format", "json")


def plain(value):
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    share = np.array([0.5, 0.3, 0.2])
    true = rng.choice(3, 600, p=share)
    u = rng.normal(size=(600, 3)) + 1.5 * np.eye(3)[true] + np.log(share)
    p = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    return {
        "y": np.array(CLASSES)[true].tolist(),
        **{f"p_{name}": p[:, k].tolist() for k, name in enumerate(CLASSES)},
        **{f"u{k}": u[:, k].tolist() for k in range(3)},
        "is_fox": (true == 2).astype(int).tolist(),
        "p_no": (1 - p[:, 2]).tolist(),
        "w": rng.integers(1, 4, 600).tolist(),
        "region": np.where(np.arange(600) % 3 == 0, "north", "south").tolist(),
        "patient": (np.arange(600) // 3).tolist(),
    }


@pytest.fixture(scope="module")
def y(rows):
    return np.array(rows["y"])


@pytest.fixture(scope="module")
def p(rows):
    return np.column_stack([rows[f"p_{name}"] for name in CLASSES])


@pytest.fixture(scope="module")
def scores(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "scores.parquet"
    write_parquet(rows, path)
    return path


# ---- which column is of which class


@pytest.mark.parametrize("order", [("cat", "dog", "fox"), ("fox", "cat", "dog")])
def test_columns_whose_names_hold_the_labels_are_read_by_them(y, p, scores, order):
    done = run("jacobian", scores, "--label", "y", *(w for name in order for w in ("--score", f"p_{name}")), *JSON)
    assert json.loads(done.stdout)["labels"] == CLASSES
    assert json.loads(done.stdout) == plain(cj.confusion_jacobian(y, p, labels=CLASSES).to_dict())
    told = "conjac: scores are read by the columns' names: 'cat' from 'p_cat', 'dog' from 'p_dog', 'fox' from 'p_fox'; "
    assert done.stderr == told + "--labels names another order\n"


def test_other_columns_are_read_in_the_order_of_the_sorted_labels(rows, y, scores):
    done = run("jacobian", scores, "--label", "y", "--score", "u1", "--score", "u0", "--score", "u2", *JSON)
    u = np.column_stack([rows["u1"], rows["u0"], rows["u2"]])
    assert json.loads(done.stdout) == plain(cj.confusion_jacobian(y, u, labels=CLASSES).to_dict())
    assert "in the order of the sorted labels: 'cat' from 'u1', 'dog' from 'u0', 'fox' from 'u2'" in done.stderr


def test_labels_name_the_order_of_the_columns_and_of_the_matrix(y, p, scores):
    u = ("--score", "u2", "--score", "u0", "--score", "u1")
    done = run("jacobian", scores, "--label", "y", *u, "--labels", "fox,cat,dog", *JSON)
    assert (json.loads(done.stdout)["labels"], done.stderr) == (["fox", "cat", "dog"], "")
    done = run("jacobian", scores, *P3, "--labels", "fox,cat,dog", *JSON)
    J = cj.confusion_jacobian(y, p, labels=["fox", "cat", "dog"])
    assert json.loads(done.stdout) == plain(J.to_dict())
    assert "warning: --labels reads 'fox' from 'p_cat', 'cat' from 'p_dog', 'dog' from 'p_fox'" in done.stderr


def test_a_class_of_no_row_may_be_listed(tmp_path, p):
    labels = np.arange(600) % 2 * 5
    write_parquet({"y": labels.tolist(), **{f"p{k}": p[:, k].tolist() for k in range(3)}}, tmp_path / "s.parquet")
    three = ("--label", "y", *(w for k in range(3) for w in ("--score", f"p{k}")))
    done = run("jacobian", tmp_path / "s.parquet", *three, "--labels", "0,7,5", *JSON)
    J = cj.confusion_jacobian(labels, p, labels=[0, 7, 5])
    assert json.loads(done.stdout)["matrix"] == J.matrix.tolist()
    assert json.loads(done.stdout)["labels"] == [0, 7, 5]
    assert "warning: no row is 7" in done.stderr


@pytest.mark.parametrize("absent", ["nan", "inf", "x"])
def test_a_class_of_no_row_is_a_number_where_the_others_are(tmp_path, monkeypatch, absent):
    text = "y,p_a,p_b,p_c\n" + "1.5,.1,.2,.7\n2.5,.2,.2,.6\n" * 9
    message = f"--labels: no row of column 'y' is '{absent}'; its labels are 1.5, 2.5"
    refuse(tmp_path, monkeypatch, "jacobian", text, [*ABC, "--labels", f"1.5,2.5,{absent}"], message)
    assert run("jacobian", "scores.csv", *ABC[1:], "--labels", "1.5,2.5,3").exit_code == 0


names = st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=5, unique_by=str.casefold)


@given(names, st.text(max_size=3), st.text(max_size=3), st.randoms())
def test_names_around_labels_are_always_seen_through(labels, before, after, random):
    columns = [before + label + after for label in labels]
    random.shuffle(columns)
    places = by_name(labels, columns)
    assert [columns[place] for place in places] == [before + label + after for label in labels]


def test_names_are_matched_whatever_their_case_and_only_if_all_are():
    assert by_name(["Cat", "DOG"], ["P_dog", "p_cat"]) == [1, 0]
    assert by_name([0.0, 1.0, 2.0], ["p2", "p0", "p1"]) == [1, 2, 0]
    assert by_name(["cat", "dog", "fox"], ["p_cat", "p_dog", "p_wolf"]) is None
    assert by_name(["cat", "dog"], ["p_dog", "q_cat"]) is None
    assert by_name(["A", "a"], ["P_a", "p_A"]) is None


# ---- two columns are of two classes


@pytest.mark.parametrize("order", [("p_no", "p_fox"), ("p_fox", "p_no")])
def test_two_columns_are_of_two_classes_and_their_threshold(rows, scores, order, tmp_path):
    two = ("--label", "is_fox", *(w for name in order for w in ("--score", name)))
    columns = np.column_stack([rows[name] for name in order])
    done = run("jacobian", scores, *two, *JSON)
    assert json.loads(done.stdout)["matrix"] == cj.confusion_jacobian(rows["is_fox"], columns).matrix.tolist()
    assert f"0 from '{order[0]}', 1 from '{order[1]}'" in done.stderr
    best = cj.maximize(rows["is_fox"], columns, "f1")
    assert json.loads(run("tune", scores, *two, *JSON).stdout) == plain(best.to_dict())
    assert run("report", scores, *two, "-o", tmp_path / "r.json").exit_code == 0


def test_offsets_of_two_classes_move_if_asked(rows, scores):
    two = ("--label", "is_fox", "--score", "p_no", "--score", "p_fox")
    columns = np.column_stack([rows["p_no"], rows["p_fox"]])
    J = cj.confusion_jacobian(rows["is_fox"], columns, wrt="offsets", labels=[0, 1])
    assert json.loads(run("jacobian", scores, *two, "--wrt", "offsets", *JSON).stdout) == plain(J.to_dict())
    done = run("jacobian", scores, *two, "--offset", "1=.5", *JSON)
    assert json.loads(done.stdout)["offsets"] == [0, 0.5]


def test_two_raw_scores_are_read_alike_in_every_group(tmp_path):
    rng = np.random.default_rng(1)
    u = np.concatenate([rng.uniform(0, 1, (60, 2)), rng.uniform(-5, 5, (60, 2))])
    group = np.repeat(["inside", "outside"], 60)
    label = np.arange(120) % 2
    table = {"y": label.tolist(), "a0": u[:, 0].tolist(), "a1": u[:, 1].tolist(), "g": group.tolist()}
    write_parquet(table, tmp_path / "s.parquet")
    two = ("--label", "y", "--score", "a0", "--score", "a1", "--by", "g")
    told = json.loads(run("jacobian", tmp_path / "s.parquet", *two, *JSON).stdout)
    for part in told:
        here = group == part["group"]
        expected = cj.confusion_jacobian(label[here], (u[:, 1] - u[:, 0])[here], coordinate="score")
        assert part["matrix"] == expected.matrix.tolist()


# ---- jacobian


def test_cells_and_offsets_are_sections(y, p, scores):
    done = run("jacobian", scores, *P3, "--format", "csv")
    found = records(done.stdout)
    assert [row["section"] for row in found] == ["cell"] * 27 + ["offset"] * 3
    expected = cj.confusion_jacobian(y, p).to_columns()
    for name, column in expected.items():
        if name != "threshold":
            assert [row[name] for row in found[:27]] == [str(value) for value in column]
    assert "threshold" not in found[0]
    assert [(row["label"], row["offset"]) for row in found[27:]] == [(name, "0.0") for name in CLASSES]


def test_options_reach_the_estimate_of_offsets(rows, y, p, scores):
    options = (
        "--weight",
        "w",
        "--groups",
        "patient",
        "--condition-on",
        "class",
        "--normalize",
        "true",
        "--level",
        ".9",
    )
    done = run("jacobian", scores, *P3, *options, "--offset", "fox=0.5", "--offset", "cat=-.25", *JSON)
    J = cj.confusion_jacobian(
        y,
        p,
        offsets=[-0.25, 0, 0.5],
        labels=CLASSES,
        sample_weight=rows["w"],
        groups=rows["patient"],
        condition_on="class",
        normalize="true",
    )
    assert json.loads(done.stdout) == plain(J.to_dict(0.9))


def test_a_metric_of_several_classes_has_a_slope_an_offset(y, p, scores):
    done = run("jacobian", scores, *P3, "--metric", "f1_macro", "--metric", "recall[fox]", *JSON)
    told = json.loads(done.stdout)["metrics"]
    assert [(row["metric"], row["parameter"]) for row in told] == [
        (metric, f"offset[{name}]") for metric in ("f1_macro", "recall[fox]") for name in CLASSES
    ]
    J = cj.confusion_jacobian(y, p)
    for metric, rows in (("f1_macro", told[:3]), ("recall[fox]", told[3:])):
        sensed = J.of(metric)
        assert [row["value"] for row in rows] == [sensed.value] * 3
        assert [row["gradient"] for row in rows] == sensed.gradient.tolist()
        assert [row["lower"] for row in rows] == sensed.confint().lower.tolist()
        assert [row["elasticity"] for row in rows] == sensed.elasticity.tolist()


def test_a_reject_option_has_a_column(y, p, scores):
    done = run("jacobian", scores, *P3, "--offset", "reject=-0.7", "--metric", "coverage", *JSON)
    J = cj.confusion_jacobian(y, p, offsets=[0, 0, 0, -0.7])
    told = json.loads(done.stdout)
    assert told["matrix"] == J.matrix.tolist()
    assert told["metrics"][0]["value"] == J.of("coverage").value
    table = records(run("jacobian", scores, *P3, "--offset", "reject=-0.7", "--format", "csv").stdout)
    assert table[-1]["label"] == "reject"
    assert np.shape(told["jacobian"]) == (3, 4, 4)


def test_shares_of_classes_move_of_two_and_of_more(rows, y, p, scores):
    J = cj.confusion_jacobian(y, p, wrt=cj.Mix("class"), labels=CLASSES)
    assert json.loads(run("jacobian", scores, *P3, "--wrt", "mix", *JSON).stdout) == plain(J.to_dict())
    two = ("--label", "is_fox", "--score", "p_fox", "--threshold", ".3")
    J = cj.confusion_jacobian(rows["is_fox"], rows["p_fox"], threshold=0.3, wrt=cj.Mix("class"))
    told = json.loads(run("jacobian", scores, *two, "--wrt", "mix", "--metric", "precision", *JSON).stdout)
    assert [row["gradient"] for row in told.pop("metrics")] == J.of("precision").gradient.tolist()
    assert told == plain(J.to_dict())


@pytest.mark.parametrize("by", [None, "patient"])
def test_shares_of_a_column_move(rows, y, p, scores, by):
    region = np.array(rows["region"])
    options = ("--wrt", "mix:region", "--offset", "fox=1")
    if by is None:
        J = cj.confusion_jacobian(y, p, wrt=cj.Mix(region, name="region"), offsets=[0, 0, 1], labels=CLASSES)
        assert json.loads(run("jacobian", scores, *P3, *options, *JSON).stdout) == plain(J.to_dict())
        return
    two = ("--label", "is_fox", "--score", "p_fox", "--by", "w", "--wrt", "mix:region", *JSON)
    for told in json.loads(run("jacobian", scores, *two).stdout):
        here = np.array(rows["w"]) == told["group"]
        own = np.array(rows["is_fox"])[here], np.array(rows["p_fox"])[here]
        J = cj.confusion_jacobian(*own, wrt=cj.Mix(region[here]), coordinate="probability")
        assert told["jacobian"] == J.jacobian.tolist()


def test_numbers_are_categories_in_their_own_order(tmp_path):
    lines = "".join(f"{i % 2},{(i * 37 % 100 + 1) / 102},{(2, 10, 1)[i % 3]}\n" for i in range(90))
    (tmp_path / "s.csv").write_text("y,p,site\n" + lines)
    done = run("jacobian", tmp_path / "s.csv", "--label", "y", "--score", "p", "--wrt", "mix:site", *JSON)
    assert json.loads(done.stdout)["parameters"] == ["share[1]", "share[2]", "share[10]"]


# ---- tune


def test_tune_moves_all_offsets(y, p, scores):
    best = cj.maximize(y, p, "f1_macro")
    assert json.loads(run("tune", scores, *P3, *JSON).stdout) == plain(best.to_dict())
    found = records(run("tune", scores, *P3, "--format", "csv").stdout)
    assert [row["section"] for row in found] == ["decision"] + ["offset"] * 3 + ["cell"] * 9
    assert (found[0]["metric"], float(found[0]["value"])) == ("f1_macro", best.value)
    lower, upper = best.confint()
    for k, row in enumerate(found[1:4]):
        assert (row["label"], float(row["offset"])) == (CLASSES[k], best.offsets[k])
        assert (float(row["lower"]), float(row["upper"])) == (lower[k], upper[k])
        drifts = best.flatness["lower"][k], best.flatness["upper"][k]
        assert [float(row[name] or "inf") for name in ("drift_down", "drift_up")] == list(drifts)
    assert [float(row["matrix"]) for row in found[4:]] == best.matrix.ravel().tolist()
    assert [(row["true"], row["predicted"]) for row in found[4:]] == [(a, b) for a in CLASSES for b in CLASSES]


def test_options_reach_the_search_of_offsets(rows, y, p, scores):
    options = ("--metric", "matthews_corrcoef", "--subject-to", "recall[fox] >= .7", "--confidence", ".9", "--exact")
    more = ("--weight", "w", "--groups", "patient", "--coordinate", "logit", "--condition-on", "class")
    best = cj.maximize(
        y,
        p,
        "matthews_corrcoef",
        subject_to="recall[fox] >= .7",
        confidence=0.9,
        method="exact",
        sample_weight=rows["w"],
        groups=rows["patient"],
        coordinate="logit",
        condition_on="class",
    )
    told = json.loads(run("tune", scores, *P3, *options, *more, *JSON).stdout)
    assert told == {**plain(best.to_dict()), "subject_to": "recall[fox] >= .7"}


def test_several_targets_are_met_together(y, p, scores):
    targets = ("--target", "recall[cat]=.85", "--target", "recall[dog] = .6")
    aim = cj.solve(y, p, {"recall[cat]": 0.85, "recall[dog]": 0.6})
    told = json.loads(run("tune", scores, *P3, *targets, *JSON).stdout)
    assert told == {**plain(aim.to_dict()), "target": "recall[cat]=.85; recall[dog] = .6"}
    found = [
        row
        for row in records(run("tune", scores, *P3, *targets, "--format", "csv").stdout)
        if row["section"] == "target"
    ]
    assert [(row["metric"], float(row["target"]), float(row["value"])) for row in found[:]] == [
        (name, goal, aim.diagnostics["reached"][name]) for name, goal in (("recall[cat]", 0.85), ("recall[dog]", 0.6))
    ]
    assert "by the covariance of the metrics" in run("tune", scores, *P3, *targets).stdout


COSTS = [[0, 1, 2], [3, 0, 1], [9, 5, 0]]
COST_TEXTS = {
    "numbers": "0,1,2\n3,0,1\n9,5,0\n",
    "labelled": "true,cat,dog,fox\ncat,0,1,2\ndog,3,0,1\nfox,9,5,0\n",
    "shuffled": ",fox,cat,dog\ndog,1,3,0\ncat,2,0,1\nfox,0,9,5\n",
    "marked": "\ufeff0, 1, 2\n\n3, 0, 1\n9, 5, 0",
}


@pytest.mark.parametrize("form", COST_TEXTS)
def test_costs_are_of_a_true_class_told_as_another(y, p, scores, tmp_path, form):
    (tmp_path / "costs.csv").write_text(COST_TEXTS[form], encoding="utf-8")
    assert read_costs(str(tmp_path / "costs.csv"), CLASSES) == COSTS
    if form == "shuffled":
        best = cj.maximize(y, p, cj.metrics.expected_cost(COSTS))
        told = json.loads(run("tune", scores, *P3, "--cost", tmp_path / "costs.csv", *JSON).stdout)
        assert told == {**plain(best.to_dict()), "cost": str(tmp_path / "costs.csv")}


def test_costs_of_two_classes_are_those_of_the_metric(rows, scores):
    two = ("--label", "is_fox", "--score", "p_fox", *JSON)
    told = json.loads(run("tune", scores, *two, "--cost", "0,1;5,0").stdout)
    assert told.pop("cost") == "0,1;5,0"
    assert told == json.loads(run("tune", scores, *two, "--metric", "expected_cost([[0,1],[5,0]])").stdout)
    best = cj.ConfusionCurve.from_predictions(rows["is_fox"], rows["p_fox"]).maximize(
        cj.metrics.expected_cost([[0, 1], [5, 0]])
    )
    assert told == plain(best.to_dict())


# ---- groups, faulty rows, names and forms


MAKERS = {
    "jacobian": ([], cj.confusion_jacobian),
    "tune": (["--metric", "accuracy", "--exact"], lambda y, p: cj.maximize(y, p, "accuracy", method="exact")),
}


@pytest.mark.parametrize("command", MAKERS)
def test_by_gives_one_result_a_group(rows, y, p, scores, command):
    options, make = MAKERS[command]
    told = json.loads(run(command, scores, *P3, *options, "--by", "region", *JSON).stdout)
    for part, region in zip(told, ("north", "south"), strict=True):
        here = np.array(rows["region"]) == region
        expected = plain(make(y[here], p[here]).to_dict())
        assert (part.pop("by"), part.pop("group")) == ("region", region)
        expected["diagnostics"].pop("labels", None)
        assert part == expected


@pytest.mark.parametrize("column", ["label", "true", "metric", "offset"])
def test_a_column_that_groups_keeps_one_name_in_all_sections(rows, tmp_path, column):
    write_parquet({**rows, column: rows["region"]}, tmp_path / "s.parquet")
    options = (*P3, "--by", column, "--metric", "f1_macro", "--format", "csv")
    found = records(run("jacobian", tmp_path / "s.parquet", *options).stdout)
    assert {row[f"by_{column}"] for row in found} == {"north", "south"}


def test_raw_scores_are_read_alike_in_every_group(tmp_path):
    rng = np.random.default_rng(2)
    u = np.concatenate([rng.uniform(0, 1, (90, 3)), rng.normal(size=(90, 3))])
    table = {"y": (np.arange(180) % 3).tolist(), "g": np.repeat([0, 1], 90).tolist()}
    write_parquet({**table, **{f"u{k}": u[:, k].tolist() for k in range(3)}}, tmp_path / "s.parquet")
    raw = ("--label", "y", *(w for k in range(3) for w in ("--score", f"u{k}")), "--by", "g", *JSON)
    assert [part["coordinate"] for part in json.loads(run("jacobian", tmp_path / "s.parquet", *raw).stdout)] == [
        "score"
    ] * 2


def test_a_group_without_a_class_goes_on(rows, tmp_path):
    group = np.where(np.array(rows["y"]) == "cat", "only cats", np.where(np.arange(600) % 2, "no cats", "all"))
    group[::2] = "all"
    write_parquet({**rows, "g": group.tolist()}, tmp_path / "s.parquet")
    done = run("jacobian", tmp_path / "s.parquet", *P3, "--by", "g", "--metric", "recall[cat]", *JSON)
    assert done.exit_code == 0
    assert "warning: g='no cats': no row is 'cat'; figures" in done.stderr
    assert "warning: g='only cats': no row is 'dog', 'fox'; figures" in done.stderr
    done = run("tune", tmp_path / "s.parquet", *P3, "--by", "g", "--format", "csv")
    assert done.exit_code == 0
    decisions = {row["g"]: bool(row["value"]) for row in records(done.stdout) if row["section"] == "decision"}
    assert decisions == {"all": True, "no cats": True, "only cats": False}
    assert run("jacobian", tmp_path / "s.parquet", *P3, "--by", "g", "--wrt", "mix").exit_code == 0


def test_a_group_whose_targets_cannot_be_had_is_told(rows, tmp_path):
    flat = {**rows, "g": rows["region"]}
    for name in CLASSES:
        flat[f"p_{name}"] = [
            1 / 3 if region == "north" else p for region, p in zip(rows["region"], rows[f"p_{name}"], strict=True)
        ]
    write_parquet(flat, tmp_path / "s.parquet")
    done = run("tune", tmp_path / "s.parquet", *P3, "--by", "g", "--subject-to", "recall[fox] >= .6",
               "--subject-to", "recall[cat] >= .6", *JSON)  # fmt: skip
    north, south = json.loads(done.stdout)
    assert north["offsets"] is None
    assert len(south["offsets"]) == 3
    assert "warning: g='north': no offsets were found that meet" in done.stderr


def test_rows_with_a_fault_in_any_score_are_set_aside(rows, tmp_path):
    header = "y,p_cat,p_dog,p_fox\n"
    good = "".join(",".join(str(rows[name][i]) for name in header.strip().split(",")) + "\n" for i in range(600))
    (tmp_path / "s.csv").write_text(header + good + "cat,,.5,.5\ncat,.5,inf,.5\nfox,.1,.1,x\n,.1,.1,.8\n")
    done = run("jacobian", tmp_path / "s.csv", *P3, *JSON)
    assert np.array(json.loads(done.stdout)["matrix"]).sum() == 600
    told = "1 label missing, 1 score 'p_cat' missing, 1 score 'p_dog' infinite, 1 score 'p_fox' not a number"
    assert f"warning: 4 of 604 rows set aside: {told}" in done.stderr
    strict = run("tune", tmp_path / "s.csv", *P3, "--strict")
    assert (strict.exit_code, strict.stdout) == (2, "")
    assert "4 of 604 rows are faulty" in strict.stderr


HOSTILE = ['p "cat"', "<script>'; DROP TABLE rows --", "\x1b[31m🐟, p", "true"]


@pytest.mark.parametrize("place", range(3))
def test_hostile_columns_and_labels(y, p, tmp_path, place):
    columns = [HOSTILE[(place + k) % 4] for k in range(3)]
    names = np.array(["[red]a=b[/red]", "'; --", "\x1b[31m"])
    label = names[np.searchsorted(CLASSES, y)]
    table = {"y": label.tolist(), **{column: p[:, k].tolist() for k, column in enumerate(columns)}}
    write_parquet(table, tmp_path / "s.parquet")
    three = ("--label", "y", *(w for column in columns for w in ("--score", column)))
    listed = ",".join(names)
    given = ("--labels", listed, "--offset", "[red]a=b[/red]=0.1")
    done = run("jacobian", tmp_path / "s.parquet", *three, *given, *JSON)
    J = cj.confusion_jacobian(label, p, labels=names.tolist(), offsets=[0.1, 0, 0])
    assert json.loads(done.stdout) == plain(J.to_dict())
    for command in ("jacobian", "tune"):
        assert "\x1b" not in (done := run(command, tmp_path / "s.parquet", *three)).stdout + done.stderr


@pytest.mark.parametrize("command", ["jacobian", "tune"])
@pytest.mark.parametrize("suffix", ["txt", "json", "csv", "xlsx", "parquet"])
def test_every_format_is_written(scores, tmp_path, command, suffix):
    out = tmp_path / f"out.{suffix}"
    done = run(command, scores, *P3, "--metric", "f1_macro", "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    if suffix == "xlsx":
        sheets = {"jacobian": ["cell", "offset", "metric"], "tune": ["decision", "offset", "cell"]}
        assert openpyxl.load_workbook(out).sheetnames == sheets[command]


# ---- refusals

GOOD = "y,p_a,p_b,p_c,g\n" + "".join(
    f"{'abc'[i % 3]},{(a := (i * 37 % 100 + 1) / 220)},{(b := (i * 61 % 100 + 1) / 220)},{1 - a - b},{i % 2}\n"
    for i in range(60)
)
ABC = ["scores.csv", "--label", "y", "--score", "p_a", "--score", "p_b", "--score", "p_c"]
AB = ABC[:-2]
BOTH = {
    "too few columns": (AB, "--score was given 2 times and column 'y' holds 3 classes, 'a', 'b', 'c'; give"),
    "one column": (ABC[:-4], "3 classes have no threshold, and --score was given once: give it once a class"),
    "too few labels": ([*ABC, "--labels", "a,b"], "--score was given 3 times and --labels names 2 classes, 'a', 'b'"),
    "a label twice": ([*ABC, "--labels", "a,b,b"], "names a label twice"),
    "a class left out": ([*ABC, "--labels", "a,b,z"], "is 'c', which is not among labels ['a', 'b', 'z']"),
    "a column twice": ([*AB, "--score", "p_a"], "--score names 'p_a' more than once"),
    "no such column": ([*AB, "--score", "p_z"], "no column 'p_z'"),
    "a positive label": ([*ABC, "--pos-label", "a"], "pos_label='a' is for the threshold of two classes"),
    "the threshold": ([*ABC, "--wrt", "threshold"], "--wrt threshold: offsets decide here"),
    "a mix of nothing": ([*ABC, "--wrt", "mix:"], "--wrt 'mix:': expected threshold, offsets, features, mix"),
    "nothing known": ([*ABC, "--wrt", "mixes"], "--wrt 'mixes': expected"),
    "what passes through training": (
        [*ABC, "--wrt", "hyperparameters"],
        "through training needs the training rows",
    ),
    "what has no table": ([*ABC, "--wrt", "parameters"], "--wrt parameters: a gradient has the structure of its model"),
    "offsets of one score": ([*ABC[:-4], "--wrt", "offsets"], "offsets are added to a score a class"),
    "an odd coordinate": ([*ABC, "--coordinate", "percentile"], "offsets are told in 'logit'"),
    "a metric of two": ([*ABC, "--metric", "f1"], "metric 'f1' is for two classes, and there are 3"),
    "no such class": ([*ABC, "--metric", "recall[z]"], "there is no such class"),
}
JACOBIAN_ONLY = {
    "a threshold": (["--threshold", ".5"], "threshold=0.5 is for the threshold of two classes"),
    "an offset without a number": (["--offset", "a"], "--offset 'a': expected LABEL=NUMBER, such as 'c=0.5'"),
    "an offset of nan": (["--offset", "a=nan"], "--offset 'a=nan': expected LABEL=NUMBER"),
    "an offset of nothing": (["--offset", "=1"], "--offset '=1': expected LABEL=NUMBER"),
    "an offset of no class": (["--offset", "z=1"], "no class is 'z'; expected one of a, b, c, reject"),
    "an offset twice": (["--offset", "a=1", "--offset", "a=2"], "--offset names 'a' twice"),
    "an offset and the threshold": (["--offset", "a=1", "--wrt", "threshold"], "--wrt threshold"),
    "a mix of no column": (["--wrt", "mix:z"], "no column 'z'"),
    "a mix of one category": (["--by", "g", "--wrt", "mix:g"], "g=0: Mix(g) holds 1 categories"),
    "an average with a reject option": (["--offset", "reject=-1", "--metric", "f1_macro"], "reject option as if"),
}
TUNE_ONLY = {
    "shares": (["--wrt", "mix"], "--wrt mix: nobody chooses shares; conjac jacobian tells"),
    "a cost and a metric": (["--cost", "0,1;1,0", "--metric", "f1_macro"], "--cost and --metric both"),
    "a cost and a target": (["--cost", "0,1;1,0", "--target", "recall[a]=.9"], "--target stands alone"),
    "a target twice": (["--target", "recall[a]=.9", "--target", "recall[a]=.8"], "--target names recall[a] twice"),
    "targets out of reach": (["--target", "recall[a]=1", "--target", "recall[b]=1"], "no offsets give recall[a] 1"),
    "costs of another shape": (["--cost", "0,1;1,0"], "has 2 rows of 2, and there are 3 classes; expected K rows"),
    "costs of unlike rows": (["--cost", "0,1,2;1,0;1,1,0"], "has 3 rows of 2 or 3"),
    "costs of no numbers": (["--cost", "0,1,x;1,0,1;1,1,0"], "could not convert string to float: 'x'"),
    "costs that are not finite": (["--cost", "0,1,nan;1,0,1;1,1,0"], "cost_matrix[0, 2] is nan"),
    "costs of other labels": (
        ["--cost", ",a,b,z;a,0,1,1;b,1,0,1;z,1,1,0"],
        "names 'a', 'b', 'z'; expected each of a, b, c",
    ),
    "costs of no file": (["--cost", "costs.csv"], "is no file that can be read (No such file or directory)"),
    "costs of a bad quote": (["--cost", '"0,1;1,0'], "expected K rows of K numbers"),
}


@pytest.mark.parametrize("command", ["jacobian", "tune"])
@pytest.mark.parametrize("case", BOTH)
def test_bad_input_is_one_line_and_status_2(tmp_path, monkeypatch, command, case):
    refuse(tmp_path, monkeypatch, command, GOOD, *BOTH[case])


@pytest.mark.parametrize("case", JACOBIAN_ONLY)
def test_bad_input_to_jacobian(tmp_path, monkeypatch, case):
    more, message = JACOBIAN_ONLY[case]
    refuse(tmp_path, monkeypatch, "jacobian", GOOD, [*ABC, *more], message)


@pytest.mark.parametrize("case", TUNE_ONLY)
def test_bad_input_to_tune(tmp_path, monkeypatch, case):
    more, message = TUNE_ONLY[case]
    refuse(tmp_path, monkeypatch, "tune", GOOD, [*ABC, *more], message)


TWO = "y,p,q\n" + "".join(f"{i % 2},{(a := (i * 37 % 100 + 1) / 102)},{1 - a}\n" for i in range(60))
Y_P = ["scores.csv", "--label", "y", "--score", "p"]


@pytest.mark.parametrize(
    ("command", "args", "message"),
    [
        ("jacobian", [*Y_P, "--offset", "1=2"], "offsets are added to a score a class; give --score once"),
        ("jacobian", [*Y_P, "--score", "q", "--wrt", "offsets", "--threshold", ".4"], "threshold=0.4 is for"),
        ("jacobian", [*Y_P, "--score", "q", "--wrt", "threshold", "--offset", "1=2"], "without a threshold; leave one"),
        ("tune", [*Y_P, "--score", "q", "--wrt", "offsets"], "two classes are decided by their threshold here"),
        ("tune", [*Y_P, "--target", "recall=.9", "--target", "precision=.9"], "two classes have one threshold"),
        ("tune", [*Y_P, "--wrt", "mix"], "nobody chooses shares"),
        ("report", [*Y_P, "--wrt", "mix:q"], "nobody chooses shares"),
        ("report", [*Y_P, "--score", "q", "--wrt", "offsets"], "two classes are decided by their threshold here"),
    ],
)
def test_bad_input_of_two_classes(tmp_path, monkeypatch, command, args, message):
    refuse(tmp_path, monkeypatch, command, TWO, args, message)


def test_one_class_only(tmp_path, monkeypatch):
    text = "y,p_a,p_b,p_c\na,.1,.2,.7\na,.2,.2,.6\n"
    for labels in ([], ["--labels", "a,b,c"]):
        refuse(tmp_path, monkeypatch, "tune", text, [*ABC, *labels], "column 'y' holds one class only, 'a'")


# ---- what the help shows


@pytest.mark.parametrize("command", ["jacobian", "tune"])
def test_the_help_shows_how_a_class_is_named(command):
    assert "'recall[cat]'" in run(command, "--help").stdout


def test_rows_may_go_without_a_prediction(y, p, scores):
    asked = ("--metric", "selective_accuracy", "--subject-to", "coverage >= .8", "--reject")
    best = cj.maximize(y, p, "selective_accuracy", subject_to="coverage >= .8", reject=True)
    assert json.loads(run("tune", scores, *P3, *asked, *JSON).stdout)["offsets"] == plain(best.to_dict())["offsets"]
    table = records(run("tune", scores, *P3, *asked, "--format", "csv").stdout)
    assert [row["label"] for row in table if row["section"] == "offset"] == ["cat", "dog", "fox", "reject"]
    assert {row["predicted"] for row in table if row["section"] == "cell"} == {"cat", "dog", "fox", "reject"}


@pytest.mark.parametrize(
    "costs", ["0,1,1,.3;1,0,1,.3;1,1,0,.3", ",cat,dog,fox,reject;cat,0,1,1,.3;dog,1,0,1,.3;fox,1,1,0,.3"]
)
def test_a_row_that_is_left_costs_what_is_told(y, p, scores, costs):
    matrix = np.column_stack([1 - np.eye(3), np.full(3, 0.3)])
    best = cj.maximize(y, p, cj.metrics.expected_cost(matrix), reject=True)
    told = json.loads(run("tune", scores, *P3, "--cost", costs, "--reject", *JSON).stdout)
    assert told["value"] == pytest.approx(best.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--reject"], "'f1_macro' would average over the reject option"),
        (["--reject", "--cost", "0,1,1;1,0,1;1,1,0"], "there are 3 classes and a reject option"),
        (["--cost", "0,1,1,.3;1,0,1,.3;1,1,0,.3"], "there are 3 classes; expected"),
    ],
)
def test_a_reject_option_is_of_its_own_metrics(scores, options, message):
    done = run("tune", scores, *P3, *options)
    assert done.exit_code == 2
    assert message in done.stderr


def test_costs_are_in_the_order_of_the_sorted_labels_whichever_is_positive(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    score = 1 / (1 + np.exp(-2 * rng.normal(2 * y - 1, 1)))
    lines = [f"{label},{s!r},{1 - s!r}" for label, s in zip(y.tolist(), score.tolist(), strict=True)]
    (tmp_path / "s.csv").write_text("\n".join(["y,p1,p0", *lines]))
    asked = ("tune", tmp_path / "s.csv", "--label", "y", "--cost", "0,1;5,0", "--exact", *JSON)
    one = json.loads(run(*asked, "--score", "p1").stdout)
    other = json.loads(run(*asked, "--score", "p0", "--pos-label", "0").stdout)
    assert other["value"] == pytest.approx(one["value"])
    assert other["threshold"] == pytest.approx(1 - one["threshold"], abs=0.02)


def test_costs_that_say_that_their_rows_are_predictions_are_refused(scores):
    done = run("tune", scores, *P3, "--cost", "predicted,cat,dog,fox;cat,0,1,1;dog,1,0,1;fox,1,1,0")
    assert done.exit_code == 2
    assert "above its rows, which are true classes; transpose it" in done.stderr


def test_what_a_bounded_metric_reached_is_told(scores):
    table = records(run("tune", scores, *P3, "--subject-to", "recall[fox] >= .6", "--format", "csv").stdout)
    held = [row for row in table if row["section"] == "constraint"]
    assert held[0]["constraint"] == "recall[fox] >= 0.6"
    assert float(held[0]["value"]) >= 0.6
