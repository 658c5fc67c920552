"""Parents and children: what is counted of each, and that the files belong together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.decoding import decode
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.kinds import Integer
from confide.mechanisms.synthesize.columns.rules import rule_of
from confide.mechanisms.synthesize.columns.two_levels import TwoLevels, split, with_children

PATIENTS = PublicDomain((Key("id"), Category("sex", ("f", "m")), Integer("age", 0, 99, bins=4)))
STAYS = PublicDomain(
    (Key("stay"), Integer("from", 0, 9, bins=10), Integer("to", 0, 9, bins=10), Category("ward", ("a", "b"))),
    (rule_of("to >= from"),),
)
LEVELS = TwoLevels(PATIENTS, STAYS, key="id", link="patient", at_most=2, given=("sex",))


def joined(codes, model, levels, *, rng, schemas=(None, None)):  # type: ignore[no-untyped-def]
    parents = decode(codes[:, :-1], levels.parents, rng=rng, schema=schemas[0])
    assert parents.kept.all()
    return parents.frame, with_children(parents.frame, codes, model, levels, rng=rng, schema=schemas[1])


def files() -> tuple[pl.DataFrame, pl.DataFrame]:
    parents = pl.DataFrame({"id": [7, 8, 9], "sex": ["f", "m", "f"], "age": [10, 60, 99]})
    children = pl.DataFrame(
        {
            "patient": [9, 7, 7, 7, 5],
            "stay": [1, 2, 3, 4, 5],
            "from": [0, 1, 2, 3, 4],
            "to": [0, 2, 4, 6, 8],
            "ward": ["a", "a", "a", "a", "b"],
        }
    )
    return parents, children


def test_codes_by_hand() -> None:
    made = split(*files(), LEVELS, noise="rehearsal", rng=np.random.default_rng(0))
    assert made.parents.names == ("sex", "age", "number of children")
    assert made.parents.low.tolist() == [[0, 0, 2], [1, 2, 0], [0, 3, 1]]
    assert made.children.names == ("parent's sex", "from", "to - from", "ward")
    assert made.children.low[0].tolist() == [0, 0, 0, 0] and made.left_out == (1, 1)
    assert made.children.people is not None and sorted(made.children.people.tolist()) == [0, 0, 2]


def test_a_parent_more_moves_both_tables_by_what_is_said() -> None:
    parents, children = files()
    one = split(parents, children, LEVELS, noise="rehearsal", rng=np.random.default_rng(0))
    less = split(
        parents.filter(pl.col("id") != 7), children, LEVELS, noise="rehearsal", rng=np.random.default_rng(0)
    )
    assert len(one.parents) - len(less.parents) == 1
    assert len(one.children) - len(less.children) == LEVELS.at_most


def test_files_belong_together() -> None:
    """In the model of children women stay in ward a alone, and so do they in the files."""
    rng = np.random.default_rng(1)
    codes = np.column_stack([rng.integers(0, [2, 4, 3], (400, 3))]).astype(np.int32)

    def model(n: int, rng: np.random.Generator) -> np.ndarray:
        sex = rng.integers(0, 2, n)
        return np.column_stack([sex, rng.integers(0, 5, n), rng.integers(0, 5, n), sex]).astype(np.int32)

    schemas = (
        {"id": pl.String(), "sex": pl.String(), "age": pl.Int16()},
        {"ward": pl.String(), "patient": pl.String(), "stay": pl.Int32(), "from": pl.Int8(), "to": pl.Int8()},
    )
    parents, made = joined(codes, model, LEVELS, rng=rng, schemas=schemas)
    assert made.apart == 0 and made.rejected == 0
    assert made.frame.columns == list(schemas[1]) and made.frame["stay"].n_unique() == len(made.frame)
    counts = parents.join(
        made.frame.group_by(pl.col("patient").alias("id")).len(),
        on="id",
        how="left",
        maintain_order="left",
    )
    assert (counts["len"].fill_null(0).to_numpy() == codes[:, 2]).all()
    both = made.frame.join(parents, left_on="patient", right_on="id")
    assert len(both) == codes[:, 2].sum() and (both["to"] >= both["from"]).all()
    assert ((both["sex"] == "f") == (both["ward"] == "a")).all()
    _, again = joined(codes, model, LEVELS, rng=np.random.default_rng(5), schemas=schemas)
    _, same = joined(codes, model, LEVELS, rng=np.random.default_rng(5), schemas=schemas)
    assert again.frame.equals(same.frame)
    assert made.codes[:, 0].tolist() == [int(sex == "m") for sex in both["sex"]]
    assert made.codes[:, 1].tolist() == made.frame["from"].to_list()


def test_children_without_a_match_are_counted() -> None:
    codes = np.array([[0, 0, 2], [1, 0, 2]], np.int32)
    women = lambda n, rng: np.zeros((n, 4), np.int32)  # noqa: E731
    _, made = joined(codes, women, LEVELS, rng=np.random.default_rng(0))
    assert made.apart == 0.5 and len(made.frame) == 4
    _, nobody = joined(codes * [1, 1, 0], women, LEVELS, rng=np.random.default_rng(0))
    assert len(nobody.frame) == 0 and nobody.frame.columns[0] == "patient"


def test_children_that_depend_on_nothing() -> None:
    levels = TwoLevels(PATIENTS, STAYS, key="id", link="patient", at_most=2)
    made = split(*files(), levels, noise="rehearsal", rng=np.random.default_rng(0))
    assert made.children.names == ("from", "to - from", "ward")
    codes = np.array([[0, 0, 2], [1, 0, 1]], np.int32)
    _, both = joined(codes, lambda n, rng: np.zeros((n, 3), np.int32), levels, rng=np.random.default_rng(0))
    assert both.frame["patient"].to_list() == [1, 1, 2] and both.apart == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"key": "sex"}, "is no key"),
        ({"link": "ward"}, "leave it out of the children"),
        ({"at_most": 0}, "at_most is 0"),
        ({"given": ("ward",)}, "none of sex, age"),
    ],
)
def test_levels_that_cannot_be(more: dict[str, object], said: str) -> None:
    settings = {"key": "id", "link": "patient", "at_most": 2} | more
    with pytest.raises(DataError, match=said):
        TwoLevels(PATIENTS, STAYS, **settings)  # type: ignore[arg-type]


def test_keys_that_cannot_be() -> None:
    parents, children = files()
    for wrong, said in ((pl.concat([parents, parents]), "twice"), (parents.with_columns(id=None), "empty")):
        with pytest.raises(DataError, match=said):
            split(wrong, children, LEVELS, noise="rehearsal", rng=np.random.default_rng(0))


def test_links_of_another_type_are_compared_as_they_are_written() -> None:
    parents, children = files()
    narrow = children.with_columns(pl.col("patient").cast(pl.Int16))
    made = split(parents, narrow, LEVELS, noise="rehearsal", rng=np.random.default_rng(0))
    assert made.left_out == (1, 1)
    text = children.with_columns(pl.col("patient").cast(pl.String))
    with pytest.raises(DataError, match="write both in one type"):
        split(parents, text, LEVELS, noise="rehearsal", rng=np.random.default_rng(0))
