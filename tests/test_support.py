"""The suite's own rules can fail."""

from pathlib import Path

import pytest
from support import needs, needs_data, needs_program

pytest_plugins = ["pytester"]

MISSING = """
from support import needs, needs_data, needs_program

def test_part():
    needs("no_such_library")

def test_program():
    needs_program("no-such-program")

def test_data():
    needs_data("no_such_set")
"""


@pytest.mark.parametrize(("promised", "outcomes"), [("0", {"skipped": 3}), ("1", {"skipped": 1, "failed": 2})])
def test_a_missing_part_fails_where_every_part_is_promised(pytester, monkeypatch, promised, outcomes):
    monkeypatch.setenv("CONJAC_REQUIRE_ALL", promised)
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\npythonpath = ['{Path(__file__).parent}']\n")
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile(MISSING)
    result = pytester.runpytest_subprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines("*data absent: no_such_set.parquet*")
    if promised == "1":
        result.stdout.fnmatch_lines("*needs no_such_library, and CONJAC_REQUIRE_ALL=1 promises every part")


def test_what_is_present_is_returned(tmp_path, monkeypatch):
    monkeypatch.setenv("CONJAC_DATA", str(tmp_path))
    (tmp_path / "toy.parquet").touch()
    assert needs_data("toy") == tmp_path / "toy.parquet"
    assert needs("json").loads("1") == 1
    assert Path(needs_program("python3")).exists()


def test_a_broken_library_is_not_a_missing_one(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        needs("broken_library")
