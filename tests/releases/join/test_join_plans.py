"""Plans of joint computations: what cannot be is said with its place, before anything is read or sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.join_desk import COLUMNS, Desk

from confide.core.errors import ConfideError
from confide.mechanisms.share.joint.binomial import BinomialNoise
from confide.releases.join.computations import noise_of
from confide.releases.join.plan import read_plan

pytest.importorskip("cryptography")
TWO = {"north": "127.0.0.1:7443", "south": "127.0.0.1:7444"}
NOISE = {"epsilon": 1.0, "delta": 1e-6}
COINS = {**NOISE, "noise": "binomial"}
LOGISTIC = {"computation": "logistic", "target": "y", "columns": {"x": [-4, 4], "y": [0, 1]}}
ACROSS = {"north": ["x"], "south": ["z"], "east": ["y"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def test_a_plan_is_read_with_its_target_last(desk: Desk) -> None:
    plan = read_plan(
        desk.plan(computation="ridge", target="x", settings={"penalty": 2}, threshold=1, helpers=["east"])
    ).joint
    assert [column.name for column in plan.columns] == ["z", "y", "x"]
    assert plan.setting("penalty", 0) == 2
    assert (plan.owners, plan.colluding, plan.deadline) == (("north", "south"), 1, 60)
    assert plan.party("east").port == int(desk.addresses["east"].rpartition(":")[2])


def test_two_parties_are_told_to_take_a_helper(tmp_path: Path) -> None:
    two = Desk(tmp_path, ("north", "south"))
    with pytest.raises(ConfideError, match=r"threshold is 0.*a helper without data"):
        read_plan(two.plan())


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"threshold": 2}, "threshold 2 of 3 parties"),
        ({"threshold": 0}, "threshold 0 of 3 parties"),
        ({"threshold": []}, "threshold is"),
        ({"parties": TWO}, "certificate of 'east', which is no party"),
        ({"parties": {**TWO, "west": "a:1"}}, "no certificate of 'west'"),
        ({"parties": {**TWO, "east": "somewhere"}}, "HOST:PORT"),
        ({"helpers": ["west"]}, "no party"),
        ({"helpers": ["north", "south", "east"]}, "at least one owner"),
        ({"computation": "median"}, "choose from sum, mean"),
        ({"colour": "red"}, "no setting 'colour'"),
        ({"columns": {}}, "names no column"),
        ({"columns": {"x": [4, -4]}}, "the lower first"),
        ({"columns": {"x": [0, float("inf")]}}, "lowest and highest value"),
        ({"columns": {"x": 3}}, "lowest and highest"),
        ({"rows": 0}, "rows is 0"),
        ({"computation": "ols"}, "name it, and another column"),
        ({"target": "y"}, "mean has no target"),
        ({"computation": "ridge", "target": "y"}, "penalty above 0"),
        ({"computation": "histogram", "settings": {"bins": 0}}, "bins is 0"),
        ({"computation": "histogram", "settings": {"bin": 3}}, "did you mean bins"),
        ({"computation": "table", "columns": {"x": [0, 0.5]}}, "whole codes"),
        ({"computation": "table", "columns": {"x": [0, 10**7]}}, "1,000,000 is the most"),
        ({"computation": "logistic", "target": "y"}, r"bounds \[0, 1\]"),
        ({"split": "columns", "owners": ACROSS}, "choose covariance, ols, ridge"),
        ({"owners": ACROSS}, "leave \\[owners\\] out"),
        (
            {"split": "columns", "computation": "covariance", "owners": {"north": ["x", "z", "y"]}},
            "owns no column",
        ),
        ({"inside": True}, "inside is for ols and ridge"),
        ({"inside": True, "computation": "ols", "target": "y", "budget": NOISE}, "leave inside out"),
        (
            {"split": "columns", "computation": "covariance", "owners": ACROSS, "budget": NOISE},
            "the number of rows is public",
        ),
        ({"budget": {**NOISE, "noise": "laplace"}}, '"gaussian" .by itself. or "binomial"'),
        ({**LOGISTIC, "settings": {"length": 2}}, "length shortens records"),
        ({"computation": "histogram", "settings": {"bins": 50_000}, "budget": COINS}, "random bits"),
        ({"budget": {"epsilon": 1}}, "delta is missing"),
        ({"deadlines": {"arrival": 5}}, "span of time"),
        ({"computation": "kmeans", "columns": {"size": [0, 1]}}, "rename yours"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(desk: Desk, terms: dict[str, object], said: str) -> None:
    path = desk.plan("odd.toml", **terms)
    text = path.read_text().replace("Infinity", "inf")
    path.write_text(text)
    with pytest.raises(ConfideError, match=said) as told:
        read_plan(path)
    assert str(told.value).startswith(str(path))


def test_columns_of_owners(desk: Desk) -> None:
    plan = read_plan(desk.plan(split="columns", computation="covariance", owners=ACROSS)).joint
    assert {column.name: column.owner for column in plan.columns} == {"x": "north", "z": "south", "y": "east"}
    assert [[column.low, column.high] for column in plan.columns] == list(COLUMNS.values())


def test_a_budget_for_steps_names_the_law_of_its_noise(desk: Desk) -> None:
    plan = read_plan(desk.plan(**LOGISTIC, settings={"length": 1.2, "steps": 3}, budget=COINS)).joint
    noise = noise_of(plan)
    assert isinstance(noise, BinomialNoise)
    assert (plan.noise, noise.times, noise.words, noise.sensitivity) == ("binomial", 3, 5, 1.0)
