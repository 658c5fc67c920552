"""Games on a shared gradient: who is dealt, and which claims are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.nouns import Guess, Release
from confide.games.reconstruction.updates import BatchLabels, BatchRebuilding, BatchRecords, BatchWords
from confide.measure.matching import Nearness
from confide.views.records import Records

RNG = np.random.default_rng


class Shown:
    """Shows the batch itself, for tests of the dealing."""

    budget = None

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[Any]:
        return Release(data, None, "Shown")


def everybody(n: int = 20) -> Records:
    return Records(np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 3)


def about(value: Any, n: int) -> Guess:
    return Guess(np.broadcast_to(value, (n, *np.shape(value))), np.zeros(n))


def test_a_batch_is_dealt_beside_as_many_controls_never_used() -> None:
    game = BatchRebuilding(mechanism=Shown(), records=everybody(), batch=4)
    first = np.zeros(8)
    for world in range(200):
        dealt = game.deal(world, rng=RNG(world))
        rows = np.asarray(dealt.case.view.x).tolist()  # type: ignore[attr-defined]
        assert dealt.exposed.sum() == 4 and len(set(dealt.ids.tolist())) == 8  # type: ignore[union-attr]
        assert [r in rows for r in dealt.secrets.rows.tolist()] == dealt.exposed.tolist()
        first += dealt.exposed
    # Places say nothing: 200 draws of a fair coin miss 100 by 45 once in 10^9 places.
    assert np.abs(first - 100).max() < 45


def test_each_side_is_matched_with_all_claims() -> None:
    rows = np.array([[0.0], [1.0], [0.0], [5.0]])
    secrets = BatchRecords(rows, np.zeros(4, np.int64), np.array([True, True, False, False]))
    game = BatchRebuilding(mechanism=Shown(), records=everybody(), batch=2, nearness=Nearness(bound=0.1))
    claims = np.array([[0.05, 0.0], [0.95, 0.0]])
    assert game.hits(about(claims, 4), secrets).tolist() == [True, True, True, False]
    assert not game.hits(Guess(None, np.zeros(4)), secrets).any()
    assert not game.hits(about(np.empty((0, 2)), 4), secrets).any()


def test_of_a_label_as_many_are_right_as_were_counted() -> None:
    labels = np.array([1, 1, 2, 1, 0, 1])
    secrets = BatchRecords(np.zeros((6, 1)), labels, np.array([True, True, True, False, False, False]))
    game = BatchLabels(mechanism=Shown(), records=everybody(), batch=3)
    hits = game.hits(about(np.array([0.0, 1.0, 2.0]), 6), secrets)
    assert hits.tolist() == [True, False, True, True, False, False]


def test_a_text_is_right_if_all_its_words_are_claimed() -> None:
    rows = np.array([[0, 2], [1, -1], [2, 3]])
    secrets = BatchRecords(rows, np.zeros(3, np.int64), np.array([True, False, False]))
    game = BatchWords(mechanism=Shown(), records=everybody(), batch=1)
    assert game.hits(about(np.array([1.0, 0, 1, 0]), 3), secrets).tolist() == [True, False, False]
    assert game.hits(about(np.ones(4), 3), secrets).all()


def test_too_few_records_are_refused() -> None:
    with pytest.raises(DataError, match="a batch of 3 and as many controls out of 5"):
        BatchRebuilding(mechanism=Shown(), records=everybody(5), batch=3)
