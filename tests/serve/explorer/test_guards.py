"""Guards: nothing of an error gets past them, neither into an answer nor into the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from confide.serve.explorer.guards import LARGEST, Guards

ROW = "row 17: Jane Doe, hiv positive"


async def broken(scope, receive, send) -> None:
    """An application that fails in the middle of somebody's row."""
    raise ValueError(ROW)


async def half(scope, receive, send) -> None:
    """An application that fails after it began to answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError(ROW)


async def echo(scope, receive, send) -> None:
    """An application that counts the bytes of a request."""
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


def asked(app, path: str = "/", **how) -> httpx.Response:
    async def ask() -> httpx.Response:
        there = httpx.ASGITransport(Guards(app, ("127.0.0.1",), secure=True), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=there, base_url="http://127.0.0.1") as client:
            return await client.post(path, **how)

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/ask", "/api/ask"])
def test_an_error_says_nothing_of_a_row(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="confide.serve"):
        answer = asked(broken, path, content=b"x")
    assert "Jane" not in answer.text and "Jane" not in caplog.text
    assert "fault ValueError at test_guards.py:" in caplog.text
    assert answer.status_code == 500 and "fault of ours" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["strict-transport-security"]


def test_an_error_in_the_middle_of_an_answer_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"127.0.0.1")]}
    with caplog.at_level(logging.INFO, logger="confide.serve"):
        asyncio.run(Guards(half, ("127.0.0.1",), secure=False)(scope, receive, send))
    # A second start would be no answer that a server can send.
    assert [m["type"] for m in sent] == ["http.response.start"] and "Jane" not in caplog.text


@pytest.mark.parametrize("size, status", [(LARGEST, 200), (LARGEST + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_size_of_a_request_is_bounded(size: int, status: int, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1000):
            yield b"x" * min(1000, size - start)

    answer = asked(echo, content=pieces() if chunked else b"x" * size)
    assert answer.status_code == status and (status != 200 or answer.text == str(size))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.2", "[::1]"])
def test_only_our_names_are_answered(host: str) -> None:
    assert asked(echo, headers={"host": host}).status_code == 421


def test_a_form_of_another_page_is_refused() -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert asked(echo, headers={"sec-fetch-site": site}).status_code == status


def test_without_names_any_address_is_answered_and_no_name() -> None:
    guards = Guards(echo, (), secure=False)
    assert guards._is_ours("10.0.0.7:8000") and guards._is_ours("[fe80::1]:80") and guards._is_ours("[::1]")
    assert not guards._is_ours("rebound.example:8000") and not guards._is_ours("")


def test_a_log_has_no_lines_of_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="confide.serve"):
        asked(echo, "/a%0Aforged line?token=secret", content=b"x")
    assert len(caplog.records) == 1 and "secret" not in caplog.text
    assert "\n" not in caplog.records[0].getMessage()
