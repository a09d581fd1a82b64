"""
A matrix and its Jacobian as pictures
=====================================

The confusion matrix with an interval in each cell, and beside it how fast each cell moves: colour and number tell how
much, a sign and an arrow which way, so that it reads in grey as well.
"""

# %%
# Scores that a model gave to rows it had not seen.
import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import conjac as cj

data = load_breast_cancer()
y = data.target_names[data.target]
X = data.data[:, :4]  # four mean measurements: a harder task than all thirty
model = make_pipeline(StandardScaler(), LogisticRegression())
score = cross_val_predict(model, X, y, cv=10, method="predict_proba")[:, 1]

# %%
# A display computes once and is drawn as often as asked, on any axes; here both on one grid. The arrows show rows that
# change sides as the threshold rises.
J = cj.confusion_jacobian(y, score, pos_label="benign", threshold=0.5)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# Behind every picture there is a tidy table, and a sentence for those who cannot see it.
print(display.picture.description)
display.to_frame().round(2)

# %%
# Several classes: each column moves by its own class's offset. Handwritten digits, of which the model sees every fifth
# pixel.
X, y = load_digits(return_X_y=True)
score = cross_val_predict(LogisticRegression(max_iter=2000), X[:, ::5], y, cv=5, method="predict_proba")
J = cj.confusion_jacobian(y, score)
figure, axes = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# The same on Plotly, for hovering: each cell tells its interval.
cj.ConfusionJacobianDisplay.of(J).plotly()
