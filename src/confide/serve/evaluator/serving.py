"""`confide outsource serve`: everything is checked before a port is opened, and then batches are answered."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from confide.core.errors import DataError
from confide.core.transcript import SERVER
from confide.releases.outsourcing.key_files import PUBLIC, read_kit
from confide.releases.outsourcing.plan_file import read_plan
from confide.releases.outsourcing.reading import read_arithmetic
from confide.serve.evaluator.recording import Recorder
from confide.serve.listening import address_of, context_of, listening, log_lines

if TYPE_CHECKING:
    import ssl

    import uvicorn

    from confide.releases.outsourcing.plan_file import OutsourcePlan
    from confide.serve.evaluator.app import Evaluator
    from confide.serve.evaluator.settings import EvaluatorSettings

NEEDED = ("fastapi", "uvicorn", "tenseal")
BUSIEST = 20
"""Connections at once."""
IDLE = 600
"""Seconds for which a silent connection is kept: the client encrypts its next batch meanwhile."""


def serve(settings: EvaluatorSettings, *, tell: Callable[[str], None]) -> None:
    """Serve encrypted scores until it is stopped.

    Args:
        settings: what, to whom and where.
        tell: says a line to the owner.

    Raises:
        ModelError: if the model cannot be read.
        PromiseError: if the kit holds a secret key.
        DataError: if plan, model, kit, certificate or address cannot be used.
    """
    from confide.serve.evaluator.app import LOG

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise DataError(f"the server needs {', '.join(missing)}: pip install 'confide[encrypt]'.")
    import uvicorn

    assert settings.tls is not None  # the settings refuse that
    tls = context_of(*settings.tls)
    assert tls is not None
    recorder = Recorder(settings.record)
    planned, evaluator = opened(settings, recorder)
    plan = planned.plan
    with listening(settings.host, settings.port) as door:
        log_lines(LOG)
        tell(
            f"Serving plan {plan.hash[:12]} on {address_of(door, secure=True)} to the client of this kit. "
            "Rows and scores cannot be read here. Ctrl-C stops it."
        )
        try:
            uvicorn.Server(served(evaluator, tls)).run(sockets=[door])
        except KeyboardInterrupt as stopped:
            stopped.add_note("Start the server again by the same command: clients that wait go on.")
            raise
        finally:
            tell(_count(evaluator.batches, plan.rows_a_batch, plan.inputs))
            kit = np.frombuffer((settings.kit / PUBLIC).read_bytes(), np.uint8)
            recorder.write(SERVER, {"kit": kit}, plan=planned.text())


def opened(settings: EvaluatorSettings, recorder: Recorder) -> tuple[OutsourcePlan, Evaluator]:
    """The plan and its evaluator: plan, model and kit belong together, or are refused."""
    from confide.serve.evaluator.app import Evaluator

    planned = read_plan(settings.plan)
    plan = planned.plan
    model = read_arithmetic(
        settings.model, architecture=settings.architecture, link=plan.link, shape=planned.shape
    )
    if model.digest != plan.model:
        raise DataError(
            f"{settings.model} is not the model of {settings.plan} (its digest is {model.digest[:12]}, the "
            f"plan's {plan.model[:12]}): give that model, or make a new plan and new keys."
        )
    return planned, Evaluator(model=model, kit=read_kit(settings.kit, plan), recorded=recorder)


def served(evaluator: Evaluator, tls: ssl.SSLContext) -> uvicorn.Config:
    """How an evaluator is served: over TLS, and without the logs of uvicorn."""
    import uvicorn

    from confide.serve.evaluator.app import application

    return uvicorn.Config(
        application(evaluator),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        ws="none",
        http="h11",
        limit_concurrency=BUSIEST,
        timeout_keep_alive=IDLE,
        ssl_context_factory=lambda _config, _default: tls,
    )


def _count(batches: int, rows: int, inputs: int) -> str:
    """How much was asked, and what that tells about the model."""
    return (
        f"Batches answered: {batches:,}, of up to {batches * rows:,} rows. {inputs + 1:,} scores rebuild "
        f"a linear model of {inputs:,} inputs."
    )
