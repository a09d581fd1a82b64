"""What the answers must be: closed forms of populations, and counts by brute force."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.integrate import simpson
from scipy.special import expit, logit
from scipy.stats import norm

from conjac import metrics


@dataclass(frozen=True)
class NormalLogits:
    """A population: the log-odds of negatives and positives are N(mean, sd)."""

    mean: tuple = (-1.0, 1.0)
    sd: float = 1.0
    prevalence: float = 0.5

    def draw(self, rng, n):
        """Return labels and log-odds of n rows."""
        y = (rng.random(n) < self.prevalence).astype(int)
        return y, rng.normal(np.asarray(self.mean)[y], self.sd)

    @property
    def share(self):
        return np.array([1 - self.prevalence, self.prevalence])

    def density(self, tau):
        """Return each class's density of all rows at a margin, array of shape (2,)."""
        return self.share * norm.pdf(tau, self.mean, self.sd)

    def rates(self, t):
        """Return the matrix of shares of all rows at a probability."""
        alerted = self.share * norm.sf(logit(t), self.mean, self.sd)
        return np.stack([self.share - alerted, alerted], axis=1)

    def slope(self, t):
        """Return the derivative of `rates` per unit of probability."""
        moved = self.density(logit(t)) / (t * (1 - t))
        return np.stack([moved, -moved], axis=1)

    def metric(self, name, t):
        return float(metrics.resolve(name, (0, 1)).value(self.rates(t)))

    def metric_slope(self, name, t):
        return float((metrics.resolve(name, (0, 1)).gradient(self.rates(t)) * self.slope(t)).sum())

    def exchange_rate(self, t):
        """Return false positives per true positive along the threshold."""
        negative, positive = self.density(logit(t))
        return negative / positive

    def by_percentile(self, t):
        """Return the derivative of `rates` per unit of the share alerted."""
        density = self.density(logit(t))
        moved = density / density.sum()
        return np.stack([-moved, moved], axis=1)

    def recall_threshold(self, recall):
        """Return the log-odds at which recall has a value."""
        return self.mean[1] + self.sd * norm.isf(recall)

    def rounded_quotient(self, t, step, lattice):
        """Return the difference quotient of `rates` over t -+ step, for probabilities rounded to a lattice."""
        atoms = np.arange(round(1 / lattice) + 1) * lattice
        inside = atoms[np.abs(atoms - t) < step]
        low, high = np.clip(inside - lattice / 2, 0, 1), np.clip(inside + lattice / 2, 0, 1)
        cdf = norm.cdf(logit(np.stack([low, high]))[..., None], self.mean, self.sd)
        moved = self.share * (cdf[1] - cdf[0]).sum(axis=0) / (2 * step)
        return np.stack([moved, -moved], axis=1)


@dataclass(frozen=True)
class NormalScores:
    """A population: given the class, the score of every class is N(mean[true, scored], 1), independently.

    The rule adds ``offsets`` and takes the largest.
    """

    mean: tuple
    share: tuple
    offsets: tuple

    @classmethod
    def of(cls, n_classes, separation=1.5):
        """Return one without symmetries: uneven means, shares and offsets."""
        k = np.arange(n_classes)
        mean = separation * np.eye(n_classes) + 0.3 * np.sin(np.arange(n_classes**2)).reshape(n_classes, -1)
        share = 1 + 0.3 * k
        return cls(tuple(map(tuple, mean)), tuple(share / share.sum()), tuple(0.2 * np.cos(k) - 0.2))

    @property
    def n_classes(self):
        return len(self.share)

    def scores(self, rng, y):
        """Return the scores of rows of given classes, array of shape (n_samples, n_classes)."""
        return rng.normal(np.asarray(self.mean)[y], 1.0)

    def draw(self, rng, n):
        """Return labels and scores of n rows."""
        y = rng.choice(self.n_classes, n, p=self.share)
        return y, self.scores(rng, y)

    def stratified(self, rng, n):
        """Return labels and scores of n rows whose classes are in their shares by design."""
        y = np.repeat(np.arange(self.n_classes), np.round(n * np.asarray(self.share)).astype(int))
        return y, self.scores(rng, y)

    def rates(self, offsets=None):
        """Return the matrix of shares of all rows: the winner's score is s, and all others are below."""
        s, density, below = self._curves(offsets)
        return self._weighted(
            [np.trapezoid(density[:, k] * np.delete(below, k, axis=1).prod(axis=1), s) for k in range(self.n_classes)]
        )

    def slope(self):
        """Return the derivative of `rates` by the offsets: on the facet both scores are s, and all others are below."""
        s, density, below = self._curves(None)
        found = np.zeros((self.n_classes,) * 3)
        for j, k in combinations(range(self.n_classes), 2):
            others = np.delete(below, (j, k), axis=1).prod(axis=1)
            flux = np.asarray(self.share) * np.trapezoid(density[:, j] * density[:, k] * others, s)
            found[:, [j, k], [k, j]] -= flux[:, None]
            found[:, [j, k], [j, k]] += flux[:, None]
        return found

    def _curves(self, offsets):
        s = np.linspace(-12.0, 16.0, 2801)
        mean = np.asarray(self.mean) + np.asarray(self.offsets if offsets is None else offsets)
        return s, *(curve(s - mean[..., None]) for curve in (norm.pdf, norm.cdf))

    def _weighted(self, columns):
        return np.asarray(self.share)[:, None] * np.stack(columns, axis=1)


def count_classes(true, score, offsets=None, weight=None):
    """Count row by row: the first of the largest scores, as they are or as float64 with offsets added."""
    size = score.shape[1]
    cells = np.zeros((size, size), dtype=int if weight is None else float)
    for i, row in enumerate(score):
        compared = row if offsets is None else row.astype(float) + offsets
        best = 0
        for k in range(1, size):
            if compared[k] > compared[best]:
                best = k
        cells[true[i], best] += 1 if weight is None else weight[i]
    return cells


def facets_of_row(compared, winner):
    """Return {(j, k): margin} of one row, pair by pair: every other class at or below the midpoint of j and k.

    Of three or more that tie for the highest, the pairs with the winner alone: the others touch at a corner.
    """
    found = {}
    for j, k in combinations(range(len(compared)), 2):
        middle = (compared[j] + compared[k]) / 2
        corner = compared[j] == compared[k] == max(compared) and winner not in (j, k)
        if not corner and all(compared[other] <= middle for other in range(len(compared)) if other not in (j, k)):
            found[j, k] = compared[k] - compared[j]
    return found


def count(positive, score, t, weight=None):
    """Count [[TN, FP], [FN, TP]] row by row, comparing as NumPy does: in the scores' own dtype."""
    cells = [[0, 0], [0, 0]] if weight is None else [[0.0, 0.0], [0.0, 0.0]]
    alert = score >= float(t)
    for i in range(len(score)):
        cells[int(positive[i])][int(alert[i])] += 1 if weight is None else weight[i]
    return np.array(cells)


def matrices(positive, score, cutoffs, weight=None):
    """Return the matrix at each cut-off, array of shape (n_cutoffs, 2, 2)."""
    return np.array([count(positive, score, t, weight) for t in cutoffs])


def wilson(hits, n, q=1.959963984540054):
    """Return Wilson's interval, from its two roots."""
    share = hits / n
    middle = (share + q**2 / (2 * n)) / (1 + q**2 / n)
    half = q / (1 + q**2 / n) * np.sqrt(share * (1 - share) / n + q**2 / (4 * n**2))
    return middle - half, middle + half


def gauss(u):
    return np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)


def log_quadratic(moments):
    """Return the logarithm of the density at 0, over the kernel's peak, from its mass, mean and mean square."""
    mass, first, second = moments
    mean, variance = first / mass, second / mass - (first / mass) ** 2
    return np.log(mass) - 0.5 * np.log(variance) - mean**2 / (2 * variance)


def corrector(margin, h, tangent, cut=0.0):
    """Return the function from rows' weights to the guess at a cut times what the rows make of it, all in z.

    Integrals by the trapezoid; one row of the guess in the shape.
    """
    margin, cut = tangent.normalizing(np.asarray(margin)), float(tangent.normalizing(np.array([cut]))[0])
    u = np.linspace(-7, 7, 4001)
    guess = tangent.pilot.at(cut + h * u) * gauss(u)
    guess = np.array([np.trapezoid(guess * u**k, u) for k in range(3)])
    z = (margin - cut) / h
    kernels = np.array([gauss(z) / h * z**k for k in range(3)])
    start = tangent.pilot.at(np.array([cut]))[0] * np.exp(-log_quadratic(guess))

    def density(weight):
        rows = kernels @ weight
        shape = rows + tangent.row * gauss(0) / h * guess / guess[0]
        return float(start * rows[0] / shape[0] * np.exp(log_quadratic(shape)))

    return density


def corrected_density(margin, weight, h, tangent, cut=0.0):
    """Return the density of the margin at a cut; ``h`` is told in units of margin, there."""
    slope = tangent.normalizing.slope(np.array([cut]))[0]
    return slope * corrector(margin, h * slope, tangent, cut)(weight)


def guessed_density(tangent, cut=0.0):
    """Return the guess of the density of the margin at a cut."""
    at = np.array([cut])
    return float((tangent.pilot.at(tangent.normalizing(at)) * tangent.normalizing.slope(at))[0])


def influence_of_rows(margin, weight, h, tangent, cut=0.0):
    """Return what a unit of each row's weight adds to `corrected_density`, by differences."""
    slope = tangent.normalizing.slope(np.array([cut]))[0]
    density = corrector(margin, h * slope, tangent, cut)
    found = np.zeros(len(margin))
    for i in np.flatnonzero(np.abs(margin - cut) < 6 * h):
        step = 1e-4 * np.eye(1, len(margin), i)[0]
        found[i] = (density(weight + step) - density(weight - step)) / 2e-4
    total = (weight * found).sum()
    return slope * found * density(weight) / total


def flux_of_rows(margin, h):
    """Return the log-quadratic density at 0 of the margins of a facet, and what a unit of each row's weight adds.

    One flat row is added for the shape; the influence, by differences, adds up to the density.
    """
    z = margin / h
    kernels = np.array([gauss(z) / h * z**k for k in range(3)])
    flat = gauss(0) / h * np.array([1.0, 0.0, 1.0])

    def density(weight):
        rows = kernels @ weight
        shape = rows + flat
        return float(rows[0] / shape[0] * np.exp(log_quadratic(shape)))

    one = np.ones(len(margin))
    found = np.array([(density(one + step) - density(one - step)) / 2e-4 for step in 1e-4 * np.eye(len(margin))])
    return density(one), found * density(one) / found.sum()


def logits(score):
    """Return log-odds with the package's floor of 2^-40."""
    score = np.asarray(score, dtype=float)
    return np.log(np.maximum(score, 2.0**-40)) - np.log(np.maximum(1 - score, 2.0**-40))


def finite_difference(function, step=1e-5):
    """Return the derivative at 0 of a smooth function of one number: central, Richardson's correction."""
    near = (function(step) - function(-step)) / (2 * step)
    far = (function(2 * step) - function(-2 * step)) / (4 * step)
    return (4 * near - far) / 3


def normalise(cells, how):
    """Return shares of rows, columns or the total."""
    axis = {None: None, "true": -1, "pred": -2, "all": (-2, -1)}[how]
    return cells if how is None else cells / cells.sum(axis=axis, keepdims=True)


def normalise_slope(cells, slope, how):
    """Return the derivative of `normalise`, by the rule for quotients; parameters are the last axis."""
    if how is None:
        return slope
    axis = {"true": 1, "pred": 0, "all": (0, 1)}[how]
    total, moved = cells.sum(axis=axis, keepdims=True), slope.sum(axis=axis, keepdims=True)
    return slope / total[..., None] - (cells / total**2)[..., None] * moved


def normal_rows(seed, n, *, mean=1.0, sd=1.0, prevalence=0.5):
    """Return labels and probabilities whose log-odds are N(-+mean, sd), with both classes present."""
    rng = np.random.default_rng(seed)
    y, z = NormalLogits((-mean, mean), sd, prevalence).draw(rng, n)
    y[:2] = 0, 1
    return y, expit(z)


@dataclass(frozen=True)
class NormalClasses:
    """A population: two inputs that are N(mean[class], 1), independent, and linear scores that decide.

    Parameters of scores are arrays of shape (n_outputs, 3), the intercept last; of one output 0 is the threshold.
    """

    mean: tuple = ((0.0, 0.0), (1.2, 0.4), (0.2, 1.4))
    share: tuple = (0.4, 0.35, 0.25)

    @classmethod
    def of(cls, n_classes):
        share = np.array(cls.share[:n_classes])
        return cls(cls.mean[:n_classes], tuple(share / share.sum()))

    def draw(self, rng, n):
        """Return inputs and labels of n rows."""
        y = rng.choice(len(self.share), n, p=self.share)
        return rng.normal(np.asarray(self.mean)[y]), y

    def rates(self, parameters):
        """Return the matrix of shares of all rows."""
        if len(parameters) == 1:
            parameters = np.vstack([0 * parameters, parameters])
        columns = []
        for k, own in enumerate(parameters):
            ahead = own - np.delete(parameters, k, axis=0)
            length = np.linalg.norm(ahead[:, :2], axis=1)
            level = (np.asarray(self.mean) @ ahead[:, :2].T + ahead[:, 2]) / length
            if len(ahead) == 1:
                columns.append(norm.cdf(level[:, 0]))
            else:
                columns.append(both_below(*level.T, ahead[0, :2] @ ahead[1, :2] / length.prod()))
        return np.asarray(self.share)[:, None] * np.stack(columns, axis=1)

    def slope(self, parameters, motion):
        """Return the derivative of `rates` along a motion of the parameters."""
        return finite_difference(lambda t: self.rates(parameters + t * motion / np.abs(motion).max()), 1e-3) * (
            np.abs(motion).max()
        )


def both_below(first, second, correlation):
    """Return the probabilities that two standard normal variables of a correlation lie below limits."""
    z = first + np.linspace(-12, 0, 4001)[:, None]
    other = norm.cdf((second - correlation * z) / np.sqrt(1 - correlation**2))
    return simpson(norm.pdf(z) * other, x=z, axis=0)
