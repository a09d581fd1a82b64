"""
A network for digits: one step along the gradient of a metric
=============================================================

The confusion matrix of a sample is a step function of a network's weights, and its derivative is zero. That of the
matrix which is expected of all such digits is not. Which way would the mean F1 rise, how much of it does a step keep
on digits that did not choose the step, and which pixels must not change?
"""

# %%
# 1,797 handwritten digits of eight by eight pixels, which come with scikit-learn. A small network of PyTorch learns
# from 400 of them and is stopped early, so that there is something left to gain; 700 tell the gradient, and 697 judge
# it.
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score

import conjac as cj

digits = load_digits()
images, labels = torch.tensor(digits.images / 16, dtype=torch.float32), torch.tensor(digits.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
train, tune, test = order[:400], order[400:1100], order[1100:]

torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 16), torch.nn.Tanh(), torch.nn.Linear(16, 10))
optimizer = torch.optim.Adam(network.parameters(), 0.01)
for _ in range(60):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(images[train]), labels[train]).backward()
    optimizer.step()

# %%
# The gradient of the mean F1 of ten digits by every weight, in the network's own structure. It costs about one
# ordinary backward pass over the digits near a boundary.
J = cj.ConfusionJacobian.from_estimator(network, images[tune], labels[tune], wrt="parameters")
f1 = J.of("f1_macro")
low, high = f1.value_confint()
print(f"f1_macro {f1.value:.3f}, interval {low:.3f} to {high:.3f}")
for name, part in f1.gradient.items():
    print(f"{name:9} {tuple(part.shape)!s:9} norm of the gradient {float(part.norm()):.3f}")

# %%
# A step of length 1 along it. ``along`` tells what the step does as one number with an interval: first on the digits
# that chose the direction, which flatter it since their noise chose it too, then on fresh ones.
size = float(torch.sqrt(sum((part**2).sum() for part in f1.gradient.values())))
step = {name: part / size for name, part in f1.gradient.items()}
fresh = cj.ConfusionJacobian.from_estimator(network, images[test], labels[test], wrt="parameters")
slopes = {"tuning digits": J.along(step).of("f1_macro"), "test digits": fresh.along(step).of("f1_macro")}
for name, slope in slopes.items():
    (low,), (high,) = slope.confint()
    print(f"{name}: {slope.gradient[0] / 10:+.4f} per .1 of length, interval {low / 10:+.4f} to {high / 10:+.4f}")

# %%
# The recount: the network goes along the step, and every digit is predicted again.
lengths = np.linspace(-0.3, 0.5, 33)


def moved_by(length):
    """Return a copy of the network after a step."""
    moved = copy.deepcopy(network)
    with torch.no_grad():
        for name, parameter in moved.named_parameters():
            parameter += length * step[name]
    return moved


def f1_after(length, rows):
    """Return the mean F1 of some digits after a step."""
    return f1_score(labels[rows], moved_by(length)(images[rows]).argmax(axis=1), average="macro")


figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
for ax, rows, (name, slope) in zip(axes, (tune, test), slopes.items(), strict=True):
    ax.plot(lengths, [f1_after(length, rows) for length in lengths], ".", label="recounted")
    ax.plot(lengths, slope.value + lengths * slope.gradient[0], label="slope")
    low, high = (slope.value + lengths * side[0] for side in slope.confint())
    ax.fill_between(lengths, low, high, alpha=0.2, linewidth=0)
    ax.set(title=name, xlabel="length of the step", ylim=(0.8, 1.0))
axes[0].set_ylabel("F1, mean of ten digits")
legend = axes[0].legend(loc="lower right")

# %%
# A slope is for small steps: soon the digits near the boundaries have crossed, and the curve bends down. The length is
# chosen on the tuning digits, and the test digits tell what is left of the gain: here it is within noise.
best = max(lengths, key=lambda length: f1_after(length, tune))
after = cj.ConfusionJacobian.from_estimator(moved_by(best), images[test], labels[test], wrt="parameters")
print(f"tuning digits: {f1_after(best, tune) - f1_after(0.0, tune):+.4f} after a step of {best:.3f}")
print(cj.compare(fresh, after, metrics=["f1_macro"]))

# %%
# The same network by its inputs. Each pixel becomes brighter by one standard deviation, one alone in all images, and
# the picture tells what that does to the recall of each digit. Blue helps, orange costs digits, and a sign stands
# where the slope is told apart from zero, each pixel by itself: of some 600 about 30 would have one by chance.
display = cj.PixelDisplay.from_estimator(network, images[test], labels[test])

# %%
# The strongest of them, as a table. Row and column are counted from the upper left corner.
pixels = display.to_frame()
pixels.loc[pixels["value"].abs().nlargest(6).index].round(3)

# %%
# What to do: train on, or with more digits. A step along a metric's gradient is worth taking where the rows that tell
# it are many, and where fresh rows confirm it by ``along`` first. A slope by a pixel tells where a speck of dust would
# hurt; it does not tell what the network looks at.
