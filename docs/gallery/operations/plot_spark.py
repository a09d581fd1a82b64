"""
A table of Spark, and the same integers elsewhere
=================================================

The scores of a year of flights lie in a table of a Spark cluster. One call gives the confusion matrix of each airline,
how fast it moves with the threshold, and an error for each figure. Which airline's threshold is the most fragile, and
do Spark, Polars and DuckDB count the same?
"""

# %%
# A cluster of one machine: two threads, no port open to others. On a real one, leave the options out: the session is
# what the notebook brings, or ``SparkSession.builder.getOrCreate()``.
import os
import sys
import tempfile
from pathlib import Path

import duckdb
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from pyspark.sql import SparkSession
from sklearn.ensemble import HistGradientBoostingClassifier

import conjac as cj

os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
folder = Path(tempfile.mkdtemp())
options = {
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # short queries start sooner
    "spark.sql.shuffle.partitions": "2",
    "spark.local.dir": str(folder / "local"),
    "spark.sql.warehouse.dir": str(folder / "warehouse"),
}
spark = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()

# %%
# Flights of four airlines from Houston in 2011 (US Bureau of Transportation Statistics, in H. Wickham's hflights; CC0).
# January and February train the model, March chooses the threshold, and all that was scored is the table.
data = cj.datasets.load("flights")
four = data.X["UniqueCarrier"].isin(["CO", "XE", "WN", "OO"]).to_numpy()
flights, late = data.X[four], data.y[four]
inputs = flights[["DayOfWeek", "DepTime", "UniqueCarrier", "Origin", "Distance", "TaxiOut"]].astype(
    {"UniqueCarrier": "category", "Origin": "category"}
)
month = flights["Month"].to_numpy()
model = HistGradientBoostingClassifier(max_iter=60, categorical_features="from_dtype", random_state=0)
model.fit(inputs[month <= 2], late[month <= 2])
p = model.predict_proba(inputs)[:, 1]
march = cj.ConfusionCurve.from_predictions(late[month == 3], p[month == 3])
threshold = march.solve(recall=0.5).rule.threshold

scored = flights[["Month", "UniqueCarrier"]].assign(day=100 * month + flights["DayofMonth"], late=late, p=p)
(folder / "scored").mkdir()
for part, rows in enumerate(np.array_split(np.arange(len(scored)), 4)):
    duckdb.from_df(scored.iloc[rows]).write_parquet(str(folder / "scored" / f"{part}.parquet"))
table = spark.read.parquet(str(folder / "scored")).where("Month > 3")

# %%
# The query is made of column expressions alone: no function of ours runs on a worker, and nothing is installed there.
# Labels and coordinate are told, which saves Spark a first pass over the rows. Flights of one day share their weather;
# the day is named as ``groups``, so that errors are those of days.
how = {
    "label": "late",
    "score": "p",
    "labels": [0, 1],
    "coordinate": "probability",
    "thresholds": [threshold],
    "by": "UniqueCarrier",
    "groups": "day",
}
curves = cj.ConfusionCurve.from_frame(table, **how)
for carrier, curve in sorted(curves.items()):
    print(carrier, curve.matrix_at(threshold).astype(int).tolist(), f"{curve.tally.nbytes / 1e3:.0f} kB came back")

# %%
# The same rows by Polars, and by DuckDB from the files. Counts are equal to the last row, whatever the engine.
files = str(folder / "scored" / "*.parquet")
same_rows = {
    "Polars": pl.scan_parquet(files).filter(pl.col("Month") > 3),
    "DuckDB": duckdb.read_parquet(files).filter("Month > 3"),
}
for engine, frame in same_rows.items():
    others = cj.ConfusionCurve.from_frame(frame, **how)
    same = all((others[c].matrix_at(threshold) == curves[c].matrix_at(threshold)).all() for c in curves)
    print(f"{engine}: {'the same integers' if same else 'other counts'}")

# %%
# Which airline's operating point is the most fragile: the slope of recall, per .01 of threshold, with 95 % intervals.
slopes = {carrier: curve.metric_slope_at("recall", threshold) for carrier, curve in sorted(curves.items())}
value = np.array([float(one.value) for one in slopes.values()]) / 100
lower, upper = np.array([one.confint() for one in slopes.values()], dtype=float).T / 100
figure, ax = plt.subplots(layout="constrained", figsize=(6, 3))
ax.errorbar(value, list(slopes), xerr=[value - lower, upper - value], fmt="o", capsize=3)
ax.axvline(0, color="0.6", linestyle=":")
ax.set_xlabel("recall per .01 of threshold")
title = ax.set_title("How fast recall falls as the threshold rises")

# %%
# Every threshold, of each airline.
display = cj.MetricCurveDisplay.of(dict(sorted(curves.items())), "recall", point=threshold).plot()

# %%
# What came back is all that is needed from here on. Tallies go into files; next month's are merged to them, wherever
# they were made. Without ``groups`` they are a tenth of a megabyte each.
for carrier, curve in curves.items():
    curve.tally.to_parquet(folder / f"{carrier}.parquet")
spark.stop()
year = cj.Tally.from_parquet(folder / "CO.parquet").merge(cj.Tally.from_parquet(folder / "XE.parquet"))
both = cj.ConfusionCurve.from_tally(year).metric_at("recall", threshold)
print(f"CO and XE together: recall {both.value:.3f}, error {both.stderr:.4f}")
