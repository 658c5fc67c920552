"""Row layout: one row a ciphertext, the keys that it needs and no other, and every fault in one sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from confide.core.errors import DataError, PromiseError

pytest.importorskip("tenseal")

from tests.mechanisms.encrypt.test_columns import flipped, linear, parties, squared

from confide.mechanisms.encrypt.arithmetic import Arithmetic
from confide.mechanisms.encrypt.ckks import LENGTH, EvaluationKit, SecretContext
from confide.mechanisms.encrypt.plan import Plan, forecast, plan_layout

BRIEF = 0.2


def planned(model: Arithmetic, *, precision: float = 1e-4) -> Plan:
    return plan_layout(model, "rows", rows=3, bound=2.0, precision=precision)


@pytest.mark.parametrize("model", [linear(30, 10), linear(91, 1), squared(5, 9)], ids=["lin", "one", "net"])
def test_scores_and_every_byte_are_those_of_the_forecast(model: Arithmetic) -> None:
    plan = planned(model)
    costs = forecast(plan, model, rows=3, seconds=BRIEF)
    client, server = parties(plan)
    rows = np.random.default_rng(3).uniform(-2, 2, (3, model.inputs))
    sent = [client.encrypt(row[None]) for row in rows]
    back = [server.evaluate(model, one) for one in sent]
    found = np.vstack([client.decrypt(one) for one in back])
    assert np.abs(found - model.scores(rows)).max() < costs.worst_error <= plan.precision
    assert math.isclose(sum(map(len, sent)), costs.up, rel_tol=0.05)
    assert math.isclose(sum(map(len, back)), costs.down, rel_tol=0.05)
    assert math.isclose(len(client.kit()), costs.kit, rel_tol=0.05)
    assert (costs.batches, costs.security) == (3, 128)


@pytest.fixture(scope="module")
def small() -> tuple[Arithmetic, Plan]:
    model = linear(4, 2)
    return model, planned(model)


ROW = np.array([[1.0, 2.0, -1.0, 0.5]])


def test_a_kit_without_its_rotation_keys_or_with_others_or_with_the_secret_is_refused(
    small: tuple[Arithmetic, Plan],
) -> None:
    _, plan = small
    client = SecretContext(plan)
    kit = client.kit()
    cut = LENGTH + int.from_bytes(kit[:LENGTH], "big")
    with pytest.raises(DataError, match="rotation keys of this kit cannot be read"):
        EvaluationKit(plan, kit[:cut], key=client.key)
    wider = planned(linear(64, 1))
    with pytest.raises(PromiseError, match="with this plan"):
        EvaluationKit(wider, kit, key=client.key)
    secret = client._context.serialize(save_secret_key=True)
    careless = len(secret).to_bytes(LENGTH, "big") + secret + kit[cut:]
    with pytest.raises(PromiseError, match="holds a secret key"):
        EvaluationKit(plan, careless, key=client.key)
    with pytest.raises(DataError, match="kit cannot be read"):
        EvaluationKit(plan, b"\xff" * 40, key=client.key)


def test_an_answer_of_another_key_or_with_one_bit_changed_is_discarded(
    small: tuple[Arithmetic, Plan],
) -> None:
    """The row stands in all slots: copies that disagree tell."""
    model, plan = small
    client, server = parties(plan)
    sent = client.encrypt(ROW)
    answer = server.evaluate(model, sent)
    stranger = SecretContext(plan)
    stranger._sent |= client._sent
    stranger.key = client.key
    with pytest.raises(DataError, match="batch was discarded"):
        stranger.decrypt(answer)
    for at in (0.3, 0.6, 0.9):
        client._sent |= {_batch(client, answer): ([], 0)}
        with pytest.raises(DataError, match="discarded"):
            client.decrypt(flipped(answer, at))


def test_rotation_keys_of_another_client_ruin_the_scores_and_are_noticed(
    small: tuple[Arithmetic, Plan],
) -> None:
    model, plan = small
    client, stranger = SecretContext(plan), SecretContext(plan)
    kit, foreign = client.kit(), stranger.kit()
    cut, other = (LENGTH + int.from_bytes(k[:LENGTH], "big") for k in (kit, foreign))
    server = EvaluationKit(plan, kit[:cut] + foreign[other:], key=client.key)
    with pytest.raises(DataError, match="discarded"):
        client.decrypt(server.evaluate(model, client.encrypt(ROW)))


def test_two_rows_or_a_ciphertext_of_another_level_are_refused(small: tuple[Arithmetic, Plan]) -> None:
    model, plan = small
    client, server = parties(plan)
    with pytest.raises(DataError, match="at most 1 rows of 4"):
        client.encrypt(np.vstack([ROW, ROW]))
    sent = client.encrypt(ROW)
    answer = server.evaluate(model, sent)
    back = answer.replace(b'"scores"', b'"rows"', 1).replace(_batch(client, answer).encode(), b"0" * 32)
    grown = len(back) - len(answer)
    back = (int.from_bytes(back[:4], "big") + grown).to_bytes(4, "big") + back[4:]
    with pytest.raises(DataError, match="another level or scale"):
        server.evaluate(model, back)
    with pytest.raises(DataError, match="came before"):
        server.evaluate(model, sent)


def _batch(client: SecretContext, answer: bytes) -> str:
    start = answer.index(b'"batch": "') + len(b'"batch": "')
    return answer[start : start + 32].decode()
