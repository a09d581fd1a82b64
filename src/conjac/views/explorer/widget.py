"""The explorer as a widget of a notebook, where anywidget is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from conjac.errors import ConjacError, InvalidInputError, MissingDependencyError
from conjac.views.explorer.live import Answers
from conjac.views.explorer.module import module
from conjac.views.explorer.page import held, plotly, stylesheet
from conjac.views.summary.scene import Scene

NAMED = {"group": "sheets", "metric": "metrics", "against": "metrics"}
"""Of a state, what must be among the names that a scene has."""


def widget_of(scene: Scene, source: Answers | None, told: str) -> Any:
    """Return a widget, whose trait ``state`` is where it stands: it follows the slider, and moves it.

    Parameters
    ----------
    scene : Scene
    source : Answers or None
        What recomputes, if anything does.
    told : str
        What the widget is, in words.

    Raises
    ------
    MissingDependencyError
        anywidget is not installed.
    """
    tree, arrays = held(scene)
    made = _widget_class()(scene=tree, arrays=arrays, plotly=plotly(), live=source is not None)
    made.told, made.names = told, {key: _names(scene, kind) for key, kind in NAMED.items()}
    if source is not None:
        made.on_msg(_answering(source))
    return made


def _widget_class() -> Any:
    try:
        from anywidget import AnyWidget
    except ModuleNotFoundError:
        raise MissingDependencyError("anywidget is not installed; pip install 'conjac[notebook]'") from None
    return _class_on(AnyWidget)


@cache
def _class_on(base: Any) -> Any:
    import traitlets  # which anywidget brings

    class ExplorerWidget(base):  # type: ignore[misc]
        _esm = module("widget")
        _css = stylesheet()
        scene = traitlets.Bytes().tag(sync=True)
        arrays = traitlets.Bytes().tag(sync=True)
        plotly = traitlets.Bytes().tag(sync=True)
        live = traitlets.Bool().tag(sync=True)
        state = traitlets.Dict().tag(sync=True)
        told = ""
        names: Mapping[str, Sequence[str]] = {}

        @traitlets.validate("state")  # type: ignore[untyped-decorator]
        def _known(self, proposal: Any) -> Any:
            return _checked(proposal["value"], self.names)

        def __repr__(self) -> str:
            return self.told

    return ExplorerWidget


def _names(scene: Scene, kind: str) -> tuple[str, ...]:
    return tuple(one.name for one in getattr(scene, kind))


def _checked(state: dict[str, Any], names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a state; what names nothing in the scene is refused."""
    for key, there in names.items():
        if key in state and state[key] not in there:
            raise InvalidInputError(f"state[{key!r}] is {state[key]!r}; expected one of {', '.join(map(repr, there))}")
    return state


def _answering(source: Answers) -> Any:
    """Return what hears the questions of a widget, and answers them."""

    def heard(widget: Any, told: Mapping[str, Any], _: Any) -> None:
        if told.get("kind") != "ask":
            return
        reply = {"kind": "answer", "id": told["id"]}
        try:
            tree, blob = source.answer(told["request"])
        except Exception as error:
            widget.send({**reply, "error": str(error)})
            if not isinstance(error, ConjacError):
                raise
        else:
            widget.send({**reply, "tree": tree}, [blob])

    return heard
