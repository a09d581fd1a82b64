"""
Which drift, and which training rows, move a metric
===================================================

Rankings with whiskers: the inputs whose drift would move recall the most, and the training rows that do. Sensitivity,
not importance.
"""

# %%
# A filled mark is told apart from zero; an asterisk marks a drift that leaves the rows that were seen.
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

data = load_breast_cancer(as_frame=True)
X, y = data.data.iloc[:, :10], data.target_names[data.target]
X_train, y_train, X_test, y_test = X[::2], y[::2], X[1::2], y[1::2]
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
cj.DriftDisplay.from_estimator(model, X_test, y_test, metric="recall", pos_label="malignant")

# %%
# Training rows, by what turning their label would do.
cj.InfluenceDisplay.from_estimator(
    model,
    X_test,
    y_test,
    training_data=(X_train, y_train),
    metric="recall",
    pos_label="malignant",
    by="relabelled",
    n=12,
)
