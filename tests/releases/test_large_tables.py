"""Tables too large to hold: the same release as in memory, whole or not at all, and what cannot be done."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.postgresql import PASSWORD, Server

import confide
from confide.core.errors import ConfideError, DataError
from confide.inputs.large.duck import DuckStore
from confide.inputs.large.sql import DUCKDB, literal, quoted
from confide.inputs.reading import Reading

SETTINGS: dict[str, Any] = {"seed": 3, "attacks": "nearest"}
KNOWN = ['a "b"; DROP TABLE people; --', "%s :x ;k0", "born", "seen", "ok", "o'c"]
SECRET, ID = "n", "id"
NAMES = ("mondrian:4", "local:4", "lattice:4,0.3")


def people(n: int = 240, seed: int = 0) -> pl.DataFrame:
    """Numbers, text with quotes and separators, dates, times and truth values, with gaps; hostile names."""
    rng = np.random.default_rng(seed)
    towns = ["", "NA", 'q"uo"te', "se;mi", "com,ma", "it's", "new\nline", "x", "y", "z\\"]
    columns = {
        KNOWN[0]: pl.Series(rng.integers(18, 40, n)).replace(30, None),
        KNOWN[1]: pl.Series([towns[i] for i in rng.integers(0, len(towns), n)]).replace("x", None),
        KNOWN[2]: pl.Series(
            [date(1980, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, n) // 90]
        ),
        KNOWN[3]: pl.Series(
            [datetime(2020, 1, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 4, n) * 7]
        ),
        KNOWN[4]: pl.Series(rng.random(n) < 0.4),
        KNOWN[5]: pl.Series(rng.integers(0, 3, n) / 4),
        SECRET: pl.Series([("flu", "no;ne", None)[i] for i in rng.integers(0, 3, n)]),
        ID: pl.Series([f"{i:05d}" for i in rng.permutation(n)]),
        "confide_keys": pl.Series(rng.integers(0, 9, n)),
        "text": pl.Series([towns[i] for i in rng.integers(0, len(towns), n)]),
    }
    return pl.DataFrame(columns).with_columns(
        pl.when(pl.int_range(n) % 11 != 0).then(pl.col(KNOWN[2])).alias(KNOWN[2])
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def held(records: object, frame: pl.DataFrame, **more: Any) -> confide.Table:
    """The record, with less memory than the table needs."""
    cells = frame.height * frame.width
    return confide.Table(
        records, **{"known": KNOWN, "secret": SECRET, "id": ID, "memory": f"{cells * 149 // 1000}kB"} | more
    )


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables have the same rows, in whatever order."""
    text = [f.with_columns(pl.all().cast(pl.String)) for f in (one, other)]
    a, b = (f.sort(f.columns) for f in text)
    return a.columns == b.columns and a.equals(b)


def upload(server: Server, table: str, frame: pl.DataFrame) -> None:
    kinds = {
        pl.Int64: "bigint",
        pl.Float64: "float8",
        pl.String: "text",
        pl.Date: "date",
        pl.Boolean: "boolean",
    }
    columns = ", ".join(f"{quoted(c)} {kinds.get(type(k), 'timestamp')}" for c, k in frame.schema.items())
    server.run(f"DROP TABLE IF EXISTS {table}")
    server.run(f"CREATE TABLE {table} ({columns})")
    text = BytesIO()
    frame.write_csv(
        text, include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S"
    )
    text.seek(0)
    server.run(f"COPY {table} FROM STDIN (FORMAT csv)", text)


def download(server: Server, table: str) -> pl.DataFrame:
    text = BytesIO()
    server.run(f"COPY {table} TO STDOUT (FORMAT csv, FORCE_QUOTE *)", text)
    # polars knows no quotes within quotes in a header.
    asked = f"attrelid = {literal(table)}::regclass AND attnum > 0 ORDER BY attnum"
    names = [name for (name,) in server.run(f"SELECT attname FROM pg_attribute WHERE {asked}")]
    return pl.read_csv(text.getvalue(), infer_schema=False, has_header=False, new_columns=names)


@pytest.mark.slow
@pytest.mark.parametrize("protection", NAMES)
def test_a_large_parquet_file_is_released_as_a_small_one(protection: str, desk: Path) -> None:
    frame = people()
    frame.write_parquet("pe[o]*ple'.parquet")
    frame.write_parquet("plain.parquet")
    small = held("plain.parquet", frame, memory=None)
    confide.protect(small, protection, out="small.parquet", **SETTINGS)
    done = confide.protect(held("pe[o]*ple'.parquet", frame), protection, out="large.parquet", **SETTINGS)
    one, two = pl.read_parquet("small.parquet"), pl.read_parquet("large.parquet")
    assert one.schema == two.schema and same(one, two)
    # Rows stand in another order than in the original.
    assert two["confide_keys"].to_list() != frame["confide_keys"].to_list()
    assert "too large to hold" in done.notes[0]
    assert json.loads(Path("large.parquet.confide.json").read_text())["after"]["rows"] == frame.height


@pytest.mark.slow
@pytest.mark.parametrize("protection", NAMES[:2])
def test_a_large_csv_file_is_released_as_a_small_one(protection: str, desk: Path) -> None:
    frame = people().with_columns(pl.col(KNOWN[5]).cast(pl.String).str.replace(".", ",", literal=True))
    frame = frame.with_columns(code=pl.Series([f"{i % 7:03d}" for i in range(frame.height)]))
    frame.write_csv("people.csv", separator=";")
    rules = {"l": "2", "known": [*KNOWN, "code"]}
    confide.protect(held("people.csv", frame, memory=None, **rules), protection, out="small.csv", **SETTINGS)
    confide.protect(held("people.csv", frame, **rules), protection, out="large.csv", **SETTINGS)
    one, two = (pl.read_csv(f, separator=";", infer_schema=False) for f in ("small.csv", "large.csv"))
    assert same(one, two)


@pytest.mark.slow
@pytest.mark.parametrize("protection", NAMES)
def test_a_table_in_postgresql_is_released_as_one_in_memory(
    protection: str, desk: Path, postgresql: Server
) -> None:
    frame, name = people(), 'pe"op.le; --'
    upload(postgresql, quoted(name), frame)
    frame.write_parquet("people.parquet")
    confide.protect(held("people.parquet", frame, memory=None), protection, out="small.parquet", **SETTINGS)
    out = 's"afe; %s.postgresql'
    table = held(postgresql.address, frame, table=name)
    confide.protect(table, protection, out=out, force=True, **SETTINGS)
    found = download(postgresql, quoted('s"afe; %s'))
    small = pl.read_parquet("small.parquet")
    # PostgreSQL writes truth values and times in another way.
    plain = small.with_columns(
        pl.when(c).then(pl.lit("t")).otherwise(pl.lit("f")).alias(c) if kind == pl.Boolean else
        pl.col(c).dt.strftime("%Y-%m-%d %H:%M:%S").alias(c) if kind == pl.Datetime else pl.col(c)
        for c, kind in small.schema.items()
    )  # fmt: skip
    floats = [c for c, kind in small.schema.items() if kind == pl.Float64]
    assert same(plain, found.with_columns(pl.col(floats).cast(pl.Float64)))
    assert name not in Path(out).read_text() and 's"afe; %s' in Path(out).read_text()
    assert same(download(postgresql, quoted(name)), _as_text(frame))


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(c).then(pl.lit("t")).otherwise(pl.lit("f")).alias(c) if kind == pl.Boolean else
        pl.col(c).dt.strftime("%Y-%m-%d %H:%M:%S").alias(c) if kind == pl.Datetime else
        pl.col(c).cast(pl.String).str.replace(r"\.0$", "") if kind == pl.Float64 else pl.col(c)
        for c, kind in frame.schema.items()
    )  # fmt: skip


def test_ids_and_order_of_a_large_file_stay_where_they_are_asked_for(desk: Path) -> None:
    frame = people()
    frame.write_parquet("people.parquet")
    confide.protect(held("people.parquet", frame), "mondrian:4", out="large.parquet", ids="keep", **SETTINGS)
    assert pl.read_parquet("large.parquet")[ID].to_list() == frame[ID].to_list()


@pytest.mark.slow
def test_what_is_refused_leaves_nothing_in_the_database(desk: Path, postgresql: Server) -> None:
    frame = people()
    upload(postgresql, "people", frame)
    table = held(postgresql.address, frame, table="people")
    # The limit is no reason to keep nothing; a k that nobody reaches is one.
    with pytest.raises(ConfideError, match="k is 999"):
        confide.protect(table, "mondrian:999", out="gone.postgresql", **SETTINGS)
    tables = postgresql.run("SELECT relname FROM pg_class WHERE relname IN ('gone', 'confide_keys')")
    assert not tables and not list(desk.glob("gone*"))
    confide.protect(table, "mondrian:4", out="there.postgresql", force=True, **SETTINGS)
    before = download(postgresql, "there")
    Path("there.postgresql").unlink()
    Path("there.postgresql.confide.json").unlink()
    with pytest.raises(DataError, match=r"public\.there already"):
        confide.protect(table, "mondrian:4", out="there.postgresql", **SETTINGS)
    assert same(before, download(postgresql, "there"))
    with pytest.raises(DataError, match="original table"):
        confide.protect(table, "mondrian:4", out="people.postgresql", force=True, **SETTINGS)
    with pytest.raises(DataError, match=r"\.postgresql, such as"):
        confide.protect(table, "mondrian:4", out="people.parquet", **SETTINGS)


@pytest.mark.slow
def test_a_rehearsal_in_the_database_can_be_repeated_and_the_password_comes_from_its_file(
    desk: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = people()
    upload(postgresql, "people", frame)
    postgresql.run("DO $$ BEGIN CREATE ROLE ada LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    postgresql.run(f"ALTER ROLE ada PASSWORD {literal(PASSWORD)}")
    postgresql.run("GRANT SELECT ON people TO ada")
    postgresql.run("GRANT CREATE ON SCHEMA public TO ada")
    address = f"postgresql://ada@127.0.0.1:{postgresql.port}/postgres"
    kept, file = PASSWORD.replace(":", "\\:"), desk / "passwords"
    file.write_text(f"*:*:*:ada:{kept}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    for name in ("one", "two"):
        table = held(address, frame, table="public.people")
        out = f"{name}.postgresql"
        done = confide.protect(table, "mondrian:4", out=out, force=True, rehearse=5, **SETTINGS)
        assert PASSWORD not in Path(out).read_text() + done.sidecar.text()
    assert download(postgresql, "one").equals(download(postgresql, "two"))
    monkeypatch.setenv("PGPASSWORD", "another one")
    with pytest.raises(DataError, match="does not let 'ada' in") as error:
        confide.audit(held(address, frame, table="people"), **SETTINGS)
    assert "another" not in str(error.value)
    monkeypatch.delenv("PGPASSWORD")
    postgresql.run("REVOKE SELECT ON people FROM ada")
    with pytest.raises(DataError, match="you may not do this"):
        confide.audit(held(address, frame, table="people"), **SETTINGS)
    with pytest.raises(DataError, match=r"no table 'poeple'"):
        confide.audit(held(address, frame, table="poeple"), **SETTINGS)


def test_a_join_that_loses_rows_with_nulls_is_found_and_nothing_is_kept(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: `=` in the place of `IS NOT DISTINCT FROM`, which is never true of a null."""

    class Losing(type(DUCKDB)):
        def with_keys(self, source: str, columns: Any) -> str:
            return super().with_keys(source, columns).replace("IS NOT DISTINCT FROM", "=")

    plain = {f: getattr(DUCKDB, f) for f in DUCKDB.__dataclass_fields__}
    frame = people()
    frame.write_parquet("people.parquet")
    monkeypatch.setattr(DuckStore, "dialect", Losing(**plain))
    with pytest.raises(DataError, match="nothing was kept"):
        confide.protect(held("people.parquet", frame), "mondrian:4", out="large.parquet", **SETTINGS)
    assert not list(desk.glob("large*"))


def test_an_attack_that_is_not_possible_at_this_size_is_refused_with_what_is(desk: Path) -> None:
    frame = people()
    frame.write_parquet("people.parquet")
    large = held("people.parquet", frame)
    for name, more, said in (
        ("mondrian", {"find": "tpr@0.05<=0.5"}, "--find"),
        ("local", {"until": "linkage=0.1"}, "--until"),
        ("mondrian:4", {"key_out": "key.csv"}, "--key-out"),
    ):
        with pytest.raises(DataError, match=f"too large to hold.*{said}.*local, lattice and mondrian"):
            confide.protect(large, name, out="large.parquet", **more, **SETTINGS)
    for protection in ("pram:0.1", "mondrian:4+pram:0.1", "microaggregate:4"):
        with pytest.raises(DataError, match="one recoding"):
            confide.protect(large, *protection.split("+"), out="large.parquet", **SETTINGS)
    with pytest.raises(DataError, match="leave out --protect"):
        confide.audit(large, protect=["mondrian:4"], **SETTINGS)
    with pytest.raises(DataError, match="leave out --control"):
        confide.audit(replace(large, control="people.parquet"), **SETTINGS)
    frame.with_columns(pl.col("text").alias("TEXT")).write_parquet("twice.parquet")
    with pytest.raises(DataError, match="'text' and 'TEXT' differ in capitals alone"):
        confide.audit(held("twice.parquet", frame), **SETTINGS)
    pl.concat([frame, frame]).write_parquet("twice.parquet")
    with pytest.raises(DataError, match="several rows share"):
        confide.audit(held("twice.parquet", frame), **SETTINGS)


def test_a_large_table_has_the_k_l_and_t_and_the_risk_by_classes_of_all_rows(desk: Path) -> None:
    frame = people(400).select(*KNOWN[3:], SECRET, ID)
    frame.write_parquet("people.parquet")
    small = confide.audit(
        held("people.parquet", frame, known=KNOWN[3:], memory=None, sampled=0.1, subsets=2), **SETTINGS
    )
    heard: list[str] = []
    large = confide.audit(
        held("people.parquet", frame, known=KNOWN[3:], sampled=0.1, subsets=2), tell=heard.append, **SETTINGS
    )
    exhibits = [{e.title: e for e in audit.sections[0].exhibits} for audit in (small, large)]
    for title in ("k, l and t", "Risk by the sizes of classes", "Who is unique in the population"):
        assert exhibits[0][title].rows == exhibits[1][title].rows
    assert "k of those who know 2 of the columns" in exhibits[1]
    # Of a sample these would be wrong.
    assert (
        "How few columns single people out" in exhibits[0]
        and "How few columns single people out" not in exhibits[1]
    )
    assert any("too large to hold" in said for said in heard)


def test_what_a_killed_process_left_is_removed_and_what_another_works_on_stays(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = desk / "tmp"
    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    rooms.mkdir()
    pl.DataFrame({"v": [1, 2]}).write_parquet("t.parquet")
    left = rooms / ".confide-rows.0123abcd.draft"
    left.mkdir()
    (left / "work.db").write_bytes(b"rows of people")
    other = DuckStore(Path("t.parquet"), Reading(), memory=10**9)
    assert not left.exists()
    (busy,) = rooms.iterdir()
    assert busy.stat().st_mode & 0o777 == 0o700
    one = DuckStore(Path("t.parquet"), Reading(), memory=10**9)
    assert busy.exists() and len(list(rooms.iterdir())) == 2
    for store in (one, other):
        assert store.ask(f"SELECT count(*) FROM {store.source}") == [(2,)]
        store.close()
    assert not list(rooms.iterdir())
