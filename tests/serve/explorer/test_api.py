"""The JSON API: prices, answers, refusals, and who may do what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from tests.serve.explorer.conftest import World, world_in

from confide.account.costs import MILLIONTH
from confide.core.budget import Budget
from confide.core.errors import BudgetError
from confide.serve.explorer.questions import Question


def test_a_price_and_its_answer(world: World) -> None:
    client, ada = world.client(), world.bearer("ada")
    question = {"measure": "people", "by": ["age"], "precision": 0.1}
    price = client.post("/api/price", json=question, headers=ada).json()
    assert price["cost"] == "epsilon 0.1" and not price["known"] and price["refusal"] == ""
    assert price["share"] == pytest.approx(0.4) and price["left"] == pytest.approx(0.6)
    # e^0.1 / (1 + e^0.1), and of the whole budget of 1.
    assert price["right_guesses_alone"] == pytest.approx(0.52498, abs=1e-5)
    assert price["right_guesses_whole"] == pytest.approx(0.73106, abs=1e-5)
    answer = client.post("/api/ask", json=question, headers=ada).json()
    assert answer["cells"][0]["groups"] == ["0 to 20"] and len(answer["cells"]) == 5
    for cell in answer["cells"]:
        # The error that was shown before is the one of the answer.
        assert (cell["high_privacy"] - cell["low_privacy"]) / 2 == pytest.approx(price["error"])
    assert client.get("/api/answers", headers=ada).json() == [answer["name"]]
    assert client.get(f"/api/answers/{answer['name']}", headers=ada).json() == answer
    assert client.get(f"/api/answers/{answer['name']}/csv", headers=ada).text.startswith("Age,value,")
    assert client.get("/api/budget", headers=ada).json()["left"] == pytest.approx(0.6)
    again = client.post("/api/price", json=question, headers=world.bearer("ben")).json()
    assert again["known"]


@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_the_smallest_precision_for_an_error_is_found(tmp_path: Path, delta: float) -> None:
    """Laplace noise of scale 3 / epsilon, or Gaussian noise: a millionth less would move a number by more."""
    made = world_in(tmp_path, Budget(4.0, delta), {"ada": 0.5})
    world = next(made)
    client, ada = world.client(), world.bearer("ada")
    for question in (
        {"measure": "people", "by": ["age"]},
        {"measure": "rows"},
        {"measure": "mean", "of": "income"},
    ):
        within = 5000 if "of" in question else 60
        price = client.post("/api/price", json={**question, "within": within}, headers=ada).json()
        assert price["error"] <= within
        less = str(Decimal(price["precision"]) - Decimal("0.000001"))
        before = client.post("/api/price", json={**question, "precision": less}, headers=ada).json()
        assert before["error"] > within
    answer = client.post("/api/ask", json={"measure": "rows", "within": 60}, headers=ada).json()
    again = client.post("/api/ask", json={"measure": "rows", "within": 60}, headers=ada).json()
    assert answer["name"] == again["name"]
    for wrong, said in (
        ({"measure": "mean", "of": "income", "within": 1e-9}, "keeps the noise within 1e-09"),
        ({}, "one of both"),
        ({"within": 5, "precision": 0.1}, "one of both"),
    ):
        refused = client.post("/api/price", json={"measure": "rows", **wrong}, headers=ada)
        assert refused.status_code == 422 and said in refused.text
    for _ in made:
        pass


def test_answers_are_near_the_truth(world: World) -> None:
    """With all of a part, the noise of a count of people has scale 3 / 0.25 = 12: 200 away is e^-16 rare."""
    client, ada = world.client(), world.bearer("ada")
    question = {"measure": "people", "by": ["state"], "precision": 0.25}
    answer = client.post("/api/ask", json=question, headers=ada).json()
    told = {cell["groups"][0]: cell["value"] for cell in answer["cells"]}
    assert list(told) == ["north", "south", "west", "missing"]
    for state in ("north", "south", "west"):
        truth = world.rows.filter(state=state)["user_id"].n_unique()
        assert abs(told[state] - truth) < 200
    # A value that is not public is in no group, and named nowhere.
    assert "secretplace" not in str(answer)


def test_maps_times_and_conditions(world: World) -> None:
    client, ben = world.client(), world.bearer("ben")
    asked = [
        {"map": "home", "measure": "people", "precision": 0.05},
        {"by": ["visited"], "only": [{"column": "age", "from": 20, "to": 60}], "precision": 0.05},
        {"by": ["age", "state"], "only": [{"column": "visited", "from": "2024-02-01"}], "precision": 0.05},
        {
            "measure": "mean",
            "of": "income",
            "only": [{"column": "state", "among": ["west"]}],
            "precision": 0.05,
        },
    ]
    sizes = [len(client.post("/api/ask", json=q, headers=ben).json()["cells"]) for q in asked]
    assert sizes == [16, 5, 20, 1]


@pytest.mark.parametrize(
    "question, words",
    [
        ({"by": ["salary"], "precision": 0.1}, "is no column"),
        ({"measure": "max", "precision": 0.1}, "measure"),
        ({"precision": 0}, "precision"),
        ({"precision": "NaN"}, "precision"),
        ({"precision": 1e-9}, "precision"),
        ({"precision": 0.1, "sql": "select * from people"}, "sql"),
        ({"by": ["age", "age"], "precision": 0.1}, "two different"),
        ({"only": [{"column": "state", "among": ["' or true --"]}], "precision": 0.1}, "no value of Region"),
        ({"only": [{"column": "visited", "from": "yesterday"}], "precision": 0.1}, "no bound"),
        ({"only": [{"column": "age", "from": "18"}], "precision": 0.1}, "a number"),
        ({"only": [{"column": "state", "from": 1}], "precision": 0.1}, "categories"),
    ],
)
def test_what_cannot_be_asked_is_refused(world: World, question, words) -> None:
    client, ada = world.client(), world.bearer("ada")
    before = len(world.explorer.history())
    for path in ("/api/price", "/api/ask"):
        answer = client.post(path, json=question, headers=ada)
        assert answer.status_code == 422 and words in answer.json()["detail"], answer.text
    assert len(world.explorer.history()) == before


def test_a_budget_that_does_not_pay_is_said(world: World) -> None:
    client, ada = world.client(), world.bearer("ada")
    question = {"precision": 0.3}
    price = client.post("/api/price", json=question, headers=ada).json()
    assert "ada has epsilon 0.25 left" in price["refusal"] and price["left"] == 0
    refused = client.post("/api/ask", json=question, headers=ada)
    assert refused.status_code == 409 and refused.json()["detail"] == price["refusal"]
    assert client.get("/api/budget", headers=ada).json() == {"left": 1.0, "can_buy": "0.2"}


def test_who_may_do_what(world: World) -> None:
    client, ada, owner = world.client(), world.bearer("ada"), world.bearer("owner")
    assert client.get("/api/schema").status_code == 401
    assert client.get("/api/schema").headers["www-authenticate"] == "Bearer"
    for path in ("/api/history", "/api/analysts"):
        assert client.get(path, headers=ada).status_code == 403
        assert client.get(path, headers=owner).status_code == 200
    assert client.post("/api/ask", json={"precision": 0.1}, headers=owner).status_code == 403
    # A cookie opens no API, so that no other site can ask through a browser.
    browser = world.client("ada")
    assert browser.post("/api/ask", json={"precision": 0.1}).status_code == 401
    made = client.post("/api/analysts", json={"name": "cleo", "share": 0.5}, headers=owner)
    cleo = {"authorization": f"Bearer {made.json()['token']}"}
    assert made.status_code == 201 and client.get("/api/budget", headers=cleo).json()["left"] == 1
    assert client.delete("/api/analysts/cleo", headers=owner).status_code == 204
    assert client.get("/api/budget", headers=cleo).status_code == 401
    assert client.delete("/api/analysts/nobody", headers=owner).status_code == 404
    wrong = client.delete("/api/analysts", headers=owner)
    assert wrong.status_code == 405 and wrong.headers["allow"] == "GET, POST"
    assert client.post("/api/analysts", json={"name": "x", "share": True}, headers=owner).status_code == 422


def test_the_schema_is_public_and_without_values_of_the_data(world: World) -> None:
    said = world.client().get("/api/schema", headers=world.bearer("ada")).json()
    assert [c["name"] for c in said["columns"]] == ["age", "state", "income", "visited", "lat", "lon"]
    assert said["columns"][1]["groups"] == ["north", "south", "west", "missing"]
    assert said["maps"] == ["home"] and "user_id" not in str(said)


def test_two_analysts_at_once_spend_no_more_than_their_parts(world: World) -> None:
    """Each asks eight different questions of 0.05 and a little from four threads; 0.25 pays for four."""

    def ask(one: tuple[str, int]) -> bool:
        name, number = one
        try:
            world.explorer.ask(
                Question(by=("age",), precision=Decimal("0.05") + number * Decimal("1e-6")), name
            )
        except BudgetError:
            return False
        return True

    asked = [(name, n + more) for n in range(1, 9) for name, more in (("ada", 0), ("ben", 100))]
    with ThreadPoolExecutor(4) as pool:
        granted = sum(pool.map(ask, asked))
    parts = world.explorer.parts()
    assert granted == 8
    assert all((parts[name].spent.epsilon or 0) <= MILLIONTH // 4 for name in ("ada", "ben"))


def test_gaussian_noise_where_rhos_add_up(tmp_path) -> None:
    """The same precision costs the same rho, and moves a number less than Laplace noise would."""
    for world in world_in(tmp_path, Budget(1.0, 1e-6), {"ada": 0.5, "ben": 0.5}):
        client, ada = world.client(), world.bearer("ada")
        question = {"measure": "rows", "precision": 0.05}
        price = client.post("/api/price", json=question, headers=ada).json()
        assert price["cost"] == "rho 0.00125"
        # Three rows a person: a deviation of 3 / 0.05 = 60, and 1.96 of it; Laplace: 60 ln 20 = 180.
        assert price["error"] == pytest.approx(1.96 * 60, abs=2)
        assert client.post("/api/ask", json=question, headers=ada).status_code == 200
        assert world.explorer.engine.ledger.spent.rho == 1_250_000_000
