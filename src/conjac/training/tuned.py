"""What tuning found: `TunedHyperparameters`, and each point on the way to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conjac._typing import FloatArray
from conjac.frames import as_plain, to_frame
from conjac.inference import Interval
from conjac.sensitivity import MetricLimits


@dataclass(frozen=True, eq=False)
class Visit:
    """One point, and the round of cross-validation there.

    Attributes
    ----------
    at : mapping of str to float
        The hyper-parameters, by name.
    value, stderr : float
        The metric of the pooled held-out cells, exact counts, and its standard error.
    judged : float
        The metric averaged over points around this one, by which points are compared.
    gradient, gradient_stderr : array of shape (n_names,)
        Derivative of the metric by the logarithm of each hyper-parameter, per unit of it; nan where too few rows are
        near the boundary.
    n_fits : int
        Of the estimator, at this point.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(500, random_state=0)
    >>> tuned = cj.tune_hyperparameters(LogisticRegression(), X, y, {"C": (0.1, 10)}, "f1", max_points=1)
    >>> tuned.path[0].at, tuned.path[0].n_fits
    ({'C': 1.0}, 5)
    """

    at: Mapping[str, float]
    value: float
    stderr: float
    judged: float
    gradient: FloatArray
    gradient_stderr: FloatArray
    n_fits: int


@dataclass(frozen=True, eq=False, repr=False)
class TunedHyperparameters:
    """Hyper-parameters at which a metric of held-out rows is best, the way there, and the estimator fitted with them.

    Make one with `tune_hyperparameters`.

    Attributes
    ----------
    params : dict
        For ``estimator.set_params``.
    estimator : fitted classifier
        On all rows.
    metric : str
        What was made best.
    value, value_stderr : float
        Of the pooled held-out cells at ``params``; the error is that of sampling these rows.
    in_sample : bool
        True: the point was chosen by the rows that ``value`` is measured on, which makes it optimistic.
    path : tuple of Visit
        In the order of the visits.
    n_fits : int
        Of the estimator, that on all rows included.
    stopped : str
        Why no further point was fitted.
    diagnostics : mapping
        How it was searched, and what not to believe.

    Notes
    -----
    The method and its source are with `tune_hyperparameters` and in :doc:`/training`.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(2000, weights=[0.9], class_sep=0.5, random_state=0)
    >>> tuned = cj.tune_hyperparameters(LogisticRegression(), X, y, {"class_weight[1]": (0.1, 10)}, "f1")
    >>> tuned.in_sample, tuned.n_fits == 5 * len(tuned.path) + 1
    (True, True)
    """

    params: dict[str, Any]
    estimator: Any = field(repr=False)
    metric: str
    value: float
    value_stderr: float
    in_sample: bool
    path: tuple[Visit, ...]
    n_fits: int
    stopped: str
    diagnostics: Mapping[str, Any]
    _value_limits: MetricLimits = field(repr=False)

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of ``value`` by the sampling of the rows: that the point was chosen is not in it.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limit, in the unit of the metric, arrays of shape ().

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return self._value_limits(level)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a point as columns: hyper-parameters, metric, gradient, errors and fits.

        Returns
        -------
        dict of str to list
            A row a point, in the order of the visits; slopes per unit of each logarithm.
        """
        names = list(self.path[0].at)
        own = [
            {
                **visit.at,
                "value": visit.value,
                "stderr": visit.stderr,
                "judged": visit.judged,
                **{f"gradient[{name}]": g for name, g in zip(names, visit.gradient.tolist(), strict=True)},
                **{
                    f"gradient_stderr[{name}]": g for name, g in zip(names, visit.gradient_stderr.tolist(), strict=True)
                },
                "n_fits": visit.n_fits,
            }
            for visit in self.path
        ]
        return {column: [row[column] for row in own] for column in own[0]}

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the path as a tidy frame, one row a point.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            An unknown backend.
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the estimator as plain types, ready for JSON; nan becomes None.

        Returns
        -------
        dict of str to Any
            Settings, value, interval, path and diagnostics, as lists and numbers.
        """
        names = ("params", "metric", "value", "value_stderr", "in_sample", "n_fits", "stopped")
        plain: dict[str, Any] = as_plain(
            {
                "schema": "conjac.tuned_hyperparameters/1",
                **{name: getattr(self, name) for name in names},
                "path": self.to_columns(),
                "diagnostics": dict(self.diagnostics),
            }
        )
        return plain

    def __repr__(self) -> str:
        """Show the hyper-parameters, the metric, and the way."""
        lines = [f"TunedHyperparameters: {self.metric} = {self.value:.4g} +- {self.value_stderr:.2g} (in sample)"]
        lines += [f"  {name} = {value!r}" for name, value in self.params.items()]
        lines += [f"  {len(self.path)} points, {self.n_fits} fits; {self.stopped}"]
        return "\n".join(lines)
