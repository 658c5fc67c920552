"""The application of an evaluator: which plan it serves, and one batch of encrypted rows after the other."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from confide.core.errors import ConfideError
from confide.core.version import VERSION
from confide.mechanisms.encrypt.arithmetic import Arithmetic
from confide.mechanisms.encrypt.ckks import EvaluationKit
from confide.mechanisms.encrypt.messages import VERSION as SCHEME
from confide.mechanisms.encrypt.plan import Plan
from confide.serve.evaluator.routes import ABOUT, BINARY, KEY_HEADER, PLAN_HEADER, ROWS, largest_message

LOG = logging.getLogger("confide.evaluator")
"""One line for each batch: number, size and time. It gets no id, no key and no text of an error."""


@dataclass(slots=True, kw_only=True)
class Evaluator:
    """A model, a client's kit, and what was asked of them.

    Args:
        model: of the plan.
        kit: of the client.
        recorded: hears each message: who sends, what kind, its bytes.
        batches: that were answered.
    """

    model: Arithmetic
    kit: EvaluationKit
    recorded: Callable[[str, str, bytes], None]
    batches: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def plan(self) -> Plan:
        """What is served."""
        return self.kit.plan

    async def answer(self, raw: bytes) -> bytes:
        """The scores of one batch; the next one waits meanwhile."""
        async with self.turn:
            start = time.monotonic()
            answer = await asyncio.to_thread(self.kit.evaluate, self.model, raw)
            self.batches += 1
            self.recorded("client", "rows", raw)
            self.recorded("server", "scores", answer)
        taken = time.monotonic() - start
        LOG.info("batch %d: %d bytes in, %d out, %.2f s", self.batches, len(raw), len(answer), taken)
        return answer


def application(evaluator: Evaluator) -> FastAPI:
    """The application. What goes wrong is answered in one sentence, which no log repeats."""
    plan = evaluator.plan
    most = largest_message(plan, plan.sent_parts)
    named = {PLAN_HEADER: plan.hash}
    app = FastAPI(
        title="confide evaluator",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )

    def refused(words: str, status: int) -> Response:
        LOG.warning("refused a message (%d)", status)
        return JSONResponse({"detail": words}, status, named)

    def stranger(request: Request) -> Response | None:
        """The answer to somebody else; without it, anybody could fill the memory with messages."""
        given = request.headers.get(KEY_HEADER, "").encode()
        if hmac.compare_digest(given, evaluator.kit.key.encode()):
            return None
        words = "the server has the kit of another key: give it the kit of these keys."
        return refused(words, HTTPStatus.FORBIDDEN)

    @app.get(ABOUT)
    async def about(request: Request) -> Response:
        said = {"version": SCHEME, "plan": plan.hash, "model": plan.model}
        return stranger(request) or JSONResponse(said, headers=named)

    @app.post(ROWS)
    async def rows(request: Request) -> Response:
        if unknown := stranger(request):
            return unknown
        held = bytearray()
        async for part in request.stream():
            held += part
            if len(held) > most:
                return refused(
                    f"a message of over {most:,} bytes: a batch of this plan is shorter.",
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                )
        try:
            answer = await evaluator.answer(bytes(held))
        except ConfideError as error:
            return refused(str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        except Exception as error:  # its text may hold anything, and its traceback goes to logs
            words = f"the computation failed ({type(error).__name__}): ask who runs the server."
            return refused(words, HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(answer, media_type=BINARY, headers=named)

    return app
