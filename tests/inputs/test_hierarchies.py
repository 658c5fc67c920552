"""Hierarchies are read, written and checked; wrong files name what is wrong; the codes follow the leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.core.errors import DataError
from confide.inputs.coded_table import in_codes
from confide.inputs.hierarchies import MISSING, built, files_of, flat, read_rows, write_hierarchy

COUNTRIES = "France;Europe;*\nJapan;Asia;*\nSpain;Europe;*\nPeru;America;*\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_codes_follow_the_leaves_and_groups_hold_neighbours(tmp_path: Path):
    write(tmp_path, "people_hierarchy_Home-Country.csv", COUNTRIES)
    frame = pl.DataFrame({"home_country": ["Japan", "Spain", "Spain"]})
    coded = in_codes(frame, ["home_country"], folder=tmp_path)
    # Spain moves beside France; Peru, which nobody is from, counts too.
    assert coded.domains[0].labels == ("France", "Spain", "Japan", "Peru")
    assert coded.codes[:, 0].tolist() == [2, 1, 1] and coded.read == ("home_country",)
    assert coded.hierarchies[0].group.tolist() == [[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 0]]
    assert coded.hierarchies[0].labels[1] == ("Europe", "Asia", "America")


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_separators_are_recognised(tmp_path: Path, separator: str):
    rows = read_rows(write(tmp_path, "a.csv", COUNTRIES.replace(";", separator)))
    assert rows.paths[1] == ("Japan", "Asia", "*")


def test_quoted_values_and_a_byte_order_mark(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeff"a;b";x;*\nc;x;*\n'.encode())
    assert read_rows(path).paths == (("a;b", "x", "*"), ("c", "x", "*"))


def test_a_file_that_misses_a_value_names_it(tmp_path: Path):
    write(tmp_path, "country.csv", COUNTRIES)
    with pytest.raises(DataError, match="misses the value 'Chile' of column 'country'"):
        in_codes(pl.DataFrame({"country": ["Peru", "Chile"]}), ["country"], folder=tmp_path)


def test_a_file_that_does_not_nest_names_the_two_rows(tmp_path: Path):
    rows = read_rows(write(tmp_path, "a.csv", "1;low;x;*\n2;high;y;*\n3;low;y;*\n"))
    with pytest.raises(DataError, match="rows 1 and 3 are one group at level 1 and two groups at level 2"):
        built(rows, name="a", counted=False, missing=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a;x;*\nb;*\n", "row 2 has 2 levels and row 1 has 3"),
        ("a;x;*\nb;y;*\na;y;*\n", "rows 1 and 3 are both for the value 'a'"),
        (";x;*\nb;y;*\nNA;y;*\n", "rows 1 and 3 are both for the value 'NA'"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, said: str):
    with pytest.raises(DataError, match=said):
        read_rows(write(tmp_path, "a.csv", text))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(DataError, match=r"a\.csv is no csv file in UTF-8"):
        read_rows(tmp_path / "a.csv")


def test_numbers_are_compared_as_numbers_and_rise(tmp_path: Path):
    write(tmp_path, "age.csv", "40;40-49;*\n7;0-9;*\n3;0-9;*\n")
    coded = in_codes(pl.DataFrame({"age": [7.0, 40.0, None]}), ["age"], folder=tmp_path)
    domain = coded.domains[0]
    assert domain.labels == ("3", "7", "40", MISSING) and domain.missing
    assert domain.numbers is not None and domain.numbers[:3].tolist() == [3, 7, 40]
    assert np.isnan(domain.numbers[3]) and coded.codes[:, 0].tolist() == [1, 2, 3]
    # A missing value is a branch of its own until the root.
    assert coded.hierarchies[0].group.tolist() == [[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 0]]
    with pytest.raises(DataError, match="row 2 is for 'x', and 'age' is a column of numbers"):
        write(tmp_path, "age.csv", "40;*\nx;*\n")
        in_codes(pl.DataFrame({"age": [40]}), ["age"], folder=tmp_path)


def test_a_missing_value_in_the_file_keeps_its_group(tmp_path: Path):
    write(tmp_path, "job.csv", "?;none;*\nclerk;office;*\nretired;none;*\n")
    coded = in_codes(pl.DataFrame({"job": ["clerk", None, "retired"]}), ["job"], folder=tmp_path)
    assert coded.domains[0].labels == ("clerk", "retired", MISSING)
    assert coded.hierarchies[0].group[1].tolist() == [0, 1, 1]
    assert coded.codes[:, 0].tolist() == [0, 2, 1]


def test_files_are_found_by_their_column(tmp_path: Path):
    for name in ("adult_hierarchy_marital-status.csv", "status.csv", "adult_hierarchy_age.csv", "note.txt"):
        write(tmp_path, name, COUNTRIES)
    found = files_of(tmp_path, ["marital_status", "status", "age", "sex"])
    assert {column: path.name for column, path in found.items()} == {
        "marital_status": "adult_hierarchy_marital-status.csv",
        "status": "status.csv",
        "age": "adult_hierarchy_age.csv",
    }
    write(tmp_path, "other_age.csv", COUNTRIES)
    with pytest.raises(DataError, match="are for the column 'age'"):
        files_of(tmp_path, ["age"])
    with pytest.raises(DataError, match="there is no folder"):
        files_of(tmp_path / "nowhere", ["age"])


@st.composite
def trees(draw: st.DrawFn) -> list[list[str]]:
    """Levels of random nested groups of up to 12 values, in a random order of the rows."""
    m = draw(st.integers(1, 12))
    levels = [[f"v{i}" for i in range(m)]]
    group = list(range(m))
    for level in range(draw(st.integers(0, 3))):
        parent = draw(st.lists(st.integers(0, 3), min_size=m + 4, max_size=m + 4))
        group = [parent[g] for g in group]
        levels.append([f"l{level}g{g}" for g in group])
    levels.append(["*"] * m)
    order = draw(st.permutations(range(m)))
    return [[level[i] for i in order] for level in levels]


@given(trees(), st.booleans())
def test_what_is_written_is_read_again(tmp_path_factory, levels: list[list[str]], missing: bool):
    path = tmp_path_factory.mktemp("h") / "c.csv"
    path.write_text("\n".join(";".join(row) for row in zip(*levels, strict=True)))
    domain, hierarchy = built(read_rows(path), name="c", counted=False, missing=missing)
    # Values are in one group exactly if they are so in the file.
    for at, level in enumerate(levels):
        group = dict(zip(domain.labels, hierarchy.group[at].tolist(), strict=True))
        for a, own in zip(levels[0], level, strict=True):
            same = {b for b, other in zip(levels[0], level, strict=True) if other == own}
            there = {b for b in levels[0] if group[b] == group[a]}
            assert same == there
    write_hierarchy(path, hierarchy, missing=domain.missing)
    again, twin = built(read_rows(path), name="c", counted=False, missing=missing)
    assert again.digest() == domain.digest() and np.array_equal(twin.group, hierarchy.group)


def test_a_flat_hierarchy_of_one_value_has_a_root():
    assert flat("c", ["a"], []).levels == 2
