"""Games on tables in which people have several rows: held out with all of them, found by any of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.attacks.linkage.table import Nearest
from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Release
from confide.core.play import play
from confide.games.attribute.table import TableInference
from confide.games.linkage.claims import NOBODY, Linkage
from confide.games.linkage.singling_out import SinglingOut
from confide.games.linkage.table import TableLinkage
from confide.knowledge.table import Knowing, TableKnowledge
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedTable
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.in_order import in_order
from confide.views.predicates import Predicate
from confide.views.table import Domain, Table
from confide.views.table_people import number_of_people

PEOPLE = 600


def rng(seed: int = 0) -> Rng:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def records() -> Table:
    """Person i has i % 4 + 1 rows; the first column is the person, the second the row."""
    people = rng().permutation(np.repeat(np.arange(PEOPLE), np.arange(PEOPLE) % 4 + 1))
    n = len(people)
    domains = [Domain(name, tuple(map(str, range(m)))) for name, m in (("who", PEOPLE), ("row", n), ("s", 5))]
    return Table.of(
        domains, np.stack([people, np.arange(n), rng(1).integers(0, 5, n)], axis=1), people=people
    )


@pytest.fixture(scope="module")
def targets(records: Table) -> np.ndarray:
    """A row of every second person."""
    assert records.people is not None
    _, first = np.unique(records.people, return_index=True)
    return first[::2]


def linkage(records: Table, targets: np.ndarray, **more: object) -> TableLinkage:
    how = {"mechanism": Published(), "known": ("row",), "knowing": Knowing(wrong=0.0), **more}
    return TableLinkage(records=records, targets=targets, **how)  # type: ignore[arg-type]


def test_somebody_held_out_has_no_row_in_any_release(records: Table, targets: np.ndarray) -> None:
    told = TableInference(mechanism=Published(), records=records, known=("row",), secret="s", targets=targets)
    for game in (linkage(records, targets), told):
        world = game.deal(0, rng=rng(3))
        released = set(world.case.view.low[:, 0].tolist())
        assert world.ids is not None
        asked = records.low[world.ids, 0].tolist()
        for who, exposed in zip(asked, world.exposed.tolist(), strict=True):
            assert (who in released) == exposed
        # With all rows: those who are in it have as many as they had.
        rows = np.bincount(world.case.view.low[:, 0], minlength=PEOPLE)
        had = np.bincount(records.low[:, 0], minlength=PEOPLE)
        assert set((rows / had).tolist()) == {0.0, 1.0}
        assert 0.35 < world.exposed.mean() < 0.65  # of 300 coins, 5 standard errors


def test_the_adversary_never_sees_which_rows_are_one_persons(records: Table, targets: np.ndarray) -> None:
    mechanism = in_order([Published(), Mondrian(known=("row",), rules=Rules(k=5))])
    games = (
        linkage(records, targets, mechanism=mechanism, population=records),
        TableInference(
            mechanism=mechanism,
            records=records,
            known=("row",),
            secret="s",
            targets=targets,
            population=records,
        ),
        SinglingOut(mechanism=mechanism, records=records),
    )
    for game in games:
        case = game.deal(0, rng=rng()).case
        assert case.view.people is None
        assert case.known.population is None or case.known.population.people is None
        assert not isinstance(case.targets, Table) or case.targets.people is None


def test_any_row_of_the_person_is_right_and_no_other_is(records: Table, targets: np.ndarray) -> None:
    game = linkage(records, targets)
    world = game.deal(0, rng=rng(3))
    view, asked = world.case.view.low[:, 0], records.low[world.ids, 0]
    for row in range(0, len(view), 37):
        guess = Guess(np.full(len(asked), row), np.ones(len(asked)))
        expected = np.where(world.exposed, asked == view[row], True)
        assert game.hits(guess, world.secrets).tolist() == expected.tolist()
    silent = Guess(np.full(len(asked), NOBODY), np.ones(len(asked)))
    assert not game.hits(silent, world.secrets).any()
    assert not game.hits(Guess(None, np.ones(len(asked))), world.secrets).any()


def test_hits_of_one_row_each_are_those_of_the_old_rule() -> None:
    secrets, claims = np.array([3, NOBODY, 2, NOBODY, 1]), np.array([3, 4, NOBODY, NOBODY, 2])
    guess = Guess(claims, np.ones(5))
    wide = np.stack([secrets, np.full(5, NOBODY)], axis=1)
    assert Linkage().hits(guess, secrets).tolist() == [True, True, False, False, False]
    assert Linkage().hits(guess, wide).tolist() == Linkage().hits(guess, secrets).tolist()


@pytest.mark.parametrize(
    ("mechanism", "least", "most"), [(Published(), 1.0, 1.0), (UnrelatedTable(), 0.0, 0.06)]
)
def test_who_has_a_copy_links_everybody_and_who_has_nothing_does_not(
    records: Table, targets: np.ndarray, mechanism: object, least: float, most: float
) -> None:
    """In an unrelated table luck finds one in 500 people: 10 of 150 fewer than once in 10^11 runs."""
    game = linkage(records, targets, mechanism=mechanism)
    found = play(game, Nearest(), worlds=1, rng=rng(5), across_units=True).table
    assert least <= found.filter("exposed")["hit"].mean() <= most


class OtherRow:
    """Anchor: knows of each target another row than the one asked about, and names that."""

    name, title, paper = "other-row", "another row", None

    def __init__(self, records: Table) -> None:
        assert records.people is not None
        self.records = records

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        asked = case.targets.low[:, 0]
        people = self.records.people
        assert people is not None
        row_of = dict(zip(case.view.low[:, 1].tolist(), range(len(case.view)), strict=True))
        named = []
        for row in asked.tolist():
            others = [int(r) for r in np.flatnonzero(people == people[row]) if r != row]
            named.append(row_of.get(others[0] if others else row, NOBODY))
        return Guess(np.array(named), np.ones(len(asked)))


def test_naming_another_row_of_the_person_finds_the_person(records: Table, targets: np.ndarray) -> None:
    found = play(linkage(records, targets), OtherRow(records), worlds=1, rng=rng(5)).table
    assert found.filter("exposed")["hit"].all() and not found.filter(~found["exposed"])["hit"].any()


def test_a_description_singles_out_one_person_with_several_rows(records: Table) -> None:
    game = SinglingOut(mechanism=Published(), records=records, claims=PEOPLE)
    world = game.deal(0, rng=rng(2))
    inside, outside = world.secrets.inside, world.secrets.outside
    here, there = set(inside.low[:, 0].tolist()), set(outside.low[:, 0].tolist())
    assert len(here) == len(there) == PEOPLE // 2 and not here & there
    assert len(inside) + len(outside) == len(records), "all rows of each"
    assert world.secrets.most == pytest.approx(5 / (PEOPLE // 2))
    everybody = np.array([Predicate(((0, who, who),)) for who in range(PEOPLE)], object)
    hits = game.hits(Guess(everybody, np.ones(PEOPLE)), world.secrets)
    judged = [
        (who in here) if exposed else (who in there) for who, exposed in enumerate(world.exposed.tolist())
    ]
    assert hits.tolist() == judged
    # Counting rows, as a broken twin does, nobody with two rows would be singled out.
    twin = replace(world.secrets, inside=inside.published, outside=outside.published)
    assert game.hits(Guess(everybody, np.ones(PEOPLE)), twin).sum() < 0.4 * hits.sum()


def test_people_outside_are_no_more_than_those_inside(records: Table) -> None:
    assert records.people is not None
    out = records.people >= 200
    world = SinglingOut(mechanism=Published(), records=records, outside=out).deal(0, rng=rng(2))
    assert number_of_people(world.secrets.inside) == number_of_people(world.secrets.outside) == 200
    with pytest.raises(DataError, match="1 people are in the release and 599 outside"):
        SinglingOut(mechanism=Published(), records=records, outside=records.people > 0)


class Keeps:
    """A mechanism that says how many people its input had."""

    budget = None

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
        self.seen.append(-1 if data.people is None else number_of_people(data))
        return Release(data, None, "Keeps")


def test_the_mechanism_is_told_whose_each_row_is(records: Table, targets: np.ndarray) -> None:
    keeps = Keeps()
    world = linkage(records, targets, mechanism=keeps).deal(0, rng=rng())
    SinglingOut(mechanism=keeps, records=records).deal(0, rng=rng())
    assert keeps.seen == [PEOPLE - int((~world.exposed).sum()), PEOPLE // 2]
