"""The auditor's parts against references: the generator, tests of words, forms of secrets, gradients."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.stats import kstest

from confide.audits.protocols.generators import Seeding, watched
from confide.audits.protocols.key_bits import key_bits_of
from confide.audits.protocols.masked_record import CLASSES, FEATURES, _gradient, _network
from confide.audits.protocols.mersenne import SeedSpace, first_words, search
from confide.audits.protocols.secret_forms import form_of
from confide.audits.protocols.twins import SOUND, TWINS
from confide.audits.protocols.uniformity import ALPHA, bits_uniform, bytes_uniform, repeats, uniform
from confide.core.errors import DataError
from confide.core.estimate import Estimate


def test_first_words_are_those_of_numpys_generator():
    seeds = np.array([0, 1, 5489, 2**31, 2**32 - 1], np.uint32)
    for seed, words in zip(seeds, first_words(seeds, 227).T, strict=True):
        expected = np.random.RandomState(int(seed)).randint(0, 2**32, 227, np.int64)
        assert (words == expected).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_search_finds_the_seed_of_a_mask(sign: int, skip: int):
    """Of 2^14 seeds one fits; a wrong one would with chance 2^-42."""
    vector = np.random.default_rng(2).integers(-1000, 1001, 6)
    mask = np.random.RandomState(12_345).randint(0, 2**32, 6 + skip, np.int64)[skip:]
    left = ((vector + sign * mask) % 2**32).astype(np.uint32)
    whole = SeedSpace(fixed=0, places=tuple(range(14)))
    found = search(left, whole, bound=1000, skip=skip, start=0, count=2**14)
    assert found.seeds == ((12_345, sign),)
    assert not search(left, whole, bound=1000, skip=skip, start=0, count=12_000).seeds


def test_a_space_of_seeds_is_counted_through():
    space = SeedSpace(fixed=0b1000_0001, places=(1, 3, 6))
    seeds = space.seeds(0, 8)
    assert sorted(seeds.tolist()) == sorted(
        0b1000_0001 | a << 1 | b << 3 | c << 6 for a in (0, 1) for b in (0, 1) for c in (0, 1)
    )
    assert [space.number(int(seed)) for seed in seeds] == list(range(8))


def test_repeats_by_hand():
    """Three pairs in a ring of 2^32 have chance about (n^2 / 2^33)^3 / 6; real numbers never repeat."""
    words = np.arange(1000)
    assert repeats(words, 2**32) == 1.0
    words[:3] = 7
    assert repeats(words, 2**32) < ALPHA
    assert repeats(np.full(10, 0.5), None) < ALPHA
    assert repeats(np.random.default_rng(0).integers(0, 256, 1000), 256) > ALPHA


def test_p_values_of_uniform_words_are_not_too_small():
    """Of 200 vectors the corrected least p-value is at least uniform: Kolmogorov and Smirnov at 1e-6."""
    rng = np.random.default_rng(3)
    for test in (bytes_uniform, bits_uniform, uniform):
        found = [test(rng.integers(0, 2**32, 4096), 2**32) for _ in range(200)]
        assert kstest(found, "uniform", alternative="greater").pvalue > ALPHA, test.__name__


def test_flawed_words_are_told_from_uniform_ones():
    words = np.random.default_rng(4).integers(0, 2**32, 2**16)
    assert uniform(words, 2**32) > ALPHA
    for wrong in (words // 2, words & ~np.int64(4), np.sort(words), words - words % 256 + words % 255):
        assert uniform(wrong, 2**32) < ALPHA


def test_forms_of_secrets():
    import base64

    raw = [bytes([i]) * 32 for i in range(1, 5)]
    for secrets, words in (
        (raw, "32 bytes"),
        ([base64.urlsafe_b64encode(one) for one in raw], "base64 of 32 bytes"),
        ([one.hex().encode() for one in raw], "hexadecimal of 32 bytes"),
        ([2**31, 2**40], "a whole number of 6 bytes"),
    ):
        form = form_of(secrets)
        assert form.words == words
        assert all(form.write(form.read(secret)) == secret for secret in secrets)
    with pytest.raises(DataError, match="bytes, str of 1 lengths"):
        form_of([b"1", "2"])


def test_bits_of_a_folded_secret():
    """256 bits are added up to 32: each bit turned alone gives one of 32 masks."""
    twin = next(twin for twin in TWINS if twin.name == "32-bit seed")
    found = key_bits_of(twin, bytes(range(32)), draws=256, rng=np.random.default_rng(0))
    assert (found.flips, found.bits) == (32, 32)
    ours = key_bits_of(SOUND, bytes(range(32)), draws=256, rng=np.random.default_rng(0))
    assert (ours.flips, ours.bits, ours.good) == (256, 256, True)


def test_collision_entropy_covers_the_truth():
    """Spaces of 2^12 masks: the interval at 95 % misses in at most 12 of 60 (chance below 1e-4)."""
    from tests.audits.protocols.flawed import SHORT_KEY

    misses = 0
    for seed in range(60):
        found = key_bits_of(SHORT_KEY, bytes(32), draws=512, rng=np.random.default_rng(seed))
        assert isinstance(found.space, Estimate)
        misses += not found.space.low <= 12 <= found.space.high
    assert misses <= 12


def test_generators_are_seen_and_put_back():
    before = np.random.RandomState, random.Random
    with watched() as calls:
        np.random.RandomState(3)
        random.Random(4)
        np.random.default_rng(seed=5)
        assert isinstance(before[0](1), np.random.RandomState)
    assert calls == [
        Seeding("numpy.random.RandomState", 3),
        Seeding("random.Random", 4),
        Seeding("numpy.random.default_rng", 5),
    ]
    assert (np.random.RandomState, random.Random) == before


def test_the_gradient_is_that_of_the_loss():
    """Against differences of the loss in ten directions."""
    rng = np.random.default_rng(6)
    layers, record, label = _network(rng), rng.uniform(0, 1, FEATURES), 3
    found = _gradient(layers, record, label)

    def loss(step: np.ndarray) -> float:
        sizes = [part.size for layer in layers for part in (layer.weight, layer.bias) if part is not None]
        w, b, w2, b2 = np.split(step, np.cumsum(sizes)[:-1])
        inner = np.maximum((layers[0].weight + w.reshape(-1, FEATURES)) @ record + layers[0].bias + b, 0)
        logits = (layers[1].weight + w2.reshape(CLASSES, -1)) @ inner + layers[1].bias + b2
        return float(np.log(np.exp(logits).sum()) - logits[label])

    for _ in range(10):
        way = rng.normal(size=len(found))
        slope = (loss(1e-6 * way) - loss(-1e-6 * way)) / 2e-6
        assert slope == pytest.approx(float(found @ way), abs=1e-5)
