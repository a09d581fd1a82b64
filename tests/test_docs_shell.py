"""The lines that the pages show for a shell: each is run, or held against what it names."""

import argparse
import importlib.util
import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from blocks import PAGES, blocks, blocks_of
from shell import run
from sklearn.linear_model import LogisticRegression
from support import ROOT, needs

from conjac.engines.database import write_parquet

ENOUGH = 60
"""Seconds until a server that does not come up is ended."""
SCHEDULE = re.compile(r"^(?:[\d*,/-]+ +){5}")
"""How a line of cron begins."""


@dataclass(frozen=True)
class Line:
    """A line of a page: a command with its arguments, and what it sets in the environment."""

    page: Path
    text: str
    words: tuple[str, ...]
    sets: tuple[str, ...]

    @property
    def at(self):
        """Its page and its text, as an id of a test."""
        return f"{self.page.relative_to(ROOT).as_posix()}: {' '.join(self.text.split())}"

    def after(self, option):
        """Return the word after an option, or None."""
        return self.words[self.words.index(option) + 1] if option in self.words else None


def lines_of(block):
    """Yield the lines of a block, those that a backslash continues as one, without comments and a schedule."""
    for text in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(SCHEDULE.sub("", text), comments=True)
        count = next((i for i, word in enumerate(words) if not re.fullmatch(r"[A-Z_]+=.*", word)), len(words))
        if words:
            yield Line(block.page, text, tuple(words[count:]), tuple(words[:count]))


LINES = {line.at: line for block in blocks("shell") for line in lines_of(block)}
KINDS = ("conjac", "pip", "make", "python", ".ci/run")


def those(*kinds, only=lambda _: True):
    """Return a decorator: a test of each line of some kinds."""
    lines = [line for line in LINES.values() if line.words and line.words[0] in kinds and only(line)]
    return pytest.mark.parametrize("line", lines, ids=lambda line: line.at)


def test_every_line_is_of_a_kind_that_a_rule_knows():
    for line in LINES.values():
        assert line.words, f"{line.at}: nothing is run"
        assert line.words[0] in KINDS, f"{line.at}: no rule tells what {line.words[0]} is"
        assert not {"|", ">", ">>", "<", "&&", ";", "&"} & set(line.words), f"{line.at}: more than one command"
        settings = {setting.partition("=")[0] for setting in line.sets}
        assert settings <= {"CONJAC_DATA"}, f"{line.at}: no rule tells what {settings} does"


# ---- conjac: the files that the pages name


N = 400
RNG = np.random.default_rng(0)
U = RNG.normal(size=N)
AGE, VISITS = 50 + 10 * U, RNG.poisson(3, N)
REGION = np.where(RNG.random(N) < 0.4, "north", "south")
Y = (1.5 * U + RNG.logistic(size=N) > 0).astype(int)
P = 1 / (1 + np.exp(-1.5 * U))
LOGITS = np.column_stack([RNG.normal(size=N), U, 1.2 * U + RNG.normal(size=N)])
EACH = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
PLACE = (RNG.random(N)[:, None] > EACH.cumsum(axis=1)).sum(axis=1).clip(0, 2)


def write(path, **columns):
    """Write columns, as Parquet or as CSV."""
    values = {name: np.asarray(column).tolist() for name, column in columns.items()}
    if path.suffix == ".parquet":
        write_parquet(values, path)
    else:
        rows = [",".join(map(str, row)) for row in zip(*values.values(), strict=True)]
        path.write_text("\n".join([",".join(values), *rows]) + "\n")


def write_models(folder, X):
    """Write a model of named columns, and as ONNX with an input a column."""
    model = LogisticRegression().fit(X, Y)
    needs("skops.io").dump(model, folder / "model.skops")
    kind = needs("skl2onnx.common.data_types").FloatTensorType([None, 1])
    pipeline, compose = needs("sklearn.pipeline"), needs("sklearn.compose")
    joined = compose.ColumnTransformer([("as they are", "passthrough", list(X))])
    named = pipeline.make_pipeline(joined, LogisticRegression()).fit(X, Y)
    made = needs("skl2onnx").to_onnx(named, initial_types=[(name, kind) for name in X], options={"zipmap": False})
    (folder / "model.onnx").write_bytes(made.SerializeToString())


def common(folder):
    """Write what pages name: scores of two classes, by months and by regions, of three, and rows with their model."""
    two = {"y": Y, "p": P, "region": REGION}
    for name in ("scores.parquet", "scores.csv", "october.csv", "november.csv"):
        write(folder / name, **two)
    (folder / "scores").mkdir()
    for month in (11, 12):
        write(folder / "scores" / f"2026-{month}.parquet", **two)
    for name in ("three", "letters"):
        shown = dict(zip(("p_a", "p_b", "p_c"), EACH.T, strict=True))
        write(folder / f"{name}.parquet", y=np.array(["a", "b", "c"])[PLACE], **shown, region=REGION)
    write(folder / "rows.parquet", age=AGE, visits=VISITS, region=REGION, y=Y)
    for name, rows in {"test": slice(0, 250), "train": slice(250, N)}.items():
        write(folder / f"{name}.parquet", age=AGE[rows], visits=VISITS[rows], y=Y[rows])


def inputs(page):
    """Return the columns of the model that a page names."""
    return {"age": AGE, "pressure": VISITS} if page == "features.md" else {"age": AGE, "visits": VISITS}


def special(folder, page):
    """Write what one page alone names."""
    if page == "features.md":
        write(folder / "patients.parquet", age=AGE, pressure=VISITS, ward=REGION, y=Y)
    if page == "offsets.md":
        shown = dict(zip(("p_a", "p_b", "p_fraud"), EACH.T, strict=True))
        write(folder / "claims.parquet", y=np.array(["a", "b", "fraud"])[PLACE], **shown, region=REGION)
        (costs,) = [block.text for block in blocks("text") if block.page.name == page and "true," in block.text]
        (folder / "costs.csv").write_text(costs)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return a function from a page to a folder that holds what its lines name, made once."""
    made, shared = {}, tmp_path_factory.mktemp("shared")
    common(shared)

    def made_for(page, model):
        folder = made.get(page)
        if folder is None:
            folder = made[page] = tmp_path_factory.mktemp("page") / "here"
            shutil.copytree(shared, folder, copy_function=os.link)
            special(folder, page)
        if model and not (folder / "model.onnx").exists():
            write_models(folder, needs("pandas").DataFrame(inputs(page)).astype("float32"))
        return folder

    return made_for


@pytest.fixture
def folder(folders, line, tmp_path, monkeypatch):
    """Stand in a folder of the line's own."""
    model = line.after("--model")
    if model:
        for part in ("skops.io", "skl2onnx", "onnxruntime"):
            needs(part)
    here = tmp_path / "here"
    shutil.copytree(folders(line.page.name, model), here, copy_function=os.link)
    monkeypatch.chdir(here)
    return here


@pytest.mark.usefixtures("quick")
@those("conjac", only=lambda line: "--serve" not in line.words)
def test_a_command_does_what_the_page_says(line, folder):
    before = set(folder.iterdir())
    done = run(*line.words[1:])
    assert done.exit_code == 0, done.stderr
    written = {path.name for path in set(folder.iterdir()) - before}
    asked = line.after("-o") or line.after("--output")
    assert written == ({asked} if asked else {name for name in written if name in done.stdout})
    for name in written:
        assert (folder / name).is_dir() or (folder / name).stat().st_size > 0
    assert written or done.stdout


@those("conjac", only=lambda line: "--serve" in line.words)
def test_a_server_comes_up_and_ends(line, folder):
    command = [sys.executable, "-m", *line.words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    alone = {**os.environ, "BROWSER": "true", "OMP_NUM_THREADS": "1"}  # the program that does nothing
    with subprocess.Popen(command, cwd=folder, **pipes, env=alone) as process:
        late = threading.Timer(ENOUGH, process.kill)
        late.start()
        address = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
        late.cancel()
    assert address.startswith("http://127.0.0.1:"), said
    assert process.returncode == 0, said


# ---- pip, make and the rest: what they name is there


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
NAMED = {re.match(r"[\w-]+", wanted)[0] for wants in EXTRAS.values() for wanted in wants}


@those("pip")
def test_what_is_installed_is_an_extra_of_ours_or_what_a_benchmark_uses(line):
    assert line.words[1] == "install"
    rest = iter(line.words[2:])
    sources = "".join(path.read_text() for path in (ROOT / "benchmarks").rglob("*.py"))
    for word in rest:
        name, extras = re.fullmatch(r"([\w.-]+|--?[\w-]+)(?:\[([\w,-]+)\])?", word).groups()
        if word == "-r":
            assert (ROOT / next(rest)).is_file()
        elif name in (".", "conjac"):
            assert set((extras or "").split(",")) <= {"", *EXTRAS}
        elif not word.startswith("-") and name not in NAMED:
            assert re.search(rf"\b{re.escape(name.lower())}\b".replace(r"\-", "[-_]"), sources.lower()), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_extras_that_a_page_names_exist(page):
    for extras in re.findall(r"(?:conjac|'\.)\[([a-z][\w,-]*)\]", page.read_text()):
        assert set(extras.split(",")) <= set(EXTRAS)


@those("make")
def test_a_target_exists_and_so_does_what_it_is_told(line):
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    for word in line.words[1:]:
        name, told, value = word.partition("=")
        if told:
            assert re.search(rf"^{name} +\?=", makefile, re.MULTILINE), name
            assert name != "EXTRAS" or f"\nextras-{value} " in makefile or value in EXTRAS
        else:
            assert name in targets


@those(".ci/run")
def test_the_check_is_there_to_be_run(line):
    assert line.words == (".ci/run",)
    assert os.access(ROOT / line.words[0], os.X_OK)


class Parsed(Exception):  # noqa: N818
    """The options of a script were read."""


@those("python")
def test_a_script_takes_the_options_that_a_page_gives_it(line, monkeypatch, capsys):
    """Run it as far as its options: what it imports is there, and it knows them."""
    words = list(line.words[1:])
    if words[0] == "-m":
        monkeypatch.syspath_prepend(ROOT)
        name, options = words[1], words[2:]
        found = importlib.util.find_spec(name)
        path = Path(found.origin)
        if found.submodule_search_locations:
            path = path.with_name("__main__.py")
    else:
        path, options = ROOT / words[0], words[1:]
        monkeypatch.syspath_prepend(path.parent)
    assert ROOT in path.parents
    assert ".parse_args(" in path.read_text(), f"{path}: without a reader of options it would run to its end"
    read = argparse.ArgumentParser.parse_args

    def stop(parser, *given):
        read(parser, *given)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    with patch.dict(os.environ):  # some set how many threads there are
        for given, end in ((options, Parsed), (["--help"], SystemExit)):
            monkeypatch.setattr(sys, "argv", [str(path), *given])
            try:
                with pytest.raises(end):
                    runpy.run_path(str(path), run_name="__main__")
            except ModuleNotFoundError as missing:
                if not missing.name.startswith(("benchmarks", "conjac")):
                    needs(missing.name)
                raise
    capsys.readouterr()


def test_lines_are_found():
    assert {line.words[0] for line in LINES.values()} == set(KINDS)
    assert sum(block.kind == "shell" for page in PAGES for block in blocks_of(page)) > 20
