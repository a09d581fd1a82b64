"""A Jacobian as columns, as plain types and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conjac._typing import AnyArray
from conjac.frames import as_plain

if TYPE_CHECKING:
    from conjac.jacobian import ConfusionJacobian


def columns(J: ConfusionJacobian, level: float) -> dict[str, list[Any]]:
    """Return one row per cell as columns: value, derivative, errors and limits."""
    size = len(J.labels)
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
    same = {
        "parameter": J.parameters[0],
        "unit": J.units[0],
        "threshold": J.threshold,
        "coordinate": J.coordinate,
        "method": J.method,
        "level": level,
    }
    return {
        "true": [label for label in J.labels for _ in range(size)],
        "predicted": list(J.labels) * size,
        **{name: array.ravel().tolist() for name, array in arrays.items()},
        **{name: [value] * size**2 for name, value in same.items()},
    }


def plain(J: ConfusionJacobian, level: float) -> dict[str, Any]:
    """Return everything as plain types, ready for JSON; nan becomes None."""
    told = ("labels", "threshold", "coordinate", "normalize", "method", "parameters", "units")
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
    lines = [f"ConfusionJacobian at {J.coordinate} {J.threshold:.6g}, per {J.units[0]}, {J.method}"]
    width = max(len(str(label)) for label in J.labels)
    for label, cells, slopes, errors in zip(J.labels, J.matrix, J.jacobian, J.stderr, strict=True):
        counted = "  ".join(f"{cell:>10.6g}" for cell in cells)
        moved = "  ".join(f"{slope:>11.5g} ± {error:<8.3g}" for slope, error in zip(slopes, errors, strict=True))
        lines.append(f"  true {label!s:>{width}}  {counted}   d: {moved}".rstrip())
    return "\n".join(lines)
