"""
What one metric pays for another
================================

Two metrics against each other as a threshold or an offset moves, what each step is worth, and the decisions that no
other beats.
"""

# %%
# Handwritten digits: the eights that are found, against how many of those called eight are right, as the offset of that
# class moves. The markers tell which of the two pays as the offset rises.
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

X, y = load_digits(return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X[::2], y[::2])
display = cj.TradeoffDisplay.from_estimator(model, X[1::2], y[1::2], "precision[8]", "recall[8]", along=8)

# %%
# All offsets together reach further: the front of what can be had.
front = cj.pareto_front(y[1::2], model.predict_proba(X[1::2]), "precision[8]", "recall[8]", n_points=7)
cj.TradeoffDisplay.of_front(front).plot()
