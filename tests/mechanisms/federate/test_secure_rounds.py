"""A collaboration over a secure sum: the model is that of plain sums, and the server sees no upload."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.transcript import SERVER, sum_in
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.gathered import DROPPED
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.secure_rounds import SecureRounds
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.secure_sum import SecureSum

from .made_up import Sums, holding

VECTORS = np.array([[1.0, -2.0], [0.5, 0.25], [-3.0, 4.0], [2.0, 2.0], [0.125, -1.0]])
STEP = 2.0**-24
"""The grid for 5 clients and numbers up to 8 is finer than this: 2^31 / 5 / 8 is above 2^24."""


def run(**settings: object):
    secure = SecureRounds(**{"limit": 8.0, "clients": 5, **settings})  # pyright: ignore
    return collaborate(
        FedAvg(), Sums(2), holding(VECTORS), rounds=2, rng=np.random.default_rng(1), secure=secure
    )


@pytest.mark.parametrize("played", [True, False])
def test_the_model_is_that_of_plain_sums_up_to_rounding(played: bool) -> None:
    found = run(played=played)
    # Each round adds the mean of the clients' vectors; a sum is off by one step of the grid a client at most.
    assert np.abs(found.parameters - 2 * VECTORS.mean(axis=0)).max() <= 2 * 2 * STEP + 1e-6
    assert not found.left_out


def test_the_server_gets_masked_words_and_no_update() -> None:
    transcript = run().transcript
    assert transcript is not None
    seen = transcript.seen_by(SERVER).messages
    kinds = {m.kind for m in seen}
    assert "update" not in kinds and {"masked", "unmask"} <= kinds
    masked = [m for m in seen if m.kind == "masked" and m.round == 1]
    assert len(masked) == 5
    plain = {tuple(v) for v in VECTORS}
    for message in masked:
        for array in message.payload.values():
            assert array.dtype.kind == "u" and tuple(array[:2].tolist()) not in plain


def test_who_falls_silent_is_counted_and_not_in_the_sum() -> None:
    found = run(dropped={2: ["c4"]})
    wanted = VECTORS.mean(axis=0) + VECTORS[:4].mean(axis=0)
    assert np.abs(found.parameters - wanted).max() <= 1e-5
    assert found.left_out == {DROPPED: {"c4": 1}}
    with pytest.raises(RefusedError, match="missing are c2, c3, c4"):
        run(dropped={1: ["c2", "c3", "c4"]})
    with pytest.raises(RefusedError, match="remain"):
        run(dropped={1: ["c2", "c3", "c4"]}, played=False)


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"limit": 2.0}, "beyond 2"), ({"clients": 4}, "room for 4")],
)
def test_numbers_that_do_not_fit_stop_the_round(settings: dict[str, object], says: str) -> None:
    with pytest.raises(DataError, match=says):
        run(**settings)


def test_uploads_of_other_forms_are_refused_with_the_name() -> None:
    uploads = {"a": {"update": np.zeros(2)}, "b": {"update": np.zeros(3)}, "c": {"update": np.zeros(2)}}
    with pytest.raises(DataError, match="'b'"):
        SecureRounds(limit=1.0, clients=3, how=SecureSum(fresh_inputs=True))(
            uploads, number=1, rng=np.random.default_rng(1)
        )


def test_the_transcript_has_the_sum_that_the_server_alone_knows() -> None:
    transcript = run().transcript
    assert transcript is not None
    total = sum_in(transcript.seen_by(SERVER).inputs, 1)
    assert np.abs(total["update"] - VECTORS.sum(axis=0)).max() <= 5 * STEP
    assert total["records"] == 5 and total["clients"] == 5
    assert not sum_in(transcript.seen_by("c0").inputs, 1)


def test_whole_numbers_are_added_as_they_are_and_others_need_a_limit() -> None:
    whole = {name: {"update": np.array([7 * k, -k])} for k, name in enumerate("abcd", 1)}
    secure = SecureRounds(clients=4, how=SecureSum(cohort=3, colluding=1, fresh_inputs=True))
    found = secure(whole, number=1, rng=np.random.default_rng(1))
    assert found.total["update"].tolist() == [70, -10]
    assert (secure.terms.least, secure.terms.colluding) == (3, 1)
    assert 4 * secure.terms.bound < 2**31 <= 4 * (secure.terms.bound + 1)
    with pytest.raises(DataError, match="'b' has numbers that are not whole"):
        secure({**whole, "b": {"update": np.ones(2)}}, number=1, rng=np.random.default_rng(1))
