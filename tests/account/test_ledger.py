"""A ledger against a naive one of plain integers, and its order of charge, answer and showing."""

from __future__ import annotations

import csv
import random
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest
from tests.account.crowd import DATA, question

from confide.account.charge import answered, digest_of
from confide.account.costs import Cost
from confide.account.exporting import export
from confide.account.filters import Composition, rho_within
from confide.account.ledger import Granted, Ledger
from confide.account.opening import open_ledger
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, LedgerError


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Ledgers in a file, closed at the end."""
    held: list[Ledger] = []

    def one(**how: object) -> Ledger:
        address = f"sqlite:///{tmp_path}/people.ledger"
        held.append(open_ledger(address, **{"data": DATA, "budget": Budget(1.0), **how}))  # pyright: ignore
        return held[-1]

    yield one
    for ledger in held:
        ledger.close()


@dataclass
class Naive:
    """The same rules in plain integers: a dictionary of sums and one of answers."""

    whole: dict[str, int | None]
    shares: dict[str, Fraction]
    spent: dict[str, list[Cost]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def grants(self, analyst: str, asked: str, cost: Cost) -> bool:
        if asked in self.known:
            return True
        own = [*self.spent.get(analyst, []), cost]
        all_ = [c for costs in self.spent.values() for c in costs] + [cost]
        if not (self._fits(own, self.shares[analyst]) and self._fits(all_, Fraction(1))):
            return False
        self.spent.setdefault(analyst, []).append(cost)
        self.known.add(asked)
        return True

    def _fits(self, costs: list[Cost], share: Fraction) -> bool:
        sums: dict[str, int | None] = {
            "epsilon": None if any(c.epsilon is None for c in costs) else sum(c.epsilon or 0 for c in costs),
            "rho": sum(c.rho for c in costs),
        }
        most = self.whole
        ways = [
            n for n in sums
            if most[n] is not None and sums[n] is not None and sums[n] <= most[n] * share  # pyright: ignore
        ]  # fmt: skip
        return bool(ways) and sum(c.delta for c in costs) <= (most["delta"] or 0) * share


def compare(ledger: Ledger, naive: Naive, *, seed: int, questions: int) -> int:
    """Ask both the same at random, repeated questions among them; returns how many were granted."""
    draw, granted = random.Random(seed), 0
    for _ in range(questions):
        asked, analyst = question(0, draw.randrange(questions)), draw.choice(sorted(naive.shares))
        size, delta = draw.choice(["0.1", "0.03", "0.011", "0.2"]), draw.choice([0, 0, "1e-8"])
        cost = Cost.pure(size, delta=delta) if draw.random() < 0.8 else Cost.concentrated("0.0004")
        try:
            answered(ledger, asked, cost, analyst=analyst, speak=lambda: {"n": 1})
            really = True
        except BudgetError:
            really = False
        granted += really
        assert really is naive.grants(analyst, asked, cost)
    whole = ledger.terms.filter
    assert whole.grants(ledger.spent)
    for part in ledger.parts.values():
        assert whole.part(part.share).grants(part.spent)
    return granted


def both(
    opened: Callable[..., Ledger], composition: Composition, parts: dict[str, str] | None
) -> tuple[Ledger, Naive]:
    budget = Budget(1.0, 1e-6)
    ledger = opened(budget=budget, composition=composition, parts=parts)
    basic = composition == "basic"
    whole = {
        "epsilon": None if composition == "zcdp" else 10**6,
        "rho": None if basic else rho_within(10**6, 5 * 10**8),
        "delta": 10**9 if basic else 5 * 10**8,
    }
    shares = {n: Fraction(s) for n, s in (parts or {"everybody": "1"}).items()}
    return ledger, Naive(whole, shares)


CASES = [("either", None), ("basic", {"ada": "1/3", "ben": "0.5"}), ("zcdp", {"ada": "0.7", "ben": "3/10"})]


@pytest.mark.parametrize(("composition", "parts"), CASES)
def test_random_questions_are_granted_as_a_naive_ledger_grants_them(
    opened: Callable[..., Ledger], composition: Composition, parts: dict[str, str] | None
) -> None:
    ledger, naive = both(opened, composition, parts)
    assert 0 < compare(ledger, naive, seed=1, questions=14) < 14


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize(("composition", "parts"), CASES)
def test_many_random_questions_are_granted_as_a_naive_ledger_grants_them(
    opened: Callable[..., Ledger], composition: Composition, parts: dict[str, str] | None, seed: int
) -> None:
    ledger, naive = both(opened, composition, parts)
    assert 0 < compare(ledger, naive, seed=seed, questions=100) < 100


def test_ten_tenths_are_one_and_the_next_is_refused_with_what_would_pay(
    opened: Callable[..., Ledger],
) -> None:
    ledger = opened()
    assert ledger.created
    for i in range(10):
        assert answered(ledger, question(0, i), Cost.pure(0.1), speak=lambda i=i: [i, 0.1]).value == [i, 0.1]
    assert str(ledger.spent) == "epsilon 1" and ledger.left().epsilon == 0
    with pytest.raises(
        BudgetError, match=r"nothing left: the smallest budget that pays for it is epsilon 1\.1\."
    ):
        answered(ledger, question(0, 10), Cost.pure(0.1), speak=pytest.fail)


def test_the_same_question_is_answered_again_at_no_cost_to_everybody(opened: Callable[..., Ledger]) -> None:
    ledger = opened(parts={"ada": 0.5, "ben": 0.5})
    value = {"a": [1, 2.5, None]}
    first = answered(ledger, question(0, 1), Cost.pure(0.5), analyst="ada", speak=lambda: value)
    again = answered(ledger, question(0, 1), Cost.pure(0.5), analyst="ben", speak=pytest.fail)
    assert again.value == first.value and again.known and not first.known
    assert ledger.parts["ben"].spent == Cost.nothing()
    assert not opened(budget=None).created  # and so does one who opens it later
    later = opened(budget=None)
    assert answered(later, question(0, 1), Cost.pure(0.5), analyst="ben", speak=pytest.fail).known


def test_a_crash_after_the_charge_loses_budget_and_the_question_is_paid_again(
    opened: Callable[..., Ledger],
) -> None:
    ledger = opened()

    def speak() -> object:
        assert str(ledger.spent) == "epsilon 0.4"  # on the disk before the mechanism runs
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        answered(ledger, question(0, 1), Cost.pure(0.4), speak=speak)
    assert answered(ledger, question(0, 1), Cost.pure(0.4), speak=lambda: 1).cost == Cost.pure(0.4)
    assert str(ledger.spent) == "epsilon 0.8"


def test_an_answer_is_stored_once_and_only_for_a_charge(opened: Callable[..., Ledger]) -> None:
    ledger = opened()
    granted = ledger.charge(question(0, 1), Cost.pure(0.1))
    for value in (float("nan"), {1, 2}, object()):
        with pytest.raises(LedgerError, match="cannot be stored"):
            ledger.answer(granted, value)
    assert ledger.answer(granted, 3) == ledger.answer(granted, 3) == "3"
    with pytest.raises(LedgerError, match="another answer"):
        ledger.answer(granted, 4)
    for number, asked in ((granted.number, question(0, 2)), (99, question(0, 1)), (1, "")):
        with pytest.raises(LedgerError, match="no charge paid"):
            ledger.answer(Granted(number=number, question=asked, cost=Cost.nothing()), 1)
    with pytest.raises(BudgetError, match="costs nothing"):
        ledger.charge(question(0, 3), Cost.nothing())
    for half in (Cost(epsilon=10**6, rho=0), Cost(epsilon=0, rho=10**12)):
        with pytest.raises(BudgetError, match="free by one of both"):
            ledger.charge(question(0, 3), half)


def test_the_digest_is_of_everything_that_the_answer_depends_on() -> None:
    plain = digest_of(data=DATA, text="count", parameters={"a": 1, "b": [1]})
    assert plain == digest_of(data=DATA, text="count", parameters={"b": [1], "a": 1})
    others = [
        digest_of(data="e" * 64, text="count", parameters={"a": 1, "b": [1]}),
        digest_of(data=DATA, text="count ", parameters={"a": 1, "b": [1]}),
        digest_of(data=DATA, text="count", parameters={"a": "1", "b": [1]}),
        digest_of(data=DATA, text="count", parameters={"a": 1}),
    ]
    assert len({plain, *others}) == 5
    with pytest.raises(BudgetError, match="cannot be written down"):
        digest_of(data=DATA, text="", parameters={"a": object()})


def test_parts_of_a_budget(opened: Callable[..., Ledger]) -> None:
    ledger = opened(parts={"ada": 0.5, "ben": 0.25})
    ledger.charge(question(0, 1), Cost.pure(0.4), analyst="ada")
    with pytest.raises(BudgetError, match=r"ada has epsilon 0\.1 left: .* a part of 0\.6 instead of 0\.5"):
        ledger.charge(question(0, 2), Cost.pure(0.2), analyst="ada")
    with pytest.raises(BudgetError, match=r"is divided: say who asks \(ada, ben\)"):
        ledger.charge(question(0, 2), Cost.pure(0.1))
    with pytest.raises(BudgetError, match=r"no analyst 'eve'"):
        ledger.charge(question(0, 2), Cost.pure(0.1), analyst="eve")
    with pytest.raises(BudgetError, match=r"0\.75 is given, 0\.25 at most"):
        ledger.admit("cy", 0.3)
    ledger.admit("cy", 0.25)
    ledger.charge(question(0, 2), Cost.pure(0.25), analyst="cy")
    ledger.revoke("cy")
    with pytest.raises(BudgetError, match="revoked"):
        ledger.charge(question(0, 2), Cost.pure(0.1), analyst="cy")
    with pytest.raises(BudgetError, match="at most"):
        ledger.admit("dee", 0.1)  # a revoked part is given to nobody else


def test_names_and_words_are_never_taken_for_sql(opened: Callable[..., Ledger]) -> None:
    name, words = "x'); DROP TABLE confide_part; --", '"; DELETE FROM confide_entry; -- %s :asked {0}'
    ledger = opened(parts={name: 0.5, 'a "b" `c`': "1/2"})
    value = {words: [words]}
    found = answered(ledger, words, Cost.pure(0.1), analyst=name, speak=lambda: value, asked=words)
    assert found.value == value and ledger.parts[name].spent == Cost.pure(0.1)
    assert [e.asked for e in ledger.history() if e.kind == "charged"] == [words]


def test_parts_that_add_up_to_more_are_refused_unless_it_is_said(opened: Callable[..., Ledger]) -> None:
    parts = {"ada": 0.8, "ben": 0.8}
    with pytest.raises(BudgetError, match=r"add up to 1\.6"):
        opened(parts=parts)
    ledger = opened(parts=parts, overcommitted=True)
    ledger.charge(question(0, 1), Cost.pure(0.8), analyst="ada")
    with pytest.raises(BudgetError, match=r"ben has epsilon 0\.2 left"):
        ledger.charge(question(0, 2), Cost.pure(0.3), analyst="ben")


def test_the_history_is_exported_without_answers_and_without_formulas(
    opened: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger = opened()
    formula = '=cmd|"/c calc"!A1\x00\ud800'
    answered(ledger, question(0, 1), Cost.pure("0.25"), speak=lambda: {"n": 987654321}, asked=formula)
    assert export(ledger, tmp_path / "history.csv") == 4
    text = (tmp_path / "history.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [r["kind"] for r in rows] == ["opened", "admitted", "charged", "answered"]
    assert rows[2]["epsilon"] == "0.25" and rows[3]["charge"] == "3"
    assert rows[2]["asked"].startswith("'=cmd") and "987654321" not in text
    assert rows[-1]["hash"] == ledger.head
    assert stat.S_IMODE((tmp_path / "history.csv").stat().st_mode) == 0o600


def test_the_file_and_what_is_beside_it_are_the_owners_alone(
    opened: Callable[..., Ledger], tmp_path: Path
) -> None:
    opened().charge(question(0, 1), Cost.pure(0.1))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert set(modes) == {"people.ledger" + end for end in ("", "-wal", "-shm", "-queue")}
    assert set(modes.values()) == {0o600}


def test_another_data_set_unit_budget_or_composition_is_refused(opened: Callable[..., Ledger]) -> None:
    opened()
    for how, said in (
        ({"data": "e" * 64}, "another data set"),
        ({"data": "short"}, "64 hexadecimal"),
        ({"budget": Budget(2.0)}, "the ledger's budget is epsilon 1, delta 0, not epsilon 2"),
        ({"budget": Budget(1.0, 1e-6)}, "not epsilon 1, delta 1e-06"),
        ({"budget": Budget(1.0, 0.0, Unit.person("user", at_most=3))}, "the ledger hides any one record"),
        ({"budget": None, "composition": "zcdp"}, "add up by 'basic'"),
        ({"parts": {"ada": 1}}, "other parts"),
        ({"head": "0" * 64}, "was set back or replaced"),
    ):
        with pytest.raises((LedgerError, BudgetError), match=said):
            opened(**how)
    assert not opened().created


def test_a_connection_that_is_reset_is_taken_up_again(opened: Callable[..., Ledger]) -> None:
    """A server that ends while a transaction commits: the driver's error is none of its own kind."""
    resets = [ConnectionResetError(104, "Connection reset by peer"), BrokenPipeError(32, "Broken pipe")]
    ledger = opened()

    def cut_off(base: object) -> str:
        if resets:
            raise resets.pop()
        return "done"

    assert ledger.database.write(cut_off) == "done" and not resets
