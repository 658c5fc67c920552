"""The server's command with Flower's processes left out: what it says of a run's end, and what it writes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.serve.flower.plans import write_plan

from confide.core.errors import DataError
from confide.core.transcript import Payload
from confide.mechanisms.federate.protocol import Plan
from confide.releases.collaboration.parties import read_public_part
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.protocols import PROTOCOLS
from confide.serve.flower import keys, serving
from confide.serve.flower.app import SERVER_LOG, STOPS
from confide.serve.flower.deployment import Deployment, deployment_of
from confide.serve.flower.ended import Ended, write_end
from confide.serve.flower.logbook import note
from confide.serve.flower.settings import StartSettings

PRIVATE = "[budget]\nepsilon = 50.0\ndelta = 0.01"
ON_MACHINES = {
    "fedavg": "",
    "fedsgd": "",
    "dp-fedavg": "clip = 1.0\nsample = 1.0",
    "dp-ftrl": "clip = 1.0\nseparation = 1",
}


@dataclass
class Led:
    """A plan with the settings of its server's command."""

    settings: StartSettings
    plan: PlanFile
    deployment: Deployment

    @classmethod
    def of(cls, folder: Path, **terms: Any) -> Led:
        keys.make_keys(folder / "keys", ["a", "b", "c"], hosts=["localhost"])
        plan = read_plan(write_plan(folder, **terms))
        out = folder / "model.npz"
        settings = StartSettings(
            plan.path, as_="server", keys=folder / "keys", out=out, folder=folder / "run"
        )
        return cls(settings, plan, deployment_of(plan))

    def published(self) -> Payload:
        """What the protocol publishes before its first round."""
        protocol, learner = self.deployment.made_protocol(), self.deployment.made_learner()
        rng = np.random.default_rng(1)
        state = protocol.begin(Plan(3, self.deployment.rounds, learner.start(rng=rng)), rng=rng)
        return protocol.published(state)

    def finish(self, model: Payload) -> None:
        parties = read_public_part(self.plan, test=None)
        serving.finish(self.settings, self.plan, parties, self.deployment, Ended(model=model), {})


@pytest.mark.parametrize("name", [name for name, one in PROTOCOLS.items() if not one.remembers])
def test_the_model_of_every_protocol_that_runs_on_machines_is_written(tmp_path: Path, name: str) -> None:
    pytest.importorskip("torch")
    more = PRIVATE if PROTOCOLS[name].promises else ""
    led = Led.of(tmp_path, protocol=f'name = "{name}"\n{ON_MACHINES[name]}', more=more)
    model = led.published()
    for wrong in ({**model, "more": np.zeros(1)}, {**model, "parameters": model["parameters"][1:]}, {}):
        with pytest.raises(DataError, match="not of the plan's form"):
            led.finish(wrong)
    assert not led.settings.out.exists()
    led.finish(model)
    with np.load(led.settings.out) as written:
        np.testing.assert_array_equal(written["parameters"], model["parameters"])


def test_why_a_run_stopped_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    led, why = Led.of(tmp_path), "only 2 of 3 parties gave an upload in round 1."

    def run(*_: object, **__: object) -> dict[str, Any]:
        place = led.settings.place
        for line in ("waiting for c.", f"{STOPS}{why}"):
            note(place / SERVER_LOG, line)
        write_end(place, Ended(stopped=why))
        return {}

    monkeypatch.setattr(serving, "started", lambda *_, **__: nullcontext(SimpleNamespace(poll=lambda: None)))
    monkeypatch.setattr(serving, "asked", run)
    for name in ("await_port", "_register"):
        monkeypatch.setattr(serving, name, lambda *_, **__: None)
    heard: list[str] = []
    with pytest.raises(DataError) as stopped:
        serving._conducted(
            led.settings,
            led.plan,
            led.deployment,
            tmp_path / "keys" / "server",
            resume=False,
            tell=heard.append,
        )
    assert "waiting for c." in heard and [*heard, str(stopped.value)].count(why) == 1
    assert not any(STOPS in line for line in heard) and STOPS in (led.settings.place / SERVER_LOG).read_text()
