"""Data sets and loaders of PyTorch: the same records as their arrays, read once; a sentence for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch.utils import data

from confide.core.errors import DataError
from confide.core.who import named
from confide.inputs import datasets, stacking
from confide.inputs.datasets import is_dataset, read_dataset
from confide.inputs.records import RawRecords, placed

X = np.random.default_rng(0).normal(size=(40, 2, 3)).astype(np.float32)
Y = np.arange(40) % 3
PAIRS = data.TensorDataset(torch.tensor(X), torch.tensor(Y))


class Each(data.Dataset[Any]):
    """A data set that makes its records by a function of the row, and counts how often each is asked for."""

    def __init__(self, make: Callable[[int], Any], rows: int = 40) -> None:
        self.make, self.rows, self.asked = make, rows, [0] * rows

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, row: int) -> Any:
        self.asked[row] += 1
        return self.make(row)


class Endless(data.IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield from zip(X, Y, strict=True)


class Unsized(data.Dataset[Any]):
    def __getitem__(self, row: int) -> Any:
        return X[row], Y[row]


def read(given: Any, label: str | None = None, user: str | None = None) -> RawRecords:
    return read_dataset(given, label=label, user=user, name="members")


def loader(rows: data.Dataset[Any] = PAIRS, **settings: Any) -> Any:
    return data.DataLoader(rows, batch_size=7, **settings)


def collate(items: list[Any]) -> Mapping[str, Any]:
    return {"x": torch.stack([x for x, _ in items]), "labels": [int(y) for _, y in items]}


@pytest.mark.parametrize(
    "given",
    [
        PAIRS,
        loader(),
        loader(shuffle=True, drop_last=True),
        loader(collate_fn=collate),
        Each(lambda row: (X[row].tolist(), int(Y[row]))),
        Each(lambda row: {"pixel_values": torch.tensor(X[row]), "label": torch.tensor(Y[row])}),
        Each(lambda row: (torch.tensor(X[row], requires_grad=True), torch.tensor([Y[row]]))),
        data.DataLoader(PAIRS, batch_size=None),
    ],
    ids=["pairs", "loader", "shuffled", "own batches", "lists", "mappings", "gradients", "no batches"],
)
def test_all_forms_are_the_records_in_the_order_of_the_data_set(given: Any) -> None:
    assert is_dataset(given)
    records = read(given)
    assert isinstance(records.x, np.ndarray)
    np.testing.assert_allclose(records.x, X)
    assert records.y.tolist() == Y.tolist()
    assert named(placed(records))[4] == "row 5 of members"


def test_a_record_is_read_once_and_the_first_few_twice_more() -> None:
    rows = Each(lambda row: (X[row], Y[row]))
    read(rows)
    assert rows.asked == [3] * stacking.TWICE + [1] * (40 - stacking.TWICE)


def test_a_loader_that_shuffles_says_that_it_was_read_in_order_and_a_subset_is_not_the_whole() -> None:
    assert read(loader()).notes == ()
    assert "shuffles: its data set was read once, in order" in read(loader(shuffle=True)).notes[0]
    part = read(loader(sampler=data.SubsetRandomSampler([9, 2, 30])))
    assert part.y.tolist() == Y[[2, 9, 30]].tolist()
    # Records outside the subset may be non-members: read as members they would be on the wrong side.
    assert part.notes == ("The loader of members draws 3 of 40 records: these were read.",)
    assert named(placed(part)) == [f"row {row} of members" for row in (3, 10, 31)]


def test_texts_make_a_column_and_entries_of_a_mapping_labels_and_people() -> None:
    rows = Each(lambda row: {"text": f"text {row}", "mark": "ab"[row % 2], "who": row // 2})
    records = read(rows, label="mark", user="who")
    assert isinstance(records.x, pl.DataFrame) and records.x.columns == ["text"]
    assert records.y.tolist() == ["a", "b"] * 20
    assert named(placed(records))[3] == "1 (row 4 of members)"


def flips(row: int) -> Any:
    return (X[row] if torch.rand(()) < 0.5 else -X[row]), Y[row]


OWN = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Endless(), "the Endless of members has no length, or no record by its number"),
        (data.DataLoader(Endless(), batch_size=4), "the Endless of members has no length"),
        (Unsized(), "the Unsized of members has no length"),
        (Each(lambda row: X[row], rows=0), "members has no records"),
        (Each(lambda row: torch.tensor(X[row])), r"record 1 of members is Tensor \(2, 3\), and has no label"),
        (Each(lambda row: (X[row],)), "has no label"),
        (Each(lambda row: (X[row], Y[row], row)), r"has 3 parts \(ndarray \(2, 3\), int64 \(\), int\)"),
        (
            Each(lambda row: (X[row, : 1 + row // 30], 0)),
            "record 31 of members is 2x3 of .*, and record 1",
        ),
        (Each(lambda row: (X[row].astype("f8" if row == 35 else "f4"), 0)), "record 36 of .* 2x3 of float64"),
        (Each(lambda row: (X[row], np.eye(3)[Y[row]])), "the label of record 1 of members is 3 values"),
        (Each(lambda row: (X[row], None)), "40 labels are missing"),
        (Each(lambda row: ("a" if row else X[row], 1)), "record 2 of members is of type str"),
        (Each(lambda row: (X[row] if row else "a", 1)), "a record is array.*, and others are texts"),
        (Each(lambda row: ({"ids": X[row]}, 1)), "record 1 of members is of type dict"),
        (Each(lambda row: {"ids": X[row], "mask": X[row], "label": 1}), "ids, mask beside its label 'label'"),
        (Each(lambda row: {"ids": X[row]}), "none of them is called like a label"),
        (Each(lambda row: (X[row], 1 // (row - 3))), "fails for record 4 .ZeroDivisionError"),
        (Each(flips), "gives other values for the same record when it is asked twice"),
        (Each(lambda row: (X[row] + OWN.normal(), 1)), "gives other values for the same record"),
        (loader(sampler=data.WeightedRandomSampler([1.0] * 40, 40)), "by a WeightedRandomSampler, so that"),
        (loader(sampler=data.RandomSampler(PAIRS, num_samples=9)), "by a RandomSampler, so that"),
        (loader(sampler=data.SubsetRandomSampler([])), "draws no records"),
        (loader(collate_fn=lambda items: [torch.zeros(3), items]), "whose parts are not of 7 rows each"),
    ],
)
def test_what_cannot_be_audited_gets_a_sentence(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(given)


def test_what_is_too_large_is_said_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacking, "MOST", 39 * X[0].nbytes)
    monkeypatch.setattr(datasets, "CHUNK", stacking.TWICE)
    rows = Each(lambda row: (X[row], Y[row]))
    with pytest.raises(DataError, match=r"members: 40 records of 2x3 of float32 take .* GB, more than"):
        read(rows)
    assert rows.asked[stacking.TWICE :] == [0] * (40 - stacking.TWICE)


@pytest.mark.parametrize("given", [X, [1, 2], {"X": X}, "train.csv", pl.DataFrame({"a": [1]}), 3, None])
def test_arrays_tables_and_lists_are_no_data_sets(given: Any) -> None:
    assert not is_dataset(given)
