"""The pages, asked without script: every button is a plain form."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable

import pytest
from tests.serve.explorer.conftest import Browser, World


def ask(client: Browser, form: str, **fields: object):
    """Fill in the form of a question and send it."""
    sent = {"form": form, "measure": "people", "by": "", "then": "", "precision": "10", **fields}
    return client.post("/ask", data=sent)


def test_nobody_sees_more_than_the_login(world: World) -> None:
    client = world.client()
    assert "Enter with your token" in client.get("/").text
    answer = "/answers/0123456789abcdef"
    for path in (answer, f"{answer}/csv", "/owner", "/owner/history.csv"):
        assert client.get(path).status_code == 303
    for path in ("/ask", "/price", "/owner/revoke", "/owner/admit"):
        assert client.post(path, data={"form": "x"}).status_code == 303


def test_a_wrong_token_opens_nothing(world: World) -> None:
    client = world.client()
    answer = client.post("/login", data={"token": "wrong"})
    assert answer.status_code == 401 and "opens nothing" in answer.text and not answer.cookies
    # Twenty at once, and then one each two seconds.
    statuses = [client.post("/login", data={"token": "wrong"}).status_code for _ in range(20)]
    assert statuses == [401] * 19 + [429]
    world.clock.now += 2
    assert client.post("/login", data={"token": "wrong"}).status_code == 401
    # Somebody with a token is not locked out by those without.
    assert client.post("/login", data={"token": world.tokens["ada"]}).status_code == 303


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_of_this_host_alone(world: World, secure: bool) -> None:
    client = world.client(secure=secure)
    said = client.post("/login", data={"token": world.tokens["ada"]}).headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=strict" in said and "Path=/" in said
    assert ("Secure" in said and said.startswith("__Host-")) is secure
    assert world.tokens["ada"] not in said


def test_an_error_is_asked_for_in_place_of_the_slider(world: World, form_of: Callable[[str], str]) -> None:
    client = world.client("ada")
    form = form_of(client.get("/").text)
    shown = client.post("/price", data={"form": form, "measure": "people", "precision": "1", "within": "80"})
    # One in 20 of Laplace noise of scale 1 / epsilon is beyond 80 at ln 20 / 80 = 0.037.
    assert "<dd>0.037" in shown.text and 'value="80"' in shown.text
    for wrong, said in (("x", "no error to be borne"), ("-1", "no error to be borne"), ("nan", "no error")):
        sent = client.post(
            "/price", data={"form": form, "measure": "people", "precision": "1", "within": wrong}
        )
        assert said in sent.text


def test_an_answer_has_a_chart_numbers_and_a_csv(world: World, form_of: Callable[[str], str]) -> None:
    client = world.client("ada")
    page = client.get("/")
    sent = ask(client, form_of(page.text), by="age")
    assert sent.status_code == 303
    where = sent.headers["location"].partition("#")[0]
    shown = client.get(where)
    assert shown.status_code == 200 and shown.text.count("<svg") == 2 and "People by Age" in shown.text
    rows = list(csv.reader(io.StringIO(client.get(f"{where}/csv").text)))
    assert rows[0] == ["Age", "value", "low_privacy", "high_privacy", "low_sampling", "high_sampling"]
    assert [row[0] for row in rows[1:]] == ["0 to 20", "20 to 40", "40 to 60", "60 to 80", "80 to 100"]
    for row in rows[1:]:
        value, low, high, wider, widest = map(float, row[1:])
        # An interval for the noise alone ends on whole numbers.
        assert wider - 1 <= low < value < high <= widest + 1
    assert client.get(f"{where}/svg").headers["content-type"].startswith("image/svg+xml")
    # Nobody else was given it.
    assert world.client("ben").get(where).status_code == 404


def test_the_price_comes_before_the_question(world: World, form_of: Callable[[str], str]) -> None:
    client = world.client("ada")
    form = form_of(client.get("/").text)
    before = len(world.explorer.history())
    sent = {"form": form, "measure": "people", "by": "state", "then": "", "precision": "12"}
    page = client.post("/price", data=sent)
    assert page.status_code == 200 and "What an adversary can gain at most" in page.text
    assert "<html" in page.text and '<option value="state" selected>' in page.text
    part = client.post("/price", data=sent, headers={"hx-request": "true"})
    assert "What an adversary can gain at most" in part.text and "<html" not in part.text
    assert len(world.explorer.history()) == before


def test_the_same_question_again_is_free(world: World, form_of: Callable[[str], str]) -> None:
    client, other = world.client("ada"), world.client("ben")
    form = form_of(client.get("/").text)
    ask(client, form)
    left = world.explorer.left("ada")
    again = ask(client, form)
    assert world.explorer.left("ada") == left < 1
    mine = client.get(again.headers["location"])
    free = ask(other, form_of(other.get("/").text))
    assert world.explorer.left("ben") == 1
    assert "cost nothing" in other.get(free.headers["location"]).text and "Cost: epsilon" in mine.text


def test_a_spent_part_is_refused_with_what_is_left(world: World, form_of: Callable[[str], str]) -> None:
    client = world.client("ada")
    form = form_of(client.get("/").text)
    most = str(len(world.explorer.precisions) - 1)
    assert ask(client, form, precision=most).status_code == 303
    refused = ask(client, form, precision=most, by="age")
    assert refused.status_code == 409 and "ada has" in refused.text
    # The slider's dearest question takes all but what no step pays for.
    priced = client.post(
        "/price", data={"form": form, "measure": "people", "by": "age", "then": "", "precision": most}
    )
    assert "More than you have left" in priced.text
    assert world.explorer.engine.ledger.spent == world.explorer.parts()["ada"].spent
    assert ask(world.client("ben"), form_of(world.client("ben").get("/").text)).status_code == 403


def test_a_form_of_another_site_is_refused(world: World) -> None:
    client = world.client("ada")
    for path in ("/ask", "/price", "/logout"):
        assert client.post(path, data={"form": "guessed"}).status_code == 403
    assert len(world.explorer.history()) == 3  # opened, and two admitted


def test_the_owner_admits_and_revokes(world: World, form_of: Callable[[str], str]) -> None:
    owner, ben = world.client("owner"), world.client("ben")
    form = form_of(owner.get("/owner").text)
    page = owner.post("/owner/admit", data={"form": form, "name": "cleo", "share": "0.5"}).text
    token = page.partition("<code>")[2].partition("</code>")[0]
    cleo = world.client()
    assert cleo.post("/login", data={"token": token}).status_code == 303
    assert token not in owner.get("/owner").text
    assert owner.post("/owner/revoke", data={"form": form, "name": "ben"}).status_code == 200
    assert ben.get("/answers/0123456789abcdef").status_code == 303
    assert world.client().post("/login", data={"token": world.tokens["ben"]}).status_code == 401
    # The part of somebody who was revoked is given to nobody else.
    assert owner.post("/owner/admit", data={"form": form, "name": "dan", "share": "0.25"}).status_code == 409
    assert (
        cleo.get("/owner").status_code == 403 and owner.post("/ask", data={"form": form}).status_code == 403
    )
    lines = owner.get("/owner/history.csv").text.splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["opened", *["admitted"] * 3, "revoked"]


def test_a_new_token_ends_the_old_one(world: World, form_of: Callable[[str], str]) -> None:
    owner, ada = world.client("owner"), world.client("ada")
    form = form_of(owner.get("/owner").text)
    assert owner.post("/owner/token", data={"form": form, "name": "ada"}).status_code == 200
    assert "Enter with your token" in ada.get("/").text
    assert world.client().post("/login", data={"token": world.tokens["ada"]}).status_code == 401


def test_a_visit_ends_when_nobody_comes(world: World) -> None:
    client = world.client("ada")
    world.clock.now += 7 * 3600
    assert "Your part of the budget" in client.get("/").text
    world.clock.now += 8 * 3600 + 1
    assert "Enter with your token" in client.get("/").text


def test_the_policy_allows_nothing_from_outside(world: World) -> None:
    client = world.client("ada")
    for path in ("/", "/static/htmx.min.js", "/nowhere", "/api/schema"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    page = client.get("/").text
    assert "<style" not in page and "style=" not in page and "onclick" not in page and "http://" not in page
    assert page.count("<script") == page.count('<script src="/static/') == 1


def test_too_much_at_once_is_refused(world: World) -> None:
    client = world.client("ada")
    assert client.post("/ask", content=b"x" * 70_000).status_code == 413
    assert client.post("/ask", data={"form": "x", **{f"f{i}": "" for i in range(2_000)}}).status_code == 422
    # Sixty at once were granted, and then ten a second; the login, a page and two forms are among them.
    missing = "/answers/0123456789abcdef"
    statuses = [client.get(missing).status_code for _ in range(70)]
    assert statuses.count(404) in range(50, 60) and statuses[-1] == 429
    world.clock.now += 1
    assert client.get(missing).status_code == 404


def test_another_name_of_this_machine_is_refused(world: World) -> None:
    client = world.client()
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/", headers={"host": "127.0.0.1:8000"}).status_code == 200


def test_nothing_secret_is_logged(
    world: World, form_of: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="confide.serve"):
        client = world.client("ada")
        form = form_of(client.get("/").text)
        ask(client, form, **{"is.state": "1"})
        client.get("/nowhere?token=" + world.tokens["ada"])
    said = caplog.text
    assert "POST /ask 303 ada" in said
    for secret in (world.tokens["ada"], form, "south", *client.cookies.values()):
        assert secret not in said
