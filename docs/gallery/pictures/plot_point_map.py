"""
Who sits on the boundary, and who flips next
============================================

The rows as points of a plane, coloured by what each adds to the slope of a cell: of handwritten digits, the threes that
are taken for eights as the offset of eight moves.
"""

# %%
# Most rows lie far from that boundary and add nothing. Rows that flip next, and change the cell, are ringed, with their
# place among the rows.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import conjac as cj

X, y = load_digits(return_X_y=True)
model = LogisticRegression(C=0.01, max_iter=1000).fit(X[800:], y[800:])
J = cj.ConfusionJacobian.from_estimator(model, X[:800], y[:800])
rows = J.contributions("cell[3, 8]", "offset[8]")
print(rows)

# %%
# By principal components, whose distances are to scale, and by t-SNE, whose are not.
figure, axes = plt.subplots(1, 2, figsize=(13, 5.5), layout="constrained")
cj.PointMapDisplay.of(rows, X[:800]).plot(axes[0])
display = cj.PointMapDisplay.of(rows, X[:800], method="tsne", random_state=0).plot(axes[1])

# %%
# From a point to its row: the next to flip, as images.
places = rows.next_to_flip(5, changing=True)
figure, axes = plt.subplots(1, len(places), figsize=(9, 2), layout="constrained")
for ax, place in zip(axes, places, strict=True):
    ax.imshow(X[place].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"row {place}", fontsize="small")
    ax.axis("off")
