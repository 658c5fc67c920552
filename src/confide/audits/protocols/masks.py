"""Whether a mask is a vector, with a word for each parameter, and uniform over the whole ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from confide.audits.checked.record import Attack, Check, played
from confide.audits.protocols.masked_record import read_record
from confide.audits.protocols.masking import MaskingProtocol
from confide.audits.protocols.rounds import VICTIM, centred, honest, need_explained, terms_of, vectors_of
from confide.audits.protocols.secret_forms import form_of
from confide.audits.protocols.uniformity import ALPHA, CLASSES, repeats, tensors, uniform
from confide.core.arrays import Array, Rng
from confide.measure import proportion

WORDS = 2**16
SHAPES = ((64, 64), (64,), (WORDS - 65 * 64,))
ROUNDS = 4000
"""In which one word is sent again: a wrong value then survives a missing word with chance e^-15."""
READ = 100
LAW = 64
"""Masks from which the adversary learns the law of a word."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tests look at: masks by themselves, and a masked vector of zeros.

    A mask by itself is what is left to an adversary who knows all others of a client.

    Args:
        secrets: behind two masks: a client's own if it has one, and that of one pair.
        masks: of them.
        masked: what the client sent.
    """

    secrets: Mapping[str, object]
    masks: Mapping[str, Array]
    masked: Array

    @property
    def words(self) -> tuple[Array, ...]:
        """All vectors that must be uniform."""
        return (*self.masks.values(), self.masked)


def seen(protocol: MaskingProtocol, threshold: int) -> Seen:
    """The masks of one round, and the masked vector.

    Raises:
        DataError: if the adapter's secrets are not those behind the masks.
    """
    terms = terms_of(protocol, threshold, shapes=SHAPES)
    zeros = {name: np.zeros_like(vector) for name, vector in vectors_of(protocol, terms).items()}
    begun = honest(protocol, terms, protocol.kits(terms), zeros)
    need_explained(begun, zeros)
    secrets = begun.clients[VICTIM].mask_secrets()
    pairs = [name for name in secrets if name != VICTIM]
    chosen = {name: secrets[name] for name in [VICTIM, *pairs[:1]] if name in secrets}
    masks = {name: protocol.stream(secret, SHAPES) for name, secret in chosen.items()}
    return Seen(chosen, masks, np.asarray(begun.masked[VICTIM]))


def unmasked(name: str) -> Check:
    """The answer to a question about masks where there is none."""
    words = "There is no mask: a client sends its vector as it is."
    read = Attack(story="The server read the vector of a client as it was sent.", succeeded=True)
    return Check(name=name, outcome="failed", found=words, attacks=(read,))


def mask_is_vector(protocol: MaskingProtocol, threshold: int, shown: Seen, *, rng: Rng) -> Check:
    """Count words that repeat within a tensor."""
    name = "mask per word"
    if not shown.masks:
        return unmasked(name)
    parts = [part for words in shown.words for part in tensors(words, SHAPES)]
    least = min(1.0, len(parts) * min(repeats(part, protocol.modulus) for part in parts))
    figures = {"p-value": least, "words": float(WORDS)}
    if least > ALPHA:
        words = (
            f"In {len(shown.words)} vectors of {WORDS:,} words no more are equal than by chance (p = "
            f"{least:.2g}; false alarm once in {1 / ALPHA:,.0f})."
        )
        return Check(name=name, outcome="passed", found=words, figures=figures)
    distinct = min(len(np.unique(part)) for part in parts)
    return Check(
        name=name,
        outcome="failed",
        found=f"A mask repeats within a tensor: {distinct} different words in one (p = {least:.2g}).",
        figures=figures,
        attacks=(played(lambda: read_record(protocol, threshold, rng=rng)),),
    )


def ring_is_whole(protocol: MaskingProtocol, threshold: int, shown: Seen, *, rng: Rng) -> Check:
    """Test bytes, bits and differences over the ring, and over a smaller one where the ring is a setting."""
    name = "whole ring"
    if not shown.masks:
        return unmasked(name)
    if protocol.modulus is None:
        return Check(
            name=name,
            outcome="failed",
            found="Masks are real numbers: no law on them hides a number wholly.",
            attacks=(played(lambda: _told_apart(protocol, shown, rng=rng)),),
        )
    small, fixed = protocol.smaller(), "the ring is fixed"
    figures = {"p-value": _least(shown, protocol.modulus)}
    asked = protocol
    if small is not None and small.modulus is not None:
        fixed = f"also in a ring of {small.modulus}, where each word is tested"
        figures["p-value in a small ring"] = _least(seen(small, threshold), small.modulus)
        asked = small if figures["p-value in a small ring"] <= ALPHA else protocol
    least = min(1.0, 2 * min(figures.values()))
    if least > ALPHA:
        words = (
            f"Bytes, bits and differences of {WORDS:,} words are uniform (least p = {least:.2g}, corrected; "
            f"false alarm once in {1 / ALPHA:,.0f}); {fixed}."
        )
        return Check(name=name, outcome="passed", found=words, figures=figures)
    attack = played(lambda: _sent_again(asked, shown, rng=rng))
    words = f"Masks are not uniform (p = {least:.2g}; {fixed}).{_never(asked, shown)}"
    return Check(name=name, outcome="failed", found=words, figures=figures, attacks=(attack,))


def _least(shown: Seen, modulus: int) -> float:
    return min(1.0, len(shown.words) * min(uniform(words, modulus) for words in shown.words))


def _never(protocol: MaskingProtocol, shown: Seen) -> str:
    """Which words of a small ring no mask has."""
    if protocol.modulus != CLASSES:
        return ""
    drawn = np.concatenate([protocol.stream(secret, SHAPES) for secret in shown.secrets.values()])
    absent = np.flatnonzero(np.bincount(drawn.astype(np.int64), minlength=CLASSES) == 0)
    which = "the top one" if absent.tolist() == [CLASSES - 1] else f"{len(absent)} words"
    return f" In {len(drawn):,} words {which} of the ring of {CLASSES} never came." if len(absent) else ""


def _sent_again(protocol: MaskingProtocol, shown: Seen, *, rng: Rng) -> Attack:
    """Read words that a client sends in many rounds, each under one new mask, by the law of masks."""
    assert protocol.modulus is not None
    step = protocol.modulus // CLASSES  # values differ in the top byte, so that all rings have 256 classes
    form = form_of([next(iter(shown.secrets.values()))])
    many = [protocol.stream(secret, ((WORDS // 4,),)) for secret in form.drawn(LAW, rng=rng)]
    counts = np.bincount(np.concatenate(many).astype(np.int64) // step, minlength=CLASSES)
    log_law = np.log((counts + 0.5) / (counts.sum() + CLASSES / 2))
    values = rng.integers(0, CLASSES, READ)
    masks = np.stack([protocol.stream(secret, ((READ,),)) for secret in form.drawn(ROUNDS, rng=rng)])
    masked = (masks.astype(np.int64) + step * values) % protocol.modulus // step
    # How often each word was seen, by value: its likelihood is a sum over what masks would have been.
    seen_words = np.stack([np.bincount(words, minlength=CLASSES) for words in masked.T])
    fit = np.stack([seen_words @ np.roll(log_law, value) for value in range(CLASSES)])
    right = int((fit.argmax(axis=0) == values).sum())
    share = proportion(right, READ, confidence=0.95)
    story = (
        f"A client sent the same {READ} words in {ROUNDS:,} rounds, in a ring of {protocol.modulus:,}; the "
        f"law of one unknown mask gave {right} of them right, of {CLASSES} values each."
    )
    figures = {"share read": share, "by guessing": 1 / CLASSES, "rounds": ROUNDS}
    return Attack(story=story, succeeded=share.low > 1 / CLASSES, figures=figures)


def _told_apart(protocol: MaskingProtocol, shown: Seen, *, rng: Rng) -> Attack:
    """Tell 1 from -1 under one unknown mask, by which is nearer after the mask's mean is taken off."""
    mask = centred(protocol, shown.masks[VICTIM if VICTIM in shown.masks else next(iter(shown.masks))])
    known = form_of([next(iter(shown.secrets.values()))]).drawn(LAW, rng=rng)
    mean = float(np.mean([protocol.stream(secret, ((READ,),)).mean() for secret in known]))
    values = rng.choice([-1.0, 1.0], len(mask))
    right = int((np.sign(values + mask - mean) == values).sum())
    share = proportion(right, len(mask), confidence=0.95)
    story = (
        f"Each of {len(mask):,} words was 1 or -1, under one unknown mask of deviation "
        f"{mask.std():.2f}; the sign told {share.value:.1%} of them, where 50 % is guessing."
    )
    return Attack(story=story, succeeded=share.low > 0.5, figures={"share read": share, "by guessing": 0.5})
