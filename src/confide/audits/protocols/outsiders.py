"""Who else can compute a mask: a third client, or the server, with all that they hold and see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from confide.audits.checked.record import Attack, Check, Outcome, played
from confide.audits.protocols.masking import NAMES, SERVER, MaskingProtocol
from confide.audits.protocols.rounds import (
    OUTSIDER,
    VICTIM,
    Round,
    honest,
    need_explained,
    terms_of,
    vectors_of,
    without_masks,
)
from confide.core.arrays import Array

LEAST_BYTES = 16
"""A secret of fewer bytes may stand in another message by chance."""


def third_client(protocol: MaskingProtocol, threshold: int) -> Check:
    """Try all that one client holds as the secret behind the masks of two others."""
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)
    begun = honest(protocol, terms, protocol.kits(terms), vectors)
    need_explained(begun, vectors)
    return _judged(
        begun,
        vectors,
        name="third client",
        holder="A third client",
        holds=[*begun.kits[OUTSIDER].values(), *begun.clients[OUTSIDER].private()],
        seen=[sealed[OUTSIDER] for sealed in begun.sealed.values() if OUTSIDER in sealed],
    )


def by_server(protocol: MaskingProtocol, threshold: int) -> Check:
    """Try all that the server holds and carries as the secret behind the masks of two clients."""
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)
    begun = honest(protocol, terms, protocol.kits(terms), vectors)
    carried = [message for sealed in begun.sealed.values() for message in sealed.values()]
    return _judged(
        begun,
        vectors,
        name="server",
        holder="The server",
        holds=list(begun.kits[SERVER].values()),
        seen=[*begun.keys.values(), *carried],
    )


def _judged(
    begun: Round,
    vectors: Mapping[str, Array],
    *,
    name: str,
    holder: str,
    holds: Sequence[object],
    seen: Sequence[bytes],
) -> Check:
    mine = begun.clients[VICTIM].mask_secrets()
    pairs = {other: secret for other, secret in mine.items() if other not in (VICTIM, OUTSIDER)}
    # Control: with its own secrets the victim must find them, or the function that is tried is another.
    own = [*begun.clients[VICTIM].private(), *begun.kits[VICTIM].values()]
    missed = [other for other in pairs if _computed(begun, other, pairs[other], own) is None]
    tried = list(_flat([*holds, *seen]))
    found = {other: _computed(begun, other, secret, tried) for other, secret in pairs.items()}
    known = {other: secret for other, secret in found.items() if secret is not None}
    written = [secret for secret in _long_bytes(own) if any(secret in message for message in seen)]
    figures = {"things tried": len(tried), "masks computed": len(known), "of": len(pairs)}
    outcome: Outcome = "passed"
    words = f"{holder} tried {len(tried)} things that it holds or sees: none gives the mask of a pair."
    attacks: tuple[Attack, ...] = ()
    if known or written:
        outcome = "failed"
        words = f"{holder} computes the masks of {len(known)} of {len(pairs)} pairs that it is not in."
        if written:
            words = f"{holder} sees {len(written)} secrets of a client as they are, in messages."
        attacks = (played(lambda: _read(begun, vectors, known, holder)),)
    elif missed or not pairs:
        outcome = "unclear"
        words = "A client's own secrets do not give its masks by the adapter's `secret`: nobody else's could."
    return Check(name=name, outcome=outcome, found=words, figures=figures, attacks=attacks)


def _computed(begun: Round, other: str, truth: object, holds: Sequence[object]) -> object | None:
    """What one of these things gives as the secret of the victim and another client, if it is right."""
    for private in _flat(holds):
        for mine, theirs in ((VICTIM, other), (other, VICTIM)):
            try:
                found = begun.protocol.secret(
                    private, begun.keys, mine=mine, theirs=theirs, round=begun.number
                )
            except Exception:  # anything may be tried, and most things are no secret
                continue
            if found == truth:
                return found
    return None


def _read(begun: Round, vectors: Mapping[str, Array], known: Mapping[str, object], holder: str) -> Attack:
    """Take off the masks that are known; the server has the own mask from shares, as it must."""
    protocol = begun.protocol
    left = begun.total([VICTIM], begun.ask(NAMES), dropped=())
    secrets = begun.clients[VICTIM].mask_secrets()
    # A third client knows the mask that it shares with the victim.
    mine = [secrets[OUTSIDER]] if holder != "The server" and OUTSIDER in secrets else []
    masks = [protocol.stream(secret, begun.terms.shapes) for secret in [*known.values(), *mine]]
    read = without_masks(protocol, left, masks, vectors[VICTIM]) if masks else None
    story = f"{holder} took the masks of {len(masks)} pairs off the vector of one client"
    if holder != "The server":
        story += ", together with the server, who takes off the client's own mask as in any round"
    success = read is not None
    ending = f": all {len(vectors[VICTIM])} words were read." if success else ": some mask is left on it."
    return Attack(story=story + ending, succeeded=success, figures={"masks taken off": len(masks)})


def _flat(things: Sequence[object]) -> Iterator[object]:
    """Things, and what is in lists and tables among them."""
    for thing in things:
        yield thing
        if isinstance(thing, Mapping):
            yield from _flat(list(thing.values()))
        elif isinstance(thing, (list, tuple)):
            yield from _flat(list(thing))


def _long_bytes(things: Sequence[object]) -> list[bytes]:
    return [thing for thing in _flat(things) if isinstance(thing, bytes) and len(thing) >= LEAST_BYTES]
