"""The door for likes: what it says, to whom, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.audits import audit
from confide.core import kept_evidence as kept
from confide.core.errors import DataError, KnowledgeError
from confide.games.attribute.likes import TraitInference
from confide.inputs.likes import Likes
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.report import Table

N = 240


@pytest.fixture(scope="module")
def tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    """People who like six of thirty common items at random, and one that gives half of the women away."""
    rng = np.random.default_rng(0)
    woman = rng.random(N) < 0.4
    pairs = [(u, f"item {i}") for u in range(N) for i in rng.choice(30, 6, replace=False)]
    pairs += [(u, "the tell") for u in np.flatnonzero(woman) if rng.random() < 0.7]
    records = pl.DataFrame(pairs, schema=["user", "item"], orient="row")
    traits = pl.DataFrame(
        {
            "user": range(N),
            "sex": np.where(woman, "F", "M"),
            "age": rng.normal(40, 9, N),
            "town": rng.choice(["A", "B", "C"], N),
            "same": np.ones(N),
        }
    )
    return records, traits


COLUMNS = {"user": "user", "item": "item"}
HELD = {"user", "item", "trait", "kind", "having", "folds"}


def audited(tables: tuple[pl.DataFrame, pl.DataFrame], cache: Path, trait: str = "sex", **more):
    """An audit of the fields of `Likes` and of `Settings`, given together."""
    records, traits = tables
    given = {**COLUMNS, "trait": trait, "seed": 3, "folds": 5, "attacks": "likes-tfidf"} | more
    held = Likes(records, traits=traits, **{k: v for k, v in given.items() if k in HELD})
    return audit(held, cache=cache, **{k: v for k, v in given.items() if k not in HELD})


def table(found: object, title: str, section: int = 0) -> Table:
    (exhibit,) = [e for e in found.sections[section].exhibits if e.title == title]
    return exhibit


def test_finds_the_item_that_tells_and_that_nothing_is_left_without_it(tables, tmp_path: Path) -> None:
    found = audited(tables, tmp_path)
    risk = found.sections[0].headline.risk
    assert risk.auc.low < 0.7 + 0.3 / 2 < risk.auc.high, "7 of 10 women have the tell, the others are guessed"
    assert risk.auc.low > 0.65
    named = table(found, "The most telling items")
    assert named.internal and named.rows[0][:2] == ("the tell", "sex F")
    assert named.rows[0][3].value == 1.0, "only women have it"
    played = table(found, "What the likes tell").rows[0][1]
    seen = {row[0]: row[1] for row in table(found, "Does it help to hide the most telling items?").rows}
    assert seen["all items"].value == pytest.approx(played, abs=5e-4), "it is the attack once more"
    assert seen["without the 10 most telling items"].low < 0.5 < seen["the 10 most telling items alone"].low
    shift = table(found, "What hangs on a person's own likes").rows[0]
    assert shift[0] == N and 0 < shift[1].value <= shift[2].value <= shift[3].value < 0.5
    assert [s.beyond for s in shift[1:]] == [N // 2, N // 20, 0]


@pytest.mark.slow
def test_a_person_is_asked_about_once_and_told_by_their_own_items(tables, tmp_path: Path) -> None:
    found = audited(tables, tmp_path)
    found.save(tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
    assert sorted(rows["id"]) == sorted(map(str, range(N)))
    assert kept.load(tmp_path / "out" / "evidence.parquet")[0].worlds == 5
    assert (rows["exposed"] == (rows["true"] == "sex F")).all()
    has = tables[0].filter(pl.col("item") == "the tell")["user"].cast(pl.String)
    telling = rows.filter(pl.col("id").is_in(has.implode()))["most telling of their items"]
    assert telling.str.starts_with("the tell").all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_audit_with_and_without_cache(tables, tmp_path: Path) -> None:
    one, again = audited(tables, tmp_path / "a"), audited(tables, tmp_path / "a")
    fresh = audited(tables, tmp_path / "b")
    for other in (again, fresh):
        assert one.evidence[0].table.equals(other.evidence[0].table)
        assert one.sections[0].exhibits == other.sections[0].exhibits


def test_classes_and_numbers_have_the_fields_own_measures(tables, tmp_path: Path) -> None:
    town = audited(tables, tmp_path, "town")
    assert len(town.evidence[0]) == 3 * N == town.targets.height
    right = table(town, "What the likes tell").rows[0]
    assert right[4].value == pytest.approx(tables[1]["town"].value_counts()["count"].max() / N)
    assert [row[0] for row in table(town, "Class by class").rows].sort() == ["A", "B", "C"].sort()
    age = table(audited(tables, tmp_path, "age"), "What the likes tell").rows[0]
    assert abs(age[3].value) < 4.5 / np.sqrt(N), "age has nothing to do with the likes"


def test_the_svd_as_published_stands_beside_the_one_without_leakage(tables, tmp_path: Path) -> None:
    found = table(audited(tables, tmp_path, attacks=None), "What the likes tell")
    assert [row[0] for row in found.rows] == [
        "likes-tfidf", "likes-svd", "likes-svd, directions from all people (as published)",
    ]  # fmt: skip


@pytest.mark.slow
def test_each_protection_is_a_release_and_all_are_compared(tables, tmp_path: Path) -> None:
    found = audited(tables, tmp_path, protect=("rare:40", "response:1"), name="shop")
    assert [s.release for s in found.sections] == ["shop, rare:40", "shop, response:1"]
    assert found.sections[0].promise is None and found.sections[1].promise.epsilon == 1
    rows = {r[0]: r for r in table(found, "What each protection buys, and what it costs").rows}
    assert list(rows) == ["as they are", "rare:40", "response:1"]
    assert [s.release for s in found.before] == ["shop, as they are"]
    assert len({s["fpr"] for s in found.report.page["sections"]}) == 1
    first, second = found.report.page["comparisons"][0]["rows"]
    assert first["sentence"].startswith("Before (shop, as they are) and after (shop, rare:40): ")
    assert second["difference"]["value"] > 0.1
    (plot,) = (e for e in found.sections[0].exhibits if e.title == "Risk against what is left")
    assert all(line.low < line.y and line.x_low < line.x for line in plot.lines)
    assert plot.named and "more is better" in plot.x_title
    assert rows["as they are"][2].low > 0.65 > rows["response:1"][2].value
    assert rows["as they are"][3:6] == (1.0, 1.0, 1.0)
    assert 0.6 < rows["response:1"][4] < 0.85, "e / (1 + e) of the likes stay"


@pytest.mark.slow
def test_each_world_is_dealt_once_and_protected_once(tables, tmp_path: Path, monkeypatch) -> None:
    """Three releases of five worlds are 15 deals, whatever attacks, exhibits, risk and utility ask."""
    dealt: list[int] = []
    protected: list[int] = []
    deal, protect = TraitInference.deal, WithoutRareItems.__call__

    def counted_deal(game, world, *, rng):
        dealt.append(world)
        return deal(game, world, rng=rng)

    def counted_protect(mechanism, data, *, rng):
        protected.append(data.people)
        return protect(mechanism, data, rng=rng)

    monkeypatch.setattr(TraitInference, "deal", counted_deal)
    monkeypatch.setattr(WithoutRareItems, "__call__", counted_protect)
    audited(tables, tmp_path, attacks="all", protect=("rare:2", "response:4"))
    assert sorted(dealt) == sorted(3 * list(range(5)))
    assert protected.count(N) == 5, "all else are panels, which the adversary protects by itself to learn"


@pytest.mark.slow
def test_people_in_one_table_only_or_without_the_trait_are_left_out_and_counted(
    tables, tmp_path: Path
) -> None:
    records, traits = tables
    gaps = traits.with_columns(sex=pl.when(pl.col("user") < 7).then(None).otherwise("sex"))
    mute = pl.DataFrame({"user": [900, 901], "sex": ["F", "M"]})
    gaps = pl.concat([gaps.filter(pl.col("user") != 50), mute], how="diagonal")
    twice = pl.concat([records, records.head(4)])
    found = audited((twice, gaps), tmp_path)
    assert len(found.evidence[0]) == N - 7 - 1
    said = " ".join(found.sections[0].notes)
    for words in (
        "7 people have no sex",
        "2 people with a sex have no likes",
        "1 people with likes are not in",
    ):
        assert words in said
    text = traits.with_columns(pl.col("user").cast(pl.String))
    assert len(audited((records, text), tmp_path).evidence[0]) == N, "ids as text and as numbers are the same"


@pytest.mark.slow
def test_the_public_sees_neither_people_nor_items(tables, tmp_path: Path) -> None:
    found = audited(tables, tmp_path, audience="public", protect=("rare:2",))
    found.save(tmp_path / "out")
    assert found.targets is None
    for file in (tmp_path / "out").iterdir():
        assert "the tell" not in file.read_text(), file.name


@pytest.mark.parametrize(("wrong", "says"), [
    ({"trait": "sexx"}, "'sex'"),
    ({"user": "usr"}, "'user'"),
    ({"trait": "same"}, "everybody has the same"),
    ({"trait": "user", "kind": "classes"}, "fewer folds"),
    ({"kind": "colours"}, "colours"),
    ({"trait": "town", "kind": "binary"}, "having"),
    ({"trait": "town", "having": "D"}, "A, B, C"),
    ({"trait": "town", "kind": "number"}, "no number"),
    ({"folds": 1}, "folds is 1"),
    ({"protect": ("fog:1",)}, "rare:20"),
    ({"protect": ("rare:x",)}, "rare:20"),
    ({"protect": ("rare:999",)}, "leaves nothing"),
    ({"audience": "press"}, "press"),
])  # fmt: skip
def test_bad_input_is_said_in_a_sentence(tables, tmp_path: Path, wrong: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        audited(tables, tmp_path, **wrong)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_unknown_attacks_and_doubled_users_are_refused(tables, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="likes-tfidf"):
        audited(tables, tmp_path, attacks="stars")
    with pytest.raises(DataError, match="rows 1, 241"):
        audited((tables[0], pl.concat([tables[1], tables[1].head(1)])), tmp_path)


def test_one_value_against_all_others(tables, tmp_path: Path) -> None:
    found = audited(tables, tmp_path, "town", having="B")
    assert int(found.evidence[0].exposed.sum()) == int((tables[1]["town"] == "B").sum())
