"""Arguments that every kind of input shares: vectors, weights, clusters, labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.blocks import extremes
from conjac.errors import ConjacError, InvalidInputError
from conjac.reading import as_array, as_float, column_names, is_missing, n_labels, refuse_non_finite

N_BLOCKS = 64
"""Clusters are pooled into this many blocks by a hash of their key, so that parts of the data merge."""
PRIME, SHIFT, ROUNDS = 2**31 - 1, 1_234_567_891, 2
"""Of the hash of whole keys."""
BLOCK = 2**31 // N_BLOCKS
"""Hashes to a block, of whole keys."""
TABLE = 2**16
"""Range of integer labels up to which they are looked up in a table."""
MOST_FRACTIONS = 50
"""Different labels that are no whole numbers, beyond which they are taken for a continuous target."""
NORMALIZE = (None, "true", "pred", "all")


def check_condition(condition_on: Any) -> None:
    """Refuse anything but "class" and None."""
    if condition_on not in (None, "class"):
        raise InvalidInputError(f"condition_on={condition_on!r}: expected 'class' or None")


def check_normalize(normalize: Any) -> None:
    """Refuse anything but "true", "pred", "all" and None."""
    if normalize not in NORMALIZE:
        raise InvalidInputError(f"normalize={normalize!r}: expected one of {NORMALIZE}")


def check_vector(values: Any, name: str) -> AnyArray:
    """Return a one-dimensional array with at least one row."""
    array = as_array(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InvalidInputError(f"{name} has shape {array.shape}; expected one dimension, (n_samples,)")
    if array.size == 0:
        raise InvalidInputError(f"{name} is empty; at least one row of each class is needed")
    return array


def check_truth(y_true: Any) -> AnyArray:
    """Return one true label a row, none missing."""
    if n_labels(y_true) > 1:
        raise InvalidInputError(
            f"y_true has shape {np.shape(y_true)}; expected one dimension, (n_samples,); labels that do not exclude "
            "each other have a threshold each: use MultilabelCurves, maximize or solve, or pass one column"
        )
    truth = check_vector(y_true, "y_true")
    refuse_missing(truth, "y_true")
    if truth.dtype.kind == "f" and (truth % 1 != 0).any() and len(np.unique(truth)) > MOST_FRACTIONS:
        raise InvalidInputError(
            f"y_true holds numbers such as {truth[0]:g} and {truth[-1]:g}, a continuous target; expected classes"
        )
    return truth


def check_column_names(y_score: Any, labels: Sequence[Any]) -> None:
    """Refuse a frame of scores whose columns have the labels' names in another order."""
    names = column_names(y_score)
    if names is None or names == list(range(len(names))):
        return
    told, wanted = [str(name) for name in names], [str(label) for label in labels]
    if told != wanted and sorted(told) == sorted(wanted):
        raise InvalidInputError(
            f"y_score has the columns {told}, and the labels are {wanted}; pass y_score[{wanted}], or labels= in the "
            "columns' order"
        )


def check_weight(sample_weight: Any, n_samples: int) -> FloatArray | None:
    """Return weights in float64: finite, not negative, not all zero; None stays None."""
    if sample_weight is None:
        return None
    weight = as_float(check_vector(sample_weight, "sample_weight"), "sample_weight").astype(np.float64)
    if len(weight) != n_samples:
        raise InvalidInputError(f"sample_weight has {len(weight)} rows and y_true has {n_samples}")
    refuse_non_finite(weight, "sample_weight")
    if weight.min() < 0:
        row = int(np.argmin(weight))
        raise InvalidInputError(f"sample_weight[{row}] is {weight[row]}; weights must not be negative")
    if weight.max() == 0:
        raise InvalidInputError("sample_weight is zero in every row; at least one row must count")
    return weight


def block_of(key: Any) -> int:
    """Return the block of one cluster: a hash of its key alone, the same in every process, part and engine."""
    if isinstance(key, bool | int | np.integer | np.bool_) or (isinstance(key, float) and key.is_integer()):
        return int(hashed(int(key) % PRIME)) // BLOCK
    digest = hashlib.blake2b(str(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % N_BLOCKS


def hashed(residue: Any) -> Any:
    """Return the hash of whole keys, by their residues modulo `PRIME`: rounds of a shift and a square.

    No number on the way needs more than 62 bits, so that every engine can find the same.
    """
    for _ in range(ROUNDS):
        residue = (residue + SHIFT) % PRIME
        residue = residue * residue % PRIME
    return residue


def blocks_of(keys: AnyArray) -> IntArray:
    """Return the block of each cluster, as `block_of` does."""
    if keys.dtype.kind in "iu":
        return np.asarray(hashed((keys % PRIME).astype(np.int64)) // BLOCK, dtype=np.intp)
    return np.array([block_of(key) for key in keys], dtype=np.intp)


def row_blocks(n_rows: int) -> IntArray:
    """Return the block of each row of which no group is known: a hash of its number (the mixer of splitmix64)."""
    mixed = np.arange(1, n_rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(N_BLOCKS)).astype(np.intp)


def check_clusters(groups: Any, n_samples: int) -> tuple[IntArray, int]:
    """Return each row's block, and the number of clusters."""
    keys = check_vector(groups, "groups")
    refuse_missing(keys, "groups")
    if len(keys) != n_samples:
        raise InvalidInputError(f"groups has {len(keys)} rows and y_true has {n_samples}")
    unique, inverse = np.unique(keys, return_inverse=True)
    return blocks_of(unique)[inverse], len(unique)


def check_groups(groups: Any, n_samples: int) -> tuple[IntArray, int]:
    """Do as `check_clusters`; refuse clusters that cannot be told apart."""
    blocks, n_clusters = check_clusters(groups, n_samples)
    refuse_few_clusters(n_clusters, blocks)
    return blocks, n_clusters


def refuse_few_clusters(n_clusters: int, blocks: IntArray) -> None:
    """Raise where clusters, of which these blocks hold rows, do not tell an error."""
    if n_clusters < 2:
        raise InvalidInputError("groups names one cluster only; cluster-robust errors need at least two")
    if (blocks == blocks[0]).all():
        raise InvalidInputError(
            f"groups: the {n_clusters} clusters share one of {N_BLOCKS} blocks by the hash of their names, "
            "so they cannot be told apart; rename one, or gather more clusters"
        )


def distinct(truth: AnyArray) -> list[Any]:
    """Return the labels that occur, sorted."""
    low, high = (int(end) for end in extremes(truth)) if truth.dtype.kind in "iu" else (0, TABLE)
    if high - low <= 1:
        return [low, high][: high - low + 1]
    if high - low < TABLE:
        return [low + place for place in np.flatnonzero(np.bincount(places(truth, low))).tolist()]
    try:
        return [scalar(label) for label in np.unique(truth)]
    except TypeError:
        kinds = sorted({type(value).__name__ for value in truth})
        raise InvalidInputError(
            f"y_true mixes types that cannot be sorted ({', '.join(kinds)}); make the labels one type"
        ) from None


def places(integers: AnyArray, low: int) -> IntArray:
    """Return how far integers lie above a low one, whatever their width."""
    wide = integers.view(np.uint64) if integers.dtype.itemsize == 8 else integers.astype(np.uint64)
    return (wide - np.uint64(low % 2**64)).view(np.int64)  # modulo 2^64, so that neither sign nor size overflows


def refuse_missing(values: AnyArray, name: str) -> None:
    """Raise where a label or a key is missing, and say where."""
    if values.dtype.kind == "f":
        bad = ~np.isfinite(values)
    elif values.dtype.kind in "mM":
        bad = np.isnat(values)
    elif values.dtype.kind == "O":
        bad = np.array([is_missing(value) for value in values])
    else:
        return
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidInputError(
            f"{name}[{row}] is {'missing' if is_missing(values[row]) else values[row]} "
            f"({int(bad.sum())} missing in all); drop or fill those rows first"
        )


def scalar(value: Any) -> Any:
    """Return a plain number for one of NumPy's."""
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def blaming(title: str) -> Iterator[None]:
    """Name a group, by its title, in what goes wrong with its rows."""
    try:
        yield
    except ConjacError as error:
        if not title:
            raise
        raise InvalidInputError(f"{title}: {error}") from None
