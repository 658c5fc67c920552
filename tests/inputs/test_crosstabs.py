"""Published tables as offices write them: forms of csv, marks of hidden cells, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.crosstab_marks import Hidden, Span
from confide.inputs.crosstabs import Crosstabs, read_crosstabs
from confide.views.crosstabs import ALL

LONG = "sex,age,count\nf,young,3\nf,old,1\nm,young,0\nm,old,5\nTotal,Total,9\nf,Sum,4\n"
WIDE = "sex / age,young,old,Total\nf,3,1,4\nm,0,5,5\nTotal,3,6,9\n"


def written(folder: Path, **texts: str) -> list[Path]:
    paths = [folder / f"{name}.csv" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def read(paths: Any, **given: Any):
    return read_crosstabs(Crosstabs(paths, **given))


def cells(data, table: int = 0, block: str = "") -> dict[str, tuple[int, int]]:
    view = data.blocks[block]
    ends = zip(view.tables[table].low.tolist(), view.tables[table].high.tolist(), strict=True)
    return {view.cell(table, i): pair for i, pair in enumerate(ends)}


TRUE = {
    "sex=f, age=young": 3,
    "sex=f, age=old": 1,
    "sex=m, age=young": 0,
    "sex=m, age=old": 5,
    "all people": 9,
    "sex=f": 4,
}


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        LONG.replace(",", ";"),
        LONG.replace(",", "\t"),
        LONG.replace("count", "Count").replace("Total", "TOTAL"),
        LONG.replace("f,young,3", ' f , young ,"3.0"'),
        "\n".join(",".join(reversed(line.split(","))) for line in LONG.splitlines()),
    ],
)
def test_a_long_table_is_read(tmp_path: Path, text: str) -> None:
    data = read(written(tmp_path, long=text))
    assert cells(data) == {name: (n, n) for name, n in TRUE.items()} or set(cells(data).values()) == {
        (n, n) for n in TRUE.values()
    }
    assert sorted(d.name for d in data.blocks[""].domains) == ["age", "sex"]
    assert data.zeros and data.added == 0 and data.marked == 0


@pytest.mark.parametrize(
    "corner", ["sex / age", "sex \\ age", "sex|age", "sex by age", "sex x age", "sex × age"]
)
def test_a_grid_is_read_and_its_corner_names_both_variables(tmp_path: Path, corner: str) -> None:
    data = read(written(tmp_path, wide=WIDE.replace("sex / age", corner)))
    assert cells(data) == {
        name: (n, n) for name, n in {**TRUE, "sex=m": 5, "age=young": 3, "age=old": 6}.items()
    }


def test_a_grid_takes_the_variable_of_other_tables_that_has_its_values(tmp_path: Path) -> None:
    paths = written(tmp_path, grid=WIDE.replace("sex / age", "sex"), ages="age,count\nyoung,3\nold,6\n")
    view = read(paths).blocks[""]
    assert [[view.domains[i].name for i in t.columns] for t in view.tables] == [["sex", "age"], ["age"]]


def test_two_variables_with_the_same_values_leave_a_grid_without_a_name(tmp_path: Path) -> None:
    paths = written(
        tmp_path,
        grid="sex,a,b\nf,1,2\nm,3,4\n",
        one="x,count\na,4\nb,6\n",
        other="y,count\na,4\nb,6\n",
    )
    with pytest.raises(DataError, match=r"does not say what its columns a, b are values of"):
        read(paths)


@pytest.mark.parametrize(
    ("text", "count"), [("1,234", 1_234), ("1 234", 1_234), ("1'234'567", 1_234_567), ("12.0", 12), ("0", 0)]
)
def test_thousands_may_stand_apart(text: str, count: int) -> None:
    assert Hidden(None, {}).read(text, where="a") == count


@pytest.mark.parametrize("text", ["-3", "3.5", "three", "1,23", "12 %", "١٢", "99999999999999", "-"])
def test_what_is_neither_a_count_nor_a_mark_is_refused_with_its_cell(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"long.csv, row 2 \(sex=m\) holds .* which is"):
        read(written(tmp_path, long=f'sex,count\nf,1\nm,"{text}"\n'), hidden="<5")


def test_a_mark_hides_what_is_said(tmp_path: Path) -> None:
    """<5 is 1 to 4 where a zero is published, and 0 to 4 where none is; a mark may have its own meaning."""
    text = "sex,count\nf,*\nm,0\nx,c\n"
    assert list(cells(read(written(tmp_path, a=text), hidden="<5")).values()) == [(1, 4), (0, 0), (1, 4)]
    none = text.replace("m,0", "m,7")
    assert list(cells(read(written(tmp_path, a=none), hidden="<5")).values()) == [(0, 4), (7, 7), (0, 4)]
    own = read(written(tmp_path, a=none), hidden=["<5", "c=2..9"])
    assert list(cells(own).values()) == [(0, 4), (7, 7), (2, 9)]
    assert own.hidden == (0, 9) and own.marked == 2
    itself = read(written(tmp_path, a="sex,count\nf,<3\nm,7\n"))
    assert list(cells(itself).values()) == [(0, 2), (7, 7)]


def test_a_dash_is_what_the_user_says(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="sex,count\nf,-\nm,7\n")
    with pytest.raises(DataError, match="if it is a mark say what it hides"):
        read(path, hidden="<5")
    assert list(cells(read(path, hidden="-=0..1")).values()) == [(0, 1), (7, 7)]


def test_any_count_ends_at_the_number_of_people(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="sex,count\nf,\nm,7\nTotal,9\n")
    data = read(path, hidden="any")
    assert cells(data) == {"sex=f": (0, 9), "sex=m": (7, 7), "all people": (9, 9)} and data.hidden is None
    with pytest.raises(DataError, match="do not say how many people there are"):
        read(written(tmp_path, a="sex,count\nf,\nm,7\n"), hidden="any")


@pytest.mark.parametrize("text", ["<1", "5", "4..4", "5..4", "", "all", "<5 people"])
def test_meanings_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="does not say which counts a mark hides"):
        Crosstabs("a.csv", hidden=text)


def test_two_meanings_of_one_mark_are_refused() -> None:
    assert Hidden.parse(["<=4", "<5"]).every == Span(None, 4)
    for twice in (["<5", "<6"], ["x=any", "x=<5"]):
        with pytest.raises(DataError, match="say one"):
            Crosstabs("a.csv", hidden=twice)


def test_what_a_long_table_does_not_list_is_zero_or_unknown(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="sex,age,count\nf,young,3\nm,old,5\n")
    data = read(path)
    assert data.added == 2 and cells(data)["sex=f, age=old"] == (0, 0)
    unknown = read(path, absent="unknown")
    assert unknown.added == 0 and len(unknown.blocks[""].tables[0]) == 2


def test_values_of_all_tables_make_a_variable_and_totals_are_no_values(tmp_path: Path) -> None:
    view = read(written(tmp_path, a="sex,count\nf,1\nall,3\n", b="sex,count\nf,1\nx,2\n")).blocks[""]
    assert view.domains[0].labels == ("f", "x")
    assert view.tables[0].codes.ravel().tolist() == [0, ALL, 1]


def test_blocks_have_tables_of_their_own(tmp_path: Path) -> None:
    text = "area,sex,count\nN,f,1\nN,m,2\nS,f,3\n"
    data = read(written(tmp_path, a=text), block="area")
    assert list(data.blocks) == ["N", "S"] and cells(data, block="S") == {"sex=f": (3, 3), "sex=m": (0, 0)}
    grid = "area,sex / age,young,old\nN,f,1,2\nS,f,3,4\n"
    assert cells(read(written(tmp_path, a=grid), block="area"), block="S")["sex=f, age=old"] == (4, 4)
    with pytest.raises(DataError, match="has no column 'area'"):
        read(written(tmp_path, a=text, b="sex,count\nf,1\n"), block="area")
    with pytest.raises(DataError, match="has no cell of block 'S'"):
        read(written(tmp_path, a=text, b="area,sex,count\nN,f,1\nN,m,2\n"), block="area", absent="unknown")


def test_rounded_counts_are_ranges(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a="sex,count\nf,5\nm,0\n")
    assert list(cells(read(path, rounded="5")).values()) == [(3, 7), (0, 2)]
    assert list(cells(read(path, rounded="5,random")).values()) == [(1, 9), (0, 4)]
    with pytest.raises(DataError, match="counts 5 people with sex=f, which is no multiple of 3"):
        read(path, rounded="3")


def test_frames_are_tables_too() -> None:
    frame = pl.DataFrame({"sex": ["f", "m"], "age": [30, 31], "count": [3, 5]})
    data = read([frame, frame.select("sex", "count")])
    assert cells(data)["sex=f, age=30"] == (3, 3) and data.name == "2 tables"


def test_the_people_behind_the_tables_have_to_fit_them(tmp_path: Path) -> None:
    paths = written(tmp_path, a="sex,age,count\nf,30,2\nm,31,*\n", b="sex,count\nf,2\nm,3\n")
    people = pl.DataFrame({"sex": ["f", "m", "m", "f", "m"], "age": [30.0, 31.0, 31.0, 30.0, 31.0], "x": 1})
    data = read(paths, data=people, hidden="<5")
    assert data.people is not None and len(data.people.of("")) == 5
    assert data.people.table.cell(1, 1) == "31", "39.0 and 39 are one value"
    with pytest.raises(DataError, match=r"a.csv counts 2 people with sex=f, age=30, and data has 1"):
        read(paths, data=people[:3], hidden="<5")
    with pytest.raises(DataError, match=r"column 'sex' has 'q' in row 5, and no table has that value"):
        read(paths, data=people.with_columns(pl.Series("sex", list("fmmfq"))), hidden="<5")
    with pytest.raises(DataError, match="has no column 'age'"):
        read(paths, data=people.drop("age"), hidden="<5")
    with pytest.raises(DataError, match="is empty in row 3"):
        read(paths, data=people.with_columns(pl.Series("sex", ["f", "m", None, "f", "m"])), hidden="<5")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sex,count\nf,1\nf,2\n", "holds a cell twice, sex=f in rows 1 and 2"),
        ("sex,count\n,1\n", "column 'sex' is empty in row 1"),
        ("sex\nf\n", "one column alone"),
        ("sex,count\n", "has no rows"),
        ("sex,count\nTotal,3\n", "has totals alone"),
        ("sex / sex,a\nf,1\n", "is a grid of 'sex' with itself"),
        ("sex,count\nf,*\n", "say with --hidden what it hides"),
        (",a,b\nf,1,2\n", "the first cell of its grid is empty"),
        (
            "a,b,c,count\n" + "".join(f"{i},{i},{i},1\n" for i in range(101)),
            "more than 1,000,000 combinations of values",
        ),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(written(tmp_path, a=text))


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a=LONG)
    with pytest.raises(DataError, match=r"two tables are called a.csv"):
        read([path, path])
    with pytest.raises(DataError, match="there is no table"):
        read([])


def test_hidden_cells_are_counted(tmp_path: Path) -> None:
    data = read(written(tmp_path, a=LONG.replace("f,old,1", "f,old,c")), hidden="1..2")
    assert (data.marked, data.cells) == (1, 6) and np.isin([1, 2], cells(data)["sex=f, age=old"]).all()


def test_tables_are_called_by_their_columns_and_not_by_their_files(tmp_path: Path) -> None:
    """A report for others names no file of the user."""
    view = read(written(tmp_path, secret=LONG, again=LONG, one="sex,count\nf,4\nm,5\n")).blocks[""]
    assert view.called == ("sex x age", "sex x age (2)", "sex")


@pytest.mark.parametrize("kind", [pl.Datetime, pl.Date, pl.List(pl.Int64), pl.Duration])
def test_columns_that_are_no_text_and_no_numbers_are_refused(kind: Any) -> None:
    value = [[1]] if kind == pl.List(pl.Int64) else [1]
    frame = pl.DataFrame({"sex": pl.Series(value).cast(kind), "count": [3]})
    with pytest.raises(DataError, match=r"column 'sex' is of type .*: give text or numbers"):
        read(frame)
    with pytest.raises(DataError, match=r"column 'sex' is of type .*: give text or numbers"):
        read(pl.DataFrame({"sex": ["f"], "count": [1]}), data=frame)
