"""Attacks on a mask whose secret is short: a search over seeds, and a table of masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.audits.checked.record import Attack
from confide.audits.protocols.generators import watched
from confide.audits.protocols.masking import MaskingProtocol
from confide.audits.protocols.mersenne import SeedSpace, first_words, search
from confide.audits.protocols.rounds import VICTIM, centred, honest, same, terms_of, vectors_of, without_masks
from confide.audits.protocols.secret_forms import form_of
from confide.core.arrays import Array, Rng
from confide.measure import proportion

PARTNER = "b"
VICTIMS = 500
SAMPLE = 64
MOST_SKIPPED = 4
"""Words that a protocol may draw before those of the vector, such as for a weight."""


def by_seeds(protocol: MaskingProtocol, threshold: int, *, tries: int, rng: Rng) -> Attack | None:
    """Search for the seed of the one mask that is left, and read the vector; None if no such seed was seen.

    The server and all clients but two tell each other all they know: so of one of the two, the mask that it
    shares with the other is left. Nothing is known of the vector but its bound.

    Args:
        tries: how many seeds at most: the block of this many with the right one, so that a part stands for
            the whole.
        rng: for secrets that show which seeds there are.
    """
    if protocol.modulus != 2**32:
        return None
    terms = terms_of(protocol, threshold)
    vectors = vectors_of(protocol, terms)
    begun = honest(protocol, terms, protocol.kits(terms), vectors)
    secrets = begun.clients[VICTIM].mask_secrets()
    known = [protocol.stream(secret, terms.shapes) for other, secret in secrets.items() if other != PARTNER]
    mask = protocol.stream(secrets[PARTNER], terms.shapes)
    seeds = _seeds(protocol, [secrets[PARTNER], *form_of([secrets[PARTNER]]).drawn(SAMPLE, rng=rng)])
    skip = _skipped(mask, seeds[0]) if len(seeds) > SAMPLE else None
    if skip is None:
        return None
    space = SeedSpace.of(seeds)
    count = min(tries, 2**space.bits)
    left = _left(protocol, begun.masked[VICTIM], known, mask, vectors[VICTIM])
    start = space.number(seeds[0]) // count * count
    found = search(left, space, bound=terms.bound, skip=skip, start=start, count=count)
    read = [
        seed for seed, sign in found.seeds if same(_taken(protocol, left, skip, seed, sign), vectors[VICTIM])
    ]
    minutes = found.core_minutes(space.bits)
    part = "all" if count == 2**space.bits else "the block with the right one, of"
    story = (
        f"The server and all clients but two worked together, and knew nothing but the bound. It tried "
        f"{count:,} seeds, {part} 2^{space.bits} that can come up, in {found.seconds:.2f} core seconds: "
        + (f"{len(found.seeds)} fitted, and gave the vector exactly." if read else "none gave the vector.")
        + f" The whole space takes {minutes:,.1f} core minutes at this pace."
    )
    figures = {
        "seeds tried": float(count),
        "core seconds": found.seconds,
        "bits of the space": float(space.bits),
        "core minutes for the space": minutes,
        "seeds that fit": float(len(found.seeds)),
    }
    return Attack(story=story, succeeded=bool(read), figures=figures)


def by_table(protocol: MaskingProtocol, secret: object, *, size: int, rng: Rng) -> Attack:
    """Keep a table of masks, and look up those of victims: it needs no knowledge of the generator."""
    form, shapes = form_of([secret]), ((4,),)
    table = {protocol.stream(one, shapes).tobytes() for one in form.drawn(size, rng=rng)}
    hits = sum(protocol.stream(one, shapes).tobytes() in table for one in form.drawn(VICTIMS, rng=rng))
    share = proportion(hits, VICTIMS, confidence=0.95)
    story = f"A table of {size:,} masks held {hits} of those of {VICTIMS} victims."
    return Attack(story=story, succeeded=hits > 0, figures={"share read": share, "table": float(size)})


def _seeds(protocol: MaskingProtocol, secrets: Sequence[object]) -> list[int]:
    """The 32-bit seed that NumPy's generator got for each of these secrets, where it got one."""
    with watched() as calls:
        for secret in secrets:
            protocol.stream(secret, ((1,),))
    numpy_calls = [call.seed for call in calls if call.generator == "numpy.random.RandomState"]
    return [int(seed) for seed in numpy_calls if isinstance(seed, (int, np.integer))]


def _skipped(mask: Array, seed: int) -> int | None:
    """How many words of the generator come before those of the mask; None if it is made of them otherwise."""
    words = first_words(np.array([seed], np.uint32), len(mask) + MOST_SKIPPED)[:, 0]
    for skip in range(MOST_SKIPPED):
        if (mask.astype(np.uint64) == words[skip : skip + len(mask)]).all():
            return skip
    return None


def _left(
    protocol: MaskingProtocol, masked: Array, known: Sequence[Array], mask: Array, vector: Array
) -> np.ndarray:
    """The masked vector with all known masks taken off, as words.

    The auditor looks for the signs with the vector, as an adversary reads them in the protocol.
    """
    for sign in (1, -1):
        with_mask = centred(protocol, vector + sign * centred(protocol, mask))
        found = without_masks(protocol, masked, known, with_mask)
        if found is not None:
            return found.astype(np.uint32)
    raise AssertionError("the adapter's secrets were checked before")


def _taken(protocol: MaskingProtocol, left: np.ndarray, skip: int, seed: int, sign: int) -> Array:
    words = first_words(np.array([seed], np.uint32), skip + len(left))[skip:, 0].astype(np.int64)
    return centred(protocol, left.astype(np.int64) - sign * words)
