"""`confide audit protocol`: verdict and exit code, its files, and what bad use gets."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

import pytest
from jsonschema import validate

import confide.audits
from confide.audits.protocols.page import ProtocolPage
from confide.audits.protocols.questions import QUESTIONS
from confide.audits.protocols.settings import ProtocolSettings
from confide.audits.protocols.twins import SOUND
from confide.report.renders.schema import schema_of

from .conftest import Run

TWINS = """
from confide.audits.protocols.twins import SOUND, TWINS

scalar = next(twin for twin in TWINS if twin.name == "one scalar a tensor")

class Broken:
    name = "broken"
    modulus = 2**32
    refusals = (ValueError,)
    def smaller(self): return None
    def kits(self, terms): return 1 / 0
    def forged(self, kits, *, victim): return kits
    def client(self, name, kit, *, round, told): return None
    def secret(self, private, keys, *, mine, theirs, round): return b""
    def stream(self, secret, shapes): return None
    def total(self, heard): return None

class Anything(Broken):
    refusals = (Exception,)

class Prime(Broken):
    modulus = 2**31 - 1

class Half:
    name = "half"
    modulus = None
"""


@pytest.fixture
def twins(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder with twins.py."""
    (desk / "twins.py").write_text(TWINS)
    monkeypatch.delitem(sys.modules, "twins", raising=False)
    return desk


def test_our_own_protocol_passes_and_is_written(run: Run, desk: Path) -> None:
    done = run("audit", "protocol", "ours", "--draws", "256", "--markdown", "sum.md")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("[OK] SecureSum passed all 9 checks")
    page = json.loads((desk / "confide-protocol/protocol.json").read_text())
    validate(page, schema_of(ProtocolPage, title="An audit of a masking protocol of confide"))
    assert (page["schema"], page["verdict"], page["exit"]) == ("confide.protocol/1", "passed", 0)
    assert [check["name"] for check in page["checks"]] == list(QUESTIONS)
    assert "Is a sum of one client shown?" in (desk / "confide-protocol/protocol.html").read_text()
    assert (desk / "sum.md").read_text().startswith("### Audit of a masking protocol: SecureSum")
    assert (desk / "confide-protocol/protocol.json").stat().st_mode & 0o077 == 0


def test_a_flaw_ends_in_its_attack_in_what_to_do_and_in_exit_code_1(run: Run, twins: Path) -> None:
    done = run("audit", "protocol", "twins:scalar", "--draws", "256", "--json", "--out", "found")
    assert done.exit_code == 1, done.output
    page = json.loads(done.stdout)
    assert page["verdict"] == "failed"
    first = page["checks"][0]
    assert first["outcome"] == "failed"
    assert first["attacks"][0]["succeeded"]
    assert first["attacks"][0]["figures"]["largest error"]["value"] <= 1e-12
    said = " ".join(done.stderr.split())
    assert "[NO] one scalar a tensor does not hide what clients send: 2 of 9 checks failed" in said
    assert "Attack: A client sent the masked gradient of one record" in said
    assert "What to do: Draw a word of the mask for each parameter" in said


def test_python_gives_the_same(twins: Path) -> None:
    found = confide.audits.protocol(SOUND, draws=256, name="mine")
    assert (found.verdict, found.exit_code) == ("passed", 0)
    assert str(found).startswith("[OK] mine passed")
    assert list(found.checks) == list(QUESTIONS)


def test_python_has_the_defaults_of_the_command() -> None:
    given = list(signature(confide.audits.protocol).parameters.values())[1:]
    own = fields(ProtocolSettings)[1:]
    assert [(one.name, one.default) for one in given] == [(one.name, one.default) for one in own]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("ourz", "there is no protocol 'ourz': did you mean ours? There are ours and flwr"),
        ("Flower", "did you mean flwr?"),
        ("twins:scalr", "twins has no 'scalr': it has scalar"),
        ("nowhere:Protocol", "there is no module 'nowhere'"),
        ("twins:Half", "Half has no refusals, smaller, kits"),
        ("twins:Anything", "`refusals` of Anything takes a TypeError for a refusal"),
        ("twins:Prime", "the ring of Prime has 2147483647 words"),
        ("twins:Broken", "broken fails in a round in which everyone follows it (ZeroDivisionError"),
    ],
)
def test_bad_use_gets_a_sentence_and_changes_nothing(given: str, says: str, run: Run, twins: Path) -> None:
    done = run("audit", "protocol", given)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert not (twins / "confide-protocol").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--threshold", "7"), "7 is too large: give 6 at most"),
        (("--threshold", "1"), "give another --threshold"),
        (("--draws", "10"), "10 is too small: give 256 or more"),
        (("--markdown", "confide-protocol/protocol.json"), "that is a file of the report"),
    ],
)
def test_settings_out_of_range_are_refused(words: tuple[str, str], says: str, run: Run, desk: Path) -> None:
    done = run("audit", "protocol", "ours", *words)
    assert done.exit_code == 2, done.output
    assert says in done.stderr


@pytest.mark.skipif(find_spec("flwr") is not None, reason="flwr is installed here")
def test_without_flower_the_message_says_how_to_install_it(run: Run, desk: Path) -> None:
    done = run("audit", "protocol", "flwr")
    assert done.exit_code == 2
    assert "pip install flwr==1.42.0" in done.stderr


def test_an_audit_that_fails_leaves_no_green_result_of_an_earlier_one(run: Run, twins: Path) -> None:
    words = ("--draws", "256", "--out", "found", "--markdown", "sum.md")
    assert run("audit", "protocol", "ours", *words).exit_code == 0
    assert run("audit", "protocol", "twins:Broken", *words).exit_code == 2
    assert "ZeroDivisionError" in (twins / "found/protocol-failed.txt").read_text()
    assert "failed" in (twins / "sum.md").read_text()
    assert run("audit", "protocol", "ours", *words).exit_code == 0
    assert not (twins / "found/protocol-failed.txt").exists()


def test_a_release_cannot_be_called_as_the_protocols_are(run: Run, desk: Path) -> None:
    (desk / "confide.toml").write_text('[release.protocol]\nkind = "scores"\n')
    assert "which is a kind of release: rename it" in run("audit").stderr
