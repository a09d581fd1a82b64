"""
A metric over two things at once
================================

F1 over the threshold and the strength of regularisation: where it is best, how flat it is there, and which way it
climbs.
"""

# %%
# Each value of C is a model fitted again; along the threshold nothing is. The arrows are the gradient, whose part by C
# is from the implicit function theorem.
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:, :10], 1 - y
model = make_pipeline(StandardScaler(), LogisticRegression())
over = {"logisticregression__C": np.geomspace(1e-3, 100, 11), "threshold": np.linspace(0.05, 0.95, 19)}
surface = cj.surface(model, X[1::2], y[1::2], over, "f1", (X[::2], y[::2]))
print(surface)
display = cj.SurfaceDisplay.of(surface, arrows=True).plot()

# %%
# The same in three dimensions, to be turned. Where a browser has no WebGL, ``plotly_flat`` draws the map above.
display.plotly()
