"""Shamir's secret sharing by MPyC: one party's runtime, whose messages others carry (extra `share`).

MPyC's own start connects, and believes the number that a peer states. Here it opens no connection: the keys
for pseudo-random sharing and every message go through `Carrier`, which has verified each peer before. Its
codec for arrays unpickles what a peer sent: it is switched off, and raises where something would use it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import logging
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ConfideError, DataError
from confide.mechanisms.share.joint.shamir import centred, packed, recombined, split, unpacked

SECURITY = 40
"""Statistical security in bits, where a product is masked before it is opened."""

AT_ONCE = 8192
"""Numbers between which the loop gets a turn, so that heartbeats go on."""


class Carrier(Protocol):
    """Carries bytes between this party and others that it knows to be who they are."""

    def send(self, party: int, data: bytes) -> None:
        """Send bytes to the party of this number, in order and whole."""
        ...


class _Wire:
    """What MPyC takes for a connection."""

    def __init__(self, carrier: Carrier, party: int) -> None:
        self.carrier, self.party = carrier, party

    def write(self, data: bytes) -> None:
        self.carrier.send(self.party, bytes(data))

    def close(self) -> None:
        """Nothing: who opened the connection closes it."""


class _NoPickle:
    """Stands where MPyC looks for pickle."""

    def __getattr__(self, name: str) -> Any:
        raise DataError(
            f"MPyC asked for pickle.{name}: nothing of a peer is unpickled. Report this as a fault."
        )


@dataclass(frozen=True, slots=True)
class Field:
    """Whole numbers modulo a prime.

    Args:
        modulus: the prime.
        width: bytes of a number.
    """

    modulus: int
    width: int


class Engine:
    """One party's runtime of MPyC, in a running event loop. A process has one at a time.

    Args:
        index: of this party.
        parties: how many there are.
        threshold: how many together learn nothing.
        carrier: of bytes.

    Raises:
        ConfideError: if MPyC is not installed.
    """

    def __init__(self, *, index: int, parties: int, threshold: int, carrier: Carrier) -> None:
        self.mpyc = imported()
        runtime, exchange = self.mpyc.runtime, self.mpyc.asyncoro
        options = argparse.Namespace(
            threshold=threshold, no_log=True, no_async=False, no_barrier=True, no_prss=False, ssl=False
        )
        options.mix32_64bit = True  # the codec of plain bytes, for arrays too
        options.sec_param, options.bit_length = SECURITY, 32
        members = [runtime.Party(i, "", 0) for i in range(parties)]
        self.index, self.parties, self.threshold = index, parties, threshold
        self.run = runtime.Runtime(index, members, options)
        for room in (
            "asyncoro",
            "sectypes",
            "mpctools",
            "seclists",
            "secpols",
            "secgroups",
            "random",
            "statistics",
        ):
            getattr(self.mpyc, room).runtime = self.run
        self.moduli: dict[int, int] = {}
        """Of each exchange by its label, for a record of the run."""
        self.exchangers: dict[int, Any] = {}
        for peer in range(parties):
            if peer != index:
                exchanger = exchange.MessageExchanger(self.run, peer)
                exchanger.transport = _Wire(carrier, peer)
                members[peer].protocol = self.exchangers[peer] = exchanger

    def keys_for(self, party: int) -> bytes:
        """The keys of pseudo-random sharing that this party deals to another."""
        return b"".join(self.run._prss_keys_to_peer(party))

    def take_keys(self, party: int, data: bytes) -> None:
        """Take the keys that a party dealt.

        Raises:
            DataError: if they have the wrong length.
        """
        if len(data) != (wanted := self.run._prss_keys_from_peer(party)):
            raise DataError(
                f"keys of {len(data)} bytes where {wanted} are due: the parties' versions differ."
            )
        self.run._prss_keys_from_peer(party, data)
        self.run.prfs.cache_clear()

    def take(self, party: int, data: bytes) -> None:
        """Take bytes that a party sent to MPyC."""
        self.exchangers[party].data_received(data)

    def field(self, largest: int) -> Field:
        """The least field that holds whole numbers of at most this absolute value, and tells their signs."""
        found = self.run.SecFld(min_order=max(2 * largest + 1, self.parties + 1)).field
        return Field(modulus=int(found.modulus), width=int(found.byte_length))

    async def totals(
        self, values: Sequence[int] | None, *, count: int, bound: int, owners: Sequence[int]
    ) -> list[int]:
        """The sums of owners' whole numbers, place by place: all that is opened.

        Args:
            values: int[count] of this party; None for one that puts nothing in.
            count: of numbers.
            bound: on the absolute value of each.
            owners: numbers of those that put some in.

        Raises:
            DataError: if a number is beyond the bound. The field holds `bound` of each owner: no overflow.
        """
        field = self.field(bound * len(owners))
        mine = np.array([*self.checked(values, count=count, bound=bound), 0], object)[:-1]
        found: list[int] = []
        for start in range(0, count, AT_ONCE):
            part = mine[start : start + AT_ONCE]
            shares = await self.shared(part, count=len(part), owners=owners, field=field)
            total = np.add.reduce(shares) % field.modulus
            found += [int(number) for number in await self.opened(total, field=field)]
        return found

    async def shared(self, values: Array, *, count: int, owners: Sequence[int], field: Field) -> list[Array]:
        """This party's shares of each owner's numbers, in the order of owners: object[count] each.

        Args:
            values: object[count], this party's own; only an owner's are used.
            count: of each owner's numbers.
            owners: numbers of those that put some in.
            field: that they are in.
        """
        out: dict[int, Array] = {}
        if self.index in owners:
            whole = values % field.modulus
            dealt = split(whole, modulus=field.modulus, threshold=self.threshold, parties=self.parties)
            out = dict(enumerate(dealt))
        return await self._swap(out, owners, count=count, field=field)

    async def opened(self, share: Array, *, field: Field) -> Array:
        """The numbers that shares of degree `threshold` are of, known to every party: object[n]."""
        heard = [(self.index - back) % self.parties for back in range(1, self.threshold + 1)]
        told = [(self.index + on) % self.parties for on in range(1, self.threshold + 1)]
        shares = await self._swap(
            dict.fromkeys([*told, self.index], share), [*heard, self.index], field=field
        )
        places = [place + 1 for place in [*heard, self.index]]
        whole = recombined(dict(zip(places, shares, strict=True)), modulus=field.modulus)
        return centred(whole, modulus=field.modulus)

    async def handed(self, out: Mapping[int, bytes], *, heard: Sequence[int]) -> dict[int, bytes]:
        """Bytes that are no shares, to and from parties by their numbers; each party takes part in each call.

        Args:
            out: for whom it has some.
            heard: who has some for this party.
        """
        self.run._program_counter[0] += 1  # the label of these messages, the same at every party
        for party, data in out.items():
            self.run._send_message(party, data)
        waited = {party: self.run._receive_message(party) for party in heard}
        return {party: came if isinstance(came, bytes) else await came for party, came in waited.items()}

    async def reduced(self, product: Array, *, field: Field) -> Array:
        """Shares of degree `threshold` from shares of twice it, by sharing these and combining (GRR 1998)."""
        everyone = range(self.parties)
        dealt = await self.shared(product, count=len(product), owners=everyone, field=field)
        places = [place + 1 for place in everyone]
        return recombined(dict(zip(places, dealt, strict=True)), modulus=field.modulus)

    async def _swap(
        self, out: dict[int, Array], heard: Sequence[int], *, field: Field, count: int | None = None
    ) -> list[Array]:
        self.run._program_counter[0] += 1  # the label of these messages, the same at every party
        self.moduli[self.run._program_counter[0]] = field.modulus
        for party, share in out.items():
            if party != self.index:
                self.run._send_message(party, packed(share, width=field.width))
        # Asked for before anything is awaited, as the label belongs to this exchange alone.
        waited = {party: self.run._receive_message(party) for party in heard if party != self.index}
        found: list[Array] = []
        for party in heard:
            if party == self.index:
                found.append(out[party])
                continue
            came = waited[party]
            data = came if isinstance(came, bytes) else await came
            found.append(unpacked(data, width=field.width))
        if count is not None and any(len(each) != count for each in found):
            raise DataError(
                f"a party sent another count of shares than {count:,}: the parties' versions differ."
            )
        return found

    def checked(self, values: Sequence[int] | None, *, count: int, bound: int) -> list[int]:
        """The numbers that this party puts in; zeros, which nobody gets, if it puts nothing in.

        Raises:
            DataError: if a number is beyond the bound, or there are not as many as were planned.
        """
        mine = [0] * count if values is None else [int(value) for value in values]
        if len(mine) != count:
            raise DataError(f"{len(mine):,} numbers where the plan has {count:,}: give as many.")
        if beyond := sum(abs(value) > bound for value in mine):
            raise DataError(f"{beyond:,} of {count:,} numbers are beyond {bound:,}: declare wider bounds.")
        return mine


def imported() -> Any:
    """MPyC, imported without its reading our command line or setting up our log.

    Raises:
        ConfideError: if it is missing, with the extra to install.
    """
    arguments, handlers, level = sys.argv, logging.root.handlers[:], logging.root.level
    sys.argv = ["confide", "--no-log"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it looks for numpy.core
            runtime = importlib.import_module("mpyc.runtime")
    except ImportError:
        raise ConfideError("joint computation needs MPyC: pip install 'confide[share]'.") from None
    finally:
        sys.argv, logging.root.handlers[:] = arguments, handlers
        logging.root.setLevel(level)
    mpyc = importlib.import_module("mpyc")
    setattr(runtime, "pickle", _NoPickle())  # noqa: B010
    mpyc.asyncoro._hop = _hop  # the same on every platform and version of Python
    return mpyc


def _hop(counter: Sequence[int]) -> int:
    return int.from_bytes(hashlib.sha256(str(list(counter)).encode()).digest()[:8], "little", signed=True)
