"""Singling out through a synthetic file: luck by its formula, copies and other people's rows, refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from confide.attacks.linkage import ClassPredicate, ManyColumns, NearRanges, OneColumn
from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.core.nouns import Case, Guess
from confide.core.play import play
from confide.games.linkage.singling_out import SinglingOut
from confide.games.linkage.synthetic import SyntheticSinglingOut, luck, some_people
from confide.knowledge.table import TableKnowledge
from confide.mechanisms.synthesize.bootstrap import Bootstrap
from confide.mechanisms.synthesize.noisy_copy import NoisyCopy
from confide.views.predicates import NOTHING, BitSets, Predicate
from confide.views.table import Domain, Table

SIZES = (2_000, 40, 12, 8, 6)
ATTACKS = (OneColumn(), ManyColumns(), ClassPredicate(), NearRanges())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(n: int, seed: int, sizes: tuple[int, ...] = SIZES) -> Table:
    domains = [Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes)]
    return Table.of(domains, (rng(seed).random((n, len(sizes))) ** 1.3 * sizes).astype(np.int32))


def drawn(real: Table, times: int = 1) -> Table:
    """A bootstrap of this many times the rows."""
    return real.take(rng(5).integers(0, len(real), times * len(real)))


def shuffled(real: Table, seed: int = 5) -> Table:
    """Each column by itself."""
    return Table.of(real.domains, rng(seed).permuted(real.low, axis=0))


def game(synthetic: Table, real: Table, control: Table, **settings: Any) -> SyntheticSinglingOut:
    return SyntheticSinglingOut(synthetic=synthetic, real=real, control=control, **settings)


def rates(evidence: Evidence) -> tuple[float, float]:
    """The share of hits among claims that are judged on the real people, and on those held out."""
    hit = evidence.table["hit"].to_numpy()
    return float(hit[evidence.exposed].mean()), float(hit[~evidence.exposed].mean())


@dataclass(frozen=True)
class Says:
    """Makes the same claim each time."""

    claim: Predicate
    name = "says"

    def __call__(self, case: Case[Table, TableKnowledge, Ints], *, rng: Rng) -> Guess:
        asked = len(case.targets)
        value = np.full(asked, NOTHING, object)
        for i in range(asked):
            value[i] = self.claim
        return Guess(value, np.ones(asked))


def test_a_claim_hits_where_one_person_has_it_by_hand() -> None:
    domains = [Domain("a", tuple("01234"))]
    real, control = (Table.of(domains, np.array(codes)[:, None]) for codes in ([0, 1, 1, 2], [2, 3, 3, 3]))
    for code, expected in ((0, (1.0, 0.0)), (1, (0.0, 0.0)), (2, (1.0, 1.0)), (3, (0.0, 0.0))):
        one = game(real, real, control, claims=50, matches=2)
        evidence = play(one, Says(Predicate(((0, code, code),))), worlds=1, rng=rng())
        assert rates(evidence) == expected
    # One real person has the value 2, and 3 people held out: heavier than 2 matches.
    heavy = Table.of(domains, np.array([2, 2, 2, 0])[:, None])
    evidence = play(
        game(real, real, heavy, claims=50, matches=2), Says(Predicate(((0, 2, 2),))), worlds=1, rng=rng()
    )
    assert rates(evidence) == (0.0, 0.0)


@pytest.mark.parametrize("weight", [0.002, 0.01, 0.02])
def test_luck_is_that_of_its_formula_on_both_sides(weight: float) -> None:
    """100 people on each side, a predicate of known weight, 1,000 data sets: 4.5 standard errors at most."""
    n, times, claim = 100, 1_000, Predicate(((0, 0, int(1_000 * weight) - 1),))
    domains = [Domain("a", tuple(map(str, range(1_000))))]
    expected = luck(np.array([weight]), n)[0]
    draw, found = rng(3), np.zeros((times, 2))
    for i in range(times):
        real, control = (Table.of(domains, draw.integers(0, 1_000, (n, 1))) for _ in range(2))
        one = game(real, real, control, claims=2, matches=n)
        dealt = one.deal(0, rng=rng(i))
        both = replace(dealt.secrets, exposed=np.array([True, False]))
        found[i] = one.hits(Says(claim)(dealt.case, rng=draw), both)
    error = np.sqrt(expected * (1 - expected) / times)
    assert (np.abs(found.mean(axis=0) - expected) < 4.5 * error).all()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_a_bootstrap_singles_out_and_other_peoples_rows_do_not(attack: Any) -> None:
    """150 claims on each side: a difference of .25 is 4.5 standard errors or more."""
    real, control = table(800, 1), table(800, 2)
    others = (table(800, 3), shuffled(table(800, 4)))
    # Ten times the rows repeat everybody: the file still says who they are.
    for synthetic, leaks in ((drawn(real), True), (drawn(real, 10), True), *((o, False) for o in others)):
        evidence = play(game(synthetic, real, control, claims=300), attack, worlds=1, rng=rng())
        exposed, control_rate = rates(evidence)
        assert exposed - control_rate > 0.5 if leaks else abs(exposed - control_rate) < 0.25
        assert control_rate < 0.5


def test_values_that_are_nobodys_still_single_out_by_ranges() -> None:
    """Numbers moved by 2 %: of 500 claims on each side, .2 are six standard errors."""
    domains = [Domain(f"c{i}", tuple(map(str, range(1_000))), np.arange(1_000.0)) for i in range(6)]
    real, control = (Table.of(domains, rng(i).integers(0, 1_000, (800, 6))) for i in (1, 2))
    file = NoisyCopy(share=0.02, noise="rehearsal")(real, rng=rng()).view
    one = game(file, real, control, claims=1_000)
    exact, ranges = (
        rates(play(one, attack, worlds=1, rng=rng())) for attack in (ManyColumns(), NearRanges())
    )
    assert abs(exact[0] - exact[1]) < 0.2 and ranges[0] > ranges[1] + 0.2


def test_ranges_are_added_until_no_other_row_is_in_all_by_hand() -> None:
    """Ages 30 and 32 are near each other, 60 is alone; the rows at 30 and 32 differ in the town."""
    domains = [
        Domain("age", tuple(map(str, range(101))), np.arange(101.0)),
        Domain("town", ("a", "b")),
    ]
    view = Table.of(domains, np.array([[30, 0], [32, 1], [60, 0]]))
    case = Case(view, TableKnowledge(wrong=0.0), np.arange(3))
    said = {claim.text(view) for claim in NearRanges(within=0.05)(case, rng=rng()).value}
    near = {"age is 25 to 35, and town is a", "age is 27 to 37, and town is b", "town is b"}
    assert said <= near | {"age is 55 to 65", "age is 55 to 65, and town is a"} and len(said) == 3


def test_with_the_mechanism_it_is_the_game_of_released_tables() -> None:
    """A generator in the place of an anonymisation: the same attack, units and rates, within 4 errors."""

    everybody = table(1_600, 1)
    made = SinglingOut(mechanism=Bootstrap(noise="rehearsal"), records=everybody, claims=400, repeats=True)
    real, control = everybody.take(np.arange(800)), everybody.take(np.arange(800, 1_600))
    given, attack = game(drawn(real), real, control, claims=400), ManyColumns()
    one, other = (np.array(rates(play(g, attack, worlds=8, rng=rng()))) for g in (made, given))
    assert np.abs(one - other).max() < 0.08 and one[0] > one[1] + 0.5


def test_fewer_people_held_out_are_met_by_as_many_real_ones() -> None:
    real, control = table(800, 1), table(200, 2)
    one = game(drawn(real), real, control)
    judged = one.deal(0, rng=rng()).secrets
    assert len(judged.inside) == len(judged.outside) == one.judged == 200
    assert set(map(tuple, judged.inside.low)) <= set(map(tuple, real.low))
    assert sorted(map(tuple, judged.outside.low)) == sorted(map(tuple, control.low))
    # The other way round too: luck depends on how many people there are.
    assert len(game(real, control, real).deal(0, rng=rng()).secrets.outside) == 200


def test_people_with_several_rows_count_once() -> None:
    codes = np.array([[0], [0], [1], [2], [2]])
    visits = Table.of([Domain("a", tuple("012"))], codes, people=np.array([3, 3, 5, 5, 9]))
    one = game(visits, visits, visits)
    assert one.judged == 3
    dealt = one.deal(0, rng=rng())
    assert dealt.case.view.people is None
    counts = BitSets(dealt.secrets.inside).counts([Predicate(((0, c, c),)) for c in range(3)])
    assert counts.tolist() == [1, 1, 2]
    assert len({len(some_people(visits, 1, rng=rng(seed))) for seed in range(20)}) == 2


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"synthetic": table(9, 1).only(["c1", "c0"])}, "synthetic file has the columns c1, c0"),
        ({"control": table(9, 1, (9, 40, 12, 8, 6))}, "control file has other values of 'c0'"),
        ({"control": table(1, 1)}, "1 were held out"),
        ({"claims": 0}, "0 claims"),
        ({"matches": 0.5}, "0.5 matches"),
    ],
)
def test_files_that_do_not_fit_are_refused(settings: dict[str, Any], says: str) -> None:
    usual = {"synthetic": table(9, 1), "real": table(9, 1), "control": table(9, 2)}
    with pytest.raises(DataError, match=says):
        SyntheticSinglingOut(**(usual | settings))
