"""Commands that start Flower's processes: TLS, node keys, offline, a database, no telemetry."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.core.version import VERSION
from confide.serve.flower import keys

CONNECTION = "confide"
"""The name of the connection in Flower's configuration."""
_APP = """\
from confide.serve.flower.app import {made}
from confide.serve.flower.tethered import end_with_parent

end_with_parent()
app = {made}()
"""


def environment(home: Path) -> dict[str, str]:
    """The environment of every process of Flower: nothing is reported or looked up elsewhere.

    Args:
        home: the folder of Flower's own files; each process on one machine may share it.
    """
    here = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}",  # processes find each other by name
        "FLWR_HOME": str(home),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2",
        "PYTHONUNBUFFERED": "1",
    }


def superlink(folder: Path, *, host: str, port: int, database: Path) -> list[str]:
    """The command of the server's process: Flower's SuperLink, behind the gate of `guarded`.

    Args:
        folder: of the server's keys.
        host, port: that it listens at.
        database: its file, in which nodes and runs survive a restart.
    """
    return [
        sys.executable,
        "-m", "confide.serve.flower.guarded",
        "--host", host,
        "--port", str(port),
        "--ssl-ca-certfile", str(folder / keys.AUTHORITY),
        "--ssl-certfile", str(folder / keys.CERTIFICATE),
        "--ssl-keyfile", str(folder / keys.SERVER_KEY),
        "--enable-supernode-auth",
        "--disable-runtime-dependency-installation",  # the default goes online
        "--database", str(database),
    ]  # fmt: skip


def supernode(folder: Path, *, address: str, port: int, config: Mapping[str, str]) -> list[str]:
    """The command of a party's process.

    Args:
        folder: of the party's keys.
        address: of the server, as HOST:PORT.
        port: on this machine alone, for the party's own processes.
        config: plan, party, keys and records, as `app.party_of` reads them.
    """
    for name, value in config.items():
        if '"' in value or "\\" in value:
            raise DataError(f"the {name} {value!r:.80} has a quotation mark or a backslash: rename it.")
    return [
        program("flower-supernode"),
        "--superlink", address,
        "--root-certificates", str(folder / keys.AUTHORITY),
        "--auth-supernode-private-key", str(folder / keys.NODE),
        "--port", str(port),
        "--node-config", " ".join(f'{name}="{value}"' for name, value in config.items()),
    ]  # fmt: skip


def register(public: Path, name: str) -> list[str]:
    """The command that lets the server accept a party's key."""
    return [program("flwr"), "supernode", "register", str(public), CONNECTION, "--name", name]


def start_run(app: Path, *, resume: bool = False) -> list[str]:
    """The command that starts a run, or one that goes on."""
    resumed = ["--run-config", "resume=true"] if resume else []
    return [program("flwr"), "run", str(app), CONNECTION, "--format", "json", *resumed]


def write_connection(home: Path, *, address: str, authority: Path) -> None:
    """Flower's configuration on the server's machine: where its commands find the server."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [
        "[superlink]",
        f'default = "{CONNECTION}"',
        f"[superlink.{CONNECTION}]",
        f"address = {json.dumps(address)}",
        f"root-certificates = {json.dumps(str(authority.absolute()))}",
    ]
    (home / "config.toml").write_text("\n".join(lines) + "\n")


def write_app(
    folder: Path,
    *,
    plan: Path,
    run: Path,
    server_keys: Path,
    record: bool = False,
    rehearse: int | None = None,
    wait: float = 60.0,
) -> None:
    """The app that Flower runs: a few lines that name `confide.serve.flower.app`, and the server's paths.

    Args:
        folder: a new one.
        plan: the server's copy of the plan.
        run: the folder of checkpoint and model.
        server_keys: the folder of the server's keys.
        record: whether all that the server sees is kept beside the model, as secret as that is.
        rehearse: the seed of a rehearsal.
        wait: seconds that parties have to come online.

    Raises:
        DataError: if the folder exists.
    """
    if is_there(folder):
        raise DataError(f"{folder} exists: name a new folder for the app.")
    package = folder / "confide_app"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in ("client", "server"):
        (package / f"{name}.py").write_text(_APP.format(made=f"{name}_app"))
    (folder / "LICENSE").write_text("Apache-2.0\n")
    values = {
        "plan": plan.absolute(),
        "folder": run.absolute(),
        "keys": server_keys.absolute(),
        "rehearse": "" if rehearse is None else rehearse,
        "wait": wait,
    }
    lines = [
        "[project]", 'name = "confide-app"', f'version = "{VERSION}"', 'description = "A collaboration."',
        'license = { file = "LICENSE" }', "dependencies = []",
        "[tool.flwr.app]", 'publisher = "confide"',
        "[tool.flwr.app.components]", 'serverapp = "confide_app.server:app"',
        'clientapp = "confide_app.client:app"',
        "[tool.flwr.app.config]", "resume = false", f"record = {str(record).lower()}",
        *(f"{name} = {json.dumps(str(value))}" for name, value in values.items()),
    ]  # fmt: skip
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n")


def program(name: str) -> str:
    """The path of one of Flower's programs in this environment."""
    return str(Path(sys.executable).parent / name)
