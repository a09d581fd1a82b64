"""Scores to try everything on: out-of-fold probabilities for a data set that scikit-learn bundles."""

from __future__ import annotations

from typing import Any

import numpy as np

MEASUREMENTS = ("mean texture", "mean smoothness", "mean symmetry", "mean fractal dimension")
FOLDS, SEED = 10, 0


def demo_scores() -> dict[str, Any]:
    """Return labels and out-of-fold probabilities of malignancy for the Wisconsin breast cancer data.

    The model sees only a few measurements, chosen so that the classes overlap as they do in practice; with all thirty
    they are almost separate, and every threshold does.

    Returns
    -------
    dict
        ``y_true``, array of shape (569,) of str; ``y_score``, array of shape (569,), each row scored by a model that
        has not seen it; ``pos_label``; ``title``.

    Examples
    --------
    >>> demo = demo_scores()
    >>> demo["y_score"].shape
    (569,)
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = load_breast_cancer()
    columns = [list(data.feature_names).index(name) for name in MEASUREMENTS]
    malignant = data.target == list(data.target_names).index("malignant")
    score = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression()),
        data.data[:, columns],
        malignant,
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=SEED),
        method="predict_proba",
    )[:, 1]
    return {
        "y_true": np.where(malignant, "malignant", "benign"),
        "y_score": score,
        "pos_label": "malignant",
        "title": "Malignant tumours from four measurements",
    }
