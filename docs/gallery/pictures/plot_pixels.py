"""
Which pixels move which class
=============================

The Jacobian of every class's recall by the brightness of every pixel, one image a class on one scale: blue pixels help
the class when they brighten, orange ones cost it rows.
"""

# %%
# A sign stands where a slope is told apart from zero; the outline is that of the class's mean image.
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import conjac as cj

data = load_digits()
model = LogisticRegression(C=0.02, max_iter=1000).fit(data.data[::2], data.target[::2])
display = cj.PixelDisplay.from_estimator(model, data.images[1::2], data.target[1::2])

# %%
# The table behind it.
display.to_frame().head()
