"""What an audit of a table shows beside its attacks: models, classes, keys, what is undone, and people."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import combinations, product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits.table import smallest_keys as smallest_keys_module
from confide.core.errors import DataError
from confide.measure.pitman import pitman
from confide.measure.zayatz import zayatz
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.report import Quantile, Table

N = 400
RNG = np.random.default_rng(0)
AGE, PLACE = RNG.integers(20, 60, N), RNG.integers(0, 12, N)
PEOPLE = pl.DataFrame(
    {
        "age": AGE,
        "place": [f"place {p:02d}" for p in PLACE],
        "sex": RNG.choice(["f", "m"], N),
        "ill": np.where(RNG.random(N) < 0.2 + 0.5 * (AGE > 50), "yes", "no"),
        "w": RNG.integers(1, 9, N).astype(float),
        # 3-digit numbers, so that the first kind of guess finds them
        "pseudonym": [hashlib.sha256(f"{i:03d}".encode()).hexdigest() for i in range(N)],
    }
)
KNOWN = ("age", "place", "sex")
ROWS = list(PEOPLE.select(KNOWN).iter_rows())


def audited(cache: Path, *protect: str, audience: str = "internal", **more: object):
    given = {"known": ",".join(KNOWN), "secret": "ill", "targets": 120} | more
    return confide.audit(
        confide.Table(PEOPLE, **given),  # type: ignore[arg-type]
        seed=2,
        cache=cache,
        attacks="fellegi-sunter,nearest,correct-attribution",
        protect=protect,
        audience=audience,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory):
    return audited(tmp_path_factory.mktemp("raw"), sampled=0.1, weight="w", subsets=2)


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory):
    return audited(tmp_path_factory.mktemp("coarse"), "local:3")


def table(found, title: str) -> dict[str, tuple]:
    (one,) = [e for e in found.sections[0].exhibits if isinstance(e, Table) and e.title == title]
    return {str(row[0]): row[1:] for row in one.rows}


def test_classes_are_those_of_a_count(raw) -> None:
    of = Counter(ROWS)
    secrets = {key: {s for r, s in zip(ROWS, PEOPLE["ill"], strict=True) if r == key} for key in of}
    found = table(raw, "k, l and t")
    assert found["k: people in the smallest class"] == (min(of.values()),)
    assert found["classes"] == (len(of),)
    assert found["l: the fewest different secrets in a class"] == (min(map(len, secrets.values())),)
    each = np.array([1 / of[row] for row in ROWS])
    highest, mean = table(raw, "Risk by the sizes of classes")[
        "prosecutor: knows that the person is in the release"
    ]
    assert highest == Quantile(value=1.0, beyond=sum(n == 1 for n in of.values()))
    assert mean == pytest.approx(each.mean()) == pytest.approx(len(of) / N)


def test_k_of_those_who_know_two_columns_is_that_of_each_pair(raw) -> None:
    found = table(raw, "k of those who know 2 of the columns")
    naive = {
        " + ".join(pair): (min(Counter(PEOPLE.select(pair).iter_rows()).values()),)
        for pair in combinations(KNOWN, 2)
    }
    assert found == naive


def test_models_of_the_population_are_asked_about_the_released_keys(raw) -> None:
    count = np.array(list(Counter(ROWS).values()))
    found = table(raw, "Who is unique in the population")
    for model in (pitman(count, sampled=0.1), zayatz(count, sampled=0.1)):
        alone, share, given = found[model.model]
        assert (alone.value, share, given) == pytest.approx(
            (sum(count == 1) / N, model.share, model.given_unique)
        )


def test_individual_risk_of_somebody_alone_is_its_closed_form(raw) -> None:
    of = Counter(ROWS)
    alone = [w for row, w in zip(ROWS, PEOPLE["w"], strict=True) if of[row] == 1]
    p = 1 / min(alone)
    expected = 1.0 if p == 1 else p / (1 - p) * np.log(1 / p)
    highest, _ = table(raw, "Risk by the sizes of classes")[
        "individual risk by weights (Benedetti, Franconi)"
    ]
    assert highest.value == pytest.approx(expected)


def test_the_journalist_counts_the_control_people_too(tmp_path: Path) -> None:
    here, outside = PEOPLE.head(300), PEOPLE.tail(100)
    found = confide.audit(
        confide.Table(here, known=",".join(KNOWN), control=outside, targets=120),
        seed=2,
        cache=tmp_path,
        attacks="nearest",
    )
    of, each = Counter(ROWS), [1 / Counter(ROWS)[row] for row in ROWS[:300]]
    _, mean = table(found, "Risk by the sizes of classes")[
        "journalist: knows the control people too, and not who is in the release"
    ]
    assert mean == pytest.approx(np.mean(each)) and len(of) > 10


def smallest_keys(rows: list[tuple]) -> list[set[tuple[str, ...]]]:
    """The smallest sets of columns in which each row is alone, by counting."""
    found: list[set[tuple[str, ...]]] = [set() for _ in rows]
    for size in (1, 2, 3):
        now: list[set[tuple[str, ...]]] = [set() for _ in rows]
        for at in combinations(range(3), size):
            of = Counter(tuple(row[j] for j in at) for row in rows)
            for i, row in enumerate(rows):
                if of[tuple(row[j] for j in at)] == 1 and not found[i]:
                    now[i].add(tuple(KNOWN[j] for j in at))
        found = [a or b for a, b in zip(found, now, strict=True)]
    return found


def test_keys_are_those_of_counting(raw) -> None:
    keys = smallest_keys(ROWS)
    sizes = Counter(len(next(iter(k))) if k else 0 for k in keys)
    found = table(raw, "How few columns single people out")
    assert found == {
        "1 column": (sizes[1],),
        "2 columns": (sizes[2],),
        "3 columns": (sizes[3],),
        "never alone: another row is the same": (sizes[0],),
        "all": (N,),
    }
    assert sizes[2] and sizes[3], "the case must be able to fail"


def test_who_is_alone_in_four_columns_stands_apart_from_who_is_never_alone(tmp_path: Path) -> None:
    """Of the 81 rows of three values in four columns 40 stand there twice: 3 columns single nobody out."""
    rows = list(product("abc", repeat=4))
    people = pl.DataFrame(rows + rows[:40], schema=list("wxyz"), orient="row")
    held = confide.Table(people, known="w,x,y,z", targets=20)
    found = confide.audit(held, seed=1, cache=tmp_path, attacks="fellegi-sunter")
    assert table(found, "How few columns single people out") == {
        "1 column": (0,),
        "2 columns": (0,),
        "3 columns": (0,),
        "4 columns": (41,),
        "never alone: another row is the same": (80,),
        "all": (121,),
    }


def test_larger_keys_than_were_looked_for_are_said_and_told_from_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smallest_keys_module, "WORK", 0)
    rows = list(product("abc", repeat=4))
    people = pl.DataFrame(rows + rows[:40], schema=list("wxyz"), orient="row")
    held = confide.Table(people, known="w,x,y,z", targets=20)
    found = confide.audit(held, seed=1, cache=tmp_path, attacks="fellegi-sunter")
    keys = table(found, "How few columns single people out")
    assert keys["more than 3 columns"] == (41,)
    assert keys["never alone: another row is the same"] == (80,)


def test_each_person_is_told_what_gives_them_away(raw) -> None:
    keys, of = smallest_keys(ROWS), Counter(ROWS)
    who = next(people for people in raw.people.values() if "smallest key" in people.columns)
    assert who.height == 120
    for person in who.iter_rows(named=True):
        i = person["row"] - 1
        mine = keys[i]
        assert person["smallest key"] == (len(next(iter(mine))) if mine else None)
        assert (person["singled out by"] is None) == (not mine)
        assert not mine or tuple(person["singled out by"].split(" + ")) in mine
        assert person["people like them"] == of[ROWS[i]]
        without = [sum(all(r[c] == ROWS[i][c] for c in range(3) if c != j) for r in ROWS) for j in range(3)]
        assert person["people like them then"] == max(without)
        best = person["best to suppress"]
        assert best == (KNOWN[without.index(max(without))] if max(without) > of[ROWS[i]] else None)


def test_each_link_has_the_probability_that_the_attack_gave_it(raw) -> None:
    who = next(people for people in raw.people.values() if "linked rightly" in people.columns)
    found = raw.sections[0].evidence["fellegi-sunter"].table
    both = who.join(found, on="target")
    odds = np.exp(both["score"].to_numpy())
    assert both["linked with probability"].to_numpy() == pytest.approx(odds / (1 + odds))
    assert both.filter("exposed").select((pl.col("linked rightly") == pl.col("hit")).all()).item()
    assert both.filter(~pl.col("exposed"))["linked rightly"].is_null().all()


def test_each_secret_that_is_told_is_that_of_the_evidence(raw) -> None:
    who = next(people for people in raw.people.values() if "secret told rightly" in people.columns)
    (section,) = [s for s in raw.sections if "correct-attribution" in s.evidence]
    both = who.join(section.evidence["correct-attribution"].table, on="target")
    assert both.height == 120 and (both["secret told rightly"] == both["hit"]).all()
    assert (both["told while in the release"] == both["exposed"]).all()


@pytest.mark.slow
def test_a_recoded_table_has_no_keys_and_what_is_undone_is_counted(coarse) -> None:
    found = table(coarse, "How few columns single people out")
    assert found["never alone: another row is the same"] == (N,)
    assert table(coarse, "k, l and t")["k: people in the smallest class"][0] >= 3
    undone = table(coarse, "What of the generalisation can be undone for certain")
    assert undone["all rows"] == (N,) and 0 < undone["in any column"][0] < N
    assert undone["in any column"][0] <= sum(undone[c][0] for c in KNOWN if c in undone)


def test_digests_are_counted_and_no_value_is_shown(raw, tmp_path: Path) -> None:
    looks, digests, reversed_, kind = table(raw, "Columns of digests without a key")["pseudonym"]
    assert (looks, digests, reversed_, kind) == ("SHA-256 in hex", N, N, "postal codes")
    raw.save(tmp_path / "report")
    text = (tmp_path / "report" / "report.json").read_text()
    assert not any(digest in text for digest in PEOPLE["pseudonym"])


@pytest.mark.slow
def test_people_stand_in_the_internal_files_alone(raw, tmp_path: Path) -> None:
    raw.save(tmp_path / "internal")
    exposed = pl.read_csv(tmp_path / "internal" / "exposed.csv")
    assert {"linked with probability", "singled out by", "smallest key", "best to suppress"} <= set(
        exposed.columns
    )
    people = pl.read_parquet(tmp_path / "internal" / "people.parquet")
    linked, told = (raw.people[s.release] for s in (raw.sections[0], raw.sections[-1]))
    assert people.height == len({*linked["target"]} | {*told["target"]}) == people["row"].n_unique()
    assert people.filter(pl.col("row") == linked["row"][5])["smallest key"][0] == linked["smallest key"][5]
    assert (
        people["secret told rightly"].drop_nulls().len() == told["secret told rightly"].drop_nulls().len() > 0
    )
    public = audited(tmp_path / "cache", audience="public", sampled=0.1, weight="w", subsets=2)
    public.save(tmp_path / "public")
    assert {f.name for f in (tmp_path / "public").iterdir()} == {"report.html", "report.json"}
    assert not public.people


def test_the_public_sees_no_count_of_few_and_no_share_that_gives_one_back(tmp_path: Path) -> None:
    public = audited(tmp_path / "cache", audience="public", subsets=2, sampled=0.1)
    page = json.loads(public.report.json())
    shown = {e["title"]: e for s in page["sections"] for e in s["exhibits"] if e["kind"] == "table"}
    keys = {row[0]: row[1:] for row in shown["How few columns single people out"]["rows"]}
    assert all(n is None or n == 0 or n >= 10 for (n,) in keys.values())
    assert shown["k, l and t"]["rows"][0] == ["k: people in the smallest class", None]
    assert shown["k of those who know 2 of the columns"]["rows"][0][1] is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"sampled": 0.0}, "share above 0"),
        ({"subsets": 4}, "give 1 to 3"),
        ({"weight": "age"}, "name two columns"),
        ({"weight": "ill"}, "name two columns"),
        ({"weight": "sex"}, "name two columns"),
        ({"weight": "pseudonym"}, "give numbers"),
        ({"weight": "wight"}, "wight"),
    ],
)
def test_settings_that_cannot_be_are_refused(more: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        audited(tmp_path, **more)


def test_a_weight_of_zero_is_refused_by_its_row(tmp_path: Path) -> None:
    wrong = PEOPLE.with_columns(w=pl.when(pl.int_range(pl.len()) == 6).then(0.0).otherwise("w"))
    with pytest.raises(DataError, match="zero, negative or missing in row 7"):
        confide.audit(confide.Table(wrong, known="age,sex", weight="w"), seed=1, cache=tmp_path)


def test_what_downcoding_undoes_in_an_audit_is_never_wrong() -> None:
    from confide.attacks.reconstruction.table.downcoding import downcoded
    from confide.inputs.table import read_data

    data = read_data(confide.Table(PEOPLE, known=",".join(KNOWN)))
    levels = tuple(data.hierarchies[c] for c in KNOWN)
    original = data.cells.only(KNOWN)
    view = LocalRecoding(known=KNOWN, rules=Rules(k=3), hierarchies=levels)(original, rng=None).view
    found = downcoded(view, levels, stepwise=True)
    assert found.rows.any() and found.possible(original.low).all()
