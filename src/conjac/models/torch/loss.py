"""A training loss from the confusion matrix, for PyTorch: the one file that imports the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError, MissingDependencyError
from conjac.metrics import Metric
from conjac.models.softened import Library, Running, Softened, check_shapes, check_values

try:
    import torch
except ModuleNotFoundError as error:
    raise MissingDependencyError("PyTorch is not installed; pip install 'conjac[torch]'") from error


def _on_host(f: Callable[[AnyArray], tuple[AnyArray, AnyArray]], x: torch.Tensor) -> tuple[Any, Any]:
    value, slope = f(x.detach().cpu().numpy())
    return _like(value, x), _like(slope, x)


def _like(array: AnyArray, x: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(array).to(x.dtype).to(x.device)


TORCH = Library(torch, torch.special, _like, torch.Tensor.detach, _on_host)


class ConfusionLoss(torch.nn.Module):  # type: ignore[misc]  # PyTorch is read as Any
    r"""A metric of the confusion matrix, or a cost matrix, as a training loss.

    The loss is 1 less the metric (of costs, the cost itself) of *soft* cells: a row counts for a class by the
    probability that normal noise of its scores makes this class the highest. The noise's bandwidth is set by the data,
    for each true class, and annealed: with :math:`a` the mean distance of the class's rows from their boundary and n
    their number, both over the batches remembered, after s of S ``anneal_steps`` it is

    .. math:: h = (4/3)^{1/5}\,\sqrt{\pi/2}\;a\;n^{-\min(1, s/S)/5},

    or what it was before where that is less. Batches need hold no row of every class: cells are summed over batches,
    earlier ones decaying, and a batch's gradient is that of its cells times the metric's gradient at the sum.
    `conjac.models.softened` has the derivations.

    Parameters
    ----------
    metric : str, Metric or array-like of shape (n_classes, n_classes)
        A name, such as ``"f1"`` or ``"f1_macro"``, an object of `conjac.metrics`, or costs as
        ``cost_matrix[true, predicted]``.
    n_classes : int, optional
        Default: that of the cost matrix, else 2.
    threshold : float, default 0.0
        Of two classes: from which score on a row is positive, in units of the scores.
    anneal_steps : int, default 1000
        Batches until the bandwidth is the data's own: about half of those that there will be.
    memory : float, default 0.9
        Share of the sums that is kept at each batch; with 0 a batch is all there is.
    min_bandwidth : float, default 0.1
        Floor of the bandwidth, in units of the scores: it counts where all scores start near the threshold.

    Raises
    ------
    UnknownMetricError
        If there is no such metric for so many classes.
    InvalidInputError
        If another argument is not as described.

    Notes
    -----
    In ``eval()`` the loss is that of the rows given alone, and nothing is remembered. What is remembered are buffers:
    it moves with ``to`` and is part of ``state_dict``. Scores in half precision are worked on in single precision.

    References
    ----------
    Han, D., N. Moniz, N. V. Chawla, "AnyLoss: transforming classification metrics into loss functions", KDD 2024.
    G. Bénédict, H. V. Koops, D. Odijk, M. de Rijke, "sigmoidF1: a smooth F1 score surrogate loss for multilabel
    classification", *TMLR* (2022). Both fix the bandwidth, and take the metric of each batch by itself.

    Examples
    --------
    >>> import torch
    >>> scores = torch.tensor([-2.0, -1.0, 0.5, 2.0], requires_grad=True)
    >>> loss = ConfusionLoss("f1")(scores, torch.tensor([0, 0, 1, 1]))
    >>> loss.backward()
    >>> round(loss.item(), 4), scores.grad.sign().tolist()
    (0.245, [1.0, 1.0, -1.0, -1.0])
    """

    def __init__(
        self,
        metric: str | Metric | npt.ArrayLike,
        *,
        n_classes: int | None = None,
        threshold: float = 0.0,
        anneal_steps: int = 1000,
        memory: float = 0.9,
        min_bandwidth: float = 0.1,
    ) -> None:
        super().__init__()
        self.softened = Softened.of(metric, n_classes, threshold, anneal_steps, memory, min_bandwidth)
        k = self.softened.n_classes
        wide, steps = torch.full((k,), torch.inf), torch.zeros((), dtype=torch.int64)
        for name, buffer in Running(torch.zeros(k, k), torch.zeros(k), torch.zeros(k), wide, steps)._asdict().items():
            self.register_buffer(name, buffer)

    def forward(self, scores: torch.Tensor, y: torch.Tensor, sample_weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss of the rows remembered, with the gradient of these.

        Parameters
        ----------
        scores : tensor of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
            Logits or other scores before any softmax; of two columns the difference counts.
        y : integer tensor of shape (n_samples,)
            Class numbers from 0 on.
        sample_weight : tensor of shape (n_samples,), optional
            Sampling weights.

        Returns
        -------
        tensor of shape ()
            In the dtype of the scores, or in single precision of half.

        Raises
        ------
        InvalidInputError
            If shapes or numbers are not as described, or not finite.
        """
        rule = self.softened
        check_shapes(rule.n_classes, scores, y, sample_weight)
        if y.is_floating_point():
            raise InvalidInputError(f"y is of {y.dtype}; expected class numbers: pass y.long()")
        check_values(TORCH, rule.n_classes, scores, y, sample_weight)
        wide = torch.promote_types(scores.dtype, torch.float32)
        weight = None if sample_weight is None else sample_weight.to(wide)
        seen = Running(*(self.get_buffer(name) for name in Running._fields))
        seen = Running(*(part if part.dtype == torch.int64 else part.to(wide) for part in seen))
        value, now = rule.step(TORCH, seen if self.training else seen.forgotten(), scores.to(wide), y, weight)
        if self.training:
            for name, sums in now._asdict().items():
                self.get_buffer(name).copy_(sums)
        return value
