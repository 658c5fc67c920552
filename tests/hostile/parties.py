"""Wrong texts at the commands of several parties, and wrong values of every key of their plans.

A command whose text is right after all would wait for others or serve: here nobody is waited for, and a
server ends as soon as it listens. A refusal must name the option or the key, or show what was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, Never
from unittest.mock import patch

import click
import numpy as np
import polars as pl
from safetensors.numpy import save_file
from tests.releases.outsourcing.plans import write_plan
from tests.serve.evaluator.served import BOUND, OFFSET, WEIGHTS, certify, running

from confide.cli import collaborate, join, match, outsource
from confide.cli.advise import command as advise
from confide.core.errors import ConfideError
from confide.core.version import VERSION
from confide.releases.outsourcing.key_files import make_keys as client_keys
from confide.releases.outsourcing.reading import read_arithmetic
from confide.serve.flower.keys import make_keys as machine_keys
from confide.serve.parties.keys import make_keys

from .desk import Tried, inputs_of
from .kinds import Kind
from .typed import TYPED, run

TEXTS = (*TYPED, "127.0.0.1:0", "https://localhost", "a,b", "a,a,a", "1,2", "10s", "1e999s", "plan.toml")
"""Also such as these commands take, at the wrong place."""
NOBODY = "nobody is waited for here."
AT_THE_END = (NOBODY, "Flower is not installed")
"""Refusals of commands with nothing wrong."""
Table = dict[str, Any]

ODD: tuple[tuple[str, Any], ...] = (
    ("nothing", None), ("empty", ""), ("blank", " "), ("-1", -1), ("0", 0), ("-0.5", -0.5),
    ("nan", float("nan")), ("inf", float("inf")), ("1e308", 1e308), ("2^63", 2**63), ("10^400", 10**400),
    ("true", True), ("an empty list", []), ("a mixed list", [1, "a", True]), ("nested lists", [[1, 2], [3]]),
    ("a huge end", [0, 10**400]),
    ("two names", ["a", "a"]), ("an empty table", {}), ("a table", {"a": {"b": 1}}),
    ("a long text", "x" * 5_000), ("signs that act", "a\x1b[2J\n"), ("other script", "\u202eabc ²"),
    ("a folder", "."), ("a device", "/dev/null"), ("no file", "no/such/file.csv"), ("a span", "10s"),
    ("a long span", "9" * 30 + "s"), ("an address", "host:99999"), ("a number in text", "1e-3"),
)  # fmt: skip
"""Values of keys that hardly any takes; None takes the key out."""


def toml(value: object) -> str:
    """A value in TOML."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return repr(value)  # nan and inf are TOML too
        case str():
            return json.dumps(value)
        case dict():
            return "{ " + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return str(value)


def toml_file(said: Table) -> str:
    """A plan in TOML: each table inline."""
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in said.items())


def changed(said: Table, keys: Sequence[str]) -> Iterator[tuple[str, str, Any, Table]]:
    """The plan with each of these keys changed to each odd value, or an unknown one."""
    for path in (*(path for path in _paths(said) if path[0] in keys), ("unknown",)):
        for name, value in (("no", "no"), *ODD[1:]) if path == ("unknown",) else ODD:
            copy: Any = deepcopy(said)
            place = copy
            for step in path[:-1]:
                place = place[step]
            if value is None:
                place.pop(path[-1], None)
            else:
                place[path[-1]] = value
            yield ".".join(path), name, value, copy


def _within(value: object) -> list[str]:
    """What a refusal of a list or a table may name in place of its key."""
    return [str(one)[:20] for one in value] if isinstance(value, list | dict) else []


def _paths(said: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in said.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from _paths(value, (*before, key))


class UnnamedError(Exception):
    """A refusal that does not say what it refuses."""


def naming(words: Sequence[str], said: Sequence[str]) -> object:
    """A command; a refusal must hold one of these.

    Raises:
        UnnamedError: if it holds none.
    """
    try:
        return run(list(words))
    except ConfideError as error:
        if not any(end in str(error) for end in AT_THE_END) and not any(
            one.casefold() in str(error).casefold() for one in said
        ):
            raise UnnamedError(f"{said[0]} is not named: {error}") from error
        raise


def with_plan(file: Path, text: str, words: Sequence[str], said: Sequence[str]) -> object:
    """A command with this plan in its file, which gets its text back then."""
    before = file.read_bytes()
    try:
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        return naming(words, said)
    finally:
        file.write_bytes(before)


# The desk: one folder with everything that right commands name.

PARTIES = ("a", "b", "c")
JOIN: Table = {
    "run": "r", "computation": "ridge", "rows": 60, "split": "rows", "target": "y", "inside": False,
    "threshold": 1, "helpers": ["c"], "keys": "keys/keys.toml", "settings": {"penalty": 1.0},
    "budget": {"epsilon": 1.0, "delta": 1e-6}, "columns": {"x": [-4, 4], "y": [-4, 4]},
    "deadlines": {"arrival": "1s", "silence": "1s", "run": "5s"},
}  # fmt: skip
MATCH: Table = {
    "name": "m", "learns": ["d"], "reveal": "ids", "steps": ["strip", "casefold"], "most": 100, "fewest": 1,
    "times": 1_000, "form": "golomb", "false_rate": 1e-6, "keys": "pair/keys.toml",
    "deadlines": {"arrival": "1s", "silence": "1s", "run": "5s"},
}  # fmt: skip
STATISTICS: Table = {
    "run": "r", "reveal": "statistics", "computation": "ols", "rows": 60, "target": "y", "helpers": ["b"],
    "keys": "keys/keys.toml", "columns": {"x": [-4, 4], "y": [-4, 4]}, "owners": {"a": ["x"], "c": ["y"]},
    "match": {"steps": ["strip"], "fewest": 10, "times": 1_000},
    "deadlines": {"arrival": "1s", "silence": "1s", "run": "5s"},
}  # fmt: skip
TRAIN: Table = {
    "rounds": 1, "label": "y", "schema": "schema.toml", "test": "p.csv", "public": "public.csv", "cohort": 2,
    "parties": dict.fromkeys(("one", "two", "three", "four"), "p.csv"), "learner": {"model": "softmax"},
    "student": {"model": "logistic", "rate": 0.5, "epochs": 1, "batch": 20},
    "deadlines": {"round": "10s", "run": "1min"},
}  # fmt: skip
EXCHANGES: dict[str, Table] = {
    "cronus": {"protocol": {"name": "cronus", "mean": {"name": "krum", "poisoned": 0}}, "rounds": 1},
    "votes": {"protocol": {"name": "votes"}, "budget": {"epsilon": 8.0, "delta": 0.01}},
    "pate": {
        "protocol": {"name": "pate", "teachers": 2, "threshold": 2, "queries": 5, "answers": 5, "check": 0.1},
        "budget": {"epsilon": 8.0, "delta": 0.001, "ledger": "l.ledger", "whole": "9,0.01", "analyst": "me"},
    },
}
"""A plan of each exchange."""
SECURE: Table = {name: value for name, value in TRAIN.items() if name not in ("public", "student")} | {
    "learner": {"model": "mlp", "hidden": [4], "rate": 0.5, "epochs": 1, "batch": 20},
    "protocol": {"name": "dp-fedavg", "clip": 0.5, "sample": 1.0},
    "budget": {"epsilon": 8.0, "delta": 0.01},
    "secure": {"threshold": 3, "colluding": 0, "limit": 100.0},
}
"""A plan with noise, and a secure sum."""
MACHINES: Table = {"address": "localhost:9", "version": VERSION, "keys": "machines/keys.toml"}


def furnish(here: Path) -> None:
    """Keys, plans and records."""
    addresses = make_keys(here / "keys", PARTIES, hosts=[f"127.0.0.1:{7_100 + k}" for k in range(3)])
    JOIN["parties"], STATISTICS["parties"] = dict(addresses), dict(addresses)
    (here / "plan.toml").write_text(toml_file(JOIN))
    (here / "plain.toml").write_text(toml_file({k: v for k, v in JOIN.items() if k != "budget"}))
    MATCH["parties"] = dict(make_keys(here / "pair", ("d", "e"), hosts=["127.0.0.1:7111", "127.0.0.1:7112"]))
    (here / "match.toml").write_text(toml_file(MATCH))
    rng = np.random.default_rng(6)
    pl.DataFrame({"x": rng.uniform(-4, 4, 40), "y": rng.uniform(-4, 4, 40)}).write_csv(here / "xy.csv")
    people = pl.DataFrame({"email": [f"m{k}@x.org" for k in range(30)]})
    people.write_csv(here / "list.csv")
    people.with_columns(x=rng.uniform(-4, 4, 30)).write_csv(here / "both.csv")
    machine_keys(here / "machines", ("one", "two", "three", "four"), hosts=["localhost"], days=9)
    frame = pl.DataFrame({"x": rng.uniform(-1, 1, 40), "y": ["u", "v"] * 20})
    frame.write_csv(here / "p.csv")
    frame.drop("y").write_csv(here / "public.csv")
    (here / "schema.toml").write_text('[columns.x]\nlow = -1\nhigh = 1\n[columns.y]\nvalues = ["u", "v"]\n')
    (here / "machines.toml").write_text(toml_file(SECURE | {"deployed": MACHINES}))
    certify(here)
    save_file({"weight": WEIGHTS, "bias": OFFSET}, here / "net.safetensors", metadata={"link": "sigmoid"})
    made = write_plan(read_arithmetic(here / "net.safetensors"), here / "plan.json", bound=BOUND)
    client_keys(made, here / "client")
    pl.DataFrame(rng.uniform(-1, 1, (20, 2)), schema=["age", "income"]).write_csv(here / "rows.csv")


def commands(server: str) -> Iterator[tuple[str, click.Command, list[str], list[str]]]:
    """Each command: its name, itself, what stands at its place, and its right options."""
    mine = ["--party", "a", "--data", "xy.csv", "--keys", "keys", "--out", "o.json"]
    theirs = ["--party", "d", "--data", "list.csv", "--id", "email", "--keys", "pair", "--out", "o.csv"]
    ledger = ["--ledger", "sqlite:///l.ledger", "--budget", "9,0.01"]
    yield "join", join.command(), ["plan.toml"], [*mine, *ledger]
    yield "join keys", join.DOORS["keys"](), ["new"], ["--parties", "a,b,c"]
    yield "match", match.command(), ["match.toml"], theirs
    yield "match keys", match.DOORS["keys"](), ["new"], ["--parties", "d,e"]
    held = [
        "--model",
        "net.safetensors",
        "--rows",
        "10",
        "--bound",
        "2",
        "--columns",
        "age,income",
        "--out",
        "p.json",
    ]
    yield "outsource plan", outsource.DOORS["plan"](), [], held
    yield "outsource keys", outsource.DOORS["keys"](), ["plan.json"], ["--out", "new"]
    served = ["--model", "net.safetensors", "--kit", "client/kit", "--tls", "cert.pem,key.pem", "--port", "0"]
    yield "outsource serve", outsource.DOORS["serve"](), ["plan.json"], served
    given = ["--keys", "client", "--data", "rows.csv", "--out", "o.csv", "--ca", "cert.pem", "--wait", "1s"]
    yield "outsource ask", outsource.DOORS["ask"](), [server], given
    yield "advise", advise(), [], ["--want", "scores", "--model", "another", "--features", "9"]
    yield "collaborate keys", collaborate.DOORS["keys"](), ["new"], ["--nodes", "one,two"]
    one = ["--party", "one", "--keys", "machines"]
    yield "collaborate check", collaborate.DOORS["check"](), ["machines.toml"], [*one, "--offline"]
    yield "collaborate start", collaborate.DOORS["start"](), ["machines.toml"], [*one, "--wait", "1s"]
    yield "collaborate resume", collaborate.DOORS["resume"](), ["machines.toml"], [*one, "--wait", "1s"]


@contextmanager
def alone(here: Path) -> Iterator[str]:
    """Nobody is waited for, and one server, whose address this is, answers."""

    async def nobody(*_: object, **__: object) -> Never:
        raise ConfideError(NOBODY)

    def listened(_: object, sockets: object = None) -> None:
        assert sockets

    with ExitStack() as held:
        server = held.enter_context(running(here))
        held.enter_context(patch("confide.serve.parties.session.connected", nobody))
        held.enter_context(patch("confide.serve.parties.matching.connected", nobody))
        held.enter_context(patch("uvicorn.Server.run", listened))
        yield server


def options(here: Path) -> Iterator[Tried]:
    """Each option, and each place, of each command with each text."""
    furnish(here)
    with alone(here) as server:
        for name, command, places, right in commands(server):
            words = name.split()
            for option in command.params:
                if not isinstance(option, click.Option):
                    what = str(option.name)
                    calls = [(text, [*words, text, *right]) for text in TEXTS]
                else:
                    what = option.opts[0]
                    calls = [(text, [*words, *places, *right, what, text]) for text in TEXTS]
                for k, (text, call) in enumerate(calls):
                    said = (what.strip("-"), *parts_of(text))
                    yield Tried(f"{name} {what}", f"{text!r:.30} ({k})", partial(naming, call, said))


def parts_of(text: str) -> list[str]:
    """How a refusal may show a text: cut, escaped, as a path, or one of its parts."""
    if not text.strip():
        return [""]  # however it likes
    whole = [text, repr(text)[1:-1], Path(text).name if "\0" not in text else ""]
    return [part[:20] for part in (*whole, *text.split(",")) if part.strip()] + ["argument", "option"]


def plans(here: Path) -> Iterator[Tried]:
    """Each key of each plan with each value."""
    furnish(here)
    data = [
        "--data",
        "xy.csv",
        "--keys",
        "keys",
        "--out",
        "o.json",
        "--ledger",
        "l.ledger",
        "--budget",
        "9,0.01",
    ]
    told = ["--data", "list.csv", "--id", "email", "--keys", "pair", "--out", "o.csv"]
    made = json.loads((here / "plan.json").read_text())
    checked = ("collaborate", "check", "machines.toml", "--party", "one", "--keys", "machines", "--offline")
    each: list[tuple[str, Table, Sequence[str], Sequence[str]]] = [
        # File, plan, command, and which of its keys: what plans of collaborations share is tried once.
        ("plan.toml", JOIN, ("join", "plan.toml", "--party", "a", "--out", "o.json", *data), tuple(JOIN)),
        ("match.toml", MATCH, ("match", "match.toml", "--party", "d", *told), tuple(MATCH)),
        (
            "both.toml", STATISTICS,
            ("match", "both.toml", "--party", "a", "--data", "both.csv", *told[2:4], "--keys", "keys"),
            ("reveal", "helpers", "owners", "match"),
        ),
        ("plan.json", made, ("outsource", "keys", "plan.json", "--out", "new"), tuple(made)),
        ("machines.toml", SECURE | {"deployed": MACHINES}, checked, ("deployed",)),
    ]  # fmt: skip
    own = {"secure": tuple(SECURE)} | dict.fromkeys(EXCHANGES, ("public", "student", "protocol", "budget"))
    for name, plan in (("secure", SECURE), *((name, TRAIN | more) for name, more in EXCHANGES.items())):
        simulated = ("collaborate", f"{name}.toml", "--simulate", "--rehearse", "1", "--out", "o.npz")
        each.append((f"{name}.toml", plan, simulated, own[name]))
    with alone(here):
        for file, plan, words, keys in each:
            written = json.dumps if file.endswith(".json") else toml_file
            (here / file).write_text(written(plan))
            for key, name, value, odd in changed(plan, keys):
                shown = parts_of(value) if isinstance(value, str) else _within(value)
                said = [*key.split("."), *shown, "--ledger"]  # that a plan does without it is said so
                call = partial(with_plan, here / file, written(odd), words, said)
                yield Tried(f"{file}, {key}", name, call)
        for file, _, words, _ in each:
            for name, raw in WHOLE.items():
                yield Tried(f"{file}, whole", name, partial(with_plan, here / file, raw, words, [file]))


WHOLE = {
    "empty": "", "half": '[parties\na = "', "twice": "run = 1\nrun = 2\n", "deep": "a = " + "[" * 5_000,
    "NUL": "\0" * 9, "half a pair": "run = '\ud800'", "large": "#" + "x" * 1_100_000, "other": "{}",
    "list": "[]", "page": "<html>",
}  # fmt: skip
"""Whole files that are no plan."""

KINDS = (
    Kind("Parties: each option of their commands, with wrong texts", inputs_of(options), parted=True),
    Kind("Parties: each key of their plans, with wrong values", inputs_of(plans), parted=True),
)
