"""How many bits of a secret reach the mask: by flipping them, by collisions, and by what is called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.audits.checked.record import Attack, Check, played
from confide.audits.protocols.generators import Seeding, watched
from confide.audits.protocols.masking import MaskingProtocol
from confide.audits.protocols.masks import Seen, unmasked
from confide.audits.protocols.questions import LEAST_BITS
from confide.audits.protocols.rounds import VICTIM
from confide.audits.protocols.secret_forms import SecretForm, form_of
from confide.audits.protocols.seed_attack import by_seeds, by_table
from confide.audits.protocols.uniformity import ALPHA
from confide.core.arrays import Rng
from confide.core.estimate import Estimate

ENOUGH = 16
"""Collisions after which no more secrets are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBits:
    """How many bits of a secret reach the mask, as far as three tests see.

    Args:
        form: of the secret.
        flips: how many different masks its bits give, each turned alone: of a secret that is folded, bits
            that are added up to one give the same mask.
        drawn: secrets that were compared.
        collisions: pairs of them with the same mask.
        space: the logarithm to base 2 of the number of masks, as if all had the same chance (the collision
            entropy); None if no two secrets had the same mask.
        seedings: generators that are not cryptographic.
    """

    form: SecretForm
    flips: int
    drawn: int
    collisions: int
    space: Estimate | None
    seedings: tuple[Seeding, ...]

    @property
    def bits(self) -> float:
        """The most that can reach the mask by all three."""
        seen = [float(self.form.bits), float(self.flips), *(call.bits for call in self.seedings)]
        return min([*seen, self.space.value] if self.space else seen)

    @property
    def good(self) -> bool:
        """Whether nothing was found against it."""
        return self.bits >= LEAST_BITS and not self.collisions and not self.seedings

    @property
    def ruled_out(self) -> float:
        """Fewer bits than this would have shown a collision, but once in a million audits."""
        return math.log2(self.drawn * (self.drawn - 1) / 2 / -math.log(ALPHA))


def key_bits_of(protocol: MaskingProtocol, secret: object, *, draws: int, rng: Rng) -> KeyBits:
    """Test the generator of a protocol on secrets of this one's form.

    Args:
        protocol: whose `stream` is run.
        secret: a real one.
        draws: the most secrets to compare.
        rng: for made-up secrets.
    """
    form = form_of([secret])
    with watched() as calls:
        protocol.stream(secret, _shapes(protocol))
    drawn, collisions = 0, 0
    seen = np.empty(0, np.uint64)
    while drawn < draws and collisions < ENOUGH:
        more = form.drawn(min(max(drawn, 256), draws - drawn), rng=rng)
        seen = np.concatenate([seen, _marks(protocol, more)])
        drawn = len(seen)
        counts = np.unique(seen, return_counts=True)[1]
        collisions = int((counts * (counts - 1) // 2).sum())
    return KeyBits(
        form=form,
        flips=_flips(protocol, form, secret),
        drawn=drawn,
        collisions=collisions,
        space=_space(drawn, collisions) if collisions else None,
        seedings=tuple(calls),
    )


def key_bits(
    protocol: MaskingProtocol, threshold: int, shown: Seen, *, draws: int, tries: int, rng: Rng
) -> Check:
    """Test the generator on both kinds of secrets, and search for a seed if it is short."""
    name = "key bits"
    if not shown.secrets:
        return unmasked(name)
    tests = {
        "of its own" if of == VICTIM else "of a pair": key_bits_of(protocol, secret, draws=draws, rng=rng)
        for of, secret in shown.secrets.items()
    }
    figures: dict[str, float | Estimate] = {}
    for of, test in tests.items():
        figures[f"bits {of}"] = test.bits
        if test.space:
            figures[f"collision entropy {of}"] = test.space
    if all(test.good for test in tests.values()):
        words = " ".join(_good(of, test) for of, test in tests.items())
        return Check(name=name, outcome="passed", found=words, figures=figures)
    bad = {of: test for of, test in tests.items() if not test.good}

    def search() -> Attack:
        found = by_seeds(protocol, threshold, tries=tries, rng=rng)
        if found is not None:
            return found
        return by_table(protocol, next(iter(shown.secrets.values())), size=draws // 4, rng=rng)

    return Check(
        name=name,
        outcome="failed",
        found=" ".join(_bad(of, test) for of, test in bad.items()),
        figures=figures,
        attacks=(played(search),),
    )


def _good(of: str, test: KeyBits) -> str:
    return (
        f"The secret behind the mask {of} is {test.form.words}; its {test.form.bits} bits change the mask in "
        f"{test.flips} ways; {test.drawn:,} secrets gave no mask twice, which rules out fewer than "
        f"{test.ruled_out:.0f} bits; no generator without cryptography was seen."
    )


def _bad(of: str, test: KeyBits) -> str:
    parts = [f"The secret behind the mask {of} is {test.form.words}"]
    if test.flips < test.form.bits:
        parts.append(f"its {test.form.bits} bits change the mask in {test.flips} ways only")
    if test.space is not None:
        low, high = test.space.low, test.space.high
        parts.append(
            f"{test.drawn:,} secrets gave {test.collisions} equal pairs of masks, so {test.space.value:.1f} "
            f"bits ({low:.1f} to {high:.1f}) reach it"
        )
    for call in test.seedings[:1]:
        kind = type(call.seed).__name__
        parts.append(f"{call.generator} was seeded with one {kind}, which is no cryptographic generator")
    return "; ".join(parts) + "."


def _shapes(protocol: MaskingProtocol) -> tuple[tuple[int, ...], ...]:
    """Tensors of one word each, of together 128 bits at least: also a word for a whole tensor is seen."""
    bits = 32 if protocol.modulus is None else max(1, protocol.modulus.bit_length() - 1)
    return ((1,),) * -(-128 // bits)


def _marks(protocol: MaskingProtocol, secrets: Sequence[object]) -> np.ndarray:
    """64 bits of the mask of each secret: of 2^18 masks two agree by chance in one audit of 500 million."""
    shapes = _shapes(protocol)
    masks = np.stack([np.ascontiguousarray(protocol.stream(secret, shapes)) for secret in secrets])
    if protocol.modulus is None:
        words = masks.astype(np.float64).view(np.uint64)
    else:
        words = masks.astype(np.int64).view(np.uint64)
    # A product by odd numbers, added up: words are uniform, so this mixes enough.
    odd = np.random.default_rng(0).integers(1, 2**63, masks.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    return (words * odd).sum(axis=1, dtype=np.uint64)


def _flips(protocol: MaskingProtocol, form: SecretForm, secret: object) -> int:
    raw = int.from_bytes(form.read(secret), "big")
    turned = [form.write((raw ^ (1 << bit)).to_bytes(form.size, "big")) for bit in range(form.bits)]
    marks = _marks(protocol, [secret, *turned])
    return len(set(marks[1:].tolist()) - {marks[0].item()})


def _space(drawn: int, collisions: int) -> Estimate:
    """The collision entropy in bits: equal pairs are close to Poisson, n (n - 1) / 2 pairs over the space."""
    from scipy.stats import chi2

    pairs = drawn * (drawn - 1) / 2
    low, high = chi2.ppf(0.025, 2 * collisions) / 2, chi2.ppf(0.975, 2 * collisions + 2) / 2
    return Estimate(math.log2(pairs / collisions), math.log2(pairs / high), math.log2(pairs / low), 0.95)
