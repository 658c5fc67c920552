"""Private set intersection by elliptic curves: identifiers become points that two secret exponents hide.

Each party hashes an identifier to a point of P-256 and multiplies it by its own secret number. Multiplied by
both, equal identifiers give equal points, in whichever order it was done; with one number alone a point tells
nothing, if the decisional Diffie-Hellman problem on the curve is hard and the hash is a random oracle. By
`openmined-psi`, which has the curve; both secret numbers are new for every run.

Source: Meadows, "A more efficient cryptographic matchmaking protocol", IEEE S&P 1986; De Cristofaro, Tsudik,
"Practical private set intersection protocols", FC 2010, for the size alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import private_set_intersection.python as psi  # pyright: ignore[reportMissingImports]
from numpy.typing import NDArray

from confide.mechanisms.share.matching.match_plan import Form
from confide.mechanisms.share.refusals import RefusedError

Points = NDArray[np.uint8]
POINT_BYTES = 33
"""Of a compressed point of P-256."""
_CHUNK = 2_000
"""Identifiers between two signs of progress; one takes about .1 ms of a core."""
_FORMS: dict[Form, Any] = {
    "raw": psi.DataStructure.RAW,
    "golomb": psi.DataStructure.GCS,
}
# No Bloom filter: told 1e-6, the library's gave a wrong result in 1 of 25 runs of 10,000 identifiers.
Watch = Callable[[str, int, int], None]
"""Called with what is done, how many identifiers of it are, and of how many."""


def unwatched(what: str, done: int, of: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The side that learns, with its secret number.

    Args:
        rows: whether it learns which of its identifiers are shared; else how many.
        watch: shows progress.
    """

    rows: bool
    watch: Watch = unwatched
    _client: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_client", psi.client.CreateWithNewKey(self.rows))

    def request(self, identifiers: Sequence[str]) -> Points:
        """Each identifier as a point, uint8[n, 33], in their order."""
        made = [
            self._client.CreateRequest(list(part)).encrypted_elements
            for part in _chunks(identifiers, "hiding own identifiers", self.watch)
        ]
        return _points([point for part in made for point in part])

    def found(self, listed: bytes, answer: Points, *, sender: str) -> tuple[int, ...] | int:
        """The numbers of the own identifiers that are shared, ascending; or how many there are.

        Args:
            listed: the other's list, or a filter of it.
            answer: own points, multiplied by the other.
            sender: the other's name, for messages.

        Raises:
            RefusedError: if the other sent no points.
        """
        rows: list[int] = []
        size = 0
        with _points_of(sender):
            setup = psi.ServerSetup.FromString(listed)
            for at, part in _numbered(answer, "comparing", self.watch):
                response = psi.Response(encrypted_elements=[point.tobytes() for point in part])
                if self.rows:
                    rows += [at + row for row in self._client.GetIntersection(setup, response)]
                else:
                    size += self._client.GetIntersectionSize(setup, response)
        return tuple(sorted(rows)) if self.rows else size


@dataclass(frozen=True, slots=True)
class Answerer:
    """The side that is asked, with its secret number.

    Args:
        rows: whether the other learns which of its identifiers are shared; else how many.
        watch: shows progress.
    """

    rows: bool
    watch: Watch = unwatched
    _server: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_server", psi.server.CreateWithNewKey(self.rows))

    def listed(self, identifiers: Sequence[str], *, asked: int, form: Form, rate: float) -> bytes:
        """The own list, or a filter of it, for one who asks.

        Points are sorted, so that their order tells nothing of the rows'.

        Args:
            identifiers: of this side.
            asked: how many identifiers the other asks about.
            form: as in the plan.
            rate: the chance that any of these is matched wrongly.
        """
        if form != "raw":
            self.watch("hiding the list", 0, len(identifiers))
            made = self._server.CreateSetupMessage(rate, asked, list(identifiers), _FORMS[form])
            return made.SerializeToString()
        points: list[bytes] = []
        for part in _chunks(identifiers, "hiding the list", self.watch):
            made = self._server.CreateSetupMessage(LEAST_RATE, asked, list(part), _FORMS[form])
            points += made.raw.encrypted_elements
        whole = psi.ServerSetup()
        whole.raw.encrypted_elements.extend(sorted(points))
        return whole.SerializeToString()

    def answer(self, request: Points, *, sender: str) -> Points:
        """The other's points, multiplied by the own number.

        They are in the other's order if it may learn which of its identifiers are shared. Else all are sorted
        together: sorted part by part, each part would show a size of its own.

        Raises:
            RefusedError: if the other sent no points.
        """
        points: list[bytes] = []
        with _points_of(sender):
            for _, part in _numbered(request, "answering", self.watch):
                asked = psi.Request(
                    reveal_intersection=self.rows, encrypted_elements=[point.tobytes() for point in part]
                )
                points += self._server.ProcessRequest(asked).encrypted_elements
        return _points(points if self.rows else sorted(points))


@dataclass(frozen=True, slots=True)
class Blinder:
    """One secret number for both: own identifiers become points, and others' points are multiplied by it.

    Args:
        watch: shows progress.
    """

    watch: Watch = unwatched
    _client: Any = field(init=False, repr=False)
    _server: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        client = psi.client.CreateWithNewKey(True)
        object.__setattr__(self, "_client", client)
        object.__setattr__(self, "_server", psi.server.CreateFromKey(client.GetPrivateKeyBytes(), True))

    def points(self, identifiers: Sequence[str]) -> Points:
        """Each identifier as a point, uint8[n, 33], in their order."""
        parts = _chunks(identifiers, "hiding own identifiers", self.watch)
        made = [self._client.CreateRequest(list(part)).encrypted_elements for part in parts]
        return _points([point for part in made for point in part])

    def doubled(self, points: Points, *, sender: str) -> Points:
        """The other's points, multiplied by the own number, in their order.

        Raises:
            RefusedError: if the other sent no points.
        """
        found: list[bytes] = []
        with _points_of(sender):
            for _, part in _numbered(points, "answering", self.watch):
                asked = psi.Request(
                    reveal_intersection=True, encrypted_elements=[point.tobytes() for point in part]
                )
                found += self._server.ProcessRequest(asked).encrypted_elements
        return _points(found)


LEAST_RATE = 1e-12
"""Handed over where no filter is made, and not used there."""


class _points_of:  # noqa: N801 - read as a function
    """Say of the library's errors which party sent what is no point, and never the bytes."""

    def __init__(self, sender: str) -> None:
        self.sender = sender

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> Literal[False]:
        if isinstance(error, Exception):
            raise RefusedError(
                f"{self.sender!r:.60} sent what are no points of the curve: has it the same version?",
                parties=[self.sender],
            ) from None
        return False


def _points(found: Sequence[bytes]) -> Points:
    return np.frombuffer(b"".join(found), np.uint8).reshape(len(found), POINT_BYTES)


def _chunks(identifiers: Sequence[str], what: str, watch: Watch) -> Iterator[Sequence[str]]:
    for at in range(0, len(identifiers), _CHUNK):
        watch(what, at, len(identifiers))
        yield identifiers[at : at + _CHUNK]


def _numbered(points: Points, what: str, watch: Watch) -> Iterator[tuple[int, Points]]:
    for at in range(0, len(points), _CHUNK):
        watch(what, at, len(points))
        yield at, points[at : at + _CHUNK]
