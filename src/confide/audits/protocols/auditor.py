"""The audit: nine checks of one protocol, in the order of a round."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from confide.audits.checked.record import Check
from confide.audits.protocols.found import Found
from confide.audits.protocols.freshness import keys_fresh
from confide.audits.protocols.key_bits import key_bits
from confide.audits.protocols.lying_server import cohort_of_one, keys_swapped, two_stories
from confide.audits.protocols.masking import MaskingProtocol
from confide.audits.protocols.masks import mask_is_vector, ring_is_whole, seen
from confide.audits.protocols.outsiders import by_server, third_client
from confide.audits.protocols.rounds import least_threshold
from confide.core.arrays import Rng
from confide.core.errors import ConfideError


def audit_protocol(
    protocol: MaskingProtocol,
    *,
    threshold: int | None = None,
    draws: int = 2**16,
    tries: int = 2**18,
    rng: Rng,
) -> Found:
    """Audit a protocol of secure aggregation by its own functions, on six parties of the auditor's making.

    A sum of masked vectors protects its clients only if masks are uniform, unknown to all others, and come
    off in the sum alone. Each of nine checks asks one of these things by running the protocol: with honest
    parties, and with a server that does not follow it. What fails ends in the attack, played to the end.

    A pass says what was tried, and no more: it proves no protocol.

    Args:
        protocol: its functions.
        threshold: how many of six clients must remain; None is the least that the protocol accepts,
            from 2 on.
        draws: secrets whose masks are compared, for each kind of secret.
        tries: seeds to search, where a seed is short.
        rng: for made-up secrets and records; the parties' keys come from the protocol itself.

    Raises:
        DataError: if the functions give no right sum, or not the masks that clients send.
    """
    if threshold is None:
        threshold = least_threshold(protocol)
    shown = seen(protocol, threshold)
    checks: Mapping[str, Callable[[], Check]] = {
        "mask per word": lambda: mask_is_vector(protocol, threshold, shown, rng=rng),
        "whole ring": lambda: ring_is_whole(protocol, threshold, shown, rng=rng),
        "key bits": lambda: key_bits(protocol, threshold, shown, draws=draws, tries=tries, rng=rng),
        "third client": lambda: third_client(protocol, threshold),
        "server": lambda: by_server(protocol, threshold),
        "keys authenticated": lambda: keys_swapped(protocol, threshold),
        "keys fresh": lambda: keys_fresh(protocol, threshold),
        "cohort of one": lambda: cohort_of_one(protocol, threshold),
        "two stories": lambda: two_stories(protocol, threshold),
    }
    return Found(
        protocol=protocol.name,
        threshold=threshold,
        checks=tuple(_answered(name, check, protocol) for name, check in checks.items()),
    )


def _answered(name: str, check: Callable[[], Check], protocol: MaskingProtocol) -> Check:
    """The answer of a check; an error of the protocol's functions on the way leaves it open."""
    try:
        return check()
    except Exception as error:  # whatever functions of others raise says nothing about safety
        if isinstance(error, ConfideError) and not isinstance(error, protocol.refusals):
            raise
        said = f"The functions failed before there was an answer: {type(error).__name__}: {error}"
        return Check(name=name, outcome="unclear", found=said)
