"""The API against its own OpenAPI, by schemathesis: made-up requests, good and bad, and all of its checks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opendp")
pytest.importorskip("schemathesis")
pytest.importorskip("uvicorn")

import uvicorn
from tests.serve.explorer.conftest import World, world_in

from confide.core.budget import Budget
from confide.serve.explorer.app import application
from confide.serve.listening import listening


@contextmanager
def listened(world: World) -> Iterator[str]:
    """A server in a thread; its address. Its clock runs fast, so that the rate limit grants everything."""
    limits = (world.explorer.limit, world.explorer.logins)
    for limit in limits:
        limit.clock = lambda: time.monotonic() * 1e6
    app = application(world.explorer, hosts=("127.0.0.1",))
    with listening("127.0.0.1", 0) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["ada", "owner"])
def test_schemathesis_finds_no_failure(tmp_path: Path, who: str) -> None:
    """Every check of schemathesis but one, which would be wrong here.

    `positive_data_acceptance` wants a request that fits the OpenAPI to be granted. Here a question can name a
    column that there is not, or cost more than is left: what it says then is looked at all the same.
    """
    # A wrong request that is too large as well is refused for its size.
    (tmp_path / "schemathesis.toml").write_text(
        "[checks]\nnegative_data_rejection.expected-statuses = [400, 401, 403, 404, 406, 413, 422]\n"
    )
    for world in world_in(tmp_path, Budget(1.0), {"ada": 0.5}):
        with listened(world) as url:
            command = [
                sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json", "--checks", "all",
                "--exclude-checks", "positive_data_acceptance", "--max-examples", "10", "--seed", "7",
                "--header", f"Authorization: Bearer {world.tokens[who]}", "--no-color", "--warnings", "off",
                "--max-time", "12", "--generation-database", "none",
            ]  # fmt: skip
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "PYTHONWARNINGS": ""},
            )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        part = world.explorer.parts()["ada"]
        assert (part.spent.epsilon or 0) <= 500_000
