"""ONNX: graphs that ONNX Runtime runs, as sources of scores."""

from conjac.models.onnx.sessions import Onnx, load_onnx

__all__ = ["Onnx", "load_onnx"]
