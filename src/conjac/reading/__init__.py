"""How input is read: the same way when counting and when predicting."""

from conjac.reading.binary import Reading
from conjac.reading.classes import ClassReading
from conjac.reading.values import as_array, as_float, as_number, is_missing, n_columns, refuse_non_finite

__all__ = [
    "ClassReading",
    "Reading",
    "as_array",
    "as_float",
    "as_number",
    "is_missing",
    "n_columns",
    "refuse_non_finite",
]
