"""Protected tables: what is written, what the sidecar says of it, recipes for next month, and keys."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import confide
from confide.core.errors import ConfideError, DataError
from confide.inputs.key_files import write_key
from confide.inputs.sidecar import sidecar_of
from confide.inputs.table import Table
from confide.releases.settings import ReleaseSettings
from confide.releases.table_recipe import prepare
from confide.releases.written import Written

KNOWN = "age,region,income"


def people(n: int = 240, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "badge": [f"B{i:04d}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "region": rng.choice(["north", "south", "east"], n, p=[0.5, 0.3, 0.2]),
            "income": np.round(rng.lognormal(10, 0.5, n), 2),
            "ill": rng.choice(["yes", "no"], n),
        }
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    people().write_parquet("p.parquet")
    people().write_csv("p.csv")
    people(seed=1).write_parquet("next.parquet")
    return tmp_path


def protect(
    *texts: str, file: str = "p.parquet", out: str = "s.parquet", known: str = KNOWN, **more: object
) -> Written:
    record = {k: more.pop(k) for k in ("id", "secret", "hierarchies", "unseen", "l") if k in more}
    held = confide.Table(file, known=known, targets=120, **{"secret": "ill", **record})  # type: ignore[arg-type]
    return confide.protect(held, *texts, out=out, attacks=["nearest"], **more)  # type: ignore[arg-type]


def side(file: str = "s.parquet") -> dict[str, object]:
    return json.loads(sidecar_of(Path(file)).read_text())


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    "text",
    [
        "microaggregate:10",
        "noise:0.1,age;income",
        "without:region;badge",
        "top:age,80",
        "bottom:age,20",
        "blank-values:5",
        "invariant-pram:0.1,region",
        "columns:8,k-ary(region) laplace(income, 0..200000)",
        "columns:8,oue(region) rappor(ill)",
        "columns:2,k-ary(region), rest keep",
    ],
)
def test_what_is_written_is_what_was_made(desk: Path, text: str, suffix: str) -> None:
    done = protect(text, file=f"p.{suffix}", out=f"s.{suffix}", ids="keep")
    assert "the file holds the protected rows and no others" in done.sidecar.verified
    written = pl.read_parquet("s.parquet") if suffix == "parquet" else pl.read_csv("s.csv")
    assert written.height == 240
    assert (written.columns == people().columns) == (
        not text.startswith(("without", "columns:8"))
    )  # the others keep the columns in their order


def test_means_and_noise_are_numbers_in_the_file(desk: Path) -> None:
    protect("microaggregate:10", ids="keep")
    written = pl.read_parquet("s.parquet")
    assert written["age"].value_counts()["count"].min() >= 10
    assert written["income"].mean() == pytest.approx(people()["income"].mean(), rel=1e-9)


def test_a_broken_file_is_not_kept(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from confide.releases import table

    whole = table.own_values
    monkeypatch.setattr(table, "own_values", lambda domain, codes: whole(domain, codes[::-1]))
    with pytest.raises(ConfideError, match="the file holds the protected rows and no others"):
        protect("noise:0.1", ids="keep")
    assert not Path("s.parquet").exists()


def test_all_goals_are_said(desk: Path) -> None:
    held = confide.Table("p.parquet", known=KNOWN, secret="ill", targets=120)
    done = confide.protect(
        held, "mondrian:5", out="s.parquet", attacks=["nearest", "one-column", "nearest-record"]
    )
    assert len(done.audit.sections) == 3
    assert done.sidecar.found.splitlines() == list(done.audit.headlines)
    assert len(set(done.sidecar.found.splitlines())) == 3


def test_the_sidecar_names_settings_as_they_were_bound_and_no_person_s_value(desk: Path) -> None:
    protect("mondrian:5", l="2")
    bound = side()["bound"]
    assert bound["known"] == KNOWN.split(",") and bound["secret"] == "ill" and bound["l"] == "2"
    (step,) = bound["steps"]
    assert step["mechanism"] == "Mondrian" and step["known"] == KNOWN.split(",")
    assert step["rules"]["k"] == 5 and step["rules"]["secret"] == "ill"
    assert bound["hierarchies"] == dict.fromkeys(KNOWN.split(","), "made") and bound["domains"] == {}
    text = sidecar_of(Path("s.parquet")).read_text()
    # Of incomes no more than where the ranges of the release begin and end.
    shown = {end for cell in pl.read_parquet("s.parquet")["income"].to_list() for end in cell.split("..")}
    assert len([v for v in people()["income"].to_list() if str(v) in text]) <= 2
    assert not [v for v in people()["income"].to_list() if str(v) in text and str(v) not in shown]
    assert not [v for v in people()["badge"].to_list() if v in text]


def test_the_sidecar_holds_what_an_estimate_needs(desk: Path) -> None:
    protect("warner(ill) k-ary(region) laplace(income, 0..200000)", epsilon=3.0)
    assert side()["protections"] == ["columns:3,warner(ill) k-ary(region) laplace(income, 0..200000)"]
    bound = side()["bound"]
    assert sorted(bound["domains"]) == ["ill", "region"]
    keep = np.e / (np.e + 2)
    assert bound["chances"]["region"]["keep"] == pytest.approx(keep, abs=1e-9)
    assert bound["chances"]["region"]["other"] == pytest.approx((1 - keep) / 2, abs=1e-9)
    assert "epsilon 3" in str(side()["promise"])


def test_estimates_hold_the_truth(desk: Path) -> None:
    people(3000).write_parquet("p.parquet")
    protect("warner(ill) k-ary(region) laplace(age, 18..90)", epsilon=6.0)
    found = confide.estimate("s.parquet", "region").frequencies
    assert found is not None and found.values == ("east", "north", "south")
    truth = dict(people(3000)["region"].value_counts(normalize=True).iter_rows())
    # Four times the reach of a 95 % interval, nearly 8 deviations: this fails once in 10^14 runs.
    for value, one in zip(found.values, found.unbiased, strict=True):
        assert abs(one.value - truth[value]) < 4 * (one.high - one.low) / 2
    assert found.projected.sum() == pytest.approx(1)
    mean = confide.estimate("s.parquet", "age").mean
    assert mean is not None
    assert abs(mean.value - float(people(3000)["age"].mean() or 0)) < 4 * (mean.high - mean.low) / 2  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["pram:0.1", "k-ary:20", "invariant-pram:0.1", "columns:12,oue(region)"])
def test_every_randomisation_of_a_column_is_undone(desk: Path, text: str) -> None:
    people(2000).write_parquet("p.parquet")
    protect(text)
    found = confide.estimate("s.parquet", "region").frequencies
    assert found is not None and len(found.values) == 3
    truth = dict(people(2000)["region"].value_counts(normalize=True).iter_rows())
    for value, one in zip(found.values, found.unbiased, strict=True):
        assert abs(one.value - truth[value]) < 4 * (one.high - one.low) / 2


def test_the_same_is_done_to_next_month_s_table(desk: Path) -> None:
    protect("k-ary(region)", epsilon=2.0)
    earlier = sidecar_of(Path("s.parquet"))
    people(seed=1).filter(pl.col("region") != "east").write_parquet("next.parquet")
    done = protect(file="next.parquet", out="t.parquet", recipe=earlier)
    assert done.sidecar.protections == ("columns:2,k-ary(region)",)
    # A value that nobody has this month is still one that is shown.
    assert done.sidecar.bound["domains"]["region"]["labels"] == ["east", "north", "south"]
    assert "east" in pl.read_parquet("t.parquet")["region"].to_list()
    assert "no column is there that was not randomised" in done.sidecar.verified


def test_a_recipe_verifies_its_rules_again_and_fills_in_l(desk: Path) -> None:
    protect("mondrian:5", l="2")
    people(seed=1).with_columns(pl.col("income").clip(9_000, 50_000)).write_parquet("next.parquet")
    done = protect(file="next.parquet", out="t.parquet", recipe=sidecar_of(Path("s.parquet")))
    assert done.sidecar.bound["l"] == "2"
    assert any("at least 5" in text for text in done.sidecar.verified)
    assert any("2-diversity" in text for text in done.sidecar.verified)


def test_a_value_that_the_recipe_never_saw_is_named_or_suppressed(desk: Path) -> None:
    with_gap = people().with_columns(
        pl.when(pl.col("badge") == "B0003").then(None).otherwise(pl.col("region")).alias("region")
    )
    with_gap.write_parquet("p.parquet")
    protect("invariant-pram:0.05,region")
    new = people(seed=1).with_columns(
        pl.when(pl.col("badge") == "B0007").then(pl.lit("moon")).otherwise(pl.col("region")).alias("region")
    )
    new.write_parquet("next.parquet")
    recipe = sidecar_of(Path("s.parquet"))
    with pytest.raises(ConfideError, match=r"'moon' in row 8, which the recipe never saw.*--unseen suppress"):
        protect(file="next.parquet", out="t.parquet", recipe=recipe)
    protect(file="next.parquet", out="t.parquet", recipe=recipe, unseen="suppress")
    assert "moon" not in pl.read_parquet("t.parquet")["region"].to_list()


def test_where_nothing_stands_for_a_missing_value_none_is_made_up(desk: Path) -> None:
    protect("k-ary(region)", epsilon=2.0)
    people(seed=1).with_columns(pl.lit("moon").alias("region")).write_parquet("next.parquet")
    with pytest.raises(ConfideError, match="none of its values stands for a missing one"):
        protect(file="next.parquet", out="t.parquet", recipe=sidecar_of(Path("s.parquet")), unseen="suppress")


def test_a_value_that_a_hierarchy_misses_is_suppressed_in_the_file_too(desk: Path) -> None:
    Path("h").mkdir()
    Path("h/region.csv").write_text("north;up;*\nsouth;down;*\n")
    with pytest.raises(ConfideError, match=r"region\.csv misses the value 'east'.*--unseen suppress"):
        protect("top:age,80", hierarchies=Path("h"))
    protect("top:age,80", hierarchies=Path("h"), unseen="suppress")
    assert set(pl.read_parquet("s.parquet")["region"].to_list()) == {"north", "south", None}


def test_where_nothing_was_randomised_there_is_nothing_to_estimate(desk: Path) -> None:
    protect("top:age,80")
    with pytest.raises(DataError, match="no column was randomised in a way that can be undone"):
        confide.estimate("s.parquet", "age")


def test_keys_and_pseudonyms(desk: Path) -> None:
    Path("safe").mkdir()
    key = write_key(Path("my.key"))
    protect("pseudonym:badge", key_file="my.key", out="safe/s.parquet", ids="keep")
    written = pl.read_parquet("safe/s.parquet")["badge"]
    assert written.n_unique() == 240 and written.str.len_chars().unique().to_list() == [32]
    text = sidecar_of(Path("safe/s.parquet")).read_text()
    assert key.secret.hex() not in text and key.mark in text and repr(key.secret) not in text
    recipe = sidecar_of(Path("safe/s.parquet"))
    protect(file="next.parquet", key_file="my.key", out="safe/t.parquet", ids="keep", recipe=recipe)
    assert (pl.read_parquet("safe/t.parquet")["badge"] == written).all(), "months are joined by pseudonyms"
    write_key(Path("other.key"))
    with pytest.raises(ConfideError, match="another key than the recipe was made with"):
        protect(file="next.parquet", key_file="other.key", out="safe/u.parquet", recipe=recipe)


def short(path: Path) -> None:
    path.write_bytes(secrets.token_bytes(8))
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("texts", "more", "says"),
    [
        (["pseudonym:badge"], {}, "need a key"),
        (["pseudonym:badge"], {"key_file": "short.key"}, "a short key can be guessed"),
        (["pseudonym:badge"], {"key_file": "open.key"}, "can be read by others"),
        (["pseudonym:badge"], {"key_file": "safe/in.key"}, "stands in the folder of the release"),
        (["pseudonym:badge"], {"key_file": "my.key", "id": "badge"}, "leave out --id"),
        (["k-ary(region)"], {}, "has no epsilon"),
        (["k-ary(region)"], {"epsilon": 0.0}, "epsilon is 0"),
        (["k-ary(region)"], {"epsilon": float("inf")}, "epsilon is inf"),
        (["mondrian:5"], {"epsilon": 1.0}, "--epsilon is for columns that are randomised"),
        (["laplace(income)"], {"epsilon": 1.0}, "has no bounds"),
        (["k-ary(nowhere)"], {"epsilon": 1.0}, "no column 'nowhere'"),
        (["mondrian:5"], {"recipe": "x.json"}, "the recipe says how to protect"),
        ([], {"recipe": "p.csv"}, "is no sidecar that can be read (it is no JSON"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    desk: Path, texts: list[str], more: dict[str, object], says: str
) -> None:
    Path("safe").mkdir()
    short(Path("short.key"))
    for name in ("my.key", "open.key", "safe/in.key"):
        write_key(Path(name))
    Path("open.key").chmod(0o644)
    with pytest.raises(ConfideError) as error:
        protect(*texts, out="safe/s.parquet", **more)
    assert says in str(error.value)
    assert not Path("safe/s.parquet").exists()


def test_a_recipe_for_other_columns_is_named(desk: Path) -> None:
    protect("mondrian:5")
    with pytest.raises(
        ConfideError, match="known columns age, region, income, and here they are age, region"
    ):
        protect(
            file="next.parquet", known="age,region", out="t.parquet", recipe=sidecar_of(Path("s.parquet"))
        )


def test_a_released_file_is_read_by_what_its_sidecar_says(desk: Path) -> None:
    protect("columns:90,oue(region) laplace(age,18..90) k-ary(ill)", key_out="k.csv")
    held = confide.Table(
        "p.parquet", known=KNOWN, secret="ill", targets=120, released="s.parquet", key="k.csv"
    )
    with_words = confide.audit(held, attacks=["nearest", "nearest-record"]).report.text()
    assert "columns that the original lacks" not in with_words
    sidecar_of(Path("s.parquet")).unlink()
    assert "columns that the original lacks" in confide.audit(held, attacks=["nearest"]).report.text()


@pytest.mark.parametrize(("given", "made"), [("lattice:3", "lattice:3,0.05"), ("local:3", "local:3,0.05")])
def test_a_share_of_rows_to_suppress_is_that_of_the_protection(given: str, made: str, tmp_path: Path) -> None:
    held = Table("t.csv", known=["age"])
    release = ReleaseSettings(protections=(given, "without:name"), out=tmp_path / "o.csv", suppress=0.05)
    assert prepare(held, release)[1].texts == (made, "without:name")


@pytest.mark.parametrize("given", ["mondrian:3", "lattice:3,0.1", "swap:0.1"])
def test_a_share_that_says_nothing_is_refused(given: str, tmp_path: Path) -> None:
    release = ReleaseSettings(protections=given, out=tmp_path / "o.csv", suppress=0.05)
    with pytest.raises(DataError, match=r"--suppress 0[.]05 is for a local or lattice"):
        prepare(Table("t.csv", known=["age"]), release)
