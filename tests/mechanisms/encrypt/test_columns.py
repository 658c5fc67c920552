"""Encrypted scores are the plain ones to the promised precision, and every fault ends in one sentence."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from confide.core.errors import DataError, ModelError, PromiseError

pytest.importorskip("tenseal")

from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Square, read_model
from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
from confide.mechanisms.encrypt.messages import read_message
from confide.mechanisms.encrypt.parameters import LARGEST_MODULUS, Parameters
from confide.mechanisms.encrypt.plan import Plan, plan_columns


def linear(inputs: int, outputs: int, *, seed: int = 0) -> Arithmetic:
    rng = np.random.default_rng(seed)
    return Arithmetic((Affine(rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)),))


def squared(inputs: int, hidden: int, *, seed: int = 0) -> Arithmetic:
    first, last = linear(inputs, hidden, seed=seed), linear(hidden, 2, seed=seed + 1)
    return Arithmetic((*first.layers, Square(), *last.layers))


def parties(plan: Plan) -> tuple[SecretContext, EvaluationKit]:
    client = SecretContext(plan)
    return client, EvaluationKit(plan, client.kit(), key=client.key)


@pytest.mark.parametrize(
    "model, precision",
    [(linear(6, 3), 1e-4), (linear(6, 3), 1e-6), (squared(4, 3), 1e-4)],
    ids=["coarse", "fine", "net"],
)
def test_scores_are_the_plain_ones_within_a_factor_thirty_of_the_promise(
    model: Arithmetic, precision: float
) -> None:
    plan, forecast = plan_columns(model, rows=5000, bound=2.0, precision=precision)
    client, server = parties(plan)
    rows = np.random.default_rng(3).uniform(-2, 2, (plan.rows_a_batch, model.inputs))
    sent = client.encrypt(rows)
    answer = server.evaluate(model, sent)
    error = np.abs(client.decrypt(answer) - model.scores(rows)).max()
    assert forecast.worst_error / 30 < error < forecast.worst_error <= precision
    assert math.isclose(len(sent), forecast.up / forecast.batches, rel_tol=0.05)
    assert math.isclose(len(answer), forecast.down / forecast.batches, rel_tol=0.05)
    assert math.isclose(len(client.kit()), forecast.kit, rel_tol=0.05)


@pytest.mark.parametrize("degree, bits", [(4096, (60, 40, 60)), (8192, (60,) * 4), (16384, (55,) * 8)])
def test_what_seal_refuses_is_refused_with_the_limits(degree: int, bits: tuple[int, ...]) -> None:
    with pytest.raises(PromiseError, match=r"109 at 4096, 218 at 8192 and 438 at 16384"):
        Parameters(degree, bits)


@pytest.mark.parametrize(
    "model, precision", [(linear(30, 10), 1e-6), (linear(91, 1), 1e-3), (squared(6, 4), 1e-2)]
)
def test_a_plan_keeps_to_the_table_and_seal_takes_it(model: Arithmetic, precision: float) -> None:
    plan, _ = plan_columns(model, rows=10, bound=1.0, precision=precision)
    assert sum(plan.parameters.bits) <= LARGEST_MODULUS[plan.parameters.degree]
    assert plan.parameters.are_of(plan.parameters.context())


def test_no_plan_says_what_would_have_to_give() -> None:
    model = linear(4, 1)
    with pytest.raises(PromiseError, match=r"precision of 1e-15: the best is"):
        plan_columns(model, rows=1, bound=1.0, precision=1e-15)
    with pytest.raises(PromiseError, match=r"smaller bound than 1e\+20"):
        plan_columns(model, rows=1, bound=1e20)
    with pytest.raises(PromiseError, match=r"no plan takes under 1e-06 s"):
        plan_columns(model, rows=1, bound=1.0, latency=1e-6)
    with pytest.raises(DataError, match="rows 0"):
        plan_columns(model, rows=0, bound=1.0)


@pytest.fixture(scope="module")
def small() -> tuple[Arithmetic, Plan]:
    model = linear(2, 1)
    return model, plan_columns(model, rows=3, bound=2.0)[0]


ROWS = np.array([[1.0, 2.0], [-1.0, 0.5], [1.0, 2.0]])


def test_a_kit_with_a_secret_key_is_refused_and_named(small: tuple[Arithmetic, Plan]) -> None:
    _, plan = small
    careless = plan.parameters.context().serialize(save_secret_key=True)
    with pytest.raises(PromiseError, match="key abcdef01 holds a secret key"):
        EvaluationKit(plan, careless, key="abcdef0123")
    other = Parameters(8192, (60, 50, 60)).context().serialize(save_secret_key=False)
    with pytest.raises(PromiseError, match="other parameters"):
        EvaluationKit(plan, other, key="abcdef0123")


def test_scores_of_another_key_are_discarded(small: tuple[Arithmetic, Plan]) -> None:
    """TenSEAL decrypts them to garbage without a word: the row that stands twice tells."""
    model, plan = small
    client, server = parties(plan)
    stranger = SecretContext(plan)
    sent = client.encrypt(ROWS)
    stranger._sent |= client._sent
    stranger.key = client.key
    with pytest.raises(DataError, match="batch was discarded"):
        stranger.decrypt(server.evaluate(model, sent))


def flipped(raw: bytes, at: float) -> bytes:
    """The message with one bit of a ciphertext changed, and a digest that fits."""
    start = 4 + int.from_bytes(raw[:4], "big")
    header, body = json.loads(raw[4:start]), bytearray(raw[start:])
    body[int(at * len(body))] ^= 16
    head = json.dumps(header | {"sha256": sha256(body).hexdigest()}).encode()
    return len(head).to_bytes(4, "big") + head + body


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_flipped_bit_is_found_without_the_digest_too(small: tuple[Arithmetic, Plan], at: float) -> None:
    model, plan = small
    client, server = parties(plan)
    answer = server.evaluate(model, client.encrypt(ROWS))
    damaged = bytearray(answer)
    damaged[int(at * len(answer))] ^= 16
    with pytest.raises(DataError, match="damaged on its way"):
        client.decrypt(bytes(damaged))
    with pytest.raises(DataError, match="discarded"):
        client.decrypt(flipped(answer, at))


def test_a_batch_of_another_plan_key_or_length_or_replayed_is_refused(small: tuple[Arithmetic, Plan]) -> None:
    model, plan = small
    client, server = parties(plan)
    sent = client.encrypt(ROWS)
    answer = server.evaluate(model, sent)
    client.decrypt(answer)
    with pytest.raises(DataError, match="it was replayed"):
        client.decrypt(answer)
    with pytest.raises(DataError, match="came before"):
        server.evaluate(model, sent)
    with pytest.raises(DataError, match="another key"):
        server.evaluate(model, SecretContext(plan).encrypt(ROWS))
    wider = plan_columns(model, rows=3, bound=3.0)[0]
    with pytest.raises(DataError, match="another plan"):
        server.evaluate(model, SecretContext(wider).encrypt(ROWS))
    with pytest.raises(DataError, match="another length"):
        server.evaluate(model, sent[:-1])
    with pytest.raises(DataError, match="no message"):
        server.evaluate(model, b"\0\0\0\2{]")
    with pytest.raises(DataError, match="not the model of the plan"):
        server.evaluate(linear(2, 1, seed=9), client.encrypt(ROWS))
    with pytest.raises(DataError, match="bound is 2"):
        client.encrypt(ROWS * 2)
    with pytest.raises(DataError, match="rows of 2"):
        client.encrypt(np.ones((3, 5)))


def test_a_trained_batch_norm_is_part_of_the_linear_step_beside_it() -> None:
    torch = pytest.importorskip("torch")

    class Square(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x * x

    nn = torch.nn
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), Square(), nn.BatchNorm1d(4), nn.Linear(4, 2))
    for _ in range(20):  # the running means leave 0
        net(torch.randn(50, 3) + 1)
    model = read_model(net)
    assert [type(layer).__name__ for layer in model.layers] == ["Affine", "Square", "Affine"]
    rows = torch.randn(5, 3)
    with torch.no_grad():
        plain = net.eval()(rows).numpy()
    np.testing.assert_allclose(model.scores(rows.double().numpy()), plain, rtol=1e-4, atol=1e-5)


def test_the_scores_of_another_batch_are_discarded_however_few_rows_it_has() -> None:
    # Two random inputs have scores as close as the promise, 2e-4 of a range of 4, with a chance below 1e-3.
    model = linear(2, 1, seed=1)
    plan, _ = plan_columns(model, rows=1, bound=2.0)
    client, server = parties(plan)
    known = {"kind": "scores", "plan": plan.hash, "key": client.key, "parts": plan.score_parts}
    one, two = (read_message(server.evaluate(model, client.encrypt(ROWS[:1])), **known) for _ in range(2))
    with pytest.raises(DataError, match=r"discarded: one row was in it twice.* Ask who runs the server"):
        client.decrypt(replace(one, parts=two.parts).to_bytes())


def test_models_that_cannot_be_computed_are_refused_with_the_nearest_that_works() -> None:
    torch = pytest.importorskip("torch")
    layers = torch.nn.Linear(3, 2)
    with pytest.raises(ModelError, match=r"ReLU .* squares"):
        read_model(torch.nn.Sequential(layers, torch.nn.ReLU()))
    with pytest.raises(ModelError, match="keeps no mean"):
        read_model(torch.nn.Sequential(layers, torch.nn.BatchNorm1d(2, track_running_stats=False)))
    with pytest.raises(ModelError, match="has no weights"):
        Arithmetic((Affine(np.zeros((0, 2)), np.zeros(0)),))
    rows = torch.ones(1, 3)
    plain = read_model(torch.nn.Sequential(layers)).scores(rows.numpy())
    np.testing.assert_allclose(plain, layers(rows).detach().numpy(), rtol=1e-6)
