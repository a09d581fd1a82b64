"""Results as frames and as plain types."""

import json
import sys
from decimal import Decimal

import numpy as np
import pytest
from support import needs

import conjac as cj
from conjac import frames
from conjac.frames import as_plain, to_frame


def test_plain_types_are_those_that_json_knows():
    nested = {
        "array": np.array([[1.5, np.nan], [np.inf, -np.inf]]),
        "scalars": [np.float32(0.5), np.int64(3), np.bool_(True), np.str_("x"), np.float64("nan")],
        "tuple": (1, None, "text"),
        1: {"deep": {"er": np.arange(2)}},
        "other": Decimal("1.5"),
        "date": np.datetime64("2024-01-02"),
    }
    plain = as_plain(nested)
    assert plain == {
        "array": [[1.5, None], [None, None]],
        "scalars": [0.5, 3, True, "x", None],
        "tuple": [1, None, "text"],
        "1": {"deep": {"er": [0, 1]}},
        "other": "1.5",
        "date": "2024-01-02",
    }
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert type(plain["scalars"][2]) is bool


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_frames_of_each_library(backend):
    library = needs(backend)
    frame = to_frame({"label": ["a", "b"], "value": [1.5, 2.5]}, backend)
    assert isinstance(frame, library.Table if backend == "pyarrow" else library.DataFrame)
    assert frame.shape == (2, 2)


@pytest.mark.parametrize("backend", ["excel", "", None, "Pandas"])
def test_unknown_backends(backend):
    J = cj.confusion_jacobian(np.arange(400) % 2, np.linspace(0, 1, 400) ** 1.1)
    with pytest.raises(cj.InvalidInputError, match=r"backend=.*pandas.*polars.*pyarrow"):
        J.to_frame(backend)


@pytest.mark.parametrize(("backend", "extra"), [("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "arrow")])
def test_a_missing_library_names_its_extra(monkeypatch, backend, extra):
    monkeypatch.setattr(frames, "find_spec", lambda _: None)
    with pytest.raises(cj.MissingDependencyError, match=rf"{backend}.*pip install 'conjac\[{extra}\]'"):
        to_frame({"a": [1]}, backend)


def test_a_frame_s_library_is_imported_only_when_asked_for():
    assert "find_spec" in vars(frames)
    assert not {"pandas", "polars", "pyarrow"} & {name for name in vars(frames) if name in sys.modules}
