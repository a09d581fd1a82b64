"""From what the user passes to arrays that can be trusted, or an error that says what to mend."""

from conjac.validation.arguments import (
    N_BLOCKS,
    blaming,
    block_of,
    check_clusters,
    check_column_names,
    check_condition,
    check_normalize,
    check_truth,
    check_vector,
    check_weight,
    distinct,
    refuse_missing,
)
from conjac.validation.binary import Predictions, check_predictions
from conjac.validation.classes import ClassPredictions, check_classes, refuse_with_offsets, refuse_with_threshold
from conjac.validation.multilabel import LabelPredictions, check_labels
from conjac.validation.training import TrainingData, check_training
from conjac.validation.velocities import check_speeds

__all__ = [
    "N_BLOCKS",
    "ClassPredictions",
    "LabelPredictions",
    "Predictions",
    "TrainingData",
    "blaming",
    "block_of",
    "check_classes",
    "check_clusters",
    "check_column_names",
    "check_condition",
    "check_labels",
    "check_normalize",
    "check_predictions",
    "check_speeds",
    "check_training",
    "check_truth",
    "check_vector",
    "check_weight",
    "distinct",
    "refuse_missing",
    "refuse_with_offsets",
    "refuse_with_threshold",
]
