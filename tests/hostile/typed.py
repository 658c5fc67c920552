"""Wrong texts at every option of the command line: real arguments through its main, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
import polars as pl
from click.testing import CliRunner
from tests.audits.computations.kept import write_join

from confide.audits import Settings
from confide.cli.audit_options import configuration_options, dry_run_option, out_option
from confide.cli.commands import main
from confide.cli.flags import KindGroup
from confide.cli.output import output_options
from confide.collaboration import CollaborateSettings, carried_out
from confide.core.errors import ConfideError

from .desk import Tried, inputs_of
from .doors import FAST, LOGITS, MARKED, QUERIES, RIGHT_RELEASE, folk, records_of, right
from .kinds import Kind
from .tables import TRAITS, people_table

TYPED = (
    "", " ", "-1", "0", "1e308", "nan", "inf", "9" * 400, "²", "١٢", "a\x1b[2J", "\u202eabc", "x" * 5000,
    "no/such/file.csv", ".", "/dev/null", "--", "rare:1", "a=b", "tpr@0.01=2", "loss,loss", "None", "\ud800",
)  # fmt: skip
"""Texts that a shell can give."""

SHARED = {
    *(field.name for field in fields(Settings)),
    *(
        option.name
        for option in (*output_options(), *configuration_options(), dry_run_option(), out_option())
    ),
}
"""Settings, and what is printed and written, are the same at every door, so they are tried at one."""


# Commands are loaded when they are asked for: those that nobody asked for would not be tried.
COMMANDS = [main.get_command(click.Context(main), name) for name in main.table]
GROUPS = [group for group in COMMANDS if isinstance(group, KindGroup)]
"""The commands that have a door for each kind."""


BUDGET = (
    ["budget", "--limit"],
    ["budget", "--epsilon"],
    *(["budget", "--epsilon", "1", option] for option in ("--delta", "--prior", "--mechanism", "--steps")),
)
"""Beginnings of `confide budget`, which has no kinds, before a text."""


class NoSentenceError(Exception):
    """A command that ended in another way than with a result or one sentence."""


def typed(here: Path) -> Iterator[Tried]:
    """Each option of each command with each text; files are those of the right call."""
    people_table().write_csv(here / "t.csv")
    TRAITS.write_csv(here / "traits.csv")
    folk().write_csv(here / "folk.csv")
    folk(240).write_csv(here / "many.csv")
    (here / "w.sql").write_text("\n".join(QUERIES))
    right()["crosstabs"]["tables"].write_csv(here / "c.csv")
    people_table().select("exposed", "score").write_csv(here / "e.csv")
    np.savez(here / "m.npz", X=records_of()[0], y=records_of()[1])
    np.savez(here / "phi.npz", phi=LOGITS[0], keep=LOGITS[1])
    np.savez(here / "k.npz", X=records_of(120)[0], y=records_of(120)[1])
    (here / "canaries.txt").write_text("\n".join(MARKED[:10]))
    (here / "heldout.txt").write_text("\n".join(MARKED[10:]))
    np.savez(here / "p.npz", X=right()["images"]["pictures"].pixels, y=np.arange(24) % 6)
    _write_run(here)
    write_join(here / "joined", count=2)
    (here / "own.py").write_text(
        "import numpy as np\ndef ask(X): return np.full((len(X), 2), 0.5)\n"
        "from tests.hostile.doors import likelihoods\nfrom tests.hostile.doors import of_noise as fit\n"
    )
    for words in (["report"], ["explain"], ["audit"], ["protect"], *BUDGET):
        for k, text in enumerate(TYPED):
            yield Tried(" ".join(words), f"{text!r:.30} ({k})", partial(run, [*words, text]))
    for group in GROUPS:
        for door in group.kinds:
            words = [str(group.name), door, *_right_words(door)]
            if group.name == "protect":
                words += ["--with", RIGHT_RELEASE[door], "--out", "o.npz" if door == "images" else "o.csv"]
            for option in _options(group, door):
                if option.name in SHARED and door != "likes":
                    continue
                for k, text in enumerate(TYPED):
                    # A switch takes no text; what follows it is then an argument too many.
                    call = partial(run, [*words, option.opts[0], text])
                    yield Tried(f"{group.name} {door} {option.opts[0]}", f"{text!r:.30} ({k})", call)


def _write_run(here: Path) -> None:
    """The folder of a transcript, as a plan of two parties in one file records it; and a file of controls."""
    rng = np.random.default_rng(5)
    made = {"a": rng.uniform(0, 1, 160), "b": rng.uniform(0, 1, 160), "y": rng.integers(0, 2, 160)}
    frame = pl.DataFrame({"who": ["one", "two"] * 80, **made})
    frame[:80].write_csv(here / "parties.csv")
    frame[80:].write_csv(here / "controls.csv")
    bounds = "[columns.a]\nlow = 0\nhigh = 1\n[columns.b]\nlow = 0\nhigh = 1\n"
    (here / "columns.toml").write_text(f"{bounds}[columns.y]\nvalues = [0, 1]\n")
    (here / "plan.toml").write_text(
        'rounds = 1\nlabel = "y"\nschema = "columns.toml"\nrecords = "parties.csv"\nclient = "who"\n'
        '[protocol]\nname = "fedavg"\n'
    )
    settings = CollaborateSettings(
        here / "plan.toml", simulate=True, record=here / "run", out=here / "model.npz", rehearse=1
    )
    carried_out(settings)


def quickly(here: Path) -> Iterator[Tried]:
    """The same, where each command is made once: most of the time would go there."""
    with ExitStack() as quick:
        for group in GROUPS:
            quick.enter_context(patch.object(group, "command_of", cache(group.command_of)))
        yield from typed(here)


def _options(group: KindGroup, door: str) -> Sequence[click.Option]:
    command = group.command_of(door)
    return [option for option in command.params if isinstance(option, click.Option)]


def _right_words(door: str) -> list[str]:
    if door == "protocol":  # no kind of release: it has neither records nor attacks to choose from
        return ["ours", "--draws", "256", "--tries", "1"]
    if door == "computation":
        return ["joined/a", "joined/b", "joined/c", "--as", "party:b"]
    by_place = {
        "model": "own:ask",
        "images": "p.npz",
        "scores": "e.csv",
        "logits": "phi.npz",
        "crosstabs": "c.csv",
    }
    by_place |= {"training": "own:fit", "learner": "many.csv", "collaboration": "run"}
    by_place |= {"table": "folk.csv", "answers": "folk.csv"}
    # Its model is an option, as its weights and its architecture are.
    made = [] if door in ("rebuild", "text") else [by_place.get(door, "t.csv")]
    if door != "scores":
        made += ["--attacks", FAST[door]]
    given = {k: v for k, v in right()[door].items() if isinstance(v, str | int | float)}
    given |= {"data": "k.npz"} if door == "training" else {}
    given |= {"members": "m.npz", "nonmembers": "m.npz"} if door in ("model", "rebuild") else {}
    given |= {"model": "own:ask"} if door == "rebuild" else {}
    files = {"canaries": "canaries.txt", "prefixes": "canaries.txt", "heldout": "heldout.txt"}
    given |= {"model": "own:likelihoods", **files} if door == "text" else {}
    given |= {"traits": "traits.csv"} if door == "likes" else {}
    given = {"as": "server", "controls": "controls.csv"} if door == "collaboration" else given
    given |= {"workload": "w.sql"} if door == "answers" else {}
    for name, value in given.items():
        made += [f"--{name}", str(value)]
    return made


def run(words: list[str]) -> object:
    """A command; a refusal is its last line on stderr.

    Raises:
        ConfideError: for exit code 2 with one sentence.
        NoSentenceError: for any other end than this, a result, or a limit that is exceeded.
    """
    done = CliRunner().invoke(main, words)
    if done.exit_code in (0, 1) and "Traceback" not in done.output:
        return done
    *_, last = done.stderr.strip().splitlines() or [""]
    if done.exit_code == 2 and last.startswith(("confide: ", "Error: ")) and "Traceback" not in done.output:
        raise ConfideError(last)
    raise NoSentenceError(f"{done.exit_code}: {done.output[-300:]}".replace("\n", " "))


KINDS = (
    Kind("Command line: each option of each command, with wrong texts", inputs_of(quickly), parted=True),
)
