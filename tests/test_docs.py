"""The Python that the pages show runs, top to bottom; what they show of its output is what it prints.

The lines of their shell blocks are those of ``test_docs_shell.py``.
"""

import ast
import doctest
import inspect
import re
from itertools import groupby

import matplotlib.pyplot as plt
import pytest
from blocks import PAGES, blocks, blocks_of
from engines import ENGINES
from support import ROOT, needs

import conjac as cj

CODE = {"python", "pycon", "shell"}
"""What is run."""
PLAIN = {"text"}
"""What is shown as it is: drawings, tables, files that are given."""
OURS = re.compile(r"\bimport conjac\b|\bcj\.|^(conjac|make|pip|python)\b", re.MULTILINE)


def run(block, namespace):
    above = "\n" * block.line  # an error then tells the line of the page
    exec(compile(above + block.text, str(block.page), "exec"), namespace)


def by_page(kind):
    for page, found in groupby(blocks(kind), lambda block: block.page):
        found = list(found)
        marks = [pytest.mark.spark] if any("pyspark" in block.needs for block in found) else []
        yield pytest.param(found, id=page.relative_to(ROOT).as_posix(), marks=marks)


@pytest.mark.filterwarnings(ENGINES["dask"].warns)
@pytest.mark.filterwarnings(ENGINES["spark"].warns)
@pytest.mark.parametrize("found", list(by_page("python")))
def test_every_block_of_a_page_runs(found, capsys, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)  # some write files
    namespace = {"__name__": "page"}
    for block in found:
        for library in block.needs:
            needs(library)
            if library == "pyspark":
                request.getfixturevalue("spark")  # which getOrCreate returns
        run(block, namespace)
    plt.close("all")
    capsys.readouterr()


@pytest.mark.spark
@pytest.mark.filterwarnings(ENGINES["spark-connect"].warns)
def test_what_a_page_does_with_spark_runs_on_connect(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pyspark.sql.SparkSession.Builder.getOrCreate", lambda _: spark.connect)
    found = [block for block in blocks("python") if "pyspark" in block.needs]
    namespace = {}
    for block in found:
        run(block, namespace)
    assert len(found) > 1
    assert namespace["spark"] is spark.connect


@pytest.mark.parametrize("found", list(by_page("pycon")))
def test_what_a_page_shows_is_what_is_printed(found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for library in {library for block in found for library in block.needs}:
        needs(library)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(str(found[0].page), module_relative=False, optionflags=flags)
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_is_of_a_kind_that_is_run_or_holds_no_code(page):
    for block in blocks_of(page):
        if block.kind.startswith("{"):  # a directive of the site's
            assert "code" not in block.kind, f"{block.at}: write it as a plain fence, so that it is run"
            assert "literalinclude" not in block.kind, block.at
        else:
            assert block.kind in CODE | PLAIN, f"{block.at}: nothing runs blocks of {block.kind}"


SHOWN = [pytest.param(block.text, id=block.at) for block in blocks("text")]
SYNOPSIS = [case for case in SHOWN if re.search(r"\bcj\.", case.values[0])]
STANDS_FOR = {
    "J": cj.ConfusionJacobian,
    "curve": cj.ConfusionCurve,
    "curves": cj.MultilabelCurves,
    "tally": cj.Tally,
}
"""What a name stands for in a synopsis."""


@pytest.mark.parametrize("text", [case for case in SHOWN if case not in SYNOPSIS])
def test_text_that_is_not_run_holds_no_code_of_ours(text):
    assert not OURS.search(text)


def tree(text):
    """Parse a synopsis: Python but for the ``*`` and ``...`` of signatures."""
    return ast.parse(re.sub(r"\*, (?=\w+=)|, \.\.\.(?=\))", "", text))


def resolved(node):
    """Return what a dotted name of conjac is; None if it is of something else, or what a call returns."""
    match node:
        case ast.Name(id="cj"):
            return cj
        case ast.Name(id=name):
            return STANDS_FOR.get(name)
        case ast.Attribute(value=of, attr=name):
            owner = resolved(of)
            if owner is None:
                return None
            if isinstance(owner, property) or not (inspect.isclass(owner) or inspect.ismodule(owner)):
                return None
            fields = getattr(owner, "__dataclass_fields__", {})
            assert hasattr(owner, name) or name in fields, f"{ast.unparse(node)}: there is no such name"
            return getattr(owner, name, None)
        case _:
            return None


@pytest.mark.parametrize("text", SYNOPSIS)
def test_a_synopsis_names_what_there_is(text):
    calls = 0
    for node in ast.walk(tree(text)):
        assert not isinstance(node, ast.Import | ast.ImportFrom), "a block that could run is one of python"
        if isinstance(node, ast.Attribute):
            resolved(node)
        if isinstance(node, ast.Call) and callable(called := resolved(node.func)):
            calls += 1
            taken = inspect.signature(called).parameters.values()
            names = {one.name for one in taken}
            if not any(one.kind is one.VAR_KEYWORD for one in taken):
                unknown = {keyword.arg for keyword in node.keywords} - names
                assert not unknown, f"{ast.unparse(node.func)} takes no {unknown}"
    assert calls > 0


def test_there_are_pages():
    named = {kind: {block.page.name for block in blocks(kind)} for kind in CODE}
    assert "jacobian.md" in named["pycon"]
    assert {"README.md", "quickstart.md"} <= named["python"] & named["shell"]


def test_fences_are_found():
    for page in PAGES:
        fences = re.findall(rf"^ *```(?:{'|'.join(CODE)})$", page.read_text(), re.MULTILINE)
        assert len(fences) == sum(block.kind in CODE for block in blocks_of(page)), page
