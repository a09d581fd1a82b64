"""Settings that every test shares."""

import gc
import os
from contextlib import contextmanager

import hypothesis
import matplotlib
import pytest
from engines import ENGINES, EVERY, Frames
from spark_sessions import spark_sessions
from support import PART_MISSING, needs, needs_program

matplotlib.use("Agg")
gc.set_threshold(20_000, 20, 20)  # by default the objects of all libraries are gone through every few tests
hypothesis.settings.register_profile("conjac", derandomize=True, deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "conjac"))


def _refuse_missing_part(report):
    """Turn a skip for want of an optional part into a failure where every part is promised."""
    if os.environ.get("CONJAC_REQUIRE_ALL") == "1" and report.skipped and isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        reason = reason.removeprefix("Skipped: ")
        if reason.startswith(PART_MISSING):
            report.outcome = "failed"
            report.longrepr = f"{path}:{line}: {reason}, and CONJAC_REQUIRE_ALL=1 promises every part"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _refuse_missing_part((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _refuse_missing_part((yield))


def pytest_collection_modifyitems(items):
    """Put what asks Spark first: a worker is given neighbours, so that one has it all, and one JVM starts."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)


@contextmanager
def _few_starts():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("conjac.decisions.offsets.search.MOST_SCANS", 60)
        yield


@pytest.fixture
def quick():
    """Search offsets from few starts: for what does not hang on how long a search looks."""
    with _few_starts():
        yield


@pytest.fixture(scope="module")
def quick_throughout():
    """Search so in all tests of a file, and for what they share."""
    with _few_starts():
        yield


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, headless; with WebGL, which ``--disable-gpu`` does not take away."""
    playwright = needs("playwright.sync_api")
    executable = needs_program("chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark's sessions, classic and Connect, on two threads of this machine."""
    with spark_sessions(tmp_path_factory.mktemp("spark")) as sessions:
        yield sessions


@pytest.fixture(params=EVERY)
def frames(request, tmp_path):
    """Each engine in turn: a function from columns to its frame."""
    engine = ENGINES[request.param]
    for part in engine.parts:
        needs(part)
    given = request.getfixturevalue(engine.fixture) if engine.fixture else None
    with engine.during():
        yield Frames(engine, given, tmp_path)
