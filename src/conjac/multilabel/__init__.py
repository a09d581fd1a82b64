"""Labels that do not exclude each other, a threshold each: their curves, averages over them, and their thresholds."""

from conjac.multilabel.curves import MultilabelCurves
from conjac.multilabel.decision import MultilabelDecision

__all__ = ["MultilabelCurves", "MultilabelDecision"]
