"""Named real data sets: from a folder, from OpenML, and told apart from copies that are not what was published."""

import urllib.error
from types import SimpleNamespace

import numpy as np
import pytest
from support import needs, needs_data

import conjac as cj
from conjac.datasets.known import KNOWN
from conjac.engines.database import write_parquet

FRAMES = {"pandas": "pandas", "polars": "polars", "pyarrow": "pyarrow"}


@pytest.fixture
def heart(tmp_path, monkeypatch):
    """Put a made-up set of heart disease with the published counts into a folder of data."""
    num = np.repeat([0, 1, 2, 3, 4], [164, 55, 36, 35, 13])
    rows = {"age": np.linspace(30, 77, 303).tolist(), "num": num.tolist()}
    monkeypatch.setenv("CONJAC_DATA", str(tmp_path))
    write_parquet(rows, tmp_path / "heart_disease_cleveland.parquet")
    return rows


@pytest.mark.parametrize("name", cj.datasets.names())
def test_every_set_in_the_folder_is_what_was_published(name, monkeypatch):
    pandas = needs("pandas")
    path = needs_data(KNOWN[name].file)
    monkeypatch.setenv("CONJAC_DATA", str(path.parent))
    assert cj.datasets.at_hand(name)
    data = cj.datasets.load(name)
    assert isinstance(data.X, pandas.DataFrame)
    assert len(data.X) == len(data.y) == sum(KNOWN[name].counts.values())
    assert not {KNOWN[name].label, *KNOWN[name].leaks} & set(data.X.columns)
    assert set(data.left_out) == set(KNOWN[name].leaks)
    assert data.positive is None or data.positive in data.y
    assert data.groups is None or data.groups.shape == data.y.shape
    assert path.name in data.origin
    assert path.name in repr(data)


@pytest.mark.parametrize("backend", FRAMES)
def test_a_backend_is_the_type_of_the_frame(backend, heart):
    library = needs(FRAMES[backend])
    data = cj.datasets.load("heart_disease", backend=backend)
    assert type(data.X).__module__.partition(".")[0] == library.__name__
    assert data.X.shape == (303, 1)
    assert data.y.tolist() == heart["num"]


def test_rows_without_a_label_are_left_out(tmp_path, heart):
    needs("pandas")
    rows = {"age": [*heart["age"], 50.0], "num": [*heart["num"], None]}
    write_parquet(rows, tmp_path / "heart_disease_cleveland.parquet")
    assert len(cj.datasets.load("heart_disease").y) == 303


def test_a_copy_that_lacks_rows_is_refused(tmp_path, heart):
    needs("pandas")
    write_parquet({name: column[1:] for name, column in heart.items()}, tmp_path / "heart_disease_cleveland.parquet")
    with pytest.raises(cj.InvalidInputError, match=r"heart_disease.*0: 163.*published with.*0: 164.*replace the copy"):
        cj.datasets.load("heart_disease")


@pytest.mark.parametrize("call", [cj.datasets.load, cj.datasets.at_hand])
def test_an_unknown_name_is_told_the_known_ones(call):
    with pytest.raises(cj.InvalidInputError, match=r"name='iris'.*spambase"):
        call("iris")


@pytest.mark.usefixtures("heart")
def test_an_unknown_backend():
    with pytest.raises(cj.InvalidInputError, match=r"backend='numpy'"):
        cj.datasets.load("heart_disease", backend="numpy")


@pytest.mark.parametrize("folder", [None, "empty"])
def test_a_set_that_is_nowhere_says_where_to_put_it(folder, tmp_path, monkeypatch):
    needs("pandas")
    monkeypatch.delenv("CONJAC_DATA", raising=False)
    if folder:
        monkeypatch.setenv("CONJAC_DATA", str(tmp_path))
    assert not cj.datasets.at_hand("sms_spam")
    with pytest.raises(cj.DataNotFoundError, match=r"sms_spam_collection\.parquet .*CONJAC_DATA") as error:
        cj.datasets.load("sms_spam")
    assert isinstance(error.value, FileNotFoundError)
    assert (str(tmp_path) in str(error.value)) == bool(folder)


def spam(pandas, n_ham=2788):
    """Return what `fetch_openml` gives of spambase: labels as text, names of signs percent-encoded."""
    target = pandas.Series(["1"] * 1813 + ["0"] * n_ham, dtype="category")
    return SimpleNamespace(data=pandas.DataFrame({"char_freq_%21": np.zeros(len(target))}), target=target)


@pytest.mark.parametrize("backend", FRAMES)
def test_openml_gives_what_no_folder_has(backend, monkeypatch):
    pandas, _ = needs("pandas"), needs(FRAMES[backend])
    monkeypatch.delenv("CONJAC_DATA", raising=False)
    asked = {}
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **how: asked.update(how) or spam(pandas))
    data = cj.datasets.load("spambase", backend=backend)
    assert asked["data_id"] == 44
    assert data.origin == "OpenML 44"
    assert data.y.sum() == 1813
    names = data.X.column_names if backend == "pyarrow" else list(data.X.columns)
    assert names == ["char_freq_!"]


def test_openml_with_other_rows_is_refused(monkeypatch):
    pandas = needs("pandas")
    monkeypatch.delenv("CONJAC_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **_: spam(pandas, 2787))
    with pytest.raises(cj.InvalidInputError, match="from OpenML 44"):
        cj.datasets.load("spambase")


def test_openml_out_of_reach(monkeypatch):
    needs("pandas")
    monkeypatch.delenv("CONJAC_DATA", raising=False)

    def offline(**_):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", offline)
    with pytest.raises(cj.DataNotFoundError, match=r"OpenML 44 could not be reached.*no network"):
        cj.datasets.load("spambase")


@pytest.mark.usefixtures("heart")
def test_the_folder_comes_before_openml(monkeypatch):
    needs("pandas")
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **_: pytest.fail("OpenML was asked"))
    assert cj.datasets.load("heart_disease").origin == "CONJAC_DATA: heart_disease_cleveland.parquet"
