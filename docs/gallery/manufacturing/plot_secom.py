"""
SECOM: when the rows are too few
================================

A semiconductor plant has 590 sensors, 1,567 wafers and 104 failures. Do the sensors tell which wafers to inspect? The
honest answer is that these rows do not say. What can be decided all the same, and how many rows would be needed?
"""

# %%
# Sensors with missing values, some of them constant (UCI 179; McCann and Johnston, 2008; CC BY 4.0). The rows are in
# the order of time, from July to October 2008, and failures become rarer.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

data = cj.datasets.load("secom")
X, y = data.X, (data.y == data.positive).astype(int)
print(f"{int(X.isna().sum().sum()):,} of {X.size:,} cells are missing")
print("failures in each seventh of the rows:", [int(part.sum()) for part in np.array_split(y, 7)])
prepare = SimpleImputer(strategy="median", keep_empty_features=True), VarianceThreshold(), StandardScaler()
linear = make_pipeline(*prepare, LogisticRegression(C=1e-3, max_iter=1000))

# %%
# The plant will score the wafers of tomorrow by a model of those up to today. So each of the last six sevenths is
# scored by a model of everything before it. The usual way, folds that are shuffled, scores a wafer by its neighbours
# in time, and is drawn beside it. The share of wafers that an inspector looks at is the threshold here; a blind
# inspector finds the same share of the failures.


def later_wafers(model):
    """Return the scores of the last six sevenths of the rows."""
    parts = []
    for past, now in TimeSeriesSplit(6).split(X):
        parts.append(clone(model).fit(X.iloc[past], y[past]).predict_proba(X.iloc[now])[:, 1])
    return np.concatenate(parts)


def curve_of(true, score):
    """Return the curve by the share of the rows that is inspected."""
    return cj.ConfusionCurve.from_predictions(true, score, coordinate="percentile")


score = later_wafers(linear)
later = y[-len(score) :]
shuffled = StratifiedKFold(5, shuffle=True, random_state=0)
kind = cross_val_predict(linear, X, y, cv=shuffled, method="predict_proba")[:, 1]
curves = {"later wafers": curve_of(later, score), "shuffled folds": curve_of(y, kind)}
share = np.linspace(0.02, 0.5, 49)
display = cj.MetricCurveDisplay.of(curves, "recall", thresholds=share).plot()
display.ax_.plot(share, share, "k:", label="blind inspection")
legend = display.ax_.legend(loc="upper left", edgecolor="none", fontsize="small")

# %%
# By shuffled folds the model looks useful. Later wafers lose much of that, and the dotted line runs along the edge of
# their band: shuffled folds let a model learn from the wafers next to the one that it scores. Suppose that the plant
# can inspect one wafer in ten.
for name, curve in curves.items():
    found = curve.metric_at("recall", 0.1)
    low, high = found.confint()
    print(f"{name}: recall {float(found.value):.2f}, interval {float(low):.2f} to {float(high):.2f}; blind .10")

# %%
# The Jacobian by the share inspected tells what the next inspections would find. One percent more is some 13 wafers;
# what they would hold if they were chosen blindly is printed beside it, and lies within the interval.
J = cj.confusion_jacobian(later, score, threshold=0.1, coordinate="percentile")
(low, high), wafers = J.confint(), 0.01 * len(later)
print(f"{wafers:.0f} wafers more: {J.jacobian[1, 1] / 100:.2f} failures found,", end=" ")
print(f"interval {low[1, 1] / 100:.2f} to {high[1, 1] / 100:.2f}; blind {wafers * later.mean():.2f}")
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# At the usual threshold of one half there is hardly a row, and conjac says so instead of telling a slope as if it were
# known: the interval is ``nan``, not short.
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    half = cj.confusion_jacobian(later, score, threshold=0.5)
print(half.matrix)
print(half.stderr)
for one in told:
    print(f"{one.category.__name__}: {one.message}")

# %%
# Would another model do better? Both inspect one wafer in ten, the same wafers are judged, and what both agree on
# cancels. Still the rows could only tell a difference of the size that is printed last. Trying ten models and keeping
# the best would find such a difference by luck.
forest = make_pipeline(*prepare[:1], ExtraTreesClassifier(100, min_samples_leaf=5, random_state=0))
other = later_wafers(forest)
sides = (cj.confusion_jacobian(later, one, threshold=0.1, coordinate="percentile") for one in (score, other))
found = cj.compare(*sides, metrics=["recall", "precision"])
print(found)
print(f"a difference of recall that would be told from none: {1.96 * found.stderr[0]:.2f} or more")

# %%
# How many rows, then? An interval of recall is as wide as the number of failures makes it, whatever the number of
# wafers: its half-width is about twice the root of r (1 - r) / failures. For the recall that was found, and failures
# as rare as in the later wafers:
recall = J.of("recall").value
for width in (0.1, 0.05, 0.02):
    failures = 1.96**2 * recall * (1 - recall) / width**2
    print(f"known to ±{width:.2f}: {failures:5.0f} failures, about {round(failures / later.mean(), -2):,.0f} wafers")

# %%
# What can be decided: not to rely on these sensors yet. Inspecting by them is unlikely to be worse than blind, so
# nothing is lost by it while failures are collected, and the interval excludes a model that finds half of the failures
# in a tenth of the wafers. What cannot: which threshold, which sensors, which model. A page that told these would be
# telling noise.
