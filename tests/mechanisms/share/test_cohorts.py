"""No sum twice, and none whose difference to another is of a few clients."""

from __future__ import annotations

import pytest
from tests.mechanisms.share.parties import Parties, Round, finish, names

from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.server import Server


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties.of(4, threshold=3)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_cohort_that_changed_by_one_is_refused(fresh: bool):
    """By the server, and by each client if the server does not mind; not where vectors are new each round."""
    parties = Parties.of(4, threshold=3, fresh_inputs=fresh)
    first = parties.begun().until("masked")
    first.until("over", without=("c000",))
    assert first.server.past.last == 1
    second = parties.begun(round=2, past=first.server.past).until("masked")
    if fresh:
        finish(second)
        return
    for name in names(4):
        second.server.take(second.answer(name))
    with pytest.raises(RefusedError, match=r"round 1 by c000: .* values of 1.*fresh_inputs"):
        second.server.close()
    careless = Server(parties.plan, parties.server, round=2, past=Past())
    third = Round(
        parties,
        careless,
        {name: parties.client(name, round=2, past=first.server.past) for name in names(4)},
        first.vectors,
    ).until("agreed")
    with pytest.raises(RefusedError, match="differs from that of round 1 by c000"):
        third.answer("c001")


def test_the_same_cohort_may_be_added_up_again():
    parties = Parties.of(4, threshold=3)
    first = parties.begun()
    finish(first)
    finish(parties.begun(round=2, past=first.server.past))


def test_a_small_cohort_may_change_by_itself():
    """Where sums of two may be shown, their difference may be of two."""
    parties = Parties.of(7, threshold=5, cohort=2)
    first = parties.begun().until("masked").until("over", without=("c000", "c001"))
    assert first.server.past == Past({1: frozenset(names(7)[2:])})
    finish(parties.begun(round=2, past=first.server.past))
    third = parties.begun(round=3, past=first.server.past).until("masked")
    with pytest.raises(RefusedError, match="by c000"):
        third.until("over", without=("c001",))


def test_parties_remember_what_they_signed(parties: Parties):
    begun = parties.begun()
    finish(begun)
    for past in (begun.server.past, *(client.past for client in begun.clients.values())):
        assert past == Past({1: frozenset(names(4))})
    with pytest.raises(RefusedError, match="no round takes place twice"):
        parties.client("c001", round=1, past=begun.clients["c001"].past)
