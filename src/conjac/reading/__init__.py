"""How input is read: the same way when counting and when predicting."""

from conjac.reading.binary import Reading
from conjac.reading.classes import ClassReading
from conjac.reading.multilabel import as_columns, column_names, label_scores, n_labels
from conjac.reading.values import as_array, as_float, as_number, is_missing, n_columns, refuse_non_finite

__all__ = [
    "ClassReading",
    "Reading",
    "as_array",
    "as_columns",
    "as_float",
    "as_number",
    "column_names",
    "is_missing",
    "label_scores",
    "n_columns",
    "n_labels",
    "refuse_non_finite",
]
