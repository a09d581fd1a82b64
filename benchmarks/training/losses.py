"""What others tell of training rows: their influence on the loss of held-out rows, by formula and by pyDVL."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

FORMULA, PYDVL = "loss influence", "loss influence, pyDVL"
AT_A_TIME = 20_000
"""Held-out rows that pyDVL is given."""


def loss_influence(model: LogisticRegression, X: np.ndarray, y: np.ndarray, held: tuple) -> np.ndarray:
    """Return by how much leaving each row out raises the mean log loss of the held-out rows, to first order.

    Koh & Liang (2017, ICML): the gradient of the held-out loss, the inverse Hessian, the gradient of the row's loss.
    """
    rows, pull = _pulled(model, X, y)
    held_rows, held_pull = _pulled(model, *held)
    p = model.predict_proba(X)[:, 1]
    penalty = np.append(np.full(X.shape[1], 1 / model.C), 0)
    hessian = (rows * (p * (1 - p))[:, None]).T @ rows + np.diag(penalty)
    return pull * (rows @ np.linalg.solve(hessian, held_pull @ held_rows / len(held_rows)))


def _pulled(model: LogisticRegression, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.column_stack([X, np.ones(len(X))]), model.predict_proba(X)[:, 1] - y


def pydvl_influence(model: LogisticRegression, X: np.ndarray, y: np.ndarray, held: tuple) -> np.ndarray | None:
    """Return the same by pyDVL; None where it is not installed. Its penalty holds the intercept too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        try:
            import torch
            from pydvl.influence.torch import DirectInfluence
        except ImportError:
            return None
        linear = torch.nn.Linear(X.shape[1], 1, dtype=torch.float64)
        with torch.no_grad():
            linear.weight[:] = torch.tensor(model.coef_)
            linear.bias[:] = torch.tensor(model.intercept_)

        def tensors(X: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
            return torch.tensor(X), torch.tensor(y[:, None], dtype=torch.float64)

        loss, rows = torch.nn.functional.binary_cross_entropy_with_logits, tensors(X, y)
        told = DirectInfluence(linear, loss, regularization=1 / (model.C * len(X)))
        told = told.fit(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*rows), batch_size=len(X)))
        total = np.zeros(len(X))
        for start in range(0, len(held[0]), AT_A_TIME):
            some = slice(start, start + AT_A_TIME)
            total += told.influences(*tensors(held[0][some], held[1][some]), *rows, mode="up").sum(0).numpy()
    return total / len(held[0]) / len(X)
