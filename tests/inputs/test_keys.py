"""Key matching: whose row it is in a released file, and what is said where that is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.inputs import doors

from confide.core.errors import DataError
from confide.inputs.keys import as_ids, original_ids, refuse_strangers
from confide.inputs.ratings import RatingsData
from confide.inputs.traces import TracesData

OURS = pl.Series("user", ["ann", "bob", "eve"])
NAMES = ("records.csv", "released.csv")


def back(released: list[str], key: Any = None, *, split: bool = False) -> list[str]:
    return original_ids(pl.Series("user", released), OURS, key=key, split=split, names=NAMES).to_list()


def pairs(*rows: tuple[object, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["original", "released"], orient="row")


def test_without_a_key_ids_stand_for_themselves() -> None:
    assert back(["eve", "ann", "ann"]) == ["eve", "ann", "ann"]


def test_a_key_brings_back_the_original_ids() -> None:
    key = pairs(("ann", 2), ("bob", 1), ("eve", 3))
    assert back(["1", "3", "1"], key) == ["bob", "eve", "bob"]


def test_a_key_may_name_people_who_are_not_in_the_original() -> None:
    assert back(["1", "9"], pairs(("ann", 1), ("zoe", 9))) == ["ann", "zoe"]


def test_pieces_of_one_person_are_allowed_where_traces_are_split() -> None:
    key = pairs(("ann", 1), ("ann", 2), ("bob", 3))
    assert back(["1", "2", "3"], key, split=True) == ["ann", "ann", "bob"]
    with pytest.raises(
        DataError, match=r"the key names the original user 'ann' more than once, in rows 1, 2"
    ):
        back(["1", "2", "3"], key)


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize(
    ("released", "key", "says"),
    [
        (["x", "y"], None, r"^no user of released\.csv is among the users of records\.csv.*give a key"),
        (["ann", "x"], None, r"released\.csv: the user in row 2 of column 'user' \('x'\) is not.*give a key"),
        (["1", "7"], pairs(("ann", 1)), r"^the key lacks user '7' of released\.csv \(row 2\): add a row\.$"),
        (["1"], pairs(("ann", 1), ("bob", 1)), "names the released user '1' more than once, in rows 1, 2"),
        (["1"], pairs(("zoe", 1)), r"names no user of records\.csv in its first column \('zoe'\)"),
        (["1"], pairs(("ann", None)), "the key: column 'released' is empty in row 1"),
        (["1"], pairs(("ann", 1)).with_columns(c=1), "the key has 3 columns: give two"),
        (["1"], pl.DataFrame({"a": ["ann"]}), "the key has 1 column: give two"),
        (["1"], pairs(("ann", 1)).head(0), "the key has no rows"),
    ],
)  # fmt: skip
def test_ids_without_a_known_owner_are_named(released: list[str], key: Any, says: str, split: bool) -> None:
    with pytest.raises(DataError, match=says):
        back(released, key, split=split)


def test_numbers_and_their_text_are_the_same_id_but_codes_are_not() -> None:
    for same in (pl.Series([7]), pl.Series([7.0]), pl.Series(["7"]), pl.Series([7], dtype=pl.Int8)):
        assert as_ids(same).to_list() == ["7"]
    assert as_ids(pl.Series(["007"])).to_list() == ["007"]
    assert as_ids(pl.Series([7.0, 7.5])).to_list() == ["7.0", "7.5"]


def records(people: int, things: int, rng: np.random.Generator) -> np.ndarray:
    """Ten things of each person at random, as person * things + thing."""
    return np.sort(
        np.concatenate([p * things + rng.choice(things, 10, replace=False) for p in range(people)])
    )


def test_people_who_resemble_themselves_are_the_same_and_shuffled_ones_are_not() -> None:
    """Thirty people with ten of fifty things: half of one's own are there, and a fifth of another's."""
    rng = np.random.default_rng(0)
    ours = records(30, 50, rng)
    half = rng.permutation(ours)[: len(ours) // 2]
    options: dict[str, Any] = {"things": 50, "what": "item", "names": NAMES}
    refuse_strangers(ours, half, keyed=False, **options)
    shuffled = (half // 50 + 7) % 30 * 50 + half % 50
    with pytest.raises(DataError, match=r"carry ids of records\.csv, but not their records: give a key"):
        refuse_strangers(ours, shuffled, keyed=False, **options)
    with pytest.raises(DataError, match="check the rows of the key"):
        refuse_strangers(ours, shuffled, keyed=True, **options)


def test_chance_is_refused_and_people_are_not() -> None:
    """Of 300 releases under wrong ids 3 may pass: 1 in 430 does; 4 or more do with 1 seed in 170."""
    rng = np.random.default_rng(1)
    options: dict[str, Any] = {"things": 60, "what": "item", "names": NAMES, "keyed": False}
    passed = 0
    for _ in range(300):
        try:
            refuse_strangers(records(40, 60, rng), records(40, 60, rng), **options)
        except DataError:
            continue
        passed += 1
    assert passed <= 3


def test_files_that_share_no_person_or_no_thing_are_refused() -> None:
    options: dict[str, Any] = {"things": 10, "what": "place", "names": NAMES, "keyed": True}
    with pytest.raises(DataError, match=r"no user of released\.csv is among"):
        refuse_strangers(np.array([1, 11]), np.array([21, 31]), **options)
    with pytest.raises(DataError, match=r"no place in common: give both files the same places"):
        refuse_strangers(np.array([1, 11]), np.array([2, 13]), **options)


MANY = 60
RNG = np.random.default_rng(2)
TABLE = pl.DataFrame(
    {
        "user": np.repeat([f"u{i:02d}" for i in range(MANY)], 12),
        "thing": np.concatenate([[f"t{t}" for t in RNG.choice(80, 12, replace=False)] for _ in range(MANY)]),
        "time": 1_286_465_260 + 3_600 * np.arange(12 * MANY),
    }
)


def read(door: str, released: pl.DataFrame | None, key: Any = None) -> RatingsData | TracesData:
    if door == "ratings":
        return doors.ratings(TABLE, user="user", item="thing", time="time", released=released, key=key)
    return doors.traces(TABLE, user="user", place="thing", time="time", released=released, key=key)


@pytest.mark.parametrize("door", ["ratings", "traces"])
def test_both_doors_follow_the_same_rules(door: str) -> None:
    users = TABLE["user"].unique().sort()
    new = pl.Series([f"r{i}" for i in np.random.default_rng(3).permutation(MANY)])
    renamed = TABLE.with_columns(user=pl.col("user").replace_strict(users, new))
    key = pl.DataFrame({"is": users, "was": new})
    plain, keyed = read(door, TABLE), read(door, renamed, key)
    assert plain.released is not None and keyed.released is not None
    assert plain.released.digest() == keyed.released.digest() == plain.records.digest()
    turned = TABLE.with_columns(
        user=pl.col("user").replace_strict(users, users.shift(1, fill_value=users[-1]))
    )
    for released, given, says in (
        (renamed, None, "no user of the released file is among the users of the"),
        (turned, None, "but not their records: give a key"),
        (renamed, pl.DataFrame({"is": users.reverse(), "was": new}), "check the rows of the key"),
        (renamed, key.tail(-1), "the key lacks user 'r"),
        (renamed, key.select("was", "is"), "the key lacks user 'r"),
        (TABLE.with_columns(thing="x" + pl.col("thing")), None, "in common"),
    ):
        with pytest.raises(DataError, match=says):
            read(door, released, given)


@pytest.mark.parametrize("door", ["ratings", "traces"])
def test_people_outside_the_original_are_counted_at_both_doors(door: str) -> None:
    more = TABLE.head(12).with_columns(user=pl.lit("zoe"))
    released = pl.concat([TABLE, more])
    with pytest.raises(
        DataError, match=r"in rows 721, 722, 723, 724, 725 and 7 more of column 'user' \('zoe'\)"
    ):
        read(door, released)
    users = pl.Series([*TABLE["user"].unique().sort(), "zoe"])
    found = read(door, released, pl.DataFrame({"is": users, "was": users}))
    assert found.counted[-1].startswith("1 people of the released file are not in the ")
    assert found.released is not None and found.people.to_list() == users.to_list()
    assert found.released.counts()[-1] == 12 and found.records.counts()[-1] == 0


@pytest.mark.parametrize("door", ["ratings", "traces"])
def test_a_key_without_a_released_file_is_refused(door: str) -> None:
    with pytest.raises(DataError, match=r"give that file too \(`--released`\)"):
        read(door, None, pairs(("ann", 1)))


def test_traces_are_compared_by_parts_of_the_town_where_there_are_coordinates() -> None:
    """Every person has a home; 300 m of noise and another grid leave no cell of 100 m in common."""
    rng = np.random.default_rng(4)
    home = 48 + 0.5 * rng.random(MANY), 11 + 0.5 * rng.random(MANY)
    who = np.repeat(np.arange(MANY), 20)
    frame = pl.DataFrame({"user": who, "time": 1_286_465_260 + 3_600 * np.arange(len(who))})

    def near(metres: float) -> pl.DataFrame:
        lat, lon = (h[who] + metres / 90_000 * rng.standard_normal(len(who)) for h in home)
        return frame.with_columns(lat=pl.Series(lat), lon=pl.Series(lon))

    where = {"user": "user", "time": "time", "lat": "lat", "lon": "lon", "cell": "100m"}
    records, released = near(30), near(300)
    assert doors.traces(records, **where, released=released).released is not None
    shifted = released.with_columns(user=(pl.col("user") + 5) % MANY)
    with pytest.raises(DataError, match="but not their records"):
        doors.traces(records, **where, released=shifted)
