"""Train one network on four losses, on real sets: `ConfusionLoss`, cross-entropy, sigmoidF1 and AnyLoss.

    CONJAC_DATA=folder python -m benchmarks.networks.losses [--seeds 5] [--steps 1000] [--sets NAME ...]

from the root of the repository, with PyTorch. The page is networks_losses.md in the output folder.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import wilcoxon
from sklearn.metrics import f1_score, precision_recall_curve

from benchmarks.decisions.data import FOLDER
from benchmarks.decisions.report import markdown_table, versions
from benchmarks.networks.data import MOST, TABLES, Split, missing, read, split
from benchmarks.networks.rivals import STEEPNESS, Loss, losses
from conjac import ConfusionCurve

BATCH, WIDTH, RATE, EVERY = 256, 64, 1e-3, 50
NATURAL, TUNED = "natural", "tuned"
OURS, USUAL = "ConfusionLoss", "cross-entropy"
NAMED = ("numpy", "scikit-learn", "torch")
Row = dict[str, Any]


class Kept:
    """Scores of the step at which the rows to choose by were predicted best."""

    def __init__(self) -> None:
        self.f1, self.step = -1.0, 0
        self.choose = self.judge = np.empty(0)

    def offer(self, f1: float, step: int, choose: np.ndarray, judge: np.ndarray) -> None:
        if f1 > self.f1:
            self.f1, self.step, self.choose, self.judge = f1, step, choose, judge


def highest_f1(y: np.ndarray, score: np.ndarray) -> float:
    """Return the F1 of the best of all thresholds."""
    precision, recall, _ = precision_recall_curve(y, score)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12)))


def trained(loss: Loss, rows: Split, seed: int, steps: int) -> dict[str, Kept]:
    """Train a network, and return its scores at the best step by either way to put the threshold."""
    torch.manual_seed(seed)
    X, y = map(torch.as_tensor, rows.train)
    X_choose, X_judge = (torch.as_tensor(part[0]) for part in (rows.choose, rows.judge))
    layers = [torch.nn.Linear(X.shape[1], WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    best = {NATURAL: Kept(), TUNED: Kept()}
    some = torch.empty(0, dtype=torch.int64)
    for step in range(1, steps + 1):
        if len(some) < min(BATCH, len(y)):
            some = torch.randperm(len(y))
        batch, some = some[:BATCH], some[BATCH:]
        optimizer.zero_grad()
        loss(network(X[batch])[:, 0], y[batch]).backward()
        optimizer.step()
        if step % EVERY == 0:
            with torch.no_grad():
                choose, judge = (network(part)[:, 0].numpy() for part in (X_choose, X_judge))
            best[NATURAL].offer(f1_score(rows.choose[1], choose >= 0), step, choose, judge)
            best[TUNED].offer(highest_f1(rows.choose[1], choose), step, choose, judge)
    return best


def judged(loss: Loss, rows: Split, seed: int, steps: int) -> dict[str, float]:
    """Return F1 on the rows to judge by, at the threshold 0 and at that which conjac tunes on the rows to choose by."""
    best = trained(loss, rows, seed, steps)
    curve = ConfusionCurve.from_predictions(rows.choose[1], best[TUNED].choose.astype(float), coordinate="score")
    tuned = curve.maximize("f1").predict(best[TUNED].judge.astype(float))
    y = rows.judge[1]
    return {NATURAL: f1_score(y, best[NATURAL].judge >= 0), TUNED: f1_score(y, tuned)}


def run(names: list[str], folder: Path, seeds: int, steps: int) -> list[Row]:
    found = []
    for name in names:
        X, y = read(name, folder)
        for seed in range(seeds):
            rows = split(X, y, seed)
            told = {loss: judged(make(), rows, seed, steps) for loss, make in losses(steps).items()}
            found.append({"set": name, "seed": seed, "rows": len(y), "positive": float(y.mean()), "f1": told})
            print(name, seed, *(f"{loss} {of[NATURAL]:.3f} {of[TUNED]:.3f};" for loss, of in told.items()), flush=True)
    return found


def means(found: list[Row]) -> dict[tuple[str, str], np.ndarray]:
    """Return the mean F1 over seeds of each set, by loss and threshold."""
    names = dict.fromkeys(row["set"] for row in found)
    return {
        (loss, at): np.array([np.mean([row["f1"][loss][at] for row in found if row["set"] == name]) for name in names])
        for loss in found[0]["f1"]
        for at in (NATURAL, TUNED)
    }


def by_set(found: list[Row]) -> str:
    told, first = means(found), {row["set"]: row for row in reversed(found)}
    lines = []
    for i, name in enumerate(dict.fromkeys(row["set"] for row in found)):
        row = first[name]
        best = max(f"{of[i]:.3f}" for of in told.values())
        shown = (f"**{of[i]:.3f}**" if f"{of[i]:.3f}" == best else f"{of[i]:.3f}" for of in told.values())
        lines.append([name, f"{min(row['rows'], MOST):,}", f"{100 * row['positive']:.1f} %", *shown])
    lines.append(["mean", "", "", *(f"{of.mean():.3f}" for of in told.values())])
    return markdown_table(["set", "rows", "positive", *(f"{loss}, {at}" for loss, at in told)], lines)


def paired(found: list[Row]) -> str:
    """Compare ours with each rival over the sets' means."""
    told, lines = means(found), []
    for ours in ((OURS, NATURAL), (OURS, TUNED)):
        for rival in told:
            if rival[0] == OURS:
                continue
            apart = told[ours] - told[rival]
            p = f"{wilcoxon(apart).pvalue:.3f}" if len(apart) > 1 else ""
            lines.append([", ".join(ours), ", ".join(rival), f"{apart.mean():+.3f}", f"{np.median(apart):+.3f}"])
            lines[-1] += [str((apart > 0).sum()), str((apart < 0).sum()), p]
    return markdown_table(["ours", "rival", "mean difference", "median", "sets won", "sets lost", "p"], lines)


HEAD = """\
F1 on held-out rows, mean over {seeds} seeds, of one network (two hidden layers of {width}, ReLU) trained with AdamW \
(rate {rate:g}, {steps:,} batches of {batch}) on four losses. Of at most {most:,} rows of a set, drawn anew for each \
seed, 60 % train, 20 % choose and 20 % judge. *natural*: threshold at a score of 0. *tuned*: the threshold is that of \
`curve.maximize("f1")` on the rows to choose by. In either way the network is that of the step, of each {every}th, \
with the highest F1 on the rows to choose by (tuned: at the best threshold there). `ConfusionLoss("f1")` is as it \
comes, `anneal_steps` half of the batches; sigmoidF1 with beta = 1 and eta = 0; AnyLoss with L = {steepness}; neither \
these nor the rate were tuned. The rule of `ConfusionLoss`'s bandwidth was settled on six of these sets (German \
credit, SECOM, satellite, AI4I, letter, adult) with other seeds. The largest of a line is bold."""
TEST = """\
Differences of the sets' means; p is that of Wilcoxon's signed-rank test over the sets, two-sided, not adjusted for \
the number of comparisons."""


def page(found: list[Row], left_out: list[str], seeds: int, steps: int) -> str:
    told = {"seeds": seeds, "steps": steps, "width": WIDTH, "rate": RATE, "batch": BATCH, "most": MOST, "every": EVERY}
    named = ", ".join(f"{package} {version}" for package, version in versions(NAMED).items())
    parts = [HEAD.format(**told, steepness=STEEPNESS), f"Versions: {named}."]
    parts += [f"Left out: {', '.join(left_out)}."] if left_out else []
    return "\n\n".join([*parts, by_set(found), TEST, paired(found)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks.losses", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--sets", nargs="+", default=list(TABLES), choices=TABLES, metavar="NAME")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the sets; else that of CONJAC_DATA")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    left_out = [name for name in options.sets if missing(name, options.data)]
    names = [name for name in options.sets if name not in left_out]
    if not names:
        parser.exit(message=f"no set is in {options.data}: name their folder in CONJAC_DATA\n")
    found = run(names, options.data, options.seeds, options.steps)
    text = page(found, left_out, options.seeds, options.steps)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "networks_losses.md").write_text(text)
    (options.output / "networks_losses.json").write_text(json.dumps(found, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
