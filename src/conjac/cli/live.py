"""``conjac explore --serve``: the page from this machine, with the model at hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.cli.messages import say
from conjac.cli.models import Scorer
from conjac.cli.parts import Loaded
from conjac.cli.training import Trained, own_labels, spelled
from conjac.engines.decided import decide
from conjac.errors import InvalidInputError
from conjac.metrics import Metric
from conjac.perturbations import Features
from conjac.views.explorer.live import Source, ThresholdSheets
from conjac.views.summary.scene import Scene


def refuse_unserved(served: bool, output: Any, **live: Any) -> None:
    """Refuse options of a page that is served where a file is written, and the other way round.

    Raises
    ------
    InvalidInputError
        The first of them.
    """
    if served and output is not None:
        raise InvalidInputError(f"-o {output}: --serve writes no file; leave one of them out")
    for name, value in live.items():
        if value is not None and value is not False and not served:
            raise InvalidInputError(f"--{name} is of a page that is served; add --serve, or leave it out")


def source_of(
    scorer: Scorer | None,
    trained: Trained | None,
    loaded: Loaded,
    scene: Scene,
    grouped: bool,
    drifts: Features | None,
    *,
    metric: str | Metric,
    threshold: float | None,
    coordinate: CoordinateName | None,
    condition_on: ConditionOn | None,
) -> Source | None:
    """Return what answers a page, and say what is not there to move.

    Parameters
    ----------
    scorer : Scorer or None
    trained : Trained or None
        What it was fitted on.
    loaded : Loaded
    scene : Scene
        Of these rows.
    grouped : bool
        Whether the scene has their groups as well.
    drifts : Features or None
        The inputs that drift.
    metric, threshold, coordinate, condition_on
        As the scene was made with.
    """
    whole = loaded.whole
    if scorer is None or whole.inputs is None:
        say("without --model nothing can be scored again: the page is served as a file would show it")
        return None
    parts = [(part.rows, np.flatnonzero(whole.columns.by == part.group)) for part in loaded.parts] if grouped else []
    sheets = ThresholdSheets.of(scene, whole.rows, parts, metric, condition_on)
    if sheets is None:
        say("of several classes, inputs do not drift on a page yet: it is served as a file would show it")
        return None
    labels = whole.rows.labels
    own = own_labels(scorer, labels) if scorer.model.classes is not None else dict(zip(labels, labels, strict=True))
    decided = decide(
        scorer.model,
        whole.inputs.native,
        spelled(whole.columns.label, own),
        labels=[own[label] for label in labels],
        sample_weight=whole.columns.weight,
        groups=whole.columns.groups,
        threshold=threshold,
        coordinate=coordinate,
        condition_on=condition_on,
    )
    data = None if trained is None else (trained.X.native, trained.y)
    columns = True if drifts is None or drifts.columns is None else drifts.columns
    source = Source.of(scorer.estimator, decided, sheets, drift=columns, training_data=data)
    if data is None:
        say("hyper-parameters stay: --train FILE, the rows that a skops --model was fitted on, lets them move")
    return source
