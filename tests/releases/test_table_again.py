"""Recipes with hierarchies that were made: the same groups again, and values that were never seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.core.errors import ConfideError
from confide.inputs.coded_table import in_codes
from confide.inputs.hierarchy_again import all_seen, made_again, shown, told_again, unseen
from confide.releases.written import Written

TOWNS = ["north", "south", "east", "west", "mid"]


def people(seed: int = 0, n: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    town = rng.integers(0, 5, n)
    return pl.DataFrame(
        {
            "age": np.append(np.arange(20, 60), rng.integers(20, 60, n - 40)),
            "town": [TOWNS[i] for i in town],
            "job": [["clerk", "nurse"][i] for i in (town + rng.integers(0, 2, n)) % 2],
            "ill": rng.choice(["yes", "no"], n),
        }
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    people().write_parquet("jan.parquet")
    Path("apart").mkdir()
    return tmp_path


def protect(*texts: str, file: str = "jan.parquet", unseen: str = "refuse", **more: object) -> Written:
    held = confide.Table(
        file,
        known="age,town",
        secret="ill",
        targets=40,
        unseen=unseen,  # type: ignore[arg-type]
    )
    out = "jan.safe.parquet" if texts else "feb.safe.parquet"
    if texts:
        more["recipe_out"] = "apart/jan.json"
    recipe = more.pop("recipe", None if texts else "apart/jan.json")
    return confide.protect(held, *texts, out=out, recipe=recipe, attacks=["nearest"], **more)  # type: ignore[arg-type]


def february(**columns: pl.Expr) -> None:
    people(seed=1).with_columns(**columns).write_parquet("feb.parquet")


FIRST = pl.int_range(pl.len()) == 6


@pytest.mark.parametrize("text", ["mondrian:5", "local:5", "lattice:5"])
def test_a_value_that_was_never_seen_is_named_by_its_first_row(desk: Path, text: str) -> None:
    protect(text)
    february(town=pl.when(pl.int_range(pl.len()) >= 6).then(pl.lit("Mars")).otherwise("town"))
    with pytest.raises(ConfideError, match=r"column 'town' holds 'Mars' in row 7, which the recipe never"):
        protect(file="feb.parquet")
    assert not Path("feb.safe.parquet").exists()


@pytest.mark.parametrize("text", ["mondrian:5", "local:5"])
def test_exactly_the_cells_that_were_never_seen_are_suppressed(desk: Path, text: str) -> None:
    protect(text)
    february(town=pl.when(FIRST).then(pl.lit("Mars")).otherwise("town"))
    done = protect(file="feb.parquet", unseen="suppress")
    assert any("does not have their value: 1 of town." in note for note in done.notes)
    assert "Mars" not in str(pl.read_parquet("feb.safe.parquet").rows())
    february()
    assert not any("count as missing" in note for note in protect(file="feb.parquet", force=True).notes)


def test_numbers_that_the_steps_do_not_reach_are_named(desk: Path) -> None:
    protect("local:5")
    february(age=pl.col("age") + 30)
    with pytest.raises(
        ConfideError, match=r"column 'age' holds '6\d' in row \d+, which the recipe never saw"
    ):
        protect(file="feb.parquet")
    february(age=pl.when(FIRST).then(pl.lit(20.5)).otherwise("age"))
    protect(file="feb.parquet")  # between two ages that were seen, so that there is a step for it


def test_columns_that_are_missing_or_more_are_named(desk: Path) -> None:
    protect("local:5")
    people(1).drop("job").write_parquet("feb.parquet")
    with pytest.raises(ConfideError, match=r"a table with the column job, which feb\.parquet lacks"):
        protect(file="feb.parquet")
    people(1).with_columns(pl.lit("x").alias("more")).write_parquet("feb.parquet")
    with pytest.raises(ConfideError, match=r"feb\.parquet has the column more, which the recipe"):
        protect(file="feb.parquet")


def test_a_recipe_of_a_recipe_knows_what_the_first_knew(desk: Path) -> None:
    protect("local:5")
    people(1).filter(pl.col("town") != "west").write_parquet("feb.parquet")
    protect(file="feb.parquet", recipe_out="apart/feb.json")
    told = [json.loads(Path(f"apart/{m}.json").read_text())["bound"]["made"] for m in ("jan", "feb")]
    assert told[0] == told[1] and sorted(told[0]["columns"]) == ["age", "town"]
    assert Path("apart/feb.json").stat().st_mode & 0o777 == 0o600


def test_a_sidecar_tells_no_value_that_the_release_does_not_show(desk: Path) -> None:
    rare = pl.int_range(pl.len()) == 3
    people().with_columns(
        age=pl.when(rare).then(97).otherwise("age"),
        town=pl.when(rare).then(pl.lit("Atlantis")).otherwise("town"),
    ).write_parquet("jan.parquet")
    protect("local:5,0.05")
    release = pl.read_parquet("jan.safe.parquet")
    sidecar, apart = (Path(f).read_text() for f in ("jan.safe.parquet.confide.json", "apart/jan.json"))
    assert "Atlantis" in apart and "97.0" in apart
    written = {str(v) for column in ("age", "town") for v in release[column].unique()}
    assert "Atlantis" not in written and "97" not in written
    assert "Atlantis" not in sidecar and "97" not in json.dumps(json.loads(sidecar)["bound"]["made"])
    made = json.loads(sidecar)["bound"]["made"]
    assert made["from"] == "release"
    parts = {part for cell in written for part in cell.split(" | ")}
    assert set(made["columns"]["town"]["values"]) <= parts


def test_by_the_sidecar_alone_values_that_the_release_hides_are_named(desk: Path) -> None:
    protect("local:5")
    february(town=pl.when(FIRST).then(pl.lit("Mars")).otherwise("town"))
    sidecar = "jan.safe.parquet.confide.json"
    says = r"'Mars' in row 7, which the earlier release does not show.*--recipe-out"
    with pytest.raises(ConfideError, match=says):
        protect(file="feb.parquet", recipe=sidecar)
    protect(file="feb.parquet", recipe=sidecar, unseen="suppress")
    february()  # all towns of February stand in January's release
    protect(file="feb.parquet", recipe=sidecar, force=True)


def test_a_sidecar_that_does_not_say_what_it_saw_is_refused(desk: Path) -> None:
    protect("local:5")
    place = Path("apart/jan.json")
    record = json.loads(place.read_text())
    del record["bound"]["made"]
    place.write_text(json.dumps(record))
    february()
    with pytest.raises(ConfideError, match="does not say which values of 'age' it saw"):
        protect(file="feb.parquet")


def test_groups_are_those_of_the_earlier_table() -> None:
    # In January a goes with b and c with d, in February it would be a with c.
    first = pl.DataFrame({"v": list("aabbccdd"), "w": list("xxxxyyyy")})
    then = in_codes(first, ["v", "w"])
    said = told_again(then.domains[0], then.hierarchies[0], all_seen(then.domains[0]))
    assert then.hierarchies[0].labels[1] == ("a | b", "c | d")
    second = pl.DataFrame({"v": list("aabbccdd"), "w": list("xxyyxxyy")})
    now = in_codes(second, ["v", "w"])
    assert now.hierarchies[0].labels[1] != ("a | b", "c | d")
    gone = unseen(now.domains[0], said, recipe="it")
    domain, hierarchy, code = made_again(now.domains[0], said, gone)
    assert hierarchy.labels == then.hierarchies[0].labels and domain.labels == then.domains[0].labels
    assert [domain.labels[i] for i in code] == list(now.domains[0].labels)
    # Who is not there any more leaves the others in their groups.
    third = in_codes(pl.DataFrame({"v": list("ad"), "w": list("xy")}), ["v", "w"]).domains[0]
    fewer = made_again(third, said, unseen(third, said, recipe="it"))[1]
    assert fewer.labels[0] == ("a", "d") and fewer.labels[-1] == ("*",)


def released(column: Sequence[int], cells: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """What a sidecar tells of a column of ages that is released as these ranges of codes."""
    then = in_codes(pl.DataFrame({"age": column}), ["age"])
    low, high = np.array(cells, np.int32).T
    domain = then.domains[0]
    return told_again(domain, then.hierarchies[0], shown(domain, then.hierarchies[0], domain, low, high))


def test_steps_are_those_of_the_earlier_table_and_ends_those_of_the_release() -> None:
    ages = [*range(20, 60), 97]
    # 20-24 by its group's name, 30 to 36 by its ends, and 40 to 97 in the group of 40-79 and 80-119.
    said = released(ages, [(0, 4), (10, 16)])
    assert said["steps"] == [5, 10, 20, 40]
    assert said["low"] == {"step": 5, "group": 4} and said["high"] == {"number": 36.0}
    assert released(ages, [(0, 19), (40, 40)])["high"] == {"number": 97.0}
    assert released(ages, [(0, 40)])["low"] is None  # wholly suppressed: nothing is shown
    now = in_codes(pl.DataFrame({"age": [19, 20, 21, 33, 34, 90]}), ["age"]).domains[0]
    assert unseen(now, said, recipe="it").tolist() == [True, *[False] * 4, True]
    domain, hierarchy, _ = made_again(now, said, np.array([True, *[False] * 4, True]))
    assert hierarchy.labels[1] == ("20-24", "30-34", "(missing)") and domain.missing


def test_of_postal_codes_the_stems_are_told_that_are_shown() -> None:
    codes = ["80331", "81667", "81675", "81925", "90402"]
    then = in_codes(pl.DataFrame({"zip": codes}), ["zip"])
    domain, hierarchy = then.domains[0], then.hierarchies[0]
    low, high = np.array([0, 1, 3], np.int32), np.array([0, 2, 3], np.int32)
    said = told_again(domain, hierarchy, shown(domain, hierarchy, domain, low, high))
    assert said["stems"] == ["80331", "816**", "81925"]
    now = in_codes(pl.DataFrame({"zip": ["80331", "80332", "81699", "81925", "8166", "90402"]}), ["zip"])
    gone = dict(zip(now.domains[0].labels, unseen(now.domains[0], said, recipe="it"), strict=True))
    assert [code for code in gone if gone[code]] == ["80332", "8166", "90402"]


@pytest.mark.parametrize(
    "values",
    [
        [f"2024-{m:02}-{d:02}" for m in range(1, 13) for d in (1, 9, 17)],
        [f"2024-01-{d:02}" for d in range(1, 32)],
        ["81667", "81675", "81925", "80331"],
        ["only"],
    ],
)
def test_a_table_is_under_its_own_recipe_as_it_was(values: list[str]) -> None:
    dates = values[0].startswith("2024")
    column = pl.Series("zip", [*values, None])
    frame = (column.str.to_date() if dates else column).to_frame()
    then = in_codes(frame, ["zip"])
    whole = told_again(then.domains[0], then.hierarchies[0], all_seen(then.domains[0]))
    said = json.loads(json.dumps(whole))
    gone = unseen(then.domains[0], said, recipe="it")
    domain, hierarchy, code = made_again(then.domains[0], said, gone)
    assert not gone.any() and code.tolist() == list(range(len(domain)))
    assert hierarchy.digest() == then.hierarchies[0].digest() and domain.digest() == then.domains[0].digest()


@pytest.mark.parametrize(
    "edited",
    [
        {"values": ["north"], "groups": [[0, 1, 2], [0]]},
        {"values": TOWNS, "groups": [[0]]},
        {"values": 7, "groups": []},
        {"stems": [["x"]], "length": 5},
        {"stems": ["north"], "length": "five"},
        {"unit": "year", "steps": [1], "whole": True, "low": {"number": 1}, "high": {"number": 2}},
        {},
    ],
)
def test_a_recipe_that_somebody_edited_is_refused_in_a_sentence(desk: Path, edited: dict[str, Any]) -> None:
    protect("local:5")
    place = Path("apart/jan.json")
    record = json.loads(place.read_text())
    record["bound"]["made"]["columns"]["town"] = {"missing": False, **edited}
    place.write_text(json.dumps(record))
    february()
    with pytest.raises(ConfideError, match="town"):
        protect(file="feb.parquet")
    assert not Path("feb.safe.parquet").exists()
