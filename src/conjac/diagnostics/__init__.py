"""What a result says of itself: how it was read, by which method, under which assumptions."""

from conjac.diagnostics.cautions import FIXED, as_told, notes_of, sampling_note, totals_note, warned
from conjac.diagnostics.decision import explain, explain_bundles, explain_classes
from conjac.diagnostics.moved import explain_mix, explain_moved, explain_moved_sums, explain_parameters

__all__ = [
    "FIXED",
    "as_told",
    "explain",
    "explain_bundles",
    "explain_classes",
    "explain_mix",
    "explain_moved",
    "explain_moved_sums",
    "explain_parameters",
    "notes_of",
    "sampling_note",
    "totals_note",
    "warned",
]
