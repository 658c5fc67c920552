"""Labels, words and descents against what the gradient is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from confide.attacks.reconstruction.updates import DeepLeakage, EmbeddingWords, InvertingGradients
from confide.attacks.reconstruction.updates._labels import label_counts
from confide.core.nouns import Case
from confide.knowledge.updates import KnownInputs
from confide.learners.first_weights import dense_layers
from confide.measure.matching import Nearness
from confide.mechanisms.learn.batch_gradient import BatchGradient
from confide.models.chain import Chain
from confide.views.records import Records
from confide.views.shared_gradient import Layer, SharedGradient

RNG = np.random.default_rng
KNOWN = KnownInputs(low=0.0, high=1.0, shape=(1, 6, 6))


def pictures(n: int, seed: int = 0) -> Records:
    return Records(RNG([seed, n]).random((n, 1, 6, 6)), RNG([seed, n, 1]).integers(0, 4, n))


def convolved(rng: np.random.Generator) -> tuple[Layer, ...]:
    kernel = Layer(
        weight=rng.uniform(-0.5, 0.5, (6, 1, 3, 3)),
        bias=rng.uniform(-0.5, 0.5, 6),
        kind="convolution",
        activation="logistic",
        padding=1,
    )
    return (kernel, *dense_layers((216, 4), rng=rng))


def embedded(rng: np.random.Generator) -> tuple[Layer, ...]:
    return (Layer(weight=rng.standard_normal((30, 8)), kind="embedding"), *dense_layers((8, 4), rng=rng))


def shared(network: Any, records: Records) -> SharedGradient:
    return BatchGradient(network=network)(records, rng=RNG(0)).view


def test_the_gradient_of_a_plain_network_is_that_of_the_chain() -> None:
    layers = dense_layers((5, 7, 3), rng=RNG(0), activation="tanh")
    x, y = RNG(1).standard_normal((6, 5)), RNG(2).integers(0, 3, 6)
    weights, biases = tuple(a.weight for a in layers), tuple(a.bias for a in layers)
    chain = Chain(
        weights=weights, biases=biases, shrunk=(), shrunk_biases=(), activation="tanh", loss="softmax",
        scale=np.ones(3),
    )  # fmt: skip
    found = shared(lambda rng: layers, Records(x, y)).vector
    assert found == pytest.approx(chain.gradient(chain.factors(x, y), (0, 1)).mean(axis=0), abs=1e-12)


@pytest.mark.parametrize("network", [convolved, embedded])
def test_gradients_are_the_differences_of_the_loss(network: Any) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    from confide.models.torch.plain_network import outputs

    layers = network(RNG(0))
    words = RNG(1).integers(-1, 30, (3, 5))
    words[:, 0] = 7  # each record has a word
    records = pictures(3) if network is convolved else Records(words, np.array([0, 1, 2]))
    arrays: Sequence[Any] = [a for one in layers for a in (one.weight, one.bias) if a is not None]
    ends = np.cumsum([a.size for a in arrays])[:-1]

    def loss(vector: np.ndarray) -> float:
        parts = [
            torch.from_numpy(p.reshape(a.shape)) for p, a in zip(np.split(vector, ends), arrays, strict=True)
        ]
        z = outputs(layers, parts, torch.from_numpy(np.asarray(records.x)))
        return float(cross_entropy(z, torch.from_numpy(records.y)))

    start = np.concatenate([a.ravel() for a in arrays])
    assert shared(lambda rng: layers, records).vector == pytest.approx(approx_fprime(start, loss), abs=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_the_label_of_one_record_is_exact_in_any_network(bias: bool) -> None:
    for seed in range(20):
        records = Records(RNG(seed).random((1, 36)), RNG([seed, 1]).integers(0, 4, 1))

        def network(rng: np.random.Generator) -> tuple[Layer, ...]:
            # Ten times the usual weights: a network that is sure, and often wrong.
            made = dense_layers((36, 10, 4), rng=rng, activation="logistic", bias=bias)
            return (*made[:-1], Layer(weight=10 * made[-1].weight, bias=made[-1].bias))

        assert (
            label_counts(shared(network, records), None).tolist()
            == np.bincount(records.y, minlength=4).tolist()
        )


def test_counts_by_hand() -> None:
    """With all weights 0 each class has probability 1/4, so a share is 1/4 less the bias's gradient."""
    records = Records(RNG(0).random((8, 36)), np.array([0, 0, 0, 0, 0, 2, 2, 3]))
    zero = (Layer(weight=np.zeros((4, 36)), bias=np.zeros(4)),)
    view = shared(lambda rng: zero, records)
    assert view.gradients[0][1] == pytest.approx(np.array([-3 / 8, 1 / 4, 0, 1 / 8]))
    assert label_counts(view, None).tolist() == [5, 0, 2, 1]


@pytest.mark.parametrize("seed", range(10))
def test_counts_add_up_whatever_the_gradient_is(seed: int) -> None:
    layer = (Layer(weight=np.zeros((4, 2)), bias=np.zeros(4)),)
    noise = RNG(seed).standard_normal(4) * 10.0 ** RNG(seed).integers(-3, 3)
    for n in (1, 2, 3, 17):
        counts = label_counts(
            SharedGradient(layers=layer, shared=((np.zeros((4, 2)), noise),), records=n), None
        )
        assert counts.sum() == n and counts.min() >= 0


def test_words_are_those_of_the_batch_and_noise_hides_them_among_all() -> None:
    words = np.array([[3, 9, -1], [9, 12, 29]])
    view = shared(embedded, Records(words, np.array([0, 1])))
    guess = EmbeddingWords()(Case(view, None, np.arange(4)), rng=RNG(0))
    assert guess.value is not None and np.flatnonzero(guess.value[0]).tolist() == [3, 9, 12, 29]
    vector = view.vector + 1e-3 * RNG(1).standard_normal(len(view.vector))
    noised = SharedGradient.of_vector(view.layers, vector, records=2)
    guess = EmbeddingWords()(Case(noised, None, np.arange(4)), rng=RNG(0))
    assert guess.value is not None and guess.value[0].all()


@pytest.mark.parametrize("labels", ["last-layer", "joint"])
def test_deep_leakage_rebuilds_a_picture_behind_a_convolution(labels: Any) -> None:
    records = pictures(1)
    case = Case(shared(convolved, records), KNOWN, np.arange(2))
    guess = DeepLeakage(labels=labels)(case, rng=RNG(0))
    assert guess.value is not None
    near = Nearness(by="psnr", bound=40.0)
    assert near.near(guess.value[0][:, :-1], np.asarray(records.x).reshape(1, -1)).all()
    assert guess.value[0, 0, -1] == records.y[0] and guess.score[0] > 2


def test_inverting_gradients_comes_near_and_its_variation_smooths() -> None:
    smooth = Records(np.broadcast_to(np.linspace(0.2, 0.8, 6), (1, 1, 6, 6)).copy(), np.array([2]))
    case = Case(shared(convolved, smooth), KNOWN, np.arange(2))
    plain, flat = (
        InvertingGradients(steps=200, variation=weight)(case, rng=RNG(0)).value for weight in (1e-3, 10.0)
    )
    assert plain is not None and flat is not None
    assert Nearness(by="psnr").of(plain[0][:, :-1], smooth.x.reshape(1, -1))[0] > 20
    # The true picture ranges over .6; a heavy weight on its variation flattens it.
    assert np.ptp(flat[0, 0, :-1]) < 0.2 < np.ptp(plain[0, 0, :-1])
