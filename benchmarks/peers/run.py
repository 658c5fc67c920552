"""The common task with confide and with every other tool that installs, in one go.

CONFIDE_DATA=... python benchmarks/peers/run.py --environments FOLDER [--repeats 3] [--timeout 1800] [--write]

Each tool gets a virtual environment of its own (`install.sh`), a process of its own for each run, one thread,
and the same arrays. It writes scores; AUC and rates are measured here, in the same way for all. CPU seconds
are those of the process and of those that it started, imports included. A page is written from a whole run
only: `--only NAME` and `--small` are for trying.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory

import beside  # noqa: F401 - it lets `page` be found
import numpy as np
from page import head, machine, publish, row
from tools import CONFIDE, EARLIER, PEERS, Run, Tool

from confide.data import common_task
from confide.measure.rates import tpr_at
from confide.measure.roc import auc

HERE = Path(__file__).resolve().parent
SEED = 7
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "POLARS_MAX")}
VERSION = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: why it failed, if it did; CPU and wall seconds."""

    failure: str
    cpu: float
    wall: float


def process(command: list[str], *, log: Path, timeout: float) -> Ended:
    """Run a command to its end, or end it and all that it started after `timeout` seconds."""
    environment = os.environ | ONE_THREAD
    if command[0] != sys.executable:
        environment.pop("PYTHONPATH", None)  # ours is not theirs
    start = time.monotonic()
    with log.open("w") as file:
        child = subprocess.Popen(
            command, cwd=HERE, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        late = False
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if not late and time.monotonic() - start > timeout:
                late = True
                os.killpg(child.pid, SIGKILL)
            time.sleep(0.1)
    child.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    failure = ""
    if late or child.returncode:
        failure = f"not ended after {timeout:.0f} s" if late else (lines or ["failed"])[-1]
    # Without the places of files, which say something of the machine alone.
    failure = re.sub(r" ?\(?(?<!\w)/\S+", "", failure)[:160].strip()
    return Ended(failure, usage.ru_utime + usage.ru_stime, time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where all is: the environments, the task, the signals of confide's references, and logs."""

    environments: Path
    work: Path
    timeout: float

    def python(self, tool: Tool) -> str:
        return sys.executable if tool is CONFIDE else str(self.environments / tool.name / "bin" / "python")

    def installed(self, tool: Tool) -> tuple[str, str]:
        """The version that is installed, and what is wrong: of the installation, or of the first import."""
        if tool is not CONFIDE and not (self.environments / tool.name).exists():
            command = ["bash", str(HERE / "install.sh"), tool.name, str(self.environments)]
            ended = process(command, log=self.work / "install.log", timeout=self.timeout)
            (self.environments / tool.name).mkdir(parents=True, exist_ok=True)
            (self.environments / tool.name / "install.failure").write_text(ended.failure)
        kept = self.environments / tool.name / "install.failure"
        if tool is not CONFIDE and kept.exists() and kept.read_text():
            return "", f"does not install: {kept.read_text().strip()}"
        python, log = self.python(tool), self.work / "probe.log"
        process([python, "-c", VERSION, tool.package], log=log, timeout=60)
        version = log.read_text().strip().splitlines()[-1]
        ended = process([python, "-c", tool.probe], log=log, timeout=300)
        return version, f"does not import: {ended.failure}" if ended.failure else ""

    def scores(self, tool: Tool, run: str, seed: int) -> tuple[Ended, Path]:
        out = self.work / f"{tool.name}-{run}-{seed}.npz"
        files = [str(self.work / "task.npz"), run, str(seed), str(self.work / "signals.npz"), str(out)]
        command = [self.python(tool), str(HERE / tool.adapter), *files]
        return process(command, log=self.work / f"{tool.name}-{run}.log", timeout=self.timeout), out


def write_task(path: Path, *, small: bool) -> np.ndarray:
    """The task's arrays, as every tool gets them; who is a member."""
    sitting = common_task.sitting()
    rows = slice(2_000 if small else None)
    weights = {
        f"{kind}_{at}": array
        for at, layer in zip((0, 2), sitting.weights, strict=True)
        for kind, array in zip(("weight", "bias"), layer, strict=True)
    }
    np.savez(
        path,
        x=np.asarray(sitting.pool.x[rows], np.float32),
        y=np.asarray(sitting.pool.y[rows], np.int64),
        member=sitting.member[rows],
        x_population=np.asarray(sitting.population.x[rows], np.float32),
        y_population=np.asarray(sitting.population.y[rows], np.int64),
        references=2 if small else 16,
        epochs=2 if small else 25,
        **weights,
    )
    return sitting.member[rows]


def measured(score: np.ndarray, member: np.ndarray) -> list[str]:
    """AUC, TPR at FPR 1 % and 0.1 % with their intervals, and how many were asked about."""
    seen = np.isfinite(score)
    yes, no = score[seen & member], score[seen & ~member]
    area = auc(yes, no)
    cells = [f"{area.value:.3f} [{area.low:.3f}, {area.high:.3f}]"]
    for fpr in (0.01, 0.001):
        rate = tpr_at(yes, no, fpr=fpr).rate
        cells.append("n/a" if rate is None else f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]")
    return [*cells, f"{len(yes):,} + {len(no):,}"]


def span(values: list[float], form: str) -> str:
    """The median, and the lowest and highest of several."""
    middle = f"{np.median(values):{form}}"
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}-{max(values):{form}})"


def lines_of(stand: Stand, tool: Tool, run: Run, member: np.ndarray, repeats: int) -> list[str]:
    """The rows of one run: of its first seed's scores, and of the time that all took."""
    ends: list[Ended] = []
    first: Path | None = None
    for seed in range(SEED, SEED + repeats):
        ended, out = stand.scores(tool, run.name, seed)
        print(f"{tool.name} {run.name} seed {seed}: {ended}", flush=True)
        if not ended.failure and not out.exists():
            ended = replace(ended, failure="no scores were written")
        if ended.failure:
            return [row(tool.name, run.what, ended.failure, "-", "-", "-", f"{ended.cpu:.0f}", run.given)]
        first, ends = first or out, [*ends, ended]
    cost = span([e.cpu for e in ends], ".1f")
    assert first is not None
    with np.load(first) as found:
        names = [name for name in found.files if name.startswith("score")]
        rows = []
        for name in names:
            mine = name.replace("score", "member")
            cells = measured(found[name], found[mine] if mine in found.files else member)
            attack = name.removeprefix("score").strip()
            what = f"{attack}, of: {run.what}" if len(names) > 1 else run.what
            rows.append(row(tool.name, what, *cells, cost, run.given))
        return rows


def main() -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", type=Path, required=True, help="where each tool has its own")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one installation or run")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--small", action="store_true", help="2,000 records and 2 references, to try it")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if (options.only or options.small) and options.write:
        parser.error("--write is for a whole run: leave out --only and --small")
    tools = [t for t in (CONFIDE, *PEERS) if not options.only or t.name in options.only]
    load = os.getloadavg()[0]
    with TemporaryDirectory() as work:
        stand = Stand(options.environments.resolve(), Path(work), options.timeout)
        member = write_task(stand.work / "task.npz", small=options.small)
        given, out = stand.scores(CONFIDE, "references", SEED)
        if given.failure:
            print(f"no references: {given.failure}", file=sys.stderr)
            return 1
        out.rename(stand.work / "signals.npz")
        results, states = [], []
        for tool in tools:
            version, failure = stand.installed(tool)
            fits = "yes" if tool.adapter else "no"
            states.append(row(tool.name, version or "-", failure or "yes", fits, tool.why))
            print(states[-1], flush=True)
            if tool.adapter and not failure:
                results += [
                    line for run in tool.runs for line in lines_of(stand, tool, run, member, options.repeats)
                ]
    page = page_of(results, states, given, options.repeats, (load, os.getloadavg()[0]))
    publish(page, "peers", write=options.write)
    return 0


def page_of(
    results: list[str], states: list[str], given: Ended, repeats: int, load: tuple[float, float]
) -> list[str]:
    """The page, from rows."""
    return [
        "# confide beside other tools, on the common task",
        "",
        "`CONFIDE_DATA=... python benchmarks/peers/run.py --environments FOLDER "
        f"{f'--repeats {repeats} ' if repeats > 1 else ''}--write`",
        "",
        f"{machine()}; load {load[0]:.1f} at the start and {load[1]:.1f} at the end (on a machine with other",
        "work CPU seconds rise too: compare those of one page). One thread a process.",
        f"{repeats} run(s) of each, seeds from {SEED}; AUC and rates: of the first, with intervals at 95 %.",
        "",
        "The target is an MLP 600-128-100 with tanh, trained on 10,000 of a pool of 20,000 made-up records",
        "(train accuracy 1.00, test .70). Each tool is asked which of the pool were in. All are given the",
        "target, the recipe (25 epochs, Adam .001, batches of 128) and the pool; the last column: what else.",
        "",
        *head(
            "tool",
            "attack",
            "AUC",
            "TPR@1%",
            "TPR@0.1%",
            "members + others asked",
            "CPU s",
            "given, besides",
        ),
        *results,
        "",
        f"The references that some tools were given took {given.cpu:.1f} CPU s to train and ask.",
        "`default` fits its choice to the data; its row and those of others differ by what each was given.",
        "",
        "## What installs",
        "",
        *head("tool", "version", "imports", "attacks a trained model", ""),
        *states,
        "",
        "PyPI's `mimir` is another program of that name, so it was not installed.",
        "",
        "## Measured earlier, elsewhere: not in this run",
        "",
        "These cannot be installed by name. The same task, one thread, on another shared machine; one",
        "run each, no intervals. Their CPU seconds are not comparable with those above.",
        "",
        *head("tool", "attack", "AUC", "TPR@1%, %", "TPR@0.1%, %", "CPU s"),
        *(row(*line) for line in EARLIER),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
