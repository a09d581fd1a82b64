"""
How fragile is an operating point?
==================================

A classifier of breast tumours is used at a threshold of one half. How many more malignant tumours would it
find if the threshold were a little lower, how many more false alarms would that cost, and which threshold
meets a target?
"""

# %%
# Scores that the model gave to rows it had not seen. Malignant, the class to be found, is coded 0 here.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

X, y = load_breast_cancer(return_X_y=True)
malignant = (y == 0).astype(int)
X = X[:, :4]  # four mean measurements: a harder task than all thirty
model = make_pipeline(StandardScaler(), LogisticRegression())
score = cross_val_predict(model, X, malignant, cv=10, method="predict_proba")[:, 1]

# %%
# The matrix, and its derivative with respect to the threshold. A slope is per 1.0 of probability; divided by
# a hundred it is per percentage point.
J = cj.confusion_jacobian(malignant, score, threshold=0.5)
print(J.matrix)
print((J.jacobian / 100).round(2))
print((J.stderr / 100).round(2))

# %%
# Recall and precision answer the same move in opposite directions.
for name in ("recall", "precision"):
    sensitivity = J.of(name)
    print(f"{name}: {sensitivity.value:.3f}, {sensitivity.gradient / 100:+.4f} per .01 of threshold")

# %%
# Every threshold at once, with a pointwise 95 % band.
curve = cj.ConfusionCurve.from_predictions(malignant, score)
t = np.linspace(0.02, 0.98, 97)
figure, axes = plt.subplots()
for name in ("recall", "precision", "f1"):
    estimate = curve.metric_at(name, t)
    (line,) = axes.plot(t, estimate.value, label=name)
    low, high = estimate.confint()
    axes.fill_between(t, low, high, alpha=0.2, color=line.get_color(), linewidth=0)
axes.set(xlabel="threshold", ylabel="value", title="Metrics along the threshold")
axes.legend(loc="lower left")

# %%
# The largest threshold that finds 95 % of the malignant tumours, and what it costs.
decision = curve.solve(recall=0.95)
print(decision.rule)
print(decision.matrix)
