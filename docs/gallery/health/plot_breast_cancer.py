"""
A sensitivity that must be met, and its price
=============================================

The nuclei of cells from a breast lump have been measured. Of a hundred malignant tumours at least 95 are to be sent
to biopsy. Which threshold of a model does that surely, how many needless biopsies does it take, and is that worth it?
"""

# %%
# The data come with scikit-learn: 569 tumours (Breast Cancer Wisconsin, UCI 17; Wolberg, Mangasarian, Street and
# Street, 1995; CC BY 4.0), of which the ten mean measurements are used. A third of the patients is laid aside as a
# test. Each of the others is scored by a model that was fitted without it, and those scores choose the threshold.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

data = load_breast_cancer(as_frame=True)
X, y = data.data.iloc[:, :10], data.target_names[data.target]
X_tune, X_test, y_tune, y_test = train_test_split(X, y, test_size=1 / 3, stratify=y, random_state=0)
model = make_pipeline(StandardScaler(), LogisticRegression())
score = cross_val_predict(model, X_tune, y_tune, cv=10, method="predict_proba")[:, 1]  # sorted: benign, malignant
model.fit(X_tune, y_tune)
print(f"to tune: {len(y_tune)} tumours, {np.sum(y_tune == 'malignant')} malignant; to test: {len(y_test)}")

# %%
# At a threshold of .5, and what the next .01 of the threshold does. A threshold .01 lower finds about as many
# malignant tumours more as it sends benign ones to biopsy: the slopes of both rows are nearly equal there.
J = cj.confusion_jacobian(y_tune, score, pos_label="malignant", threshold=0.5)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# Three ways to ask for a recall of .95. The first meets it on these rows, and in about half of repeats would fall
# short of it on others. The other two hold the lower limit of recall to it, with a confidence of .8 and of .95. The
# surer it has to be, the lower is the threshold, and the more benign tumours are sent to biopsy: that is the price of
# having so few tumours to learn it from.
curve = cj.ConfusionCurve.from_predictions(y_tune, score, pos_label="malignant")
plain = curve.solve(recall=0.95)
likely, sure = (curve.maximize("specificity", subject_to="recall >= 0.95", confidence=level) for level in (0.8, 0.95))
for name, chosen in (("on these rows", plain), ("confidence .80", likely), ("confidence .95", sure)):
    (_, needless), (missed, found) = chosen.matrix
    print(f"{name:14}  threshold {chosen.threshold:.3f}: found {found}, missed {missed}, needless biopsies {needless}")

# %%
# The line stands at the last of them. On its left there is little recall to gain, and much specificity to lose.
display = cj.MetricCurveDisplay.of(curve, ("recall", "specificity"), point=sure.threshold).plot()

# %%
# The price of one more tumour: the needless biopsies that it takes, if the threshold comes down a little further.
price = curve.tradeoff("fp", "tp", [0.5, plain.threshold, sure.threshold])
low, high = price.confint()
for t, rate, a, b in zip(price.thresholds, price.exchange_rate.value, low, high, strict=True):
    print(f"threshold {t:.3f}: {rate:4.1f} needless biopsies for one more tumour (95 % {a:.1f} to {b:.1f})")

# %%
# Whether that is worth it is for the clinic to say, and the target has said it already. Who wants a biopsy at a risk
# of p accepts (1 - p) / p needless ones for a tumour found. The decision curve has, for each p, the net benefit of
# biopsies at a score of p or more, in tumours found per patient and less what the needless ones are worth, beside a
# biopsy for everybody and for nobody.
p = np.linspace(0.01, 0.6, 60)
worth = curve.decision_curve(p)
low, high = worth.net_benefit.confint()
figure, axes = plt.subplots(layout="constrained")
axes.fill_between(p, low, high, alpha=0.25, linewidth=0)
axes.plot(p, worth.net_benefit.value, label="by the model, with its 95 % band")
axes.plot(p, worth.treat_all, "--", color="0.3", label="for everybody")
axes.axhline(0, color="0.3", linewidth=0.8, label="for nobody")
axes.axvline(sure.threshold, color="C1", linestyle=":", label="the threshold chosen")
axes.set(ylim=(-0.05, 0.55), xlabel="risk p at which a biopsy is wanted", ylabel="net benefit, tumours per patient")
legend = axes.legend(loc="upper right", ncols=2, title="biopsies")

# %%
# The gain over a biopsy for everybody, on the same patients. At a risk of .02 it is hardly told from none: who wants
# a biopsy at so small a risk has little use for the model.
worth = curve.decision_curve([0.02, 0.05, 0.1, 0.2])
low, high = worth.gain.confint()
for at, gain, a, b in zip(worth.thresholds, worth.gain.value, low, high, strict=True):
    fewer = 100 * gain * (1 - at) / at
    print(f"p = {at:.2f}: gain {gain:+.4f} (95 % {a:+.4f} to {b:+.4f}), as {fewer:.0f} fewer needless biopsies in 100")

# %%
# Patients that neither trained the model nor chose the threshold. The target is met; that it is met for all patients
# to come these few could not show alone, as the lower limit of recall says. The confidence came from the larger part.
fresh = model.predict_proba(X_test)[:, 1]
judged = cj.confusion_jacobian(y_test, fresh, pos_label="malignant", threshold=sure.threshold)
print(judged.matrix)
for name in ("recall", "specificity"):
    low, high = judged.of(name).value_confint()
    print(f"{name:11} {judged.of(name).value:.3f} (95 % {low:.3f} to {high:.3f})")
