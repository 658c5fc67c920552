"""Real, synthetic and control files: the same columns and types, shared domains, nobody in two of them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.inputs.shared_people import control_among_real
from confide.inputs.synthetic import Synthetic, SyntheticData, read_synthetic

JOBS = ["Clerk", "Nurse", "Private", "Self-emp"]


def people(seed: int, n: int = 200) -> pl.DataFrame:
    """A row a person: numbers, a date, and two categories."""
    rng = np.random.default_rng(seed)
    days = [datetime.date(1950, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, 18_000, n)]
    return pl.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.gamma(2, 9_000, n).round(2),
            "born": pl.Series(days),
            "job": rng.choice(JOBS, n),
            "ill": rng.choice(["no", "yes"], n, p=[0.8, 0.2]),
        }
    )


REAL, MADE, CONTROL = people(1), people(2), people(3)


def read(real: Any = REAL, made: Any = MADE, **more: Any) -> SyntheticData:
    return read_synthetic(Synthetic(real, made, **more), rng=np.random.default_rng(0))


def cells(data: Any) -> list[tuple[str, ...]]:
    return [tuple(data.cell(i, j) for j in range(len(data.domains))) for i in range(len(data))]


def test_codes_are_the_values_of_the_files_under_one_domain() -> None:
    data = read(control=CONTROL)
    assert data.control is not None
    for table, frame in ((data.real, REAL), (data.synthetic, MADE), (data.control, CONTROL)):
        assert table.domains is data.real.domains
        for i, name in enumerate(frame.columns):
            domain, codes = table.domains[i], table.low[:, i]
            if frame[name].dtype == pl.String:
                assert [domain.labels[c] for c in codes] == frame[name].to_list()
                continue
            assert domain.numbers is not None and (np.diff(domain.numbers) > 0).all()
            worth = frame[name].to_physical() if frame[name].dtype == pl.Date else frame[name]
            np.testing.assert_array_equal(domain.numbers[codes], worth.to_numpy())
    union = set(REAL["age"]) | set(MADE["age"]) | set(CONTROL["age"])
    assert data.real.domains[0].labels == tuple(str(v) for v in sorted(union))


def test_missing_cells_are_one_value_however_they_are_written() -> None:
    real = REAL.with_columns(
        age=pl.when(pl.arange(0, 200) < 3).then(None).otherwise("age"),
        job=pl.when(pl.arange(0, 200) < 3).then(pl.lit("?")).otherwise("job"),
    )
    made = MADE.with_columns(age=pl.when(pl.arange(0, 200) < 2).then(np.nan).otherwise("age"))
    data = read(real, made)
    for name, rows in (("age", 3), ("job", 3)):
        at = data.real.at(name)
        assert data.real.domains[at].missing
        assert (data.real.low[:, at] == len(data.real.domains[at]) - 1).sum() == rows
    assert (data.synthetic.low[:, 0] == len(data.real.domains[0]) - 1).sum() == 2


@pytest.mark.parametrize(
    ("column", "write", "said"),
    [
        ("age", pl.col("age").cast(pl.String), "read as numbers"),
        ("age", pl.col("age").cast(pl.Float64).cast(pl.String), "read as numbers"),
        ("pay", pl.col("pay").cast(pl.String), "read as numbers"),
        ("born", pl.col("born").cast(pl.String), "read as dates"),
        ("born", pl.col("born").dt.strftime("%d.%m.%Y"), "read as dates"),
        ("born", pl.col("born").cast(pl.Datetime("ms")), ""),
        ("age", pl.col("age").cast(pl.Float32), ""),
        ("job", pl.col("job").cast(pl.Categorical), ""),
        ("job", pl.lit(" ") + pl.col("job").str.to_uppercase(), "taken for the same: 4 of job"),
    ],
)
def test_a_column_written_in_another_way_is_joined_and_said(column: str, write: pl.Expr, said: str) -> None:
    plain, other = read(), read(made=MADE.with_columns(write.alias(column)))
    assert cells(other.synthetic) == cells(plain.synthetic)
    told = " ".join((*other.notes, *other.warnings))
    assert said in told and bool(said) == (len(told) > len(" ".join((*plain.notes, *plain.warnings))))


def test_spellings_that_are_joined_are_shown_with_their_values_for_internal_readers_alone() -> None:
    data = read(made=MADE.with_columns(job=pl.lit(" ") + pl.col("job")))
    assert "' Private' is 'Private' (job)" in data.internal_notes[0]
    assert not any("Private" in text for text in (*data.notes, *data.warnings))


def test_spellings_that_the_real_file_tells_apart_are_two_categories() -> None:
    real = REAL.with_columns(job=pl.Series(["a", "A"] * 100))
    with pytest.raises(DataError, match="no category of column 'job' is one of"):
        read(real, MADE.with_columns(job=pl.lit("a ")))


@pytest.mark.parametrize("name", ["Unnamed: 0", "", "__index_level_0__", "index"])
def test_row_numbers_are_left_out_and_named(name: str) -> None:
    shuffled = MADE.with_columns(pl.Series(name, np.random.default_rng(0).permutation(200)))
    data = read(made=shuffled)
    assert cells(data.synthetic) == cells(read().synthetic)
    assert f"{name!r} numbers the rows" in data.notes[0]


def test_a_column_that_is_called_index_and_repeats_stays() -> None:
    both = [f.with_columns(index=pl.Series([1, 2] * 100)) for f in (REAL, MADE)]
    assert "index" in read(*both).real.names


def test_what_is_not_released_is_left_out_and_said() -> None:
    data = read(made=MADE.drop("pay"))
    assert "pay" not in data.real.names
    assert any("does not have are left out" in note and "pay" in note for note in data.notes)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"made": MADE.rename({"age": "Age"})}, "lacks: 'Age'. Does it write 'Age' for 'age'"),
    ({"made": MADE.rename({"job": "occupation_of"})}, "columns that the real file lacks: 'occupation_of'"),
    ({"control": CONTROL.rename({"born": "born_on"})}, "'born'. Does it write 'born_on' for 'born'"),
    (
        {"made": MADE.with_columns(age=pl.lit("old"))},
        "'age' is text, and numbers in the real file: row",
    ),
    ({"made": MADE.with_columns(born=pl.col("age"))}, "'born' is of type Int64, and"),
    ({"made": MADE.with_columns(age=pl.Series([[1]] * 200))}, r"'age' is of type List\(Int64\)"),
    ({"made": MADE.with_columns(pay=pl.lit(np.inf))}, "'pay' is infinite in rows 1, 2"),
    ({"made": MADE.with_columns(job=pl.lit("3"))}, "no category of column 'job'"),
    ({"made": REAL}, "holds the same rows as the real file: it is the real data"),
    ({"made": REAL.sample(fraction=1, shuffle=True, seed=0)}, "holds the same rows as the real file"),
    ({"control": REAL}, "holds the same rows as the real file: its people"),
    ({"control": MADE}, "holds the same rows as the synthetic file"),
    ({"made": MADE.head(0)}, "has no rows"),
    ({"made": MADE.head(1)}, "has 1 row: give 10 or more"),
    ({"real": REAL.head(39)}, "has 39 rows: give 40 or more"),
    ({"real": REAL.with_columns(ill=pl.lit("no")), "secret": "ill"}, "'ill' is the same in every row"),
    ({"known": "age,ill", "secret": "ill"}, "'ill' is known and the secret at once"),
    ({"known": "age,age", "secret": "ill"}, "names 'age' twice"),
    ({"known": "age"}, "name the secret column too"),
    ({"secret": "il"}, "no column 'il': did you mean 'ill'"),
    ({"known": "agee", "secret": "ill"}, "no column 'agee': did you mean 'age'"),
    ({"target": "pays"}, "no column 'pays': did you mean 'pay'"),
    ({"made": MADE.drop("ill"), "secret": "ill"}, "no column 'ill', so nothing is released of it"),
    ({"made": pl.DataFrame({"x": range(200)})}, "columns that the real file lacks: 'x'"),
    ({"people": 39}, "ask about 40 or more"),
]


@pytest.mark.parametrize(("given", "says"), BAD, ids=[says[:30] for _, says in BAD])
def test_bad_input_is_one_sentence_with_what_to_do(given: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(**given)


@pytest.mark.parametrize("columns", [["age"], ["job"], ["age", "pay"], ["job", "ill"], ["born"]])
def test_narrow_tables_are_read(columns: list[str]) -> None:
    data = read(REAL[columns], MADE[columns], control=CONTROL[columns])
    assert data.real.names == tuple(columns)


def test_fewer_rows_than_columns_are_read() -> None:
    rng = np.random.default_rng(0)
    wide = [pl.DataFrame(rng.normal(size=(50, 80)), [f"c{i}" for i in range(80)]) for _ in range(3)]
    assert read(wide[0], wide[1], control=wide[2]).real.low.shape == (50, 80)


def test_numbers_in_another_unit_settle_nothing() -> None:
    data = read(made=MADE.with_columns(pl.col("pay") / 1e6))
    assert "pay" in data.unsettled["columns in another unit"]
    assert not read().unsettled


def test_control_people_of_the_real_file_are_left_out() -> None:
    data = read(control=pl.concat([REAL.head(90), CONTROL]))
    assert data.control is not None and data.in_both is not None
    assert data.in_both.equal == 90 and cells(data.control) == cells(read(control=CONTROL).control)
    assert data.who["row"].to_list()[200:203] == [91, 92, 93]


def test_ids_say_who_is_in_both() -> None:
    ours, theirs = (f.with_columns(id=pl.arange(at, at + 200)) for f, at in ((REAL, 0), (CONTROL, 190)))
    data = read(ours, control=theirs, id="id")
    assert data.control is not None and data.in_both is not None
    assert len(data.control) == 190 and data.in_both.left_out[:10].all()
    assert "id" not in data.real.names and data.who["id"].to_list()[199:201] == ["199", "200"]
    assert data.real.people is None
    twice = read(REAL.with_columns(id=pl.arange(0, 200) // 2), id="id")
    assert twice.real.people is not None and np.array_equal(
        np.unique(twice.real.people, return_counts=True)[1], [2] * 100
    )


def common_and_rare(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.column_stack([np.minimum(rng.geometric(2 / m, n), m) - 1 for m in (5, 8, 12, 12)])


def test_chance_leaves_nobody_out() -> None:
    """Of 200 pairs of files of different people at most 3: one in a thousand is taken for the same, so that
    more than 3 would be a fault with a chance of 6e-5."""
    rng, sure = np.random.default_rng(0), 0
    for _ in range(200):
        real, other = common_and_rare(600, rng), common_and_rare(400, rng)
        found = control_among_real(real, other, np.full(4, 12), rng=rng)
        assert found.equal > 0 and found.left_out.any() == found.sure
        sure += found.sure
    assert sure <= 3


def test_who_stays_is_as_common_as_people_who_were_never_in() -> None:
    """Of 1,000 control rows 400 are real people. Of those who stay, as large a share has a row that several
    real people have as of other people, leaving aside rows of one real person: within 4 standard errors over
    40 files, which is missed by chance in 1 of 15,000 runs."""
    rng, off, left = np.random.default_rng(1), list[float](), list[int]()
    for _ in range(40):
        real, other = common_and_rare(2_000, rng), common_and_rare(600, rng)
        both = np.concatenate([real[:400], other])
        found = control_among_real(real, both, np.full(4, 12), rng=rng)
        assert found.sure
        left.append(int(found.left_out.sum()))
        _, row = np.unique(np.concatenate([real, both]), axis=0, return_inverse=True)
        alike = np.bincount(row[:2_000], minlength=row.max() + 1)[row[2_000:]]
        stay, others = alike[~found.left_out], alike[400:]
        off.append(float((stay[stay != 1] > 1).mean() - (others[others != 1] > 1).mean()))
        assert not (stay == 1).any()
    assert abs(np.mean(off)) < 4 * np.std(off, ddof=1) / np.sqrt(40)
    # All 400, and the few others who have the row of one real person alone by chance.
    assert 380 < np.mean(left) < 550


def test_files_on_disk_are_read(tmp_path: Path) -> None:
    REAL.write_csv(tmp_path / "real.csv")
    MADE.write_parquet(tmp_path / "made.parquet")
    data = read(tmp_path / "real.csv", tmp_path / "made.parquet")
    assert cells(data.real) == cells(read().real) and data.name == "made.parquet"
    assert data.who.row(0) == ("real.csv", 1)
