"""Seconds from a question to its answer: inputs drift, and every row is scored and every figure computed again.

``python -m benchmarks.explorer.live``; the requirement is .3 s at 400,000 rows, on two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import conjac as cj
from conjac.models import load
from conjac.views.explorer.server import Server

N_ROWS, N_COLUMNS, N_TRAINING, REPEATS = 400_000, 20, 5_000, 15
REQUIRED = 0.3


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels of which a linear model is right."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N_ROWS)
    return rng.normal(size=(N_ROWS, N_COLUMNS)) + np.outer(y, np.linspace(0, 0.6, N_COLUMNS)), y


def models(X: np.ndarray, y: np.ndarray) -> dict[str, object]:
    """Return a classifier, and the same as a file of ONNX where that can be written."""
    fitted = LogisticRegression().fit(X[:N_TRAINING], y[:N_TRAINING])
    found: dict[str, object] = {"LogisticRegression": fitted}
    try:
        import skl2onnx
    except ModuleNotFoundError:
        return found
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        written = skl2onnx.to_onnx(fitted, X[:1], options={"zipmap": False})
        path.write_bytes(written.SerializeToString())
        found["ONNX"] = load(path)
    return found


def asked(server: Server, moves: dict[str, float]) -> float:
    """Return the seconds from a question to its answer, over the loopback, as a browser asks."""
    start = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
    line.request("POST", "/ask", json.dumps({"moves": moves, "sheet": 0}), headers)
    answer = line.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    line.close()
    return time.perf_counter() - start


def main() -> None:
    """Print a table."""
    argparse.ArgumentParser(prog="python -m benchmarks.explorer.live", description=__doc__.splitlines()[0]).parse_args()
    X, y = rows()
    last = N_COLUMNS - 1
    print(f"{N_ROWS:,} rows, {N_COLUMNS} columns; seconds from question to answer; required {REQUIRED:g}")
    print(f"{'model':20} {'moved':24} {'first':>7} {'median':>7} {'95 %':>7} {'CPU':>7}")
    for name, model in models(X, y).items():
        data = None if name == "ONNX" else (X[:N_TRAINING], y[:N_TRAINING])
        explorer = cj.Explorer.from_estimator(model, X, y, training_data=data, surface=False)
        hyper = {} if data is None else {"C, refitted": {"C": 0.1}}
        cases = {
            "one input": {f"drift[x{last}]": 1.0},
            "two inputs": {f"drift[x{last}]": 1.0, "drift[x3]": -0.5},
            **hyper,
        }
        server = Server("", explorer.source)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for told, moves in cases.items():
            first = asked(server, moves)
            cpu, took = time.process_time(), [asked(server, moves) for _ in range(REPEATS)]
            cpu = (time.process_time() - cpu) / REPEATS
            ends = np.quantile(took, [0.5, 0.95])
            print(f"{name:20} {told:24} {first:7.3f} {ends[0]:7.3f} {ends[1]:7.3f} {cpu:7.3f}")
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
