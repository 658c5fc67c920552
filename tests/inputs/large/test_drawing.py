"""People drawn from a large table: whole classes, equal chances, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.inputs.large import drawing
from confide.inputs.large.drawing import drawn_data
from confide.inputs.large.reading import read_large
from confide.inputs.table import Table, TableData
from confide.measure.anonymity import Classes

DRAWN = 500


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    # Classes of very different sizes; one of 1,500 is larger than those that are drawn whole.
    town = np.repeat(np.arange(700), 1 + rng.integers(0, 12, 700))
    town = np.concatenate([town, np.full(1_500, 700)])
    frame = pl.DataFrame({"town": town, "ill": rng.integers(0, 3, len(town)), "id": np.arange(len(town))})
    return frame.sample(fraction=1, shuffle=True, seed=1).with_columns(more=pl.int_range(pl.len()))


def drawn(people: pl.DataFrame, folder: Path, seed: int) -> TableData:
    path = folder / "people.parquet"
    people.write_parquet(path)
    held = Table(path, known="town", secret="ill", id="id", memory="1GB")
    large = read_large(held)
    try:
        return drawn_data(held, large, None, rng=np.random.default_rng(seed), seed=seed, rows=DRAWN)
    finally:
        large.store.close()


def test_classes_are_drawn_whole_with_their_own_rows_and_the_same_again(
    people: pl.DataFrame, tmp_path: Path
) -> None:
    data = drawn(people, tmp_path, 5)
    places = data.who["row"].to_numpy() - 1
    here = people[places.tolist()]
    cells = data.cells
    labels = [np.array(d.labels)[code] for d, code in zip(cells.domains, cells.low.T, strict=True)]
    for name, column in zip(("town", "ill", "more"), labels, strict=True):
        assert column.tolist() == here[name].cast(pl.String).to_list()
    assert data.who["id"].to_list() == here["id"].cast(pl.String).to_list()
    size = dict(people.group_by("town").len().iter_rows())
    taken = dict(here.group_by("town").len().iter_rows())
    assert all(taken[t] == size[t] for t in taken if size[t] <= drawing.WHOLE)
    assert 0 < taken[700] < 300 and data.drawn is not None
    assert (data.drawn.total, data.drawn.rows) == (people.height, len(places))
    assert sorted(data.drawn.size.tolist()) == sorted(size.values()) and data.naming == ("more",)
    assert drawn(people, tmp_path, 5).cells.digest() == data.cells.digest()
    assert drawn(people, tmp_path, 6).cells.digest() != data.cells.digest()


def test_each_person_has_the_same_chance() -> None:
    """4,000 draws at a chance of .1; 4.5 standard errors are exceeded once in 50,000 runs or less."""
    found = Classes(np.array([0, 0, 1, 2, -1]), np.array([2, 1, 5_000]))
    rng = np.random.default_rng(0)
    chances = np.mean([drawing._chances(found, 0.1, rng) for _ in range(4_000)], axis=0)
    assert chances[3] == chances[4] == pytest.approx(0.1)  # rows of large classes are drawn by themselves
    assert chances[0] == chances[1]  # company is drawn together
    assert np.abs(chances[:3] - 0.1).max() < 4.5 * np.sqrt(0.1 * 0.9 / 4_000)
