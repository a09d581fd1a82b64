"""Keras 3: its models as classifiers, on the back end that it was loaded with.

The libraries are found in `sys.modules`, never imported.
"""

from conjac.models.keras.adapter import KerasModels

__all__ = ["KerasModels"]
