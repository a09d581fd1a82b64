"""Slopes of the offsets against the truth of the population."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

import conjac as cj
from benchmarks.decisions.population import LEAST, Normals
from benchmarks.decisions.report import markdown_table, verdict

CLASSES = 10
LIMITS = (0.8, 1.2)
HEAD = f"""K = {CLASSES}: scores of each class are independent normals, handed over as their softmax, which is the \
same rule. The truth is an integral over the common value of two scores. z is (estimate - truth) / sqrt(stderr² + the \
truth's error²), over cells of the Jacobian with at least {LEAST} effective rows. "center" is the bias-corrected \
estimate whose error `stderr` is."""


def measure(n: int, draws: int, seed: int, shown: Any) -> dict[str, Any]:
    """Return z of every draw in one, for the estimate and for its bias-corrected centre."""
    population = Normals.of(CLASSES)
    truth, error = n * population.jacobian, n * population.error
    z: dict[str, list[np.ndarray]] = {"jacobian": [], "center": []}
    relative, told = [], []
    for draw in shown(range(draws)):
        y, u = population.sample(n, np.random.default_rng((seed, draw)))
        J = cj.confusion_jacobian(y, softmax(u, axis=1))
        known = J.diagnostics["effective_rows"] >= LEAST
        told.append(int(known.sum()))
        relative.append(J.stderr[known] / np.abs(truth[known]))
        for name, values in z.items():
            values.append(((getattr(J, name) - truth) / np.sqrt(J.stderr**2 + error**2))[known])
    found = {name: np.concatenate(values) for name, values in z.items()}
    return {
        "n": n,
        "draws": draws,
        "cells": told,
        "truth_error": population.error,
        "relative_truth_error": population.error / float(np.abs(population.jacobian).min()),
        "median_relative_stderr": float(np.median(np.concatenate(relative))),
        "z": {
            name: {
                "mean": float(v.mean()),
                "rms": float(np.sqrt(np.mean(v**2))),
                "covered": float(np.mean(np.abs(v) < 1.96)),
                "max": float(np.abs(v).max()),
            }
            for name, v in found.items()
        },
    }


def verdicts(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    lines = []
    for name in ("jacobian", "center"):
        what = f"K = {CLASSES}: root mean square of z of the {name} in [{LIMITS[0]:g}, {LIMITS[1]:g}]"
        rms = found["z"][name]["rms"] if found else None
        met = None if rms is None else LIMITS[0] <= rms <= LIMITS[1]
        lines.append(verdict(what, met, "" if rms is None else f"{rms:.3f}"))
    return lines


def markdown(found: dict[str, Any] | None, streamed: dict[str, Any] | None) -> str:
    parts = [HEAD]
    if found:
        lines = [
            [name, f"{z['rms']:.3f}", f"{z['mean']:+.3f}", f"{z['covered']:.3f}", f"{z['max']:.2f}"]
            for name, z in found["z"].items()
        ]
        runs = f"{found['draws']} draws of n = {found['n']:,}, {min(found['cells'])} to {max(found['cells'])} cells"
        parts.append(
            f"{runs} of {CLASSES**3}; median standard error {found['median_relative_stderr']:.1%} of the slope. "
            f"The truth is off by at most {found['truth_error']:.0e} of all rows, {found['relative_truth_error']:.0e} "
            "of the least slope (half the step; shares of the cells against 1)."
        )
        heads = ["estimate", "root mean square of z", "mean", "share within 1.96", "largest"]
        parts.append(markdown_table(heads, lines))
    if streamed:
        parts.append(
            f"Check of the truth: {streamed['rows']:,} rows recounted with each offset {streamed['nudge']:g} up and "
            f"down; over {streamed['cells']} facets z has mean {streamed['mean_z']:+.3f}, root mean square "
            f"{streamed['rms_z']:.3f}, and is at most {streamed['max_z']:.2f}."
        )
    return "\n\n".join(parts)
