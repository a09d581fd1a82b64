"""Whether a small step along the gradient of F1 raises the F1 of fresh rows by as much as was foretold.

Three samples: one tells the gradient, which is the direction; a second foretells what a step along it does, with its
interval; a third, of four million rows, is counted before and after. What the first foretells of its own gradient is in
the table too: it is the larger, the more its noise is part of the direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks.decisions.report import markdown_table, verdict

Row = dict[str, Any]
WIDTH, HIDDEN = 10, 32
RAISE = 0.002
"""By which the step should raise F1."""
LEVEL = 0.95


def draw(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, and labels of which one in six is positive, by a bent boundary."""
    X = rng.normal(size=(n_rows, WIDTH))
    f = 1.2 * X[:, 0] + X[:, 1] * X[:, 2] + 0.8 * np.sin(2 * X[:, 3]) - 2.2
    return X, (f + rng.logistic(size=n_rows) > 0).astype(int)


def trained(rng: np.random.Generator, seed: int) -> Any:
    """Return a small network after a few steps of the cross-entropy, with its logit moved up, as users tune it."""
    import torch

    torch.manual_seed(seed)
    module = torch.nn.Sequential(torch.nn.Linear(WIDTH, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)).double()
    X, y = draw(2_000, rng)
    rows, labels = torch.tensor(X), torch.tensor(y).double()
    search = torch.optim.Adam(module.parameters(), 0.02)
    for _ in range(60):
        search.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(module(rows)[:, 0], labels).backward()
        search.step()
    module[-1].bias.data += 0.5
    module.zero_grad(set_to_none=True)
    return module


def f1(module: Any, X: np.ndarray, y: np.ndarray, batch: int = 2**17) -> float:
    """Count F1 at a logit of 0."""
    import torch

    with torch.no_grad():
        z = np.concatenate([module(torch.tensor(X[s : s + batch]))[:, 0] for s in range(0, len(X), batch)])
    tp = ((z >= 0) & (y == 1)).sum()
    return float(2 * tp / ((z >= 0).sum() + (y == 1).sum()))


def once(seed: int, n_rows: int, n_fresh: int) -> Row:
    """Foretell one step, and take it."""
    import torch

    import conjac as cj

    rng = np.random.default_rng(seed)
    module = trained(rng, seed)
    samples = [draw(n_rows, rng) for _ in range(2)]
    first, second = (
        cj.ConfusionJacobian.from_estimator(module, X, y, wrt=cj.Parameters(method="pull")) for X, y in samples
    )
    gradient = first.of("f1").gradient
    own = first.along(gradient).of("f1")
    scale = RAISE / float(own.gradient[0])
    step = {name: scale * g for name, g in gradient.items()}
    told = second.along(step).of("f1")
    lower, upper = told.confint(LEVEL)
    X, y = draw(n_fresh, rng)
    before = f1(module, X, y)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter += step[name]
    raised = f1(module, X, y) - before
    return {
        "foretold": float(told.gradient[0]),
        "lower": float(lower[0]),
        "upper": float(upper[0]),
        "own": RAISE,
        "raised": raised,
    }


def run(quick: bool, shown: Callable[[str], Callable[[Iterable[int]], Iterable[int]]]) -> list[Row]:
    """Take the step from many networks, with few rows and with more."""
    found = []
    for n_rows in (2_000, 20_000):
        draws = range(3 if quick else 40)
        seeds, fresh = shown(f"steps foretold by {n_rows:,} rows")(draws), 50_000 if quick else 4_000_000
        found += [{"rows": n_rows, **once(seed, n_rows, fresh)} for seed in seeds]
    return found


def markdown(found: list[Row]) -> str:
    text = (
        f"Networks of {WIDTH} - {HIDDEN} - 1 after 60 steps of the cross-entropy on 2,000 rows, cut at a logit of 0; "
        "each step is that of the gradient of F1 of one sample, as long as that sample says will raise F1 by "
        f"{RAISE}. Foretold by a second sample of as many rows, counted on a third of four million."
    )
    lines = []
    for n_rows in sorted({one["rows"] for one in found}):
        own = [one for one in found if one["rows"] == n_rows]
        inside = np.mean([one["lower"] <= one["raised"] <= one["upper"] for one in own])
        mean = {name: np.mean([one[name] for one in own]) for name in ("own", "foretold", "raised", "lower", "upper")}
        rising = np.mean([one["raised"] > 0 for one in own])
        lines.append(
            [
                f"{n_rows:,}",
                str(len(own)),
                f"{1e3 * mean['raised']:.2f}",
                f"{1e3 * mean['foretold']:.2f}",
                f"{1e3 * (mean['upper'] - mean['lower']) / 2:.2f}",
                f"{1e3 * mean['own']:.2f}",
                f"{rising:.0%}",
                f"{inside:.0%}",
            ]
        )
    heads = [
        "rows",
        "networks",
        "raised, .001",
        "foretold",
        "half interval",
        "by the first sample",
        "it rose",
        "within",
    ]
    return f"{text}\n\n{markdown_table(heads, lines)}"


def verdicts(found: list[Row]) -> list[Any]:
    inside = float(np.mean([one["lower"] <= one["raised"] <= one["upper"] for one in found]))
    what = "a small step along the gradient of F1 raises a fresh F1 by what was foretold, within its interval"
    return [verdict(what, inside >= 0.9, f"{inside:.0%} of {len(found)} steps, at a level of {LEVEL:.0%}")]
