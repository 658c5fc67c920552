"""Starting: bad addresses, certificates and files are refused in a sentence, and nothing is made."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.serve.explorer.conftest import SCHEMA, rows_of

from confide.cli.commands import main
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.serve.explorer.settings import ServeSettings
from confide.serve.listening import context_of, listening


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows_of(20).write_parquet(tmp_path / "people.parquet")
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    return tmp_path


def run(folder: Path, *more: str, **given: str):
    """`confide serve`, with options that are good where nothing else is given."""
    options = {"unit": "user_id:3", "budget": "1,1e-6", "schema": str(folder / "schema.toml"), **given}
    listed = [part for name, value in options.items() for part in (f"--{name}", value)]
    return CliRunner().invoke(main, ["serve", str(folder / "people.parquet"), *listed, *more])


def refused(folder: Path, words: str, *more: str, **given: str) -> None:
    before = sorted(p.name for p in folder.iterdir())
    result = run(folder, *more, **given)
    assert result.exit_code == 2 and words in result.output, result.output
    assert sorted(p.name for p in folder.iterdir()) == before


def test_a_port_in_use(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused(folder, f"port {port} of 127.0.0.1 cannot be used", port=port)


def test_a_certificate_without_its_key(folder: Path) -> None:
    refused(folder, "--cert is given without --key", cert=str(folder / "schema.toml"))
    refused(folder, "--key is given without --cert", key=str(folder / "schema.toml"))
    refused(folder, "is no file", cert="none.pem", key="none.pem")
    file = str(folder / "schema.toml")
    refused(folder, "are no certificate with its key", cert=file, key=file)


def test_tokens_never_go_over_a_network_in_the_clear(folder: Path) -> None:
    refused(folder, "would send tokens over the network in the clear", host="0.0.0.0")
    refused(folder, "is no address of this machine", "--behind-proxy", host="no.such.host.invalid")


def test_other_bad_input(folder: Path) -> None:
    refused(folder, "write NAME:SHARE", analyst="ada")
    refused(folder, "above 0 and at most 1", analyst="ada:2")
    refused(folder, "is no unit", unit="user_id")
    refused(folder, "no column 'nobody'", unit="nobody:3", port="0")
    refused(folder, "cannot be read", schema=str(folder / "none.toml"))
    (folder / "schema.toml").write_text('[columns.user_id]\nvalues = ["a"]\n')
    refused(folder, "names people", port="0")
    (folder / "schema.toml").write_text("[columns.age]\nlow = 1\nhigh = 0\n")
    refused(folder, "line 3 (columns.age.high)", port="0")
    (folder / "people.tokens").write_text("{}")
    (folder / "people.tokens").chmod(0o644)
    (folder / "schema.toml").write_text(SCHEMA)
    refused(folder, "others can open", port="0")


def test_a_ledger_of_other_data_is_refused(folder: Path) -> None:
    from confide.account.opening import open_ledger

    address = f"sqlite:///{folder / 'other.ledger'}"
    open_ledger(address, data="0" * 64, budget=Budget(1.0, 1e-6, Unit.person("user_id", at_most=3))).close()
    refused(folder, "another data set", port="0", ledger=address)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_a_certificate_of_another_key(tmp_path: Path) -> None:
    for name in ("one", "two"):
        command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")]
        subprocess.run(["openssl", *command.split(), *files], check=True, capture_output=True)
    assert context_of(tmp_path / "one.pem", tmp_path / "one.key") is not None
    with pytest.raises(DataError, match="no certificate with its key"):
        context_of(tmp_path / "one.pem", tmp_path / "two.key")
    assert context_of(None, None) is None


def test_a_free_port_is_found() -> None:
    with listening("127.0.0.1", 0) as door:
        assert door.getsockname()[1] > 0


@pytest.mark.parametrize(
    "host, names, hosts",
    [
        ("127.0.0.1", (), {"localhost", "127.0.0.1", "::1"}),
        ("localhost", ("a.example",), {"localhost", "127.0.0.1", "::1", "a.example"}),
        ("10.0.0.7", ("A.example",), {"10.0.0.7", "a.example"}),
        ("0.0.0.0", (), set()),
    ],
)
def test_names_under_which_it_may_be_called(host: str, names: tuple[str, ...], hosts: set[str]) -> None:
    made = ServeSettings(Path("x"), unit=Unit.record(), schema=Path("y"), host=host, names=names)
    assert made.hosts == hosts
