"""The secure sum equals the plain one in every word, or there is none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mechanisms.share.parties import BOUND, names, plain_sum, vectors

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.messages import Message
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.secure_sum import SecureSum, Stage


@pytest.mark.parametrize(
    ("clients", "dropped"), [(3, 0), (10, 0), (10, 3), (30, 5), pytest.param(100, 10, marks=pytest.mark.slow)]
)
def test_the_sum_is_equal_in_every_word(clients: int, dropped: int):
    given = vectors(clients)
    gone = names(clients)[:: clients // dropped][:dropped] if dropped else []
    found = SecureSum().simulate(given, bound=BOUND, dropped=gone)
    assert found.total.tolist() == plain_sum(given, found.survivors)
    assert found.dropped == tuple(gone)
    assert len(found.survivors) == clients - dropped


@pytest.mark.parametrize("at", ["shares", "masked", "agreed", "unmask"])
def test_a_client_may_drop_out_at_each_step(at: Stage):
    """One that sent its masked vector before is in the sum."""
    given = vectors(10)
    found = SecureSum().simulate(given, bound=BOUND, dropped=names(10)[:3], at=at)
    assert len(found.survivors) == (10 if at in ("agreed", "unmask") else 7)
    assert found.total.tolist() == plain_sum(given, found.survivors)


@pytest.mark.parametrize("at", ["shares", "masked", "agreed", "unmask"])
@pytest.mark.parametrize(("clients", "borne"), [(10, 3), (9, 2)])
def test_one_more_than_the_threshold_bears_is_refused(at: Stage, clients: int, borne: int):
    gone = names(clients)[: borne + 1]
    with pytest.raises(RefusedError, match=f"only {clients - borne - 1} of {clients} clients") as refused:
        SecureSum().simulate(vectors(clients), bound=BOUND, dropped=gone, at=at)
    assert set(refused.value.parties) == set(gone)
    assert SecureSum().simulate(vectors(clients), bound=BOUND, dropped=gone[1:], at=at).total.size


@pytest.mark.slow
@pytest.mark.parametrize(("clients", "borne"), [(30, 9), (100, 33)])
def test_one_more_than_the_threshold_bears_is_refused_in_large_cohorts(clients: int, borne: int):
    given, gone = vectors(clients), names(clients)[: borne + 1]
    with pytest.raises(RefusedError, match=f"only {clients - borne - 1} of {clients} clients"):
        SecureSum().simulate(given, bound=BOUND, dropped=gone)
    found = SecureSum().simulate(given, bound=BOUND, dropped=gone[1:])
    assert found.total.tolist() == plain_sum(given, found.survivors)


def test_the_sparse_graph_gives_the_same_sum():
    """With 18 neighbours of 29, 2 of 30 that drop out leave each neighbourhood enough, wherever they are."""
    given = vectors(30)
    found = SecureSum(neighbours=18).simulate(given, bound=BOUND, dropped=names(30)[4:6])
    assert found.total.tolist() == plain_sum(given, found.survivors)


def test_a_neighbourhood_that_is_gone_is_named():
    """Of 4 neighbours and itself, 4 must be left. Two of 4 that drop out are within 3 places of a circle of
    13, so somebody lacks both, in any order."""
    with pytest.raises(RefusedError, match=r"holders of shares of 'c0..' are left") as refused:
        SecureSum(neighbours=4).simulate(vectors(13), bound=BOUND, dropped=names(13)[:4])
    assert len(refused.value.parties) >= 2 and set(refused.value.parties) <= set(names(13)[:4])


def test_the_largest_values_do_not_overflow():
    """Of three clients, the largest bound is 715,827,882: thrice it is 2^31 - 2."""
    most = (2**31 - 1) // 3
    for sign in (1, -1):
        given = {name: np.full(2, sign * most) for name in "abc"}
        assert SecureSum().simulate(given, bound=most).total.tolist() == [sign * 3 * most] * 2
        with pytest.raises(PromiseError, match="overflow"):
            SecureSum().simulate(given, bound=most + 1)


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        (np.full(8, BOUND + 1), "1,001, beyond the plan's bound of 1,000"),
        (np.full(8, -BOUND - 1), "-1,001, beyond"),
        (np.full(8, np.iinfo(np.int64).min), "beyond"),
        (np.full(8, np.iinfo(np.uint64).max, np.uint64), "beyond"),
        (np.full(8, 0.5), "Round floats first"),
        (np.full(8, np.nan), "Round floats first"),
    ],
)
def test_a_vector_that_breaks_the_plan_is_refused(vector: np.ndarray, says: str):
    given = vectors(4) | {"c001": vector}
    for attempt in (SecureSum().simulate, SecureSum().ideal):
        with pytest.raises(DataError, match=says):
            attempt(given, bound=BOUND)


def test_vectors_of_other_lengths_are_refused():
    with pytest.raises(DataError, match="same length"):
        SecureSum().simulate(vectors(4) | {"c001": np.zeros(7, np.int64)}, bound=BOUND)


def test_the_ideal_sum_is_the_same():
    given = vectors(10)
    real = SecureSum().simulate(given, bound=BOUND, dropped=["c004"])
    ideal = SecureSum().ideal(given, bound=BOUND, dropped=["c004"])
    assert real.total.tolist() == ideal.total.tolist()
    assert (real.survivors, real.dropped) == (ideal.survivors, ideal.dropped)
    with pytest.raises(RefusedError, match="only 6 of 10"):
        SecureSum().ideal(given, bound=BOUND, dropped=names(10)[:4])


def test_keys_and_masks_are_new_in_each_round():
    """Two rounds with the same vectors: no key, share or masked vector appears twice."""
    seen: dict[int, list[Message]] = {1: [], 2: []}
    for number, messages in seen.items():
        SecureSum().simulate(vectors(4), bound=BOUND, round=number, observe=messages.append)
    for kind in ("keys", "shares", "masked", "unmask"):
        first, second = (
            {row.tobytes() for m in messages if m.kind == kind for row in np.atleast_2d(*m.payload.values())}
            for messages in seen.values()
        )
        assert first and not first & second, kind


def test_a_round_does_not_take_place_twice():
    with pytest.raises(RefusedError, match=r"round 3 is over.*Go on with 4"):
        SecureSum().simulate(vectors(4), bound=BOUND, round=3, past=Past().after(3, names(4)))
