"""Private matches hold to the sets themselves, and refuse what does not follow the plan."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import private_set_intersection.python as psi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import BudgetError, ConfideError, DataError, PromiseError
from confide.mechanisms.share.matching.identifiers import STEPS, in_one_form
from confide.mechanisms.share.matching.match_plan import MatchPlan
from confide.mechanisms.share.matching.party import KINDS, Matched, MatchParty
from confide.mechanisms.share.matching.points import Answerer
from confide.mechanisms.share.matching.runs import counted
from confide.mechanisms.share.messages import Identity, Message, unpacked
from confide.mechanisms.share.refusals import RefusedError

BANK, SHOP = Identity.new("bank"), Identity.new("shop")
KEYS = {"bank": BANK.public, "shop": SHOP.public}


def plan(**terms: Any) -> MatchPlan:
    return MatchPlan(
        **{
            "name": "m",
            "parties": KEYS,
            "learns": ("bank",),
            "reveal": "ids",
            "most": 5_000,
            "fewest": 1,
            **terms,
        }
    )


def opened(terms: MatchPlan, bank: Any, shop: Any) -> tuple[MatchParty, MatchParty, Message, Message]:
    one, two = MatchParty(terms, BANK, tuple(bank)), MatchParty(terms, SHOP, tuple(shop))
    return one, two, one.opening(), two.opening()


def matched(terms: MatchPlan, bank: Any, shop: Any) -> Matched:
    """What the bank learns, with every message as bytes on its way."""
    one, two, first, second = opened(terms, bank, shop)
    sent = [unpacked(m.packed(), kinds=KINDS) for m in (first, second)]
    request = unpacked(one.request(sent[1]).packed(), kinds=KINDS)
    return one.result(unpacked(two.answer(sent[0], request).packed(), kinds=KINDS))


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=12),
    st.sets(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=12),
)
def test_the_result_is_the_intersection(bank: set[str], shop: set[str]):
    mine = sorted(bank)
    found = matched(plan(), mine, shop)
    assert {mine[row] for row in found.rows or ()} == bank & shop
    assert found.size == len(bank & shop)
    assert matched(plan(reveal="size"), mine, shop) == Matched(len(bank & shop), None)


def test_a_filter_finds_every_shared_one_and_is_shorter():
    """With a rate of 1e-6 a run, a wrong match in this test is a chance of one in a million."""
    bank, shop = [f"p{i}" for i in range(300)], [f"p{i}" for i in range(200, 500)]
    terms = plan(form="golomb", false_rate=1e-6)
    assert matched(terms, bank, shop).rows == tuple(range(200, 300))
    one, two, first, second = opened(terms, bank, shop)
    answer = two.answer(first, one.request(second))
    assert len(answer.payload["listed"]) < 0.3 * 33 * len(shop)


def test_both_may_learn_in_one_run():
    terms = plan(learns=("bank", "shop"))
    one, two, first, second = opened(terms, ["ann", "bob", "eve"], ["zoe", "eve"])
    to_shop, to_bank = one.request(second), two.request(first)
    assert one.result(two.answer(first, to_shop)).rows == (2,)
    assert two.result(one.answer(second, to_bank)).rows == (1,)


def test_more_than_a_part_is_matched_as_whole():
    """The library is asked in parts of 2,000; rows of later parts keep their numbers, sizes add up."""
    bank = [f"p{i}" for i in range(2_050)]
    shop = ["p3", "p1999", "p2000", "p2049", "q"]
    seen: list[tuple[str, int, int]] = []
    terms = plan()
    one, two, first, second = opened(terms, bank, shop)
    one.watch = lambda *at: seen.append(at)
    assert one.result(two.answer(first, one.request(second))).rows == (3, 1999, 2000, 2049)
    assert ("hiding own identifiers", 2_000, 2_050) in seen
    one, two, first, second = opened(plan(reveal="size"), bank, shop)
    answer = two.answer(first, one.request(second))
    points = [row.tobytes() for row in answer.payload["points"]]
    assert points == sorted(points)  # of both parts together
    assert one.result(answer) == Matched(4, None)


@pytest.mark.parametrize("in_order", [False, True])
def test_who_learns_the_size_cannot_compute_who_it_is(in_order: bool, monkeypatch: pytest.MonkeyPatch):
    """The attack: who asked takes its secret number, and compares each answer as if ids were revealed.

    30 of 60 are shared. Of sorted answers it names 30 rows by chance: 28 or more of them rightly in less than
    1 of 100 million runs (hypergeometric). A twin that answers in the order of the request gives all 30 away.
    """
    if in_order:
        monkeypatch.setattr(Answerer, "answer", _unsorted)
    bank = [f"p{i}" for i in range(60)]
    one, two, first, second = opened(plan(reveal="size"), bank, bank[::2])
    answer = two.answer(first, one.request(second))
    assert one._asker is not None
    key = one._asker._client.GetPrivateKeyBytes()
    listed = psi.ServerSetup.FromString(answer.payload["listed"].tobytes())
    points = psi.Response(encrypted_elements=[row.tobytes() for row in answer.payload["points"]])
    named = psi.client.CreateFromKey(key, True).GetIntersection(listed, points)
    assert len(named) == 30
    rightly = sum(row % 2 == 0 for row in named)
    assert rightly == 30 if in_order else rightly < 28


def _unsorted(self: Answerer, request: Any, *, sender: str) -> Any:
    """A twin that forgets to sort: the library itself does, so it is asked one by one."""
    every = [psi.Request(reveal_intersection=False, encrypted_elements=[row.tobytes()]) for row in request]
    found = [self._server.ProcessRequest(asked).encrypted_elements[0] for asked in every]
    return np.frombuffer(b"".join(found), np.uint8).reshape(-1, 33)


def test_equal_lists_travel_as_different_points_each_time():
    """Points under new secret numbers: no two runs, and no two parties, send one point twice."""
    sent = []
    for _ in range(3):
        one, two, first, second = opened(plan(), ["ann", "bob"], ["ann", "bob"])
        request = one.request(second)
        answer = two.answer(first, request)
        sent += [m.payload["points"][row].tobytes() for m in (request, answer) for row in range(2)]
        sent.append(first.payload["list"].tobytes())
        assert b"ann" not in request.packed() + answer.packed() + first.packed()
    assert len(set(sent)) == len(sent)


def test_a_message_of_another_run_or_changed_on_its_way_is_refused():
    lists = (["ann", "bob"], ["bob"])
    one, two, first, second = opened(plan(), *lists)
    request = one.request(second)
    other, _, foreign, own = opened(plan(), *lists)
    with pytest.raises(RefusedError, match="another plan or version"):
        two.answer(first, other.request(second))
    with pytest.raises(RefusedError, match="opened this run in two ways"):
        two.answer(foreign, request)
    torn = bytearray(request.packed())
    torn[-5] ^= 1
    with pytest.raises(RefusedError, match="signature of 'bank'"):
        two.answer(first, unpacked(bytes(torn), kinds=KINDS))
    answer = two.answer(first, request)
    with pytest.raises(RefusedError, match="was answered in this run"):
        two.answer(first, request)
    with pytest.raises(RefusedError, match="for 'shop', not for 'bank'"):
        one.result(replace(request, sender="shop"))
    assert one.result(answer).rows == (1,)
    with pytest.raises(RefusedError, match="no request under way"):
        one.result(answer)
    with pytest.raises(RefusedError, match="has opened this run"):
        one.opening()
    assert own.kind == "opening"


def test_who_asks_cannot_ask_about_more_than_it_committed_to():
    terms = plan()
    one, two, first, second = opened(terms, ["ann", "bob"], ["bob"])
    request = one.request(second)
    run = one._met_by(second)
    more = np.concatenate([request.payload["points"], request.payload["points"][:1]])
    for points, why in ((more, "must have shape"), (more[[0, 0]], "same point twice")):
        sent = BANK.message(run, "request", {"points": points}, round=0, receiver="shop")
        with pytest.raises(RefusedError, match=why):
            two.answer(first, sent)
    nonsense = np.full((2, 33), 7, np.uint8) + np.arange(2, dtype=np.uint8)[:, None]
    sent = BANK.message(run, "request", {"points": nonsense}, round=0, receiver="shop")
    with pytest.raises(RefusedError, match="no points of the curve"):
        two.answer(first, sent)


def test_who_may_not_learn_is_not_answered():
    one, two, first, second = opened(plan(learns=("shop",)), ["ann"], ["ann"])
    with pytest.raises(RefusedError, match="'bank' learns nothing"):
        one.request(second)
    with pytest.raises(RefusedError, match="'bank' learns nothing"):
        two.answer(first, first)


def test_plans_that_differ_in_any_term_are_refused():
    terms = {
        "name": "n", "learns": ("bank", "shop"), "reveal": "size", "steps": ("strip", "digits"),
        "most": 4_999, "fewest": 2, "times": 2, "form": "golomb",
    }  # fmt: skip
    for term, value in terms.items():
        theirs = plan(**{term: value}, **({"false_rate": 1e-6} if term == "form" else {}))
        one = MatchParty(plan(), BANK, ("ann", "bob"))
        two = MatchParty(theirs, SHOP, ("ann", "bob"))
        one.opening()
        with pytest.raises(RefusedError, match=r"another plan|is of run 'n'"):
            one.request(two.opening())


def test_lists_beyond_the_plan_are_refused():
    with pytest.raises(DataError, match=r"this party has 3 identifiers, and the plan allows 1 to 2"):
        MatchParty(plan(most=2), BANK, ("a", "b", "c"))
    with pytest.raises(DataError, match="allows 10 to 5,000"):
        MatchParty(plan(fewest=10), BANK, ("a",))
    with pytest.raises(DataError, match="pins another key"):
        MatchParty(plan(), Identity.new("bank"), ("a",))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"parties": {"bank": BANK.public}}, "give two"),
        ({"parties": {"bank": BANK.public, "shop": BANK.public}}, "same key"),
        ({"parties": {"bank": BANK.public, "shop": b"x"}}, "no Ed25519"),
        ({"learns": ("eve",)}, "name one of the parties"),
        ({"learns": ()}, "nobody"),
        ({"most": 0}, "give 1 to"),
        ({"times": 0}, "number of runs"),
        ({"false_rate": 0.1}, "its rate is 0"),
        ({"form": "golomb"}, "give golomb one above 0"),
        ({"form": "golomb", "false_rate": 0.5}, "up to 0.001"),
        ({"form": "bloom", "false_rate": 1e-6}, "raw or golomb"),
        ({"reveal": "all"}, "choose size or ids"),
        ({"steps": ("upper",)}, "no step 'upper'"),
        ({"name": ""}, "has no name"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(terms: dict[str, Any], why: str):
    with pytest.raises((DataError, PromiseError), match=why):
        plan(**terms)


def test_identifiers_come_into_one_form_and_wrong_rows_are_named_without_a_value():
    assert in_one_form([" +49 (30) 12", "4930-13"], steps=["digits"]) == ("493012", "493013")
    assert in_one_form(["Stra\u00dfe", "\uff21"], steps=["nfkc", "casefold"]) == ("strasse", "a")
    wrong: list[tuple[list[Any], str]] = [
        (["secret", None, " "], "2 identifiers are empty.*first in row 2"),
        (["Secret", "x", "secret"], "row 3 is that of row 1"),
        (["secret", 7], "row 2 is of type int"),
        (["secret" * 200], "row 1 has 1,200 characters"),
    ]
    for given_rows, why in wrong:
        with pytest.raises(DataError, match=f"(?s){why}") as error:
            in_one_form(given_rows, steps=["strip", "casefold"])
        assert "secret" not in str(error.value).lower()
    assert set(STEPS) == {"strip", "casefold", "nfkc", "no-spaces", "digits"}


def test_runs_are_counted_for_good_by_however_many_processes(tmp_path: Path):
    terms = plan(times=3)
    found: list[int] = []
    refused: list[ConfideError] = []

    def one() -> None:
        try:
            found.append(counted(terms, tmp_path))
        except BudgetError as error:
            refused.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3]
    assert len(refused) == 5
    assert "was run 3 times here" in str(refused[0])
    assert counted(plan(times=3, name="another"), tmp_path) == 1


def test_no_size_and_no_row_is_in_what_a_log_shows():
    assert repr(Matched(17, (3, 4))) == "Matched(...)"
    party = MatchParty(plan(), BANK, ("ann",))
    party.opening()
    assert "nonce" not in repr(party)
