"""
A folder of Parquet files, and a query before it
================================================

Two hundred thousand flights lie in a folder, a file a month, with the score that each had at take-off and whether it
arrived late. Nothing needs to be loaded: DuckDB reads the files, and the sums come back. How does a threshold that was
chosen in March do in the months after it, at which airport, and for what a query of one's own leaves over?
"""

# %%
# Every flight from Houston in 2011 (US Bureau of Transportation Statistics, in H. Wickham's hflights; CC0). The model
# knows what is known at take-off: the hour, the time on the taxiway, airline, airport and distance. January and
# February train it, March chooses the threshold, and April to December are scored and written.
import tempfile
from pathlib import Path

import duckdb
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

import conjac as cj

data = cj.datasets.load("flights")
flights, late = data.X, data.y
inputs = flights[["DayOfWeek", "DepTime", "UniqueCarrier", "Origin", "Distance", "TaxiOut"]].astype(
    {"UniqueCarrier": "category", "Origin": "category"}
)
month = flights["Month"].to_numpy()
model = HistGradientBoostingClassifier(max_iter=60, categorical_features="from_dtype", random_state=0)
model.fit(inputs[month <= 2], late[month <= 2])
p = model.predict_proba(inputs)[:, 1]

march = cj.ConfusionCurve.from_predictions(late[month == 3], p[month == 3])
threshold = march.solve(recall=0.5).rule.threshold
print(f"warn above {threshold:.3f}: half of March's late flights")

scored = flights[["Month", "DayofMonth", "UniqueCarrier", "Origin"]].assign(late=late, p=p)
folder = Path(tempfile.mkdtemp())
for one in range(4, 13):
    duckdb.from_df(scored[month == one]).write_parquet(str(folder / f"2011-{one:02}.parquet"))

# %%
# The folder itself is the argument. The threshold in use is named, so that counts there are exact; ``by`` gives a curve
# a group from the same pass. Flights of one day share their weather, so the day is named as ``groups``: rows of a day
# are then not taken for independent, and the intervals grow to what they should be.
how = {"label": "late", "score": "p", "labels": [0, 1], "coordinate": "probability", "thresholds": [threshold]}
by_month = cj.ConfusionCurve.from_frame(folder, **how, by="Month")
print("rows by month:", {m: int(curve.matrix_at(threshold).sum()) for m, curve in by_month.items()})

# %%
# A query of one's own comes first where rows must be chosen, joined or renamed: a relation of DuckDB is a frame, and
# is read as lazily as the folder. Here a small table tells which airlines fly regional jets.
con = duckdb.connect()
con.sql("CREATE TABLE regional (carrier VARCHAR)")
con.sql("INSERT INTO regional VALUES ('XE'), ('OO'), ('MQ'), ('EV'), ('YV')")
relation = con.sql(
    f"""
    SELECT late, p, Origin, Month, make_date(2011, Month, DayofMonth)::VARCHAR AS day,
           CASE WHEN carrier IS NULL THEN 'mainline' ELSE 'regional' END AS kind
    FROM read_parquet('{folder}/*.parquet') LEFT JOIN regional ON UniqueCarrier = carrier
    """
)
by_kind = cj.ConfusionCurve.from_frame(relation, **how, by="kind", groups="day")
for kind, curve in by_kind.items():
    told = curve.metric_at("recall", threshold)
    alone = cj.ConfusionCurve.from_frame(relation.filter(f"kind = '{kind}'"), **how).metric_at("recall", threshold)
    print(
        f"{kind}: recall {told.value:.3f}, its error {told.stderr:.4f}; {alone.stderr:.4f} if flights were independent"
    )

# %%
# Month by month, with the days as clusters. March promised one half of the late flights. One threshold gives two
# airports two recalls: more of them are warned of at Hobby (HOU) than at Bush Intercontinental (IAH).
figure, ax = plt.subplots(layout="constrained")
for shift, airport in ((-0.1, "IAH"), (0.1, "HOU")):
    curves = cj.ConfusionCurve.from_frame(relation.filter(f"Origin = '{airport}'"), **how, by="Month", groups="day")
    told = {m: curve.metric_at("recall", threshold) for m, curve in sorted(curves.items())}
    value = np.array([float(one.value) for one in told.values()])
    lower, upper = np.array([one.confint() for one in told.values()], dtype=float).T
    months = np.array(list(told)) + shift
    ax.errorbar(months, value, yerr=[value - lower, upper - value], fmt="o", capsize=3, label=airport)
ax.axhline(0.5, color="0.6", linestyle=":", label="what March promised")
ax.set(xlabel="month of 2011", ylabel="recall at March's threshold", title="Late flights that were warned of")
legend = figure.legend(loc="outside lower center", ncols=3)

# %%
# Every threshold at once, from the same sums: what another threshold would have done for either kind of airline.
display = cj.MetricCurveDisplay.of(by_kind, "recall", point=threshold).plot()

# %%
# Whoever promises one half at both airports needs a threshold for each. It is chosen on April to August, and judged on
# the months after, which did not choose it. The interval tells how far such a promise held: autumn is another season.
for airport in ("HOU", "IAH"):
    there = relation.filter(f"Origin = '{airport}'")
    own = cj.ConfusionCurve.from_frame(there.filter("Month <= 8"), **how).solve(recall=0.5).rule.threshold
    later = cj.ConfusionCurve.from_frame(there.filter("Month > 8"), **how | {"thresholds": [own]}, groups="day")
    told, warned = later.metric_at("recall", own), later.metric_at("alert_rate", own)
    low, high = told.confint()
    print(f"{airport}: warn above {own:.3f}; then recall {told.value:.3f} [{low:.3f}, {high:.3f}]", end="")
    print(f", and {warned.value:.3f} of all flights are warned of")

# %%
# How fragile the operating point is: what a step of .01 of probability does to recall and to the share of flights
# warned of.
named = {"label": "late", "score": "p", "by": "kind", "groups": "day"}
for kind, J in cj.ConfusionJacobian.from_frame(relation, threshold=threshold, **named).items():
    for name in ("recall", "alert_rate"):
        told = J.of(name)
        print(f"{kind}, {name} per .01: {told.gradient / 100:+.4f} ± {told.stderr / 100:.4f}")

# %%
# What was computed where: the diagnostics say which engine read how many rows, and what was set aside.
told = by_kind["regional"].diagnostics
print({name: told[name] for name in ("engine", "n_read", "set_aside") if name in told})
