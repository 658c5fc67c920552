"""The server's command of a deployed collaboration: it starts Flower, follows the run, writes the model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.core.transcript import SERVER, Payload
from confide.inputs.plan_files import placed_in
from confide.mechanisms.federate.exchange import Exchange, kinds_of
from confide.mechanisms.federate.paying import check_plan
from confide.mechanisms.federate.protocol import NeedsSum, Plan
from confide.mechanisms.federate.rounds import Run
from confide.mechanisms.noise.source import outcome
from confide.releases.collaboration.ledger import ledger_of, refuse_new_ledger
from confide.releases.collaboration.parties import Parties, read_public_part
from confide.releases.collaboration.places import check_places
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.written import Written, with_ledger, write_run
from confide.serve.flower import starting
from confide.serve.flower.app import CHECKPOINT, LEAVING, SERVER_LOG, STOPS, TRANSCRIPT, server_identity
from confide.serve.flower.checking import flower_version
from confide.serve.flower.checkpoints import read_checkpoint
from confide.serve.flower.coordinator import Coordinator
from confide.serve.flower.deployment import Deployment, deployment_of
from confide.serve.flower.ended import END, Ended, is_running, read_end
from confide.serve.flower.messages import Reply, Request
from confide.serve.flower.processes import asked, await_port, called, follower, last_line, started
from confide.serve.flower.settings import StartSettings, keys_at
from confide.serve.flower.tap import read_sums, transcript_of

STARTING = 120.0
"""Seconds that Flower's processes have to start."""
LOST = 15.0
"""Seconds without a process of the run, after which it is given up."""
REGISTERED = "registered.json"


def lead(settings: StartSettings, *, resume: bool, tell: Callable[[str], object]) -> Written:
    """Lead a run from the server's machine, and write its model.

    Args:
        settings: of the command.
        resume: whether it goes on from the checkpoint of a run before.
        tell: hears in sentences what happens.

    Raises:
        ConfideError: one sentence on what is wrong; what was reached is kept in the checkpoint.
    """
    plan = read_plan(settings.plan)
    deployment = deployment_of(plan, seed=settings.rehearse)
    check_places(settings)
    with placed_in(plan.path):
        parties = read_public_part(plan, test=plan.test)
    keys = keys_at(settings.keys, SERVER)
    place = settings.place
    if resume and is_there(place / CHECKPOINT):  # a plan that has changed is refused before anything else
        _ = read_checkpoint(place / CHECKPOINT, digest=deployment.digest(deployment.made_protocol()))
    _check_place(place, resume=resume)
    for wrong in flower_version():
        raise DataError(wrong.text)
    identity = server_identity(deployment, keys)
    with placed_in(plan.path):
        Coordinator(
            deployment=deployment, exchange=_nobody, run="", checkpoint=place / CHECKPOINT, identity=identity
        ).check()
    with ExitStack() as open_while:
        ledger = None
        if settings.rehearse is None:
            _refuse_new_ledger(plan, deployment)
            ledger = ledger_of(plan, deployment.people(), open_while)
        ended = _conducted(settings, plan, deployment, keys, resume=resume, tell=tell)
        held = read_sums(place / TRANSCRIPT)
        written = finish(settings, plan, parties, deployment, ended, held)
        return written if ledger is None else with_ledger(written, plan, ledger)


def finish(
    settings: StartSettings,
    plan: PlanFile,
    parties: Parties,
    deployment: Deployment,
    ended: Ended,
    held: Payload,
) -> Written:
    """Write model and transcript of a run that has ended, as a simulation writes them.

    Args:
        settings: of the command.
        plan, parties, deployment: what all know.
        ended: how the run ended.
        held: what this machine knew besides its messages: its records, or the sums of the server.

    Raises:
        DataError: if the model has numbers that are not finite, or is of another form than the plan's.
    """
    protocol, learner = deployment.made_protocol(), deployment.made_learner()
    rng = np.random.default_rng(0)  # of a start that is compared by its form alone
    whole = Plan(len(deployment.parties), deployment.rounds, learner.start(rng=rng))
    form = _form(protocol.published(protocol.begin(whole, rng=rng)))
    if isinstance(protocol, Exchange):  # its student is trained at the end
        learner = protocol.student
        form["parameters"] = np.shape(learner.start(rng=rng))
    if _form(ended.model) != form:
        raise DataError("the model that was received is not of the plan's form: it was not written.")
    promise = check_plan(protocol, whole)
    noise = protocol.noise if settings.rehearse is None else "rehearsal"
    transcript = None
    if settings.record is not None:
        transcript = transcript_of(
            settings.place / TRANSCRIPT,
            parties=(SERVER, *deployment.names),
            inputs={settings.who: held} if held else {},
            published=ended.model,
            kinds=kinds_of(protocol),
        )
    run = Run(
        released=outcome(noise, ended.model, promise, protocol.name),
        transcript=transcript,
        left_out=ended.left_out,
        trusted=protocol.trusted,
        assumed=protocol.assumed if isinstance(protocol, NeedsSum) else "",
        colluding=protocol.colluding if isinstance(protocol, NeedsSum) else None,
    )
    return write_run(settings, plan, parties, protocol, learner, run, recorded_by=settings.who)


def _form(model: Payload) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(array) for name, array in model.items()}


def _refuse_new_ledger(plan: PlanFile, deployment: Deployment) -> None:
    protocol = deployment.made_protocol()
    start = deployment.made_learner().start(rng=np.random.default_rng(0))
    whole = Plan(len(deployment.parties), deployment.rounds, start)
    with placed_in(plan.path):
        refuse_new_ledger(plan, protocol, whole, check_plan(protocol, whole))


def _check_place(place: Path, *, resume: bool) -> None:
    begun = is_there(place / CHECKPOINT)
    if resume and not begun:
        raise DataError(f"{place} holds no checkpoint to go on from: start the run, or name its folder.")
    if not resume and begun:
        raise DataError(
            f"{place} is of a run that was begun: `confide collaborate resume` goes on with it, without a "
            "further charge; or name a new --folder for a new run."
        )
    if not resume and is_there(place) and any(place.iterdir()) and not is_there(place / REGISTERED):
        raise DataError(f"{place} exists and is no folder of a run: name a new --folder.")
    until = time.monotonic() + (LEAVING if resume else 0)  # what was killed may still be on its way out
    while is_running(place):
        if time.monotonic() >= until:
            raise DataError(f"another run is at work in {place}: wait for it, or name a new --folder.")
        time.sleep(0.2)


def _conducted(
    settings: StartSettings,
    plan: PlanFile,
    deployment: Deployment,
    keys: Path,
    *,
    resume: bool,
    tell: Callable[[str], object],
) -> Ended:
    """Start the server, and wait until the run has ended."""
    assert plan.deployed is not None  # `deployment_of` has refused such a plan
    place, port = settings.place, plan.deployed.port
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    (place / END).unlink(missing_ok=True)
    home, log = place / "flower", place / "flower.log"
    # Its own commands are answered to this machine alone.
    starting.write_connection(home, address=f"127.0.0.1:{port}", authority=keys / "ca.crt")
    app = place / f"app-{time.time_ns()}"
    starting.write_app(
        app, plan=plan.path, run=place, server_keys=keys, record=settings.record is not None,
        rehearse=settings.rehearse, wait=settings.seconds,
    )  # fmt: skip
    command = starting.superlink(keys, host=settings.listen, port=port, database=place / "state.db")
    # Why it stopped is what the command itself ends with.
    follow = follower(place / SERVER_LOG, lambda line: None if line.startswith(STOPS) else tell(line))
    with started(command, home=home, log=log) as process:
        await_port(port, process, seconds=STARTING, log=log)
        _register(place, home, deployment)
        tell(f"the server listens at port {port}; {len(deployment.parties)} parties are registered.")
        _ = asked(starting.start_run(app, resume=resume), home=home)
        alive = time.monotonic() + STARTING
        while (ended := read_end(place)) is None:
            follow()
            if process.poll() is not None:
                raise DataError(f"the server's process has ended: {last_line(log)}.")
            if is_running(place):
                alive = time.monotonic() + LOST
            elif time.monotonic() > alive:
                raise DataError(f"the run has ended without saying why: {last_line(log)}.")
            time.sleep(0.3)
        follow()
    if ended.stopped:
        raise DataError(ended.stopped)
    return ended


def _register(place: Path, home: Path, deployment: Deployment) -> None:
    """Have the server accept the keys that the plan pins; its database keeps them for a run that goes on."""
    done = place / REGISTERED
    lines = {name: own.node for name, own in deployment.parties.items()}
    if is_there(done) and json.loads(done.read_text()) == lines:
        return
    folder = place / "public"
    folder.mkdir(exist_ok=True)

    def register(name: str) -> None:
        public = folder / f"{list(lines).index(name)}.pub"
        public.write_text(lines[name] + "\n")
        called(starting.register(public, name), home=home)

    with ThreadPoolExecutor(4) as together:
        _ = list(together.map(register, lines))
    with atomic_write(done) as draft:
        draft.write_text(json.dumps(lines))


def _nobody(requests: Mapping[str, Request], *, seconds: float) -> Mapping[str, Reply]:
    raise AssertionError("a check sends nothing")
