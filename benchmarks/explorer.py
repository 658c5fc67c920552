"""Fifty analysts ask the explorer for a minute, all at once: no error, and no budget overspent.

CONFIDE_DATA is not needed; the survey is made up.
python benchmarks/explorer.py [--analysts 50] [--seconds 60] [--people 20000] [--write]

`confide serve` runs in a process of its own, and the analysts in this one, on the same cores. Each asks
another question after each answer, as fast as answers come, half of them a price first. A part that is spent
is refused, and that is counted as it should be; any other status is an error.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import httpx
import numpy as np
import polars as pl
from page import bars, head, machine, publish, row

SCHEMA = """\
title = "Visits"
[columns.age]
low = 0
high = 100
step = 5
[columns.state]
values = ["a", "b", "c", "d", "e", "f", "g", "h"]
[columns.income]
low = 0
high = 100000
[columns.visited]
low = 2024-01-01
high = 2025-01-01
step = "month"
"""
QUESTIONS = (
    {"measure": "people", "by": ["age"]},
    {"measure": "rows", "by": ["state"]},
    {"measure": "mean", "of": "income", "by": ["state"]},
    {"measure": "people", "by": ["visited"]},
    {"measure": "people", "by": ["age", "state"]},
    {"measure": "rows", "only": [{"column": "age", "from": 18, "to": 65}]},
)
EPSILON, PRECISION = 6.0, 0.005
"""Of everything; of one question: at most 24 questions for each of 50 analysts."""


@dataclass(slots=True)
class Seen:
    """What the analysts saw.

    Args:
        statuses: how often each.
        seconds: of each answer that was granted.
        first: when a part was spent first, and how many answers were given by then.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    first: tuple[float, int] | None = None


def survey(folder: Path, people: int) -> None:
    """Three visits of each person."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(people), 3)
    days = rng.integers(0, 366, len(person))
    pl.DataFrame(
        {
            "user_id": person,
            "age": rng.integers(0, 100, people)[person],
            "state": np.array(list("abcdefgh"))[rng.integers(0, 8, people)][person],
            "income": (rng.random(people) * 90_000)[person],
            "visited": [date(2024, 1, 1) + timedelta(days=int(d)) for d in days],
        }
    ).write_parquet(folder / "people.parquet")
    (folder / "schema.toml").write_text(SCHEMA)


@contextmanager
def served(folder: Path, analysts: int) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server, and the tokens of everybody."""
    command = [
        sys.executable, "-u", "-c", "from confide.cli import main; main()", "serve",
        str(folder / "people.parquet"), "--unit", "user_id:3", "--budget", f"{EPSILON:g}", "--schema",
        str(folder / "schema.toml"), "--port", "0",
        *(part for i in range(analysts) for part in ("--analyst", f"a{i}:1/{analysts}")),
    ]  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(r"Open (\S+)/ in a browser", line):
                    break
            else:
                raise SystemExit(said + (folder / "log.txt").read_text())
            lines = (folder / "people.new-tokens").read_text().splitlines()
            yield found[1], dict(line.rsplit(" ", 1) for line in lines)
        finally:
            process.terminate()
            process.wait(60)


async def analyst(url: str, token: str, number: int, until: float, seen: Seen) -> None:
    """Ask until the time is over, also where the part is spent."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        asked = 0
        while time.perf_counter() < until:
            question = dict(QUESTIONS[(asked + number) % len(QUESTIONS)])
            # Another precision each time: the same question again would be free, and fast.
            question["precision"] = round(PRECISION + (asked * 50 + number) * 1e-6, 6)
            if asked % 2:
                price = await client.post("/api/price", json=question)
                if price.status_code != 200:
                    seen.statuses[price.status_code] += 1
            began = time.perf_counter()
            answer = await client.post("/api/ask", json=question)
            if answer.status_code == 200:
                seen.seconds.append(time.perf_counter() - began)
            seen.statuses[answer.status_code] += 1
            asked += 1
            if answer.status_code == 409:
                seen.first = seen.first or (time.perf_counter(), len(seen.seconds))
                await asyncio.sleep(0.5)


async def crowd(url: str, tokens: dict[str, str], seconds: float) -> tuple[Seen, float]:
    """Everybody at once; what they saw, and answers a second before the first part was spent."""
    seen, began = Seen(), time.perf_counter()
    names = [name for name in tokens if name.startswith("a")]
    await asyncio.gather(
        *(analyst(url, tokens[name], i, began + seconds, seen) for i, name in enumerate(names))
    )
    ended, answers = seen.first or (time.perf_counter(), len(seen.seconds))
    return seen, answers / (ended - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--analysts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        survey(folder, given.people)
        with served(folder, given.analysts) as (url, tokens):
            seen, pace = asyncio.run(crowd(url, tokens, given.seconds))
            owner = {"authorization": f"Bearer {tokens['owner (you)']}"}
            parts = httpx.get(f"{url}/api/analysts", headers=owner, timeout=60).json()
            history = httpx.get(f"{url}/api/history", headers=owner, timeout=60).json()
        about = resource.getrusage(resource.RUSAGE_CHILDREN)
        faults = (folder / "log.txt").read_text().count("fault ")
    granted, refused = seen.statuses[200], seen.statuses[409]
    errors = sum(seen.statuses.values()) - granted - refused
    spent = [float(part["spent"].removeprefix("epsilon ")) for part in parts]
    charged = sum(entry["kind"] == "charged" for entry in history)
    p50, p99 = np.quantile(seen.seconds, [0.5, 0.99])
    lines = [
        "# Analysts at once",
        "",
        machine(),
        "",
        f"{given.analysts} analysts for {given.seconds:g} s, {given.people:,} people with three visits each; "
        "server and analysts on one core, which others use too. Answers/s are those before the first part "
        "was spent.",
        "",
        *head("answers", "answers/s", "half within, s", "99 % within, s",
            "CPU of the server, ms an answer", "refused",
            "errors", "spent of all"),
        row(
            f"{granted:,}", f"{pace:.0f}", f"{p50:.2f}", f"{p99:.2f}",
            f"{1000 * (about.ru_utime + about.ru_stime) / max(1, granted):.0f}", refused, errors,
            f"{sum(spent):.4f} of {EPSILON:g}",
        ),
        "",
        *bars(
            [
                ("no error", errors == 0 and faults == 0),
                ("no part overspent", all(s <= EPSILON / given.analysts + 1e-9 for s in spent)),
                ("every answer has its charge", charged == granted),
            ]
        ),
    ]  # fmt: skip
    publish(lines, "explorer", write=given.write)


if __name__ == "__main__":
    main()
