"""The tally: all that is kept of the rows, as sums that merge by addition."""

from conjac.tally.atoms import Atoms
from conjac.tally.bins import BINS, KEPT_BINS, MAX_BIN, bins_of, choose_step, just_below
from conjac.tally.forms import LOGIT_STEP
from conjac.tally.moments import MOMENTS, moment_columns
from conjac.tally.sums import KEYS, group
from conjac.tally.tally import Tally

__all__ = [
    "BINS",
    "KEPT_BINS",
    "KEYS",
    "LOGIT_STEP",
    "MAX_BIN",
    "MOMENTS",
    "Atoms",
    "Tally",
    "bins_of",
    "choose_step",
    "group",
    "just_below",
    "moment_columns",
]
