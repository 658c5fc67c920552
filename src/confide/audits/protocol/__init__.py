"""An auditor of masking protocols: it runs their functions, and plays the attacks that a weak one allows."""

from __future__ import annotations

from confide.audits.protocol.freshness import keys_fresh
from confide.audits.protocol.key_bits import key_bits
from confide.audits.protocol.lying_server import cohort_of_one, keys_swapped, two_stories
from confide.audits.protocol.masking import MaskingProtocol
from confide.audits.protocol.masks import mask_is_vector, ring_is_whole, seen
from confide.audits.protocol.outsiders import by_server, third_client
from confide.audits.protocol.record import ProtocolAudit
from confide.audits.protocol.rounds import least_threshold
from confide.core.arrays import Rng

__all__ = ["audit_protocol"]


def audit_protocol(
    protocol: MaskingProtocol,
    *,
    threshold: int | None = None,
    draws: int = 2**16,
    tries: int = 2**18,
    rng: Rng,
) -> ProtocolAudit:
    """Audit a protocol of secure aggregation by its own functions, on six parties of the auditor's making.

    A sum of masked vectors protects its clients only if masks are uniform, unknown to all others, and come
    off in the sum alone. Each of nine checks asks one of these things by running the protocol: with honest
    parties, and with a server that does not follow it. What fails ends in the attack, played to the end.

    A pass says what was tried, and no more: it proves no protocol.

    Args:
        protocol: its functions.
        threshold: how many of six clients must remain; None is the least that the protocol accepts.
        draws: secrets whose masks are compared, for each kind of secret.
        tries: seeds to search, where a seed is short.
        rng: for made-up secrets and records; the parties' keys come from the protocol itself.

    Raises:
        DataError: if the functions give no right sum, or not the masks that clients send.
    """
    if threshold is None:
        threshold = least_threshold(protocol)
    shown = seen(protocol, threshold)
    return ProtocolAudit(
        protocol=protocol.name,
        checks=(
            mask_is_vector(protocol, threshold, shown, rng=rng),
            ring_is_whole(protocol, threshold, shown, rng=rng),
            key_bits(protocol, threshold, shown, draws=draws, tries=tries, rng=rng),
            third_client(protocol, threshold),
            by_server(protocol, threshold),
            keys_swapped(protocol, threshold),
            keys_fresh(protocol, threshold),
            cohort_of_one(protocol, threshold),
            two_stories(protocol, threshold),
        ),
    )
