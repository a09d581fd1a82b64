"""What the public surface is, and what is wrong with a docstring of it."""

import ast
import dataclasses
import doctest
import functools
import inspect
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import conjac
from conjac import calculus, datasets, errors, metrics, testing

MODELS = ("Adapter", "Applied", "Model", "Objective", "bind", "load", "register")
"""The door of `conjac.models`; what else the package names is for the rest of conjac."""
RESULTS = (
    "conjac.sensitivity.Sensitivity",
    "conjac.inference.Interval",
    "conjac.inference.Estimate",
    "conjac.motion.Slopes",
    "conjac.rules.ThresholdRule",
    "conjac.rules.ArgmaxRule",
    "conjac.decisions.Tradeoff",
    "conjac.decisions.tradeoff.Course",
    "conjac.decisions.Front",
    "conjac.decisions.offsets.OffsetFront",
    "conjac.decisions.DecisionCurve",
    "conjac.decisions.CostCurve",
    "conjac.training.surfaces.SurfacePoint",
    "conjac.training.surfaces.BestNode",
    "conjac.training.Visit",
)
"""What public functions return and nobody makes: documented as public names are, under the modules that hold them."""
WITH_LIBRARY = {"conjac.models.torch.ConfusionLoss": "torch", "conjac.models.jax.ConfusionLoss": "jax"}
"""Public names whose module cannot be imported without a library."""
MODULES = ("calculus", "datasets", "metrics", "models")
"""Names of conjac that are modules, and `testing`, which is not imported with it."""


def public_names() -> list[str]:
    """Return every public name, in full, but for those that need a library."""
    found = [f"conjac.{name}" for name in conjac.__all__ if name not in MODULES and not name.startswith("__")]
    for module in (calculus, datasets, metrics, testing):
        found += [f"{module.__name__}.{name}" for name in module.__all__]
    return found + [f"conjac.models.{name}" for name in MODELS] + list(RESULTS)


def resolve(name: str) -> Any:
    """Return what a full name stands for."""
    module, _, last = name.rpartition(".")
    return getattr(__import__(module, fromlist=[last]), last)


class Member(NamedTuple):
    """A public method or property of a class, conjac's own, inherited or not."""

    name: str
    function: Any
    is_property: bool


def members(cls: type) -> Iterator[Member]:
    """Yield the methods and properties of a class that conjac wrote."""
    for name in dir(cls):
        raw = inspect.getattr_static(cls, name)
        is_property = isinstance(raw, property | functools.cached_property)
        function = next((f for kind in ("__func__", "fget", "func", "fn") if (f := getattr(raw, kind, None))), raw)
        own = inspect.isfunction(function) and function.__module__.partition(".")[0] == "conjac"
        if own and not name.startswith("_"):
            yield Member(name, function, is_property)


def sections(text: str) -> Any:
    """Return a docstring as numpydoc reads it; what it warns of is an error."""
    from numpydoc.docscrape import NumpyDocString

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return NumpyDocString(text)


# What each part of a docstring may lack. Every rule yields sentences.

ARRAY = re.compile(r"\b(nd)?arrays?\b|\btensors?\b")
MOVING = re.compile(r"(^|_)(slopes?|gradient|jacobian|steps?|velocit(y|ies)|rate|elasticity)$")
UNITS = re.compile(r"\bunits?\b|\bper\b|\bcoordinate\b")
NO_QUANTITY = re.compile(r"callable|^int\b|\bstr\b|\bStep\b|\(name, function\)|\bpoints\b")
YEAR = re.compile(r"\b(1[789]|20)\d\d\b")
PAGE = re.compile(r":doc:`(?:[^`<]*<)?/([\w/]+)>?`")


def typed(where: str, entries: Any) -> Iterator[str]:
    """Types are told, arrays with their shape, and what moves with its units."""
    for entry in entries:
        text = " ".join([entry.type, *entry.desc])
        if not entry.type:
            yield f"{where}: {entry.name!r} has no type"
        if not " ".join(entry.desc).strip():
            yield f"{where}: {entry.name!r} is not described"
        if ARRAY.search(entry.type) and "of shape" not in entry.type:
            yield f"{where}: {entry.name!r} is {entry.type!r}, of which shape?"
        if any(map(MOVING.search, split([entry]))) and not NO_QUANTITY.search(entry.type) and not UNITS.search(text):
            yield f"{where}: {entry.name!r} has no units: {text!r}"


def split(entries: Any) -> list[str]:
    """Return the names of a section's entries: of ``a, b : float`` both."""
    return [name.strip().lstrip("*") for entry in entries for name in entry.name.split(",")]


def parameters_of(function: Any) -> list[str]:
    """Return the names of the arguments, without the bound one."""
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def raised(tree: ast.AST) -> set[str]:
    """Return the names of the exceptions that a body raises itself."""
    exceptions = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None)
    named = (ast.unparse(exc.func if isinstance(exc, ast.Call) else exc).rpartition(".")[2] for exc in exceptions)
    return {name for name in named if hasattr(errors, name)}


@functools.cache
def body(function: Any) -> ast.AST:
    """Return the parsed source of a function."""
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def called(function: Any, owner: type | None) -> Iterator[Any]:
    """Yield the functions of conjac that a body calls by a name that can be looked up."""
    for node in ast.walk(body(function)):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name):
                found = function.__globals__.get(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if owner is not None:
                found = getattr(owner, name, None)
            case ast.Attribute(value=ast.Name(id=left), attr=name):
                found = getattr(function.__globals__.get(left), name, None)
            case _:
                found = None
        found = getattr(found, "__func__", found)
        if (getattr(found, "__module__", None) or "").partition(".")[0] != "conjac":
            continue
        if inspect.isfunction(found):
            yield found
        elif inspect.isclass(found) and not issubclass(found, BaseException):
            yield from (f for f in (vars(found).get("__init__"), vars(found).get("__post_init__")) if is_own(f))


def is_own(function: Any) -> bool:
    """Tell a function with a source from what a decorator made or nobody wrote."""
    return inspect.isfunction(function) and function.__code__.co_filename.endswith(".py")


def refuses(function: Any) -> bool:
    """Tell whether a delegate raises on purpose, or says that it does."""
    return bool(raised(body(function))) or "\nRaises\n---" in (inspect.getdoc(function) or "")


def unsaid(where: str, function: Any, owner: type | None, told: Any, quiet: frozenset[str]) -> Iterator[str]:
    """What a body raises is said; where only a delegate raises, something is."""
    said = {name.rpartition(".")[2] for entry in told["Raises"] for name in re.split(r",\s*|\s+or\s+", entry.type)}
    below = {sub.__name__ for name in said if hasattr(errors, name) for sub in getattr(errors, name).__subclasses__()}
    for name in sorted(raised(body(function)) - said - below):
        yield f"{where}: raises {name}, and does not say so"
    if not said and where not in quiet:
        delegates = sorted({f.__qualname__ for f in called(function, owner) if refuses(f)})
        if delegates:
            yield f"{where}: says nothing of what {', '.join(delegates)} raises"


def of_function(where: str, function: Any, owner: type | None, quiet: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with the docstring of a function or a method."""
    told = sections(inspect.getdoc(function) or "")
    if not " ".join(told["Summary"]).strip():
        yield f"{where}: has no summary"
        return
    documented, expected = split(told["Parameters"]), parameters_of(function)
    if documented != expected:
        yield f"{where}: documents {documented}, and takes {expected}"
    yield from typed(where, [entry for entry in told["Parameters"] if not entry.name.startswith("**")])
    gives = str(function.__annotations__.get("return", "None"))
    back = [*told["Returns"], *told["Yields"]]
    if gives not in ("None", "NoReturn") and not back:
        yield f"{where}: returns {gives}, and does not say so"
    texts = [" ".join([entry.name, entry.type, *entry.desc]) for entry in back]
    if back and "Array" in gives and not any("of shape" in text for text in texts):
        yield f"{where}: returns {gives}, of which shape?"
    for entry, text in zip(back, texts, strict=True):
        if ARRAY.search(entry.type) and "of shape" not in text:
            yield f"{where}: returns {entry.type!r}, of which shape?"
    yield from unsaid(where, function, owner, told, quiet)


def of_property(where: str, function: Any) -> Iterator[str]:
    """Yield what is wrong with the docstring of a property."""
    text = inspect.getdoc(function) or ""
    told = sections(text)
    if not " ".join(told["Summary"]).strip():
        yield f"{where}: has no summary"
    if "Array" in str(function.__annotations__.get("return")) and "of shape" not in text:
        yield f"{where}: is an array, of which shape?"
    if MOVING.search(where.rpartition(".")[2]) and not UNITS.search(text):
        yield f"{where}: has no units"
    said = {entry.type for entry in told["Raises"]}
    yield from (f"{where}: raises {name}, and does not say so" for name in sorted(raised(body(function)) - said))


def fields_of(cls: type) -> dict[str, str]:
    """Return the public fields of a dataclass or a named tuple with their annotations."""
    if dataclasses.is_dataclass(cls):
        fields = {field.name: str(field.type) for field in dataclasses.fields(cls)}
    elif hasattr(cls, "_fields"):
        fields = {name: str(annotation) for name, annotation in inspect.get_annotations(cls).items()}
    else:
        fields = {}
    return {name: kind for name, kind in fields.items() if not name.startswith("_")}


def of_class(where: str, cls: type, quiet: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with the docstrings of a class and of all its members."""
    told = sections(inspect.getdoc(cls) or "")
    if not " ".join(told["Summary"]).strip() or cls.__doc__ is None:
        yield f"{where}: has no docstring of its own"
    yield from typed(where, [*told["Parameters"], *told["Attributes"]])
    parameters, attributes = split(told["Parameters"]), split(told["Attributes"])
    fields = fields_of(cls)
    for name in fields:
        if name not in (*attributes, *parameters):
            yield f"{where}: its field {name!r} is not documented"
    for entry in (*told["Attributes"], *told["Parameters"]):
        text = " ".join([entry.type, *entry.desc])
        arrays = [name for name in split([entry]) if "Array" in fields.get(name, "") and "Callable" not in fields[name]]
        if arrays and "of shape" not in text:
            yield f"{where}: {entry.name!r} is an array, of which shape?"
    init = next((vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)), None)
    if not fields and is_own(init) and init.__module__.partition(".")[0] == "conjac":
        taken = parameters_of(init)
        if [name for name in taken if name not in parameters and name not in attributes]:
            yield f"{where}: documents {parameters}, and takes {taken}"
        if strange := [name for name in parameters if name not in taken]:
            yield f"{where}: documents {strange}, which it does not take"
    elif strange := [name for name in parameters if name not in fields]:
        yield f"{where}: documents {strange}, which it does not take"
    for made in ("__init__", "__post_init__"):
        if is_own(vars(cls).get(made)):
            yield from unsaid(where, vars(cls)[made], cls, told, quiet)
    for member in members(cls):
        name = f"{where}.{member.name}"
        yield from (
            of_property(name, member.function) if member.is_property else of_function(name, member.function, cls, quiet)
        )


def unsourced(where: str, text: str, pages: set[str]) -> Iterator[str]:
    """Yield that a formula has no source: neither a year nor a page in its notes or references."""
    told = sections(text)
    sources = "\n".join([*told["Notes"], *told["References"]])
    if not YEAR.search(sources) and not PAGE.search(sources):
        yield f"{where}: computes, and names no source: a year or a page, in its notes or references"
    for page in PAGE.findall(text):
        if page not in pages:
            yield f"{where}: links to {page}, which is no page"


def unshown(where: str, text: str) -> Iterator[str]:
    """Yield that there is no example that doctest would run."""
    shown = "\n".join(sections(text)["Examples"])
    if not doctest.DocTestParser().get_examples(shown):
        yield f"{where}: has no example that runs"


def misread(where: str, text: str) -> Iterator[str]:
    """Yield that a paragraph begins with an initial, which reStructuredText takes for a numbered list."""
    yield from (f"{where}: {found!r} begins a list" for found in re.findall(r"(?:\n\s*|\n-+)\n\s*([A-Z]\. .*)", text))


def faults(where: str, public: Any, quiet: frozenset[str] = frozenset()) -> list[str]:
    """Return all that is wrong with the docstrings of a public function or class."""
    if not hasattr(public, "__qualname__"):
        return []  # a constant; the reference has words for it
    of = of_class(where, public, quiet) if inspect.isclass(public) else of_function(where, public, None, quiet)
    text = inspect.getdoc(public) or ""
    return [*of, *misread(where, text), *unshown(where, text)]
