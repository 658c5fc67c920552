"""The games on synthetic data ask about everybody once, and keep the reference apart from the targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.core.budget import Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.nouns import Release
from confide.core.play import deal
from confide.games.membership.synthetic import Synthesis, SyntheticFile
from confide.mechanisms.anchors.published import Published
from confide.views.table import Domain, Table

NUMBER = Domain("n", tuple(map(str, range(1_000))), np.arange(1_000.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rows(*numbers: int, people: Any = None) -> Table:
    codes = np.array(numbers, np.int32).reshape(-1, 1)
    return Table.of([NUMBER], codes, people=None if people is None else np.asarray(people))


REAL, CONTROL = rows(*range(0, 400)), rows(*range(500, 620))


def file(**settings: Any) -> SyntheticFile:
    given: dict[str, Any] = {"synthetic": REAL, "real": REAL, "control": CONTROL}
    return SyntheticFile(**given | {"members": np.arange(60), "controls": np.arange(40, 80)} | settings)


def test_each_row_is_asked_about_in_one_world_and_the_reference_is_apart() -> None:
    worlds = deal(file(), worlds=2, rng=rng())
    asked = np.concatenate([world.ids for world in worlds])
    assert np.sort(asked).tolist() == [*range(60), *range(440, 480)]
    for world in worlds:
        target, known = world.case.targets.low[:, 0], world.case.known
        assert (target[world.exposed] < 400).all() and (target[~world.exposed] >= 500).all()
        assert (world.exposed == world.secrets).all() and world.exposed.sum() == 30
        reference = known.reference.low[:, 0]
        assert not np.isin(reference, target).any() and len(reference) == 100
        assert known.rows == 400 and world.promise is None


def test_both_halves_of_the_controls_are_the_reference_once() -> None:
    """Where all controls are asked about, each half is the reference of the other."""
    worlds = deal(file(controls=np.arange(120)), worlds=2, rng=rng())
    halves = [np.sort(world.case.known.reference.low[:, 0]) for world in worlds]
    asked = [np.sort(w.case.targets.low[~w.exposed, 0]) for w in worlds]
    assert halves[0].tolist() == asked[1].tolist() and halves[1].tolist() == asked[0].tolist()


def test_a_place_does_not_show_which_table_a_target_is_from() -> None:
    """Exposed targets in the first half of 50 places: five standard errors of a hypergeometric number."""
    first = [int(deal(file(), worlds=2, rng=rng(i))[0].exposed[:25].sum()) for i in range(40)]
    assert abs(np.mean(first) - 15) < 5 * np.sqrt(25 * 0.6 * 0.4 * 25 / 49 / 40)


def test_the_reference_has_no_row_of_somebody_who_is_asked_about() -> None:
    control = rows(*range(500, 620), people=np.arange(120) // 3)
    game = SyntheticFile.drawn(REAL, REAL, control, each=20, rng=rng(), unit=Unit.person("id", at_most=3))
    assert len(np.unique(control.people[game.controls])) == 20, "one row of each person"
    for world in deal(game, worlds=2, rng=rng(1)):
        asked = control.people[world.ids[~world.exposed] - len(REAL)]
        held = world.case.known.reference
        assert held.people is None and len(held) == 90
        assert not np.isin((held.low[:, 0] - 500) // 3, asked).any()


def test_one_world_has_no_reference_where_all_controls_are_asked_about() -> None:
    world = deal(file(controls=np.arange(120), parts=1), worlds=1, rng=rng())[0]
    assert world.case.known.reference is None and len(world.ids) == 180


def test_no_coin_was_tossed_about_a_file() -> None:
    assert not file().randomised and "before the audit" in file().no_coin
    with pytest.raises(EvidenceError, match="worlds 0 to 1"):
        file().deal(2, rng=rng())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"synthetic": REAL.take([])}, "no row"),
        ({"members": np.arange(0)}, "0 of 400 real rows"),
        ({"members": np.array([3, 400])}, "positions of different rows"),
        ({"controls": np.array([3, 3])}, "2 of 120 control rows"),
        ({"controls": np.array([3])}, "at least one for each world"),
        ({"control": Table.of([Domain("m", ("a",))], np.zeros((5, 1)))}, "the control table m"),
        ({"control": Table.of([Domain("n", ("a",))], np.zeros((5, 1)))}, "'n' in the synthetic table"),
        ({"real": Table((NUMBER,), REAL.low, REAL.low + 1)}, "the real table has cells that hold several"),
    ],
)
def test_files_that_do_not_fit_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        file(**settings)


def game(**settings: Any) -> Synthesis:
    given: dict[str, Any] = {"people": REAL, "generator": Published(), "reference": CONTROL}
    return Synthesis(**given | {"group": 50, "targets": 40} | settings)


def test_the_generator_is_given_the_members_and_others() -> None:
    for world in deal(game(), worlds=20, rng=rng()):
        target, given = world.case.targets.low[:, 0], world.case.view.low[:, 0]
        assert (np.isin(target, given) == world.exposed).all()
        assert len(given) == world.exposed.sum() + 30 and (np.diff(given) > 0).all()
        assert not np.isin(target, world.case.known.reference.low[:, 0]).any()
        assert world.case.known.rows == 50


def test_the_coins_are_fair() -> None:
    """1,600 coins: five standard errors."""
    heads = np.concatenate([world.exposed for world in deal(game(), worlds=40, rng=rng())])
    assert game().randomised and abs(heads.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(heads))


def test_the_same_people_can_be_asked_about_in_every_world() -> None:
    asked = np.array([5, 300, 7, 9])
    for world in deal(game(asked=asked), worlds=5, rng=rng()):
        assert world.ids.tolist() == asked.tolist() and len(world.case.view) == world.exposed.sum() + 48


def test_a_person_is_in_with_all_rows_or_with_none() -> None:
    owner = np.arange(400) // 2
    people = rows(*range(400), people=owner)
    for world in deal(game(people=people), worlds=10, rng=rng()):
        given = world.case.view.low[:, 0]
        assert (np.bincount(owner[given], minlength=200) % 2 == 0).all()
        assert (np.isin(owner[world.ids], owner[given]) == world.exposed).all()
        assert world.case.view.people is None and world.case.targets.people is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"targets": 1}, "1 targets for a group of 50"),
        ({"targets": 100}, "give 2 to 99 targets"),
        ({"group": 390}, "needs 410 people, but there are 400"),
        ({"asked": np.array([1, 1, 2])}, "some of the same person"),
        ({"reference": Table.of([Domain("n", ("a",))], np.zeros((5, 1)))}, "'n' in the people table"),
    ],
)
def test_groups_that_cannot_be_drawn_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        game(**settings)


def test_the_promise_of_a_generator_reaches_the_world() -> None:
    class Promising:
        budget = "a promise"

        def __call__(self, data: Table, *, rng: np.random.Generator) -> Any:
            return Release(data, self.budget, "Promising")

    assert deal(game(generator=Promising()), worlds=1, rng=rng())[0].promise == "a promise"
