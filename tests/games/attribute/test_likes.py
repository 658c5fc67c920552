"""Trait inference: each person is a target once, and the adversary knows the traits of all others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from confide.games.attribute.likes import TraitInference, holds, parts
from confide.knowledge.likes import Panel
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.anonymize.sampled_rows import SampledRows
from confide.mechanisms.in_order import in_order
from confide.views.interactions import Interactions


def dealt(value: np.ndarray, kind: str, classes: int, count: int = 3) -> tuple[TraitInference, np.ndarray]:
    n = len(value)
    items = Interactions.of(np.arange(n), np.arange(n))  # person i has item i: rows tell who they are
    part = parts(value, kind, count=count, rng=np.random.default_rng(0))
    return (
        TraitInference(
            items=items, value=value, kind=kind, classes=classes, part=part, mechanism=Published()
        ),
        part,
    )


def test_the_panel_is_everybody_else_with_his_own_trait() -> None:
    value = np.repeat([0.0, 1.0], [7, 5])
    game, part = dealt(value, "binary", 2)
    for number in range(3):
        world = game.deal(number, rng=np.random.default_rng(1))
        panel, others = world.case.known, np.flatnonzero(part != number)
        assert panel.items.item.tolist() == others.tolist()
        assert panel.value.tolist() == value[others].tolist()
        assert world.ids.tolist() == world.case.targets.row.tolist()
        assert world.ids.tolist() == np.flatnonzero(part == number).tolist()
        assert world.exposed.tolist() == (value[world.ids] == 1).tolist()
        assert world.promise is None and not game.randomised


def test_a_file_that_was_released_is_shown_as_it_is_and_the_adversary_knows_how_it_was_made() -> None:
    game, part = dealt(np.repeat([0.0, 1.0], [7, 5]), "binary", 2)
    fewer = Interactions.of(game.items.person[2:], game.items.item[2:], people=12, items=12)
    made_by = WithoutRareItems(people=2)
    world = replace(game, released=fewer, made_by=made_by).deal(0, rng=np.random.default_rng(1))
    assert world.case.view.item.tolist() == fewer.item.tolist()
    assert world.source is fewer
    assert world.case.known.mechanism is made_by
    assert world.case.known.items.item.tolist() == np.flatnonzero(part != 0).tolist(), "of the originals"


def test_of_several_classes_each_is_claimed_of_each_person_once() -> None:
    value = np.tile([0.0, 1.0, 2.0], 4)
    game, part = dealt(value, "classes", 3, count=2)
    world = game.deal(1, rng=np.random.default_rng(1))
    people = np.flatnonzero(part == 1)
    assert world.ids.tolist() == [3 * p + c for p in people for c in range(3)]
    assert world.exposed.tolist() == [value[p] == c for p in people for c in range(3)]


def test_of_a_number_the_claim_is_above_the_middle_of_all() -> None:
    assert holds(np.array([1.0, 2.0, 3.0, 4.0]), "number").tolist() == [
        [True, False], [True, False], [False, True], [False, True],
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [
    ("binary", np.repeat([0.0, 1.0], [71, 32])),
    ("classes", np.repeat([0.0, 1.0, 2.0], [50, 11, 13])),
])  # fmt: skip
def test_parts_differ_by_one_person_at_most_overall_and_in_each_class(kind: str, value: np.ndarray) -> None:
    shuffled = np.random.default_rng(0).permutation(value)
    part = parts(shuffled, kind, count=10, rng=np.random.default_rng(1))
    for some in (shuffled >= 0, *(shuffled == c for c in np.unique(value))):
        sizes = np.bincount(part[some], minlength=10)
        assert sizes.max() - sizes.min() <= 1


def test_each_run_of_neighbours_in_a_number_meets_every_part() -> None:
    value = np.random.default_rng(0).normal(size=57)
    part = parts(value, "number", count=10, rng=np.random.default_rng(1))
    ordered = part[np.argsort(value)]
    assert all(sorted(ordered[i : i + 10]) == list(range(10)) for i in range(0, 50, 10))
    assert len(set(ordered[50:])) == 7
    assert (ordered[:10] != ordered[10:20]).any(), "the order within a run would be no chance"


def test_the_panel_keeps_the_items_that_the_release_has() -> None:
    # Of 12 people item 0 has six, three of them in the panel; item 1 has two.
    person, item = np.array([0, 1, 2, 3, 4, 5, 0, 6]), np.array([0, 0, 0, 0, 0, 0, 1, 1])
    likes = Interactions.of(person, item, people=12, items=2)
    rare = WithoutRareItems(people=5)
    panel = Panel(
        items=likes.take(np.array([0, 1, 2, 6, 7, 8])),
        value=np.array([1.0, 0, 1, 0, 1, 0]),
        kind="binary",
        classes=2,
        mechanism=rare,
    )
    shown = panel.released(rare(likes, rng=None).view, rng=np.random.default_rng(0))
    assert shown.item.tolist() == [0, 0, 0], "of the panel alone, item 0 would be as rare as item 1"
    both = replace(panel, mechanism=in_order([rare, SampledRows(share=1.0, noise="rehearsal")]))
    again = both.released(rare(likes, rng=None).view, rng=np.random.default_rng(0))
    assert again.item.tolist() == [0, 0, 0]
