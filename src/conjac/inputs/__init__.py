"""What a model is given: columns, their kinds and their spread."""

from conjac.inputs.inputs import Inputs, untied
from conjac.inputs.kinds import Kinds
from conjac.inputs.lattice import lattice_of
from conjac.inputs.spread import robust_spread, spread
from conjac.inputs.support import leaves_support

__all__ = ["Inputs", "Kinds", "lattice_of", "leaves_support", "robust_spread", "spread", "untied"]
