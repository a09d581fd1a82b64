"""
Two weeks of tallies: when does the alarm ring?
===============================================

A bank scores a thousand card holders a day and calls those whose probability of default lies above a threshold. In
the second week the table of payments is not refreshed, and the service sees every customer's payments a month late.
Nobody says so. What is kept of a day, how many days until the alarm rings, and what did those days cost?
"""

# %%
# Real customers: 30,000 card holders of a bank in Taiwan (UCI 350, Yeh and Lien, 2009; CC BY 4.0). The days are ours:
# the data have no dates, so that rows in random order are dealt out, a thousand a day. One part trains the model, one
# chooses the threshold, and fourteen days come after.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

import conjac as cj

data = cj.datasets.load("credit_default")
order = np.random.default_rng(0).permutation(len(data.y))
X, y = data.X.iloc[order].reset_index(drop=True), data.y[order]
train, tune, service = slice(0, 12_000), slice(12_000, 16_000), slice(16_000, 30_000)

model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(X[train], y[train])
chosen = cj.ConfusionCurve.from_predictions(y[tune], model.predict_proba(X[tune])[:, 1]).solve(recall=0.6)
threshold = chosen.rule.threshold
caught, defaults = chosen.matrix[1, 1], chosen.matrix[1].sum()
print(f"call above {threshold:.3f}: on the rows that chose it, {caught:.0f} of {defaults:.0f} defaults are found")

# %%
# The fault. Each payment column of the second week holds what belongs to the month before.
X = X[service].reset_index(drop=True)
y, day = y[service], np.arange(14_000) // 1_000 + 1
stale = X.copy()
for kind, first in (("PAY_", 0), ("BILL_AMT", 1), ("PAY_AMT", 1)):
    months = [f"{kind}{first}", *(f"{kind}{month}" for month in range(2, 7))]
    stale[months[:-1]] = X[months[1:]].to_numpy()
seen = X.where(pd.Series(day <= 7), stale)
p = model.predict_proba(seen)[:, 1]

# %%
# What the service keeps: a tally a day, in a file of its own. The threshold is named when a tally is started, so that
# counts there are exact. No row is kept, and none is needed again.
folder = Path(tempfile.mkdtemp())
for today in range(1, 15):
    rows = day == today
    tally = cj.Tally.zero("logit", thresholds=[threshold]).update(y[rows], p[rows])
    tally.to_parquet(folder / f"day {today:02}.parquet")

kept = sum(path.stat().st_size for path in folder.iterdir())
days = [cj.Tally.from_parquet(path) for path in sorted(folder.iterdir())]
print(f"{len(days)} files, {kept / 1e3:.0f} kB for {sum(int(one.rows.sum()) for one in days):,} rows")

# %%
# Every day by itself, with 95 % intervals. A day has about 220 defaults, so that its recall swings by six points either
# way where nothing is wrong. The share called, which is known the same evening and needs no labels, shows nothing:
# about as many customers are called as before, but less often the right ones. Recall shows that, once it is known who
# defaulted.
figure, axes = plt.subplots(2, 1, sharex=True, layout="constrained", figsize=(7, 5))
axes[0].set_title("Each day at the threshold in use (grey: payments a month late)")
axes[1].set(xlabel="day", xlim=(0.5, 14.5), xticks=range(1, 15))
curves = [cj.ConfusionCurve.from_tally(one) for one in days]
for ax, metric, name in zip(axes, ("recall", "alert_rate"), ("recall", "share called"), strict=True):
    told = [curve.metric_at(metric, threshold) for curve in curves]
    value = np.array([float(one.value) for one in told])
    lower, upper = np.array([one.confint() for one in told], dtype=float).T
    ax.errorbar(range(1, 15), value, yerr=[value - lower, upper - value], fmt="o", capsize=3)
    ax.axvspan(7.5, 14.5, color="0.92", zorder=0)
    ax.set(ylabel=name)

# %%
# The alarm. Each evening the days since the last check-up are one window, by ``merge``, and are held against the first
# week. ``level=0.999`` is for asking every evening. An alarm is corrected for both metrics that are asked about, so
# that an interval that just leaves out zero need not ring.
week = days[0].merge(*days[1:7])
rung = []
for today in range(8, 15):
    window = days[7].merge(*days[8:today])
    moved = cj.compare(week, window, threshold=threshold, metrics=["recall", "alert_rate"], level=0.999)
    rung += [today] if moved.beyond_noise.any() else []
    figures = zip(moved.metrics, moved.difference, *moved.confint(), moved.beyond_noise, strict=True)
    told = (f"{n} {d:+.3f} [{lo:+.3f}, {hi:+.3f}]{' alarm' if rings else ''}" for n, d, lo, hi, rings in figures)
    print(f"day {today:2}:", "; ".join(told))

# %%
# The same in a picture, for all of the second week. A total that only grows serves as well: the second week is the
# total less the first, and its counts are the same integers.
total = week.merge(*days[7:])
second = total.diff(week)
found = cj.compare(week, second, threshold=threshold, metrics=["recall", "precision", "alert_rate", "accuracy"])
display = cj.ComparisonDisplay.of(found).plot()

# %%
# What it cost: defaults that went uncalled. The tally of the second week also tells how fast recall would come back if
# the threshold were lowered, and at what price: calls. That treats the symptom. The right answer is to refresh the
# table, and it was the alarm that said to look.
first_curve, second_curve = cj.ConfusionCurve.from_tally(week), cj.ConfusionCurve.from_tally(second)
print(f"first alarm: day {rung[0]}" if rung else "no alarm")
for week_of, curve in {"week 1": first_curve, "week 2": second_curve}.items():
    cells = curve.matrix_at(threshold)
    print(f"{week_of}: {cells[:, 1].sum():.0f} calls, {cells[1, 1]:.0f} of {cells[1].sum():.0f} defaults found")
slope = cj.ConfusionJacobian.from_tally(second, threshold=threshold).of("recall")
low, high = slope.confint()
print(f"week 2, recall per .01 of threshold: {slope.gradient / 100:+.4f} [{low / 100:+.4f}, {high / 100:+.4f}]")
same = second_curve.solve(recall=float(first_curve.metric_at("recall", threshold).value))
print(f"week 2, to find the same share: call above {same.rule.threshold:.3f}, {same.matrix[:, 1].sum():.0f} calls")

# %%
# The scores themselves have become worse: at no threshold does the second week reach the F1 that the threshold in use
# had in the first.
display = cj.MetricCurveDisplay.of({"week 1": first_curve, "week 2": second_curve}, "f1", point=threshold).plot()

# %%
# What this page does not show. Days that were dealt out are independent and alike; real days share a weather, a
# holiday, a campaign, and swing by more than their binomial bands. Start such tallies with ``clustered=True`` and pass
# the day or the customer as ``groups=``. And an alarm tells that a figure moved, not why: the same fall of recall would
# come from other customers.
