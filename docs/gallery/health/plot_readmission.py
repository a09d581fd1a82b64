"""
Whom to call after the hospital
===============================

Nurses can call after one stay in five, within days of the patient's leaving. A model of readmission says whom. How
many of the readmissions does that reach, what would it take to reach half of them, and what is left of it when
records get worse?
"""

# %%
# 101,766 stays of 71,518 patients with diabetes in 130 hospitals of the United States (UCI 296; Strack et al., 2014;
# CC BY 4.0). The label is a readmission within 30 days. Stays that ended in death or in a hospice are left out: none
# can follow. Many patients have several stays; all of them go to one part, and ``groups`` tells that they are not
# independent.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conjac as cj

data = cj.datasets.load("diabetes_readmission")
alive = ~data.X["discharge_disposition_id"].isin([11, 13, 14, 19, 20, 21])
X, y = data.X[alive], np.where(data.y == data.positive, "soon", "not soon")[alive]
numbers = [name for name in X if name.startswith(("age", "num", "time"))]
codes = ["admission_type_id", "discharge_disposition_id", "admission_source_id", "A1Cresult", "insulin", "change"]
X = X[numbers + codes].assign(age=X["age"].str.extract(r"(\d+)", expand=False).astype(float) + 5)  # [70-80) is 75
patients, patient = np.unique(data.groups[alive], return_inverse=True)
part = np.random.default_rng(0).choice(["train", "tune", "test"], size=len(patients), p=[0.5, 0.25, 0.25])[patient]
train, tune, test = (part == name for name in ("train", "tune", "test"))
encode = make_column_transformer(
    (StandardScaler(), numbers), (OneHotEncoder(min_frequency=200, handle_unknown="infrequent_if_exist"), codes)
)
model = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(X[train], y[train])
print(f"{len(y)} stays of {len(patients)} patients; after {np.mean(y == 'soon'):.1%} the patient was soon back")

# %%
# Capacity is a share of the patients, and so the threshold is told as one: with ``coordinate="percentile"`` a
# threshold of .2 calls the fifth of the patients with the highest scores. A slope is then what one more call in a
# hundred patients does. A call at the margin reaches a readmission less often than those before it, so precision
# falls as more are called.
score = model.predict_proba(X[tune])[:, 1]  # sorted: not soon, soon
told = {"pos_label": "soon", "groups": patient[tune], "coordinate": "percentile"}
J = cj.confusion_jacobian(y[tune], score, threshold=0.2, **told)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
cj.ConfusionJacobianDisplay.of(J).plot(axes[1])
for name in ("recall", "precision"):
    rate = J.of(name)
    (a, b), (c, d) = rate.value_confint(), rate.confint()
    print(f"{name:9} {rate.value:.3f} ({a:.3f} to {b:.3f}); one more call in 100: {c / 100:+.4f} to {d / 100:+.4f}")

# %%
# Every capacity at once. If calls were drawn by lot, the recall would be the share called: the diagonal.
curve = cj.ConfusionCurve.from_predictions(y[tune], score, **told)
display = cj.MetricCurveDisplay.of(curve, ("recall", "precision"), point=0.2).plot()
line = display.ax_.plot([0, 1], [0, 1], ":", color="0.5")

# %%
# A target for sensitivity, told in calls, with what one more readmission costs there. This model knows little of who
# will be back: to reach four in five takes calls to most patients, and a hospital that promises it should know that.
for target in (0.3, 0.5, 0.8):
    needed = curve.solve(recall=target)
    low, high = needed.confint()
    rate = curve.tradeoff("fp", "tp", needed.threshold).exchange_rate.value[0]
    print(f"to reach {target:.0%}: call {needed.threshold:.1%} of patients (95 % {low:.1%} to {high:.1%});", end=" ")
    print(f"one more readmission takes {rate + 1:.0f} more calls")

# %%
# The decision is to reach half, which takes half as many calls again as there are nurses for. It is kept as a score,
# ``rule.threshold``, and judged on patients who neither trained the model nor chose it.
half = curve.solve(recall=0.5)
fresh = {"pos_label": "soon", "groups": patient[test], "threshold": half.rule.threshold}
before = cj.ConfusionJacobian.from_estimator(model, X[test], y[test], **fresh)
for name in ("recall", "precision", "alert_rate"):
    low, high = before.of(name).value_confint()
    print(f"{name:10} {before.of(name).value:.3f} (95 % {low:.3f} to {high:.3f})")

# %%
# What would move it? Each number drifts by itself, for all patients, by one standard deviation as a unit. Recall
# answers by far the most to ``number_inpatient``, the stays of the year before: recorded too high it finds more and
# calls more, recorded too low it misses more.
ranking = cj.rank_drifts(model, X[test], y[test], "recall", columns=numbers, **fresh)
display = cj.DriftDisplay.of(ranking).plot()

# %%
# A drift that could happen: another hospital stops sending its records, and each patient who had stays in the year
# before lacks one of them. The slope, for those patients and per stay, foretells a recall; then rows are counted
# again with the stay removed.
had = (X["number_inpatient"] > 0).to_numpy()[test]
stay = cj.Features("number_inpatient", unit="raw", where=had)
slope = cj.ConfusionJacobian.from_estimator(model, X[test], y[test], wrt=stay, **fresh).of("recall")
poorer = X[test].assign(number_inpatient=X[test]["number_inpatient"] - had)
after = cj.ConfusionJacobian.from_estimator(model, poorer, y[test], **fresh)
foretold, counted = slope.value - slope.gradient[0], after.of("recall").value
print(f"recall as the slope foretells it: {foretold:.3f}; counted again: {counted:.3f}")
print(cj.compare(before, after, metrics=["recall", "precision", "alert_rate"]))

# %%
# Precision would not tell of the loss: it rises, since those who are still called are worse off. The number of calls
# does tell, so watch it. And if calls are a share of the patients and not a fixed score, nearly all of the recall
# stays: the poorer scores still put patients in much the same order.
share = before.of("alert_rate").value
kept = {**fresh, "threshold": share, "coordinate": "percentile"}
same_share = cj.ConfusionJacobian.from_estimator(model, poorer, y[test], **kept).of("recall").value
told_of = f"recall before {slope.value:.3f}, with a stay less {counted:.3f}"
print(f"{told_of}; with the same {share:.0%} called {same_share:.3f}")
