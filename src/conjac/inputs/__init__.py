"""What a model is given: columns, their kinds and their spread."""

from conjac.inputs.inputs import Inputs

__all__ = ["Inputs"]
