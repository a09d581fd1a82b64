"""Rows of a table as points of a plane: PCA, t-SNE, and UMAP where it is installed."""

from conjac.embedding.coded import Coded
from conjac.embedding.methods import METHODS, Embedding, embed

__all__ = ["METHODS", "Coded", "Embedding", "embed"]
