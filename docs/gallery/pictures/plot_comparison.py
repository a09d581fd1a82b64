"""
Two models compared, beyond noise or not
========================================

The differences of two models' metrics on the same rows, and of every cell. A filled mark differs beyond noise after
Holm's correction for all metrics in the picture.
"""

# %%
# A linear model and a forest on handwritten digits, of which both see every fifth pixel.
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import conjac as cj

X, y = load_digits(return_X_y=True)
X = X[:, ::5]
models = [LogisticRegression(max_iter=2000), RandomForestClassifier(random_state=0)]
scores = [model.fit(X[:900], y[:900]).predict_proba(X[900:]) for model in models]
cj.ComparisonDisplay.from_predictions(y[900:], *scores)

# %%
# Cell by cell: rows that the forest moves, as shares of all rows.
a, b = (cj.confusion_jacobian(y[900:], score) for score in scores)
cj.ConfusionDifferenceDisplay.of(cj.compare(a, b)).plot()
