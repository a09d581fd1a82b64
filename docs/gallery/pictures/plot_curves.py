"""
Metrics and their slopes along the threshold
============================================

Every threshold at once, each line with its pointwise band: the metrics, how fast they move, and several groups side by
side.
"""

# %%
# A model of breast tumours, and rows that it has not seen.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

data = load_breast_cancer()
X, y = data.data[:, :4], data.target_names[data.target]
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[::2], y[::2])
score = model.predict_proba(X[1::2])[:, 1]

# %%
# The metrics, and below zero what a higher threshold costs each of them.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
how = {"metrics": ("precision", "recall", "specificity"), "pos_label": "malignant", "point": 0.5}
cj.MetricCurveDisplay.from_predictions(y[1::2], score, ax=axes[0], **how)
cj.MetricCurveDisplay.from_predictions(y[1::2], score, ax=axes[1], kind="slope", **how)

# %%
# Groups are curves by name: here large and small tumours. Their bands say how little so few rows tell.
large = np.where(data.data[1::2, 0] > np.median(data.data[1::2, 0]), "large", "small")
curves = {
    group: cj.ConfusionCurve.from_predictions(y[1::2][large == group], score[large == group], pos_label="malignant")
    for group in ("large", "small")
}
display = cj.MetricCurveDisplay.of(curves, "recall", point=0.5).plot()
print(display.picture.description)
