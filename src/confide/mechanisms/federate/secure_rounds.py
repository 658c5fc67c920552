"""Secure aggregation in a collaboration: the server sees the sum of a round's uploads alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError
from confide.core.transcript import Message, Payload
from confide.mechanisms.federate.protocol import Summed, SumTerms
from confide.mechanisms.share.fixed_point import FixedPoint
from confide.mechanisms.share.messages import Message as Signed
from confide.mechanisms.share.plan import RING
from confide.mechanisms.share.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureRounds:
    """Secure aggregation adds up the uploads of each round, for `collaborate(..., secure=...)`.

    Numbers are rounded by chance to the finest grid on which the sum of all clients fits 32 bits, so that no
    sum can overflow. It hides the client, not the people: see `mechanisms/share/secure_sum.py`.

    Args:
        clients: how many take part in a round at most.
        limit: the largest absolute value of a number in an upload, such as the protocol's clip; an upload
            beyond it stops the round. None for a protocol that sends whole numbers, which are not rounded.
        how: threshold, cohort and graph of masks.
        run: the name of the run, to which all keys are bound.
        played: whether keys, masks and signatures are played and recorded; without it the sum and its
            refusals are the same, in a fraction of the time, and nothing is recorded of it.
        dropped: by the number of the round, clients that fall silent before they send their vector.

    >>> uploads = {name: {"update": np.full(2, 0.25)} for name in "abcd"}
    >>> summed = SecureRounds(limit=1.0, clients=4)(uploads, number=1, rng=np.random.default_rng(1))
    >>> summed.total["update"], summed.clients
    (array([1., 1.]), ('a', 'b', 'c', 'd'))
    """

    clients: int
    limit: float | None = None
    how: SecureSum = field(default_factory=lambda: SecureSum(fresh_inputs=True))
    run: str = "simulation"
    played: bool = True
    dropped: Mapping[int, Collection[str]] = field(default_factory=dict)

    def __call__(self, uploads: Mapping[str, Payload], *, number: int, rng: Rng) -> Summed:
        """The sum of these uploads.

        Args:
            uploads: by client; all have the same arrays.
            number: of the round.
            rng: unused: keys, masks and rounding come from a cryptographic source.

        Raises:
            DataError: if uploads have different arrays, or numbers beyond the limit.
            RefusedError: if too few clients remain.
            PromiseError: if the settings cannot protect so few clients.
        """
        grid, form = self._grid, _form(uploads, self.clients)
        if self.limit is None and (name := _fraction(uploads)) is not None:
            raise DataError(
                f"the upload of {name!r:.60} has numbers that are not whole: give SecureRounds a limit, the "
                "largest of them."
            )
        vectors = {name: grid.rounded(joined(upload)) for name, upload in uploads.items()}
        gone = [name for name in self.dropped.get(number, ()) if name in uploads]
        sent: list[Signed] = []
        if self.played:
            found = self.how.simulate(
                vectors, bound=grid.bound, dropped=gone, run=self.run, round=number, observe=sent.append
            )
        else:
            found = self.how.ideal(vectors, bound=grid.bound, dropped=gone)
        return Summed(
            apart(grid.floats(found.total), form),
            found.survivors,
            tuple(Message(m.round, m.sender, m.receiver, m.kind, m.payload) for m in sent),
        )

    @property
    def terms(self) -> SumTerms:
        """What it keeps to in every round, for a protocol whose promise rests on it."""
        bound = self._grid.bound if self.limit is None else 0
        return SumTerms(max(self.how.threshold or 0, self.how.cohort or 0), self.how.colluding, bound)

    @property
    def _grid(self) -> FixedPoint:
        if self.limit is not None:
            return FixedPoint.for_clients(self.clients, limit=self.limit)
        return FixedPoint(limit=(RING // 2 - 1) // max(self.clients, 1), steps=1.0)


def _fraction(uploads: Mapping[str, Payload]) -> str | None:
    """A client whose upload has arrays of other than whole numbers; None if there is none."""
    kinds = ((name, array.dtype.kind) for name, upload in uploads.items() for array in upload.values())
    return next((name for name, kind in kinds if kind not in "iu"), None)


def _form(uploads: Mapping[str, Payload], most: int) -> dict[str, tuple[int, ...]]:
    """The arrays of each upload by name, and their shapes."""
    if len(uploads) > most:
        raise DataError(f"{len(uploads):,} clients take part, and the sum has room for {most:,}: give more.")
    forms = [{name: upload[name].shape for name in sorted(upload)} for upload in uploads.values()]
    for client, form in zip(uploads, forms, strict=True):
        if form != forms[0]:
            raise DataError(f"the upload of {client!r:.60} has other arrays than the first: {form}.")
    return forms[0]


def joined(upload: Payload) -> Array:
    """All arrays of an upload as one vector, in the order of their names, float64[n]."""
    return np.concatenate([np.ravel(upload[name]).astype(np.float64) for name in sorted(upload)])


def apart(total: Array, form: Mapping[str, tuple[int, ...]]) -> Payload:
    """The arrays of such a vector; `form` has their shapes, in the order of their names."""
    ends = np.cumsum([prod(shape) for shape in form.values()])[:-1]
    parts = np.split(total, ends)
    return {name: part.reshape(shape) for (name, shape), part in zip(form.items(), parts, strict=True)}
