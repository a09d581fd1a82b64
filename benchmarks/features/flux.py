"""How near slopes by features come to the truth, beside rivals, and how often their intervals hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.features.populations import DESIGN, POPULATIONS
from benchmarks.features.rivals import WIDTHS, differences, kernel, likelihood_ratio
from conjac import metrics
from conjac.inference import quantile, wilson

Row = dict[str, Any]
METRICS = ("recall", "precision", "f1")
OURS, ORACLE, RATIO, DIFFERENCE = "conjac", "kernel, oracle h", "likelihood ratio", "difference at .1 sd"
WAYS = (OURS, ORACLE, RATIO, DIFFERENCE)
COVERS = (0.93, 0.97)
HEAD = f"""\
{DESIGN} Slopes of FP and TP by each feature, per raw unit. Table: root mean square error over the truth, geometric \
mean over these figures; in brackets the largest ratio, in any figure, of our error to the rival's. The oracle is a \
sum over a Gaussian kernel that knows the margins' velocities, at the one of {len(WIDTHS)} bandwidths that is best \
for each figure on these very draws. The likelihood ratio fits a normal distribution in each class. The truth is by \
quadrature."""


def measure(population: Any, n: int, draws: int, seed: int, shown: Callable[[Iterable], Iterable]) -> Row:
    """Return relative errors and coverage over draws of n rows."""
    found: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
    hits: dict[str, list[np.ndarray]] = {figure: [] for figure in ("cells", *METRICS)}
    scale = population.margin(population.sample(1_000_000, np.random.default_rng(seed))[0]).std()
    slopes = np.stack([-population.slopes, population.slopes], axis=1)
    flagged = 0
    for draw in shown(range(draws)):
        X, y = population.sample(n, np.random.default_rng((seed, n, draw)))
        J = cj.ConfusionJacobian.from_estimator(population.model, X, y, wrt=cj.Features(unit="raw"))
        assert J.method == "tangent"
        flagged += bool(J.diagnostics["cautions"])
        margin = population.margin(X)
        found[OURS].append(J.jacobian[:, 1] / n)
        found[ORACLE].append(kernel(margin, population.velocity(X), y, scale))
        found[RATIO].append(likelihood_ratio(X, margin, y))
        found[DIFFERENCE].append(differences(population.margin, X, y))
        hits["cells"].append(_within([end[:, 1] for end in J.confint()], n * population.slopes))
        for name in METRICS:
            row = metrics.resolve(name, labels=(0, 1))
            truth = row.slope(population.cells, np.moveaxis(slopes, -1, 0))
            hits[name].append(_within(J.of(name).confint(), truth))
    error = {way: _error(np.stack(told), population.slopes) for way, told in found.items()}
    best = error[ORACLE].argmin(axis=0)
    error[ORACLE] = error[ORACLE].min(axis=0)
    return {
        "population": population.name,
        "n": n,
        "draws": draws,
        "flagged": flagged / draws,
        "error": {way: values.tolist() for way, values in error.items()},
        "best_width": (WIDTHS[best] * scale).tolist(),
        "coverage": {figure: float(np.nanmean(np.stack(told))) for figure, told in hits.items()},
        "worst": {figure: float(np.nanmean(np.stack(told), axis=0).min()) for figure, told in hits.items()},
        "without": {figure: float(np.isnan(np.stack(told)).mean()) for figure, told in hits.items()},
    }


def _within(interval: Any, truth: np.ndarray) -> np.ndarray:
    """Tell whether intervals hold the truth; nan where there is none."""
    lower, upper = interval
    return np.where(np.isnan(lower), np.nan, (lower <= truth) & (truth <= upper))


def _error(told: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean((told - truth) ** 2, axis=0)) / np.abs(truth)


def _covers(share: float, draws: int) -> bool:
    """Tell whether the 99 % Wilson interval of the share meets `COVERS`."""
    lower, upper = wilson(share, np.sqrt(share * (1 - share) / draws), draws, quantile(0.99))
    return bool(lower <= COVERS[1] and upper >= COVERS[0])


def mean(values: Any) -> float:
    return float(np.exp(np.mean(np.log(values))))


def _ratio(row: Row, way: str) -> np.ndarray:
    return np.array(row["error"][OURS]) / row["error"][way]


def verdicts(rows: list[Row]) -> list[Row]:
    """Return what was asked of the errors and of the intervals."""
    gauss = [r for r in rows if r["population"] == "Gaussian"]
    other = [r for r in rows if r["population"] in ("skewed", "bimodal")]
    asked = (
        ("Gaussian: error of every figure at most 1.1 times the oracle kernel's", gauss, ORACLE, 1.1),
        (
            "Gaussian, n up to 5,000: error less than the likelihood ratio's",
            [r for r in gauss if r["n"] <= 5_000],
            RATIO,
            1,
        ),
    )
    found = []
    for what, part, way, limit in asked:
        lost = [
            f"{r['population']}, n = {r['n']:,}, d{('FP', 'TP')[true]}/dx{j}: {_ratio(r, way)[true, j]:.2f}"
            for r in part
            for true, j in zip(*np.nonzero(_ratio(r, way) > limit), strict=True)
        ]
        told = f"missed in {len(lost)} of {sum(_ratio(r, way).size for r in part)} figures"
        found.append(verdict(what, not lost if part else None, told, lost))
    ratios = {f"{r['population']}, n = {r['n']:,}": mean(_ratio(r, RATIO)) for r in other}
    lost = [f"{name}: {ratio:.2f}" for name, ratio in ratios.items() if ratio > 0.5]
    what = "skewed and bimodal, every n: error at most half the likelihood ratio's, geometric mean over figures"
    found.append(verdict(what, not lost if other else None, f"missed in {len(lost)} of {len(other)}", lost))
    lost = [
        f"{r['population']}, n = {r['n']:,}, {figure}: {share:.3f}"
        for r in rows
        for figure, share in r["coverage"].items()
        if not _covers(share, r["draws"])
    ]
    what = "smooth models: coverage of 95 % intervals of slopes meets [.93, .97], cells and each metric"
    return [*found, verdict(what, not lost if rows else None, f"missed in {len(lost)} of {4 * len(rows)}", lost)]


def markdown(rows: list[Row]) -> str:
    heads = ["population", "n", "draws", *WAYS]
    lines = []
    for r in rows:
        told = [f"{mean(r['error'][way]):.3f} ({_ratio(r, way).max():.2f})" for way in WAYS[1:]]
        lines.append([r["population"], f"{r['n']:,}", str(r["draws"]), f"{mean(r['error'][OURS]):.3f}", *told])
    covered = [
        [r["population"], f"{r['n']:,}"]
        + [f"{r['coverage'][f]:.3f} ({r['worst'][f]:.3f})" for f in r["coverage"]]
        + [f"{r['flagged']:.1%}"]
        for r in rows
    ]
    parts = [HEAD, markdown_table(heads, lines)]
    parts.append(
        "Share of nominal 95 % intervals that hold the truth, in brackets of the worst figure; of draws flagged:"
    )
    parts.append(markdown_table(["population", "n", "dFP, dTP", *METRICS, "flagged"], covered))
    without = max((share for r in rows for share in r["without"].values()), default=0)
    parts.append(f"Intervals that are nan for want of rows are not counted: at most {without:.1%} of any cell above.")
    return "\n\n".join(parts)


def run(sizes: list[int], draws: int, seed: int, shown: Any) -> list[Row]:
    """Measure every population at every size; from 50,000 rows on, a third of the draws."""
    return [
        measure(one, n, draws if n < 50_000 else max(2, draws // 3), seed, shown(f"flux: {one.name}, {n:,}"))
        for one in POPULATIONS
        for n in sizes
    ]
