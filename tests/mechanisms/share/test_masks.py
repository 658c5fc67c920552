"""Masked words are uniform, and each flaw of a twin is played against it and against ours."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy.stats import chisquare
from tests.mechanisms.share.parties import Parties, names
from tests.mechanisms.share.twins import (
    FLAWED,
    OURS,
    SCALAR_MASK,
    SHARED_SECRET,
    SHORT_SEED,
    Masking,
    folded,
    short_stream,
)

from confide.mechanisms.share.keys import Between
from confide.mechanisms.share.masks import Ring, add_mask, centred, keystream
from confide.mechanisms.share.messages import Message
from confide.mechanisms.share.secure_sum import SecureSum

ALPHA = 1e-6
"""Each p-value is below it in one run of a million, if the words are uniform."""
WORDS = 40_000


def uniform(words: Ring) -> float:
    """The least p-value of chi-square tests of the four bytes of a word, times their number."""
    parts = words.view(np.uint8).reshape(-1, 4).T
    return min(4 * float(chisquare(np.bincount(part, minlength=256)).pvalue) for part in parts)


def differences(words: Ring) -> Ring:
    """Of neighbouring words, without overlap: a mask that repeats drops out of them."""
    return words[1::2] - words[::2]


def one_round(masking: Masking, values: Ring) -> dict[str, Ring]:
    plan = Parties.of(3).plan
    return masking.masked(plan, dict.fromkeys(plan.names, values)).words


def test_masked_words_of_a_real_round_are_uniform():
    """The vectors are all zeros and, of the half that drops no one out, all at the bound."""
    seen: list[Message] = []
    vectors = {name: np.full(WORDS, i % 2 * 1000) for i, name in enumerate(names(4))}
    SecureSum().simulate(vectors, bound=1000, observe=seen.append)
    masked = [m.payload["masked"].astype(np.uint32) for m in seen if m.kind == "masked"]
    assert len(masked) == 4
    for words in masked:
        assert uniform(words) > ALPHA
        assert uniform(differences(words)) > ALPHA
    assert uniform(masked[0] - masked[1]) > ALPHA  # and independent of each other, as far as this sees
    assert uniform(vectors["c001"].astype(np.uint32)) < ALPHA, "this test could not have failed"


def test_a_scalar_mask_is_told_from_a_vector():
    zeros = np.zeros(WORDS, np.uint32)
    for words in one_round(SCALAR_MASK, zeros).values():
        assert uniform(words) < ALPHA
    for words in one_round(OURS, zeros).values():
        assert uniform(words) > ALPHA


def test_a_scalar_mask_shows_the_structure_of_a_tensor():
    """Differences within the masked tensor are those of the values: the attack, exactly."""
    values = np.random.default_rng(0).integers(0, 1000, 50).astype(np.uint32)
    for words in one_round(SCALAR_MASK, values).values():
        assert (words - words[0] == values - values[0]).all()
    for words in one_round(OURS, values).values():
        assert (words - words[0] == values - values[0]).mean() < 0.1


def test_a_shared_secret_lets_a_third_party_unmask():
    """c002 has its own private key alone, and takes off the mask between c000 and c001."""
    plan, values = Parties.of(3).plan, np.arange(50, dtype=np.uint32)
    for masking, unmasked in ((SHARED_SECRET, True), (OURS, False)):
        round_ = masking.masked(plan, dict.fromkeys(plan.names, values))
        found, private = round_.words["c000"].copy(), round_.pairs["c002"][0]
        for other in ("c001", "c002"):
            between = Between(plan, 1, "c000", other)
            public = round_.pairs[other if other == "c001" else "c000"][1]
            found -= masking.stream(masking.agree(between, private, public), 50)
        assert (found == values).all() == unmasked, masking.name


def test_a_short_seed_is_found_by_trying_all():
    """With 12 bits here: 32 take minutes in C. The first words tell the seed, the mask follows from it."""
    small = short_stream(12)
    secret = hashlib.sha256(b"x").digest()
    mask = small(secret, 100)
    known = mask[:2]  # two words of the update are known, such as weights that did not move
    found = [seed for seed in range(2**12) if (small(seed.to_bytes(2, "big"), 2) == known).all()]
    assert found == [folded(secret, 12)]
    assert (small(found[0].to_bytes(2, "big"), 100) == mask).all()


def test_a_short_seed_ignores_most_of_a_key():
    """Two keys that agree in their last 32 bits give the same mask; of ours, each bit counts."""
    first, second = bytes(32), b"\x01" + bytes(31)
    assert (SHORT_SEED.stream(first, 10) == SHORT_SEED.stream(second, 10)).all()
    for bit in range(256):
        other = (1 << bit).to_bytes(32, "big")
        assert (OURS.stream(first, 10) != OURS.stream(other, 10)).any(), bit


@pytest.mark.parametrize("masking", [OURS, *FLAWED], ids=lambda masking: masking.name)
def test_masks_cancel_in_the_sum(masking: Masking):
    """The flaws are none of correctness: the sum is right with each of them."""
    values = np.random.default_rng(1).integers(0, 1000, 20).astype(np.uint32)
    assert (sum(one_round(masking, values).values()) == 3 * values).all()


def test_the_key_stream_is_aes_in_counter_mode():
    """NIST SP 800-38A F.5.5 has another counter; the first block of key 0 is AES-256 of 0 (FIPS 197 form)."""
    assert keystream(bytes(32), 4).tobytes().hex() == "dc95c078a2408989ad48a21492842087"


def test_keys_are_bound_to_plan_round_names_and_purpose():
    parties = Parties.of(3)
    (mine, my_public), (theirs, their_public) = OURS.keys(), OURS.keys()
    base = Between(parties.plan, 1, "c000", "c001")
    key = base.key(mine, their_public, "mask", length=32)
    assert Between(parties.plan, 1, "c001", "c000").key(theirs, my_public, "mask", length=32) == key
    elsewhere = parties.with_terms(run="run 2").plan
    others = [
        Between(elsewhere, 1, "c000", "c001").key(mine, their_public, "mask", length=32),
        Between(parties.plan, 2, "c000", "c001").key(mine, their_public, "mask", length=32),
        Between(parties.plan, 1, "c000", "c002").key(mine, their_public, "mask", length=32),
        base.key(mine, their_public, "shares", length=32),
        base.key(mine, OURS.keys()[1], "mask", length=32),
    ]
    assert len({key, *others}) == 6


def test_adding_and_taking_away_wrap_around():
    words = np.array([0, 2**32 - 1], np.uint32)
    total = words.copy()
    add_mask(total, bytes(32), sign=1)
    add_mask(total, bytes(32), sign=-1)
    assert (total == words).all()
    assert centred(np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 1], np.uint32)).tolist() == [
        0, 1, 2**31 - 1, -(2**31), -1,
    ]  # fmt: skip
