"""Shamir's secret sharing by MPyC: one party's runtime, whose messages others carry (extra `share`).

MPyC's own start connects, and believes the number that a peer states. Here it opens no connection: the keys
for pseudo-random sharing and every message go through `Carrier`, which has verified each peer before. Its
codec for arrays unpickles what a peer sent; this one is switched off, and raises where something would use it.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from confide.core.errors import ConfideError, DataError

SECURITY = 40
"""Statistical security in bits, where a product is masked before it is opened."""


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
        raise DataError(f"MPyC asked for pickle.{name}: nothing of a peer is unpickled. Report this as a fault.")


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
        for room in ("asyncoro", "sectypes", "mpctools", "seclists", "secpols", "secgroups", "random", "statistics"):
            getattr(self.mpyc, room).runtime = self.run
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
            raise DataError(f"keys of {len(data)} bytes where {wanted} are due: the parties' versions differ.")
        self.run._prss_keys_from_peer(party, data)
        self.run.prfs.cache_clear()

    def take(self, party: int, data: bytes) -> None:
        """Take bytes that a party sent to MPyC."""
        self.exchangers[party].data_received(data)

    def whole(self, largest: int) -> Any:
        """The type of shared whole numbers of at most this absolute value, in the least field that holds them."""
        return self.run.SecFld(min_order=2 * largest + 1, signed=True)

    async def totals(self, values: Sequence[int] | None, *, count: int, bound: int, owners: Sequence[int]) -> list[int]:
        """The sums of owners' whole numbers, place by place: all that is opened.

        Args:
            values: int[count] of this party; None for one that puts nothing in.
            count: of numbers.
            bound: on the absolute value of each.
            owners: numbers of those that put some in.

        Raises:
            DataError: if a number is beyond the bound. No sum overflows: the field holds `bound` of each owner.
        """
        kind = self.whole(bound * len(owners))
        shares = await self.gathered(self.given(kind, values, count=count, bound=bound, owners=owners))
        modulus = kind.field.modulus
        added = [kind.field(sum(element.value for element in place) % modulus) for place in zip(*shares, strict=True)]
        return [int(number) for number in await self.run.output(added)]

    def given(self, kind: Any, values: Sequence[int] | None, *, count: int, bound: int, owners: Sequence[int]) -> Any:
        """Shares of the numbers of each owner: a list for each of them.

        Raises:
            DataError: if a number is beyond the bound, or there are not as many as were planned.
        """
        mine = [0] * count if values is None else [int(value) for value in values]
        if len(mine) != count or any(abs(value) > bound for value in mine):
            raise DataError(f"{len(mine):,} numbers, of which some may be beyond {bound:,}: the plan has {count:,}.")
        return self.run.input([kind(value) for value in mine], senders=list(owners))

    async def gathered(self, shares: Any) -> Any:
        """This party's shares themselves, once they are there."""
        return [await self.run.gather(one) for one in shares]


def imported() -> Any:
    """MPyC, imported without its reading our command line or setting up our log.

    Raises:
        ConfideError: if it is missing, with the extra to install.
    """
    arguments, handlers, level = sys.argv, logging.root.handlers[:], logging.root.level
    sys.argv = ["confide", "--no-log"]
    try:
        import mpyc.runtime as runtime
    except ImportError:
        raise ConfideError("joint computation needs MPyC: pip install 'confide[share]'.") from None
    finally:
        sys.argv, logging.root.handlers[:] = arguments, handlers
        logging.root.setLevel(level)
    import mpyc

    runtime.pickle = _NoPickle()
    mpyc.asyncoro._hop = _hop  # the same on every platform and version of Python
    return mpyc


def _hop(counter: Sequence[int]) -> int:
    return int.from_bytes(hashlib.sha256(str(list(counter)).encode()).digest()[:8], "little", signed=True)


