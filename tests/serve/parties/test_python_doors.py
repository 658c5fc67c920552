"""`confide.join` and `confide.match`: what a user types in Python, in a notebook too."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
import time
from concurrent.futures import Future
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest
from tests.cli.join_desk import FORK, NAMES, Desk, ended, records
from tests.serve.parties.three import ports

import confide
from confide.core.errors import DataError
from confide.releases.join.settings import JoinSettings
from confide.releases.match.settings import MatchSettings
from confide.serve.parties.running import finished


@pytest.mark.parametrize(("door", "record"), [("join", JoinSettings), ("match", MatchSettings)])
def test_arguments_are_those_of_the_command(door: str, record: type) -> None:
    given = dict(inspect.signature(getattr(confide, door)).parameters)
    assert given.pop("tell").default is print
    assert set(given) == {field.name for field in fields(record)}
    for name, of_record in inspect.signature(record).parameters.items():
        default = of_record.default
        assert given[name].default == (str(default) if isinstance(default, Path) else default), name


@pytest.mark.parametrize(("door", "more", "extra"), [("join", {}, "share"), ("match", {"id": "i"}, "match")])
def test_without_its_extra_it_is_named(
    door: str, more: dict[str, str], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("confide.inputs.local_training.find_spec", lambda _: None)
    with pytest.raises(DataError, match=rf"pip install 'confide\[{extra}\]'"):
        getattr(confide, door)("no.toml", party="a", data="d.csv", keys="k", **more)


def test_an_interrupted_cell_cancels_what_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def cell() -> None:
        finished(work)

    real, calls = Future.result, list[object]()

    def pressed_once(future: Future[object], timeout: float | None = None) -> object:
        calls.append(future)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(future, timeout)

    began, before = time.monotonic(), threading.active_count()
    monkeypatch.setattr(Future, "result", pressed_once)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(cell())
    assert ends == ["cancelled"] and time.monotonic() - began < 30
    assert threading.active_count() == before


def test_three_notebooks_learn_the_mean_and_once_more(tmp_path: Path) -> None:
    pytest.importorskip("mpyc")
    desk = Desk(tmp_path)
    desk.plan()
    running = [FORK.Process(target=_joins, args=(tmp_path, name)) for name in NAMES]
    for process in running:
        process.start()
    assert [ended(process) for process in running] == [0, 0, 0]
    want = pl.concat([records(name) for name in NAMES])
    for name in NAMES:
        for line in json.loads((tmp_path / f"{name}.json").read_text())["result"]:
            assert line["mean"] == pytest.approx(want[line["column"]].mean(), abs=1e-13)


def _joins(folder: Path, name: str) -> None:
    """Two cells of a party's notebook."""
    given = {"data": folder / f"{name}.parquet", "keys": folder / "keys", "out": folder / f"{name}.json"}

    async def cell(force: bool) -> None:
        told: list[str] = []
        done = confide.join(folder / "plan.toml", party=name, force=force, tell=told.append, **given)
        assert done.file == given["out"] and told[0].startswith("What must be believed")

    for force in (False, True):
        asyncio.run(cell(force))


def test_two_notebooks_match(tmp_path: Path) -> None:
    pytest.importorskip("private_set_intersection")
    from confide.serve.parties.keys import make_keys

    hosts = [f"127.0.0.1:{port}" for port in ports(2)]
    addresses = make_keys(tmp_path / "keys", ("bank", "shop"), hosts=hosts)
    top = 'name = "m"\nlearns = ["bank"]\nreveal = "size"\nmost = 50\nfewest = 1\nkeys = "keys/keys.toml"\n'
    lines = "".join(f'{name} = "{address}"\n' for name, address in addresses.items())
    (tmp_path / "plan.toml").write_text(f"{top}[parties]\n{lines}")
    for name, first in (("bank", 0), ("shop", 7)):
        pl.DataFrame({"id": [f"p{k}" for k in range(first, first + 10)]}).write_csv(tmp_path / f"{name}.csv")
    running = [FORK.Process(target=_matches, args=(tmp_path, name)) for name in addresses]
    for process in running:
        process.start()
    assert [ended(process) for process in running] == [0, 0]
    assert json.loads((tmp_path / "size.json").read_text())["size"] == 3


def _matches(folder: Path, name: str) -> None:
    out = folder / "size.json" if name == "bank" else None

    async def cell() -> None:
        given = {"data": folder / f"{name}.csv", "id": "id", "keys": folder / "keys", "out": out}
        done = confide.match(folder / "plan.toml", party=name, tell=lambda _: None, **given)
        assert done.file == out and "3" not in repr(done).replace(str(folder), "")

    asyncio.run(cell())
