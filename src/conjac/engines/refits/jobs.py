"""Models fitted anew, side by side: with workers, a cache, progress, and an end when it is asked for."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import joblib
import numpy as np
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from conjac._typing import AnyArray
from conjac._version import __version__
from conjac.errors import InvalidInputError
from conjac.models import bind, scored
from conjac.models.oriented import Read
from conjac.models.settings import Setting, fit_arguments, seeds_of
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import TrainingData


class Refit(NamedTuple):
    """What is kept of a model that was fitted anew.

    Attributes
    ----------
    predicted : array of shape (n_rows,)
        Predicted class of each test row, in the smallest integers.
    scores : str
        A digest of the scores, by which two models are told apart.
    warned : tuple of str
        What the fit warned of.
    """

    predicted: AnyArray
    scores: str
    warned: tuple[str, ...]


class Job(NamedTuple):
    """A model to fit: the place of its setting, the value, and the seed of its random numbers, if it draws any."""

    setting: int
    value: float
    seed: int | None


@dataclass(frozen=True, eq=False)
class Common:
    """What all refits share.

    Attributes
    ----------
    training : TrainingData
    native : array or frame
        Test rows, as the model takes them.
    output : {"probabilities", "scores"}
    read : callable
        From scores as the model tells them to those of the positive class, or of each label.
    rule : ThresholdRule or ArgmaxRule
    """

    training: TrainingData
    native: Any
    output: str
    read: Read
    rule: ThresholdRule | ArgmaxRule


def refit(estimator: Any, common: Common, key: str | None) -> Refit:
    """Fit a model and predict the test rows; ``key`` stands for what is common, where results are kept."""
    del key
    training = common.training
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = estimator.fit(training.X, training.y, **fit_arguments(estimator, training.weight))
        scores = scored(bind(fitted, common.output), common.native)
    predicted = common.rule.predict(common.read(scores)).astype(np.min_scalar_type(common.rule.n_columns - 1))
    warned = tuple(sorted({f"{one.category.__name__}: {str(one.message).splitlines()[0]}" for one in caught}))
    return Refit(predicted, joblib.hash(scores), warned)


@dataclass(frozen=True, eq=False)
class Refits:
    """Fits models and remembers them.

    Attributes
    ----------
    estimator : estimator
        As the user fitted it; never fitted again itself.
    settings : tuple of Setting
    common : Common
    n_jobs : int or None
    cache : path or None
        Where results are kept from run to run.
    done : dict of Job to Refit
    failed : dict of Job to str
        The model's own words.
    """

    estimator: Any
    settings: tuple[Setting, ...]
    common: Common
    n_jobs: int | None
    cache: Any
    done: dict[Job, Refit] = field(default_factory=dict)
    failed: dict[Job, str] = field(default_factory=dict)

    def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> None:
        """Fit what is not done yet.

        Parameters
        ----------
        jobs : sequence of Job
        told : callable
            Is told how many of all fits are done; what it raises ends the rest.
        """
        new = [job for job in dict.fromkeys(jobs) if job not in self.done and job not in self.failed]
        kept = {job for job in new if self._is_kept(job)}
        for job in kept:  # here, and not by workers, who might look while another one writes
            self.done[job] = self._refit(*self._arguments(job))
            told(len(self.done) + len(self.failed))
        left = [job for job in new if job not in kept]
        by_one = get_active_backend()[0].supports_return_generator
        workers = Parallel(n_jobs=self.n_jobs, return_as="generator_unordered" if by_one else "list")
        found = workers(delayed(_attempt)(self._refit, job, *self._arguments(job)) for job in left)
        with _ended(found) as results:
            for job, result in results:
                if isinstance(result, str):
                    self.failed[job] = result
                else:
                    self.done[job] = result
                told(len(self.done) + len(self.failed))

    def of(self, job: Job) -> Refit:
        """Return what was fitted.

        Raises
        ------
        InvalidInputError
            The model's own refusal.
        """
        if job in self.failed:
            name, stands = self.settings[job.setting].name, self.settings[job.setting].value
            raise InvalidInputError(
                f"the model cannot be fitted with {name}={job.value:g} (it stands at {stands:g}): {self.failed[job]}; "
                "pass Hyperparameters(..., step=...) with a smaller step, or a model that was fitted at another value"
            )
        return self.done[job]

    def _arguments(self, job: Job) -> tuple[Any, Common, str | None]:
        estimator = self.settings[job.setting].set_on(self.estimator, job.value)
        if job.seed is not None:
            estimator.set_params(**dict.fromkeys(seeds_of(estimator), job.seed))
        return estimator, self.common, self._key

    def _is_kept(self, job: Job) -> bool:
        return self.cache is not None and self._refit.check_call_in_cache(*self._arguments(job))

    @cached_property
    def _key(self) -> str | None:
        """What stands for rows and versions in the cache; data are hashed once, and here: workers map them."""
        return None if self.cache is None else joblib.hash((self.common, _versions(self.estimator)))

    @cached_property
    def _refit(self) -> Any:
        if self.cache is None:
            return refit
        return joblib.Memory(self.cache, verbose=0).cache(refit, ignore=["common"])


def _attempt(function: Callable[..., Refit], job: Job, *arguments: Any) -> tuple[Job, Refit | str]:
    try:
        return job, function(*arguments)
    except Exception as error:  # whatever a model raises, told with the value that it was fitted at
        return job, f"{type(error).__name__}: {error}"


def _versions(estimator: Any) -> tuple[str, ...]:
    """Return the versions of the libraries that an estimator is made of."""
    parts = (estimator, *estimator.get_params(deep=True).values())
    roots = sorted({type(part).__module__.partition(".")[0] for part in parts})
    return __version__, *(f"{root} {getattr(sys.modules[root], '__version__', '')}" for root in roots)


@contextmanager
def _ended(found: Iterable[Any]) -> Iterator[Iterable[Any]]:
    """Take results, and on the way out end what still works on them, in silence."""
    try:
        yield found
    finally:
        if isinstance(found, Generator):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of results that nobody waits for any more
                found.close()
