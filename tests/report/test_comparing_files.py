"""People are matched by rows only in files that may be the same, and goals by what they are about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import Audit
from confide.inputs.scores import Scores
from confide.report.compare.files import Files
from confide.report.compare.side import Side, aim_of, together
from confide.report.measured import MeasuredRelease


def scores(folder: Path, *, seed: int, order: np.ndarray | None = None, user: str = "") -> Audit:
    """An audit of `s.csv` in this folder: 400 people a side, each with a noise of its own."""
    inside = np.arange(800) < 400
    own = np.random.default_rng(0).standard_normal(800)
    score = own + 0.3 * np.random.default_rng(seed).standard_normal(800) + inside
    frame = pl.DataFrame({"who": [f"p{i}" for i in range(800)], "exposed": inside, "score": score})
    frame = frame if order is None else frame[order]
    folder.mkdir(exist_ok=True)
    (frame if user else frame.drop("who")).write_csv(folder / "s.csv")
    held = Scores(folder / "s.csv", user=user or None)
    return confide.audit(held, name="x", cache=folder / "cache", seed=seed)


def people(before: Audit, after: Audit) -> tuple[str, str, pl.DataFrame | None, float]:
    found = confide.compare(before, after)
    (pair,) = found.page["pairs"]
    at = pair["quantities"][1]["difference"]
    assert at is not None
    return pair["people"]["pairing"], pair["people"]["sentence"], found.more_exposed, at["high"] - at["low"]


def test_files_of_one_name_and_other_data_are_not_matched_by_rows(tmp_path: Path) -> None:
    """The same people in another order: row 3 is somebody else, and only ids find them again."""
    order = np.random.default_rng(3).permutation(800)
    before = scores(tmp_path / "a", seed=1)
    pairing, said, named, wide = people(before, scores(tmp_path / "b", seed=2, order=order))
    assert (pairing, named) == ("unknown", None)
    assert said.startswith("Files of the same name hold other data") and "nobody is named" in said
    ids = [scores(tmp_path / f"i{k}", seed=k, order=o, user="who") for k, o in ((1, None), (2, order))]
    pairing, said, named, narrow = people(*ids)
    assert pairing == "the same people" and "matched by their ids" in said and named is not None
    assert narrow < 0.75 * wide


def test_files_of_one_sum_are_said_to_be_the_same(tmp_path: Path) -> None:
    before, after = scores(tmp_path / "a", seed=1), scores(tmp_path / "a", seed=1)
    pairing, said, _, _ = people(before, after)
    assert pairing == "the same people" and "These files are the same in both (by their SHA-256)" in said


def test_frames_without_sums_are_matched_with_the_old_proviso(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"exposed": np.arange(80) < 40, "score": np.random.default_rng(0).standard_normal(80)}
    )
    each = [confide.audit(Scores(frame), name="x", cache=tmp_path / "cache", seed=s) for s in (1, 2)]
    assert "That holds if these files are the same." in people(*each)[1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((("r", "a.csv", "1"),), (("r", "a.csv", "1"),), "the same"),
        ((("r", "a.csv", "1"),), (("r", "a.csv", "2"),), "other data"),
        # Two files of one name in one report, of which one is another file now.
        (
            (("r", "a.csv", "1"), ("q", "a.csv", "2")), (("r", "a.csv", "1"), ("q", "a.csv", "3")),
            "other data",
        ),
        ((("r", "a.csv", "1"), ("q", "a.csv", "2")), (("r", "a.csv", "1"), ("q", "a.csv", "2")), "unknown"),
        ((("r", "a.csv", ""),), (("r", "a.csv", "2"),), "unknown"),
        ((("r", "b.csv", "1"),), (("r", "b.csv", "2"),), "unknown"),
        ((), (("r", "a.csv", "2"),), "unknown"),
    ],
)  # fmt: skip
def test_what_sums_say(
    before: tuple[tuple[str, str, str], ...], after: tuple[tuple[str, str, str], ...], said: str
) -> None:
    sides = [
        tuple({"role": r, "name": n, "sha256": s, "why": ""} for r, n, s in each) for each in (before, after)
    ]
    assert Files(before=sides[0], after=sides[1]).data(["a.csv"]) == said
    # Data in memory is called by its setting.
    arrays = {"role": "members", "name": "<array 3x2>", "sha256": "1", "why": ""}
    assert Files(before=(arrays,), after=(arrays,)).data(["members"]) == "the same"
    assert Files(before=(arrays,), after=({**arrays, "sha256": "2"},)).data(["members"]) == "other data"


def released(names: dict[str, str], *, language: str = "en") -> Side:
    """A report with these releases, name -> goal; nothing else of it is looked at."""
    each = tuple(
        MeasuredRelease(record={"release": name, "goal": aim}, findings=(), language=language)  # type: ignore[typeddict-item]
        for name, aim in names.items()
    )
    page = {"releases": list(names)}
    return Side(name="side", page=page, releases=each)  # type: ignore[arg-type]


def test_goals_of_one_release_belong_together_whatever_it_is_called() -> None:
    def table(name: str, described: str = "descriptions", secrets: str = "secrets") -> dict[str, str]:
        return {name: "linkage", f"{name}, {described}": "linkage", f"{name}, {secrets}": "attribute"}

    german = released(table("b.csv", "Beschreibungen", "Geheimnisse"), language="de")
    assert [aim_of(r) for r in german.releases] == [
        ("b.csv", ""), ("b.csv", "descriptions"), ("b.csv", "secrets")
    ]  # fmt: skip
    for after in (released(table("b.csv")), german):
        pairs, alone = together(released(table("a.csv")), after, {})
        assert not alone and [aim_of(b)[1] for b, _ in pairs] == ["", "descriptions", "secrets"]
        assert all(aim_of(b)[1] == aim_of(a)[1] for b, a in pairs)
    # Of two releases nobody knows which is which.
    two = released(table("b.csv") | {"c.csv": "linkage"})
    pairs, alone = together(released(table("a.csv")), two, {})
    assert [b.release for b, _ in pairs] == ["a.csv, secrets"] and len(alone) == 5


@pytest.mark.slow
def test_a_table_before_and_after_is_compared_goal_by_goal(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "age": rng.integers(18, 90, 200), "place": rng.integers(0, 40, 200), "ill": rng.integers(0, 4, 200),
    })  # fmt: skip
    each: list[Audit] = []
    for name, divided in (("old.csv", 1), ("new.csv", 5)):
        frame.with_columns(pl.col("age") // divided).write_csv(tmp_path / name)
        held = confide.Table(tmp_path / name, known=("age", "place"), secret="ill")
        each.append(confide.audit(held, cache=tmp_path / "cache", seed=7))
    page = confide.compare(*each).page
    assert not page["unmatched"] and len(page["pairs"]) == 3
    said = {pair["after"]: pair["people"]["sentence"] for pair in page["pairs"]}
    assert "there is nobody to match" in said["new.csv, descriptions"]
