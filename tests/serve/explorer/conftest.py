"""A small made-up survey, its public schema, and an explorer of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opendp")

import httpx

from confide.core.budget import Budget, Unit
from confide.serve.explorer.app import application
from confide.serve.explorer.explorer import Explorer
from confide.serve.explorer.private_session import open_engine
from confide.serve.explorer.questions import Asking
from confide.serve.explorer.reading import read_schema
from confide.serve.explorer.tokens import OWNER, Tokens, Visitor

SCHEMA = """\
title = "Visits to clinics"
description = "A made-up survey."

[columns.age]
label = "Age"
unit = "years"
low = 0
high = 100
step = 20

[columns.state]
label = "Region"
values = ["north", "south", "west"]
missing = true

[columns.income]
label = "Income"
unit = "euros"
low = 0
high = 100000

[columns.visited]
label = "Day of the visit"
low = 2024-01-15
high = 2024-06-01
step = "month"

[columns.lat]
low = 50
high = 52
step = 0.5

[columns.lon]
low = 8
high = 10
step = 0.5

[maps.home]
label = "where they live"
lat = "lat"
lon = "lon"
"""
PEOPLE = 400
BASE = "http://127.0.0.1"


@dataclass(slots=True)
class Clock:
    """Seconds that move when they are moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Browser:
    """A browser that asks an application in this process, one request after the other."""

    def __init__(self, app: Any, base: str) -> None:
        self.loop = asyncio.Runner()
        # Only what the application says is looked at, so that an error in it must be said by it too.
        there = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=there, base_url=base)

    def get(self, url: str, **how: Any) -> httpx.Response:
        return self.loop.run(self.client.get(url, **how))

    def post(self, url: str, **how: Any) -> httpx.Response:
        return self.loop.run(self.client.post(url, **how))

    def delete(self, url: str, **how: Any) -> httpx.Response:
        return self.loop.run(self.client.delete(url, **how))

    @property
    def cookies(self) -> httpx.Cookies:
        return self.client.cookies

    def close(self) -> None:
        self.loop.run(self.client.aclose())
        self.loop.close()


@dataclass(slots=True)
class World:
    """An explorer with everything that a test needs to come in."""

    explorer: Explorer
    clock: Clock
    tokens: dict[str, str]
    rows: pl.DataFrame
    clients: list[Browser] = field(default_factory=list)

    def client(self, name: str | None = None, *, secure: bool = False) -> Browser:
        """A browser of somebody; of nobody who is logged in without a name."""
        app = application(self.explorer, hosts=("127.0.0.1",), secure=secure)
        made = Browser(app, BASE.replace("http", "https") if secure else BASE)
        self.clients.append(made)
        if name is not None:
            assert made.post("/login", data={"token": self.tokens[name]}).status_code == 303
        return made

    def bearer(self, name: str) -> dict[str, str]:
        """The header of a program of somebody."""
        return {"authorization": f"Bearer {self.tokens[name]}"}


def rows_of(people: int) -> pl.DataFrame:
    """Three visits of each person."""
    rng = np.random.default_rng(11)
    person = np.repeat(np.arange(people), 3)
    days = rng.integers(0, 150, len(person))
    return pl.DataFrame(
        {
            "user_id": person,
            "age": rng.integers(0, 100, people)[person],
            "state": np.array(["north", "south", "west", "secretplace"])[rng.integers(0, 4, people)][person],
            "income": (rng.random(people) * 90_000)[person].round(2),
            "visited": [date(2024, 1, 10) + timedelta(days=int(d)) for d in days],
            "lat": 50 + 2 * rng.random(people)[person],
            "lon": 8 + 2 * rng.random(people)[person],
        }
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An explorer of two analysts with a quarter of epsilon 1 each."""
    yield from world_in(tmp_path, Budget(1.0), {"ada": 0.25, "ben": 0.25})


def world_in(folder: Path, budget: Budget, parts: dict[str, float]) -> Iterator[World]:
    """An explorer in a folder."""
    rows, file = rows_of(PEOPLE), folder / "schema.toml"
    rows.write_parquet(folder / "people.parquet")
    file.write_text(SCHEMA, encoding="utf-8")
    schema = read_schema(file)
    engine = open_engine(
        folder / "people.parquet",
        schema,
        schema_file=file,
        unit=Unit.person("user_id", at_most=3),
        budget=budget,
        ledger=f"sqlite:///{folder / 'people.ledger'}",
        parts=parts,
    )
    clock = Clock()
    asking = Asking(schema, engine.table, "user_id", engine.bins)
    explorer = Explorer(engine=engine, schema=schema, asking=asking, tokens=Tokens(None), clock=clock)
    tokens = {name: explorer.tokens.new(Visitor(name, "analyst")) for name in parts}
    tokens[OWNER] = explorer.tokens.new(Visitor(OWNER, "owner"))
    made = World(explorer, clock, tokens, rows)
    yield made
    for client in made.clients:
        client.close()
    engine.close()


@pytest.fixture
def form_of() -> Callable[[str], str]:
    """What the forms of a page carry."""

    def found(page: str) -> str:
        match = re.search(r'name="form" value="([^"]+)"', page)
        assert match, page
        return match[1]

    return found
