"""Array types shared by every module."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
AnyArray = NDArray[Any]
Sparse: TypeAlias = Any
"""A `scipy.sparse` array, whose stubs are read as Any."""

Scale = Literal["logit", "score"]
"""What a margin is measured in: log-odds of a probability, or the score as it is."""

CoordinateName = Literal["probability", "logit", "percentile", "score"]
Normalize = Literal["true", "pred", "all"]
ConditionOn = Literal["class"]
