"""What exchanges of predictions have in common: messages of their own kinds, and a student of the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from confide.core.arrays import Array, Batch, Ints, Rng
from confide.core.errors import DataError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.students import probabilities
from confide.mechanisms.federate.votes import ABSTAINS
from confide.views.records import Records


@runtime_checkable
class Exchange(Protocol):
    """What a protocol has besides, in which parties say what they predict for public records."""

    kinds: ClassVar[tuple[str, str]]
    """The kinds of its messages: what the server sends, and what a party answers."""

    whole: ClassVar[bool]
    """Whether a party answers in whole numbers, which a secure sum adds up as they are."""

    @property
    def student(self) -> LocalLearner:
        """What is trained on the result, and published."""
        ...

    @property
    def asked(self) -> int:
        """How many public records there are."""
        ...

    def remark(self, published: Payload) -> str:
        """What is said of what was published, besides the promise; empty for nothing."""
        ...

    def unpublished(self, state: object) -> str:
        """What is said to the holder of the records alone; empty for nothing."""
        ...


def kinds_of(protocol: object) -> tuple[str, str]:
    """The kinds of a protocol's messages: what the server sends, and what a party answers.

    >>> kinds_of(object())
    ('model', 'update')
    """
    return protocol.kinds if isinstance(protocol, Exchange) else ("model", "update")


def trained(learner: LocalLearner, records: Records, *, rng: Rng) -> Array:
    """The parameters of a model that was trained on records from an untrained one, float[p]."""
    return trained_each(learner, [records], rngs=[rng])[0]


def trained_each(learner: LocalLearner, records: Sequence[Records], *, rngs: Sequence[Rng]) -> list[Array]:
    """The parameters of models that were trained each by itself from an untrained one.

    Args:
        learner: that trains.
        records: of each model; labels are class codes, or a number for each class where the learner takes
            them.
        rngs: of each, its first weights and its training.
    """
    starts = [learner.start(rng=rng) for rng in rngs]
    if learner.shapes and len(starts):
        return list(learner.train(np.stack(starts), records, rngs=rngs))
    each = zip(starts, records, rngs, strict=True)  # of sizes of their own
    return [learner.train(start[None], [own], rngs=[rng])[0] for start, own, rng in each]


def predicted(learner: LocalLearner, parameters: Array, public: Batch) -> Array:
    """The probability of each class for each public record, float64[m, C]; NaN for a model that diverged."""
    if not np.isfinite(parameters).all():
        return np.full((len(public), 1), np.nan)
    return probabilities(learner.model(parameters), public)


def votes_of(
    learner: LocalLearner, records: Sequence[Records], public: Batch, *, rngs: Sequence[Rng]
) -> list[Ints]:
    """The vote of each model on each public record, int64[m]; one without records or numbers abstains."""
    some = [k for k, own in enumerate(records) if len(own)]
    models = trained_each(learner, [records[k] for k in some], rngs=[rngs[k] for k in some])
    found = [np.full(len(public), ABSTAINS) for _ in records]
    for k, parameters in zip(some, models, strict=True):
        said = predicted(learner, parameters, public)
        found[k] = np.where(np.isfinite(said).all(axis=1), said.argmax(axis=1), ABSTAINS)
    return found


def counts_fault(upload: Payload, form: tuple[int, int], most: int) -> str | None:
    """Why an upload is no count of votes; None if it is.

    Args:
        upload: what a party sent.
        form: public records and classes.
        most: votes of a party on one record.

    >>> counts_fault({"votes": np.array([[0, 2]])}, (1, 2), 1)
    'more votes than it has'
    """
    given = upload.get("votes")
    if set(upload) != {"votes"} or given is None or given.shape != form or given.dtype.kind not in "iu":
        return "no votes on these records"
    if given.size and (given.min() < 0 or given.sum(axis=1, dtype=np.int64).max() > most):
        return "more votes than it has"
    return None


def need_heard(uploads: int) -> None:
    """Refuse an exchange in which nobody said anything that can be used.

    Raises:
        DataError: what it may be.
    """
    if not uploads:
        raise DataError(
            "no party's answer could be used: their numbers are not finite, or too few took part for a sum. "
            "Lower the rate of local training, or find more parties."
        )
