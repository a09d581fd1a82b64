"""A Jacobian as columns, as plain types and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conjac._typing import AnyArray
from conjac.frames import as_plain, to_frame
from conjac.rules import outcomes_of

if TYPE_CHECKING:
    from conjac.jacobian import ConfusionJacobian

MOST_LINES = 20
"""Parameters that the text of a result lists."""


class Exported:
    """A Jacobian's ways out: columns, a frame, plain types, a figure and text."""

    def to_columns(self: Any, level: float = 0.95) -> dict[str, list[Any]]:
        """Return one row per cell as columns: value, derivative, errors and limits.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to list
            A row a cell, and for each of several ``parameters`` one; slopes and their errors are per ``units``.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return columns(self, level)

    def to_frame(self: Any, backend: str = "pandas", level: float = 0.95) -> Any:
        """Return a tidy frame, one row per cell.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            An unknown backend, or a level outside (0, 1).
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(level), backend)

    def to_dict(self: Any, level: float = 0.95) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to Any
            Matrix, slopes, errors, limits, units and diagnostics, as lists and numbers.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return plain(self, level)

    def plot(self: Any, *, ax: Any = None, parameter: str | None = None) -> Any:
        """Draw the Jacobian as a heat map centred on zero; see `ConfusionJacobianDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.
        parameter : str, optional
            One of ``parameters``; by default what `ConfusionJacobianDisplay.of` takes.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            No such parameter.
        """
        from conjac.views.displays import ConfusionJacobianDisplay

        return ConfusionJacobianDisplay.of(self, parameter).plot(ax).ax_

    def explore(self: Any, **options: Any) -> Any:
        """Explore the rows that were counted, from this threshold or these offsets on; see `Explorer`.

        Parameters
        ----------
        **options
            As for `Explorer.of_jacobian`: X, by, metric, subject_to, title, surface, level.

        Returns
        -------
        Explorer
            A notebook shows it; ``save`` writes it.

        Raises
        ------
        NotSupportedError
            A result that keeps no scores, as of a mix or of refits.
        """
        from conjac.views.explorer import Explorer

        return Explorer.of_jacobian(self, **options)

    def __repr__(self: Any) -> str:
        """Show the matrix, its Jacobian and where it stands."""
        return text(self)


def columns(J: ConfusionJacobian, level: float) -> dict[str, list[Any]]:
    """Return one row per cell and parameter as columns: value, derivative, errors and limits."""
    moved = (*J.matrix.shape, -1)
    matrix_lower, matrix_upper = J.matrix_confint(level)
    lower, upper = J.confint(level)
    arrays: dict[str, AnyArray] = {
        "matrix": J.matrix,
        "matrix_stderr": J.matrix_stderr,
        "matrix_lower": matrix_lower,
        "matrix_upper": matrix_upper,
        "jacobian": J.jacobian,
        "center": J.center,
        "stderr": J.stderr,
        "lower": lower,
        "upper": upper,
    }
    whole = n_true, n_predicted, n = J.jacobian.reshape(moved).shape
    same = {"threshold": J.threshold, "coordinate": J.coordinate, "method": J.method, "level": level}
    return {
        "true": [label for label in J.labels for _ in range(n_predicted * n)],
        "predicted": [label for label in outcomes_of(J.labels, n_predicted) for _ in range(n)] * n_true,
        **{name: np.broadcast_to(array.reshape(moved), whole).ravel().tolist() for name, array in arrays.items()},
        "parameter": list(J.parameters) * (n_true * n_predicted),
        "unit": list(J.units) * (n_true * n_predicted),
        **{name: [value] * (n_true * n_predicted * n) for name, value in same.items()},
    }


def plain(J: ConfusionJacobian, level: float) -> dict[str, Any]:
    """Return everything as plain types, ready for JSON; nan becomes None."""
    told = ("labels", "threshold", "offsets", "coordinate", "normalize", "method", "parameters", "units")
    arrays = ("matrix", "matrix_stderr", "jacobian", "center", "stderr")
    result: dict[str, Any] = as_plain(
        {
            "schema": "conjac.jacobian/1",
            "level": level,
            **{name: getattr(J, name) for name in told + arrays},
            "matrix_confint": list(J.matrix_confint(level)),
            "confint": list(J.confint(level)),
            "diagnostics": dict(J.diagnostics),
        }
    )
    return result


def text(J: ConfusionJacobian) -> str:
    """Return the matrix, its Jacobian and where it stands, for a terminal."""
    if J.method == "reweighting":
        return _text_of_mix(J)
    if J._learned is not None:
        return _text_of_parameters(J)
    if "derivative" in J.diagnostics:
        return _text_of_features(J)
    if J.offsets is not None:
        return _text_of_offsets(J)
    lines = [f"ConfusionJacobian at {J.coordinate} {J.threshold:.6g}, per {J.units[0]}, {J.method}"]
    width = max(len(str(label)) for label in J.labels)
    for label, cells, slopes, errors in zip(J.labels, J.matrix, J.jacobian, J.stderr, strict=True):
        counted = "  ".join(f"{cell:>10.6g}" for cell in cells)
        moved = "  ".join(f"{slope:>11.5g} ± {error:<8.3g}" for slope, error in zip(slopes, errors, strict=True))
        lines.append(f"  true {label!s:>{width}}  {counted}   d: {moved}".rstrip())
    return "\n".join(lines)


def _text_of_offsets(J: ConfusionJacobian) -> str:
    """Return the matrix, and each class's own slope: what its offset does to the rows that are rightly its."""
    assert J.offsets is not None
    told = ", ".join(f"{offset:.4g}" for offset in J.offsets)
    lines = [f"ConfusionJacobian at offsets ({told}), per {J.units[0]}, {J.method}"]
    width = max(len(str(label)) for label in J.labels)
    for k, (label, cells) in enumerate(zip(J.labels, J.matrix, strict=True)):
        counted = "  ".join(f"{cell:>8.6g}" for cell in cells)
        own = f"{J.jacobian[k, k, k]:.5g} ± {J.stderr[k, k, k]:.3g}"
        lines.append(f"  true {label!s:>{width}}  {counted}   d[{label}, {label}] by its own offset: {own}")
    return "\n".join(lines)


def _text_of_features(J: ConfusionJacobian) -> str:
    """Return the matrix, and what each drift or hyper-parameter does to recall, of several classes their mean."""
    metric = J.of("recall" if len(J.labels) == 2 else "recall_macro")
    gradient, stderr = np.ravel(metric.gradient), np.ravel(metric.stderr)
    strongest = np.argsort(-np.abs(np.nan_to_num(gradient)), kind="stable")
    shown = range(len(strongest)) if len(strongest) <= MOST_LINES else strongest[:MOST_LINES].tolist()
    width = max(len(J.parameters[k]) for k in shown)
    figures = ((J.parameters[k], gradient[k], stderr[k]) for k in shown)
    slopes = [f"  {name:<{width}}  d {metric.metric}: {d:>11.5g} ± {error:.3g}" for name, d, error in figures]
    if len(strongest) > len(shown):
        slopes.append(f"  and {len(strongest) - len(shown)} more, which move it less")
    unit = J.units[0] if len(set(J.units)) == 1 else "1 of each"
    return "\n".join([*_matrix(J, unit), *slopes])


def _text_of_parameters(J: ConfusionJacobian) -> str:
    """Return the matrix, and what there are of parameters: how they move it is for `vjp` and `of` to tell."""
    assert J._learned is not None
    leaves = list(zip(J._learned.structure.names, J._learned.structure.shapes, strict=True))
    lines = _matrix(J, J.units[0])
    lines += [f"  {name} {shape}" for name, shape in leaves[:MOST_LINES]]
    if len(leaves) > MOST_LINES:
        lines.append(f"  and {len(leaves) - MOST_LINES} more")
    return "\n".join([*lines, f"  {J._learned.structure.size} parameters: of(metric).gradient, vjp, jvp, along"])


def _text_of_mix(J: ConfusionJacobian) -> str:
    """Return the matrix, and what each share does to the accuracy: the sum of what it does to the diagonal."""
    lines = _matrix(J, J.units[0])
    accuracy = J.of("accuracy")
    shares = zip(J.parameters, J.diagnostics["shares"].values(), accuracy.gradient, accuracy.stderr, strict=True)
    lines += [f"  {name} = {share:.4g}   d accuracy: {d:.5g} ± {error:.3g}" for name, share, d, error in shares]
    return "\n".join(lines)


def _matrix(J: ConfusionJacobian, unit: str) -> list[str]:
    where = f"{J.coordinate} {J.threshold:.6g}" if J.offsets is None else "offsets"
    width = max(len(str(label)) for label in J.labels)
    lines = [f"ConfusionJacobian at {where}, per {unit}, {J.method}"]
    for label, cells in zip(J.labels, J.matrix, strict=True):
        lines.append(f"  true {label!s:>{width}}  " + "  ".join(f"{cell:>8.6g}" for cell in cells))
    return lines
