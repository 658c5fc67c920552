"""An audit that fails leaves no green result of an earlier one behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.cli.test_output import desk
from tests.report.formats import junit, sarif

from confide.audits.outcome import Audit
from confide.cli import audit as command
from confide.cli import main

__all__ = ["desk"]

FILES = ("--junit", "j.xml", "--sarif", "s.sarif", "--markdown", "m.md")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def audit(*words: str, evidence: str = "e.parquet") -> Result:
    return run("audit", "scores", evidence, "--out", "st", *FILES, *words)


def is_failed(says: str, exit_code: int) -> None:
    (error,) = junit(Path("j.xml").read_text()).findall(".//testcase/error")
    assert says in error.get("message", "") and error.get("type") == f"exit code {exit_code}"
    (invocation,) = sarif(Path("s.sarif").read_text())["invocations"]
    assert invocation["executionSuccessful"] is False and invocation["exitCode"] == exit_code
    assert says in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert "failed" in Path("m.md").read_text()
    assert says in Path("st/failed.txt").read_text()


@pytest.mark.parametrize(
    ("words", "evidence", "says"),
    [
        ((), "gone.parquet", "gone.parquet"),
        (("--limit", "auc=0.1"), "e.parquet", "auc=0.1"),
        (("--quiet", "-v"), "e.parquet", "give one of them"),
    ],
)
def test_bad_input_marks_what_an_earlier_audit_wrote(
    desk: Path, words: tuple[str, ...], evidence: str, says: str
) -> None:
    assert audit("--limit", "auc=0.95").exit_code == 0
    assert run("report", "st").exit_code == 0
    assert audit(*words, evidence=evidence).exit_code == 2
    is_failed(says, 2)
    again = run("report", "st", "--junit", "k.xml")
    assert again.exit_code == 2 and "is out of date" in again.output and says in again.output
    assert junit(Path("k.xml").read_text()).find(".//error") is not None
    assert run("compare", "st", "st").exit_code == 2
    # The next audit that ends takes the mark away.
    assert audit("--limit", "auc=0.95").exit_code == 0
    assert not Path("st/failed.txt").exists() and run("report", "st").exit_code == 0
    assert junit(Path("j.xml").read_text()).find(".//error") is None


@pytest.mark.parametrize(
    ("error", "exit_code", "says"),
    [(KeyboardInterrupt(), 130, "stopped"), (ZeroDivisionError("x"), 3, "ZeroDivisionError")],
)
def test_a_fault_and_an_interruption_mark_it_too(
    desk: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int, says: str
) -> None:
    audit("--limit", "auc=0.95")

    def fails(*_: object, **__: object) -> Audit:
        raise error

    monkeypatch.setattr(command, "run", fails)
    assert audit("--limit", "auc=0.95").exit_code == exit_code
    is_failed(says, exit_code)


def test_no_input_is_replaced_and_a_dry_run_marks_nothing(desk: Path) -> None:
    audit("--limit", "auc=0.95")
    before = Path("e.parquet").read_bytes(), Path("j.xml").read_bytes()
    done = run("audit", "scores", "e.parquet", "--out", "st", "--junit", "e.parquet")
    assert done.exit_code == 2 and Path("e.parquet").read_bytes() == before[0]
    Path("st/failed.txt").unlink()
    assert audit("--dry-run", evidence="gone.parquet").exit_code == 2
    assert Path("j.xml").read_bytes() == before[1] and not Path("st/failed.txt").exists()


def test_the_public_reads_no_names_of_files(desk: Path) -> None:
    public = ("--audience", "public")
    assert audit(*public).exit_code == 0
    assert audit(*public, evidence="merger.parquet").exit_code == 2
    is_failed("The audit failed", 2)
    assert not any("merger" in Path(f).read_text() for f in ("j.xml", "s.sarif", "m.md", "st/failed.txt"))


def test_every_release_of_a_file_is_marked_where_one_cannot_be_read(desk: Path) -> None:
    (desk / ".git").mkdir()
    text = 'junit = "confide-report/{name}.xml"\nlimits = ["auc=0.95"]\n' + "".join(
        f'[release.{name}]\nkind = "scores"\nevidence = "e.parquet"\n' for name in ("a", "b")
    )
    Path("confide.toml").write_text(text)
    done = run("audit")
    assert done.exit_code == 0, done.output
    head, _, tail = text.rpartition("e.parquet")
    Path("confide.toml").write_text(f"{head}gone.parquet{tail}")
    assert run("audit").exit_code == 2
    for name in ("a", "b"):
        assert junit(Path(f"confide-report/{name}.xml").read_text()).find(".//error") is not None
        assert run("report", f"confide-report/{name}").exit_code == 2
    Path("confide.toml").write_text(text)
    assert run("audit").exit_code == 0 and run("report", "confide-report/b").exit_code == 0


def test_without_an_earlier_report_no_folder_is_made(desk: Path) -> None:
    assert run("audit", "scores", "gone.parquet", "--out", "st").exit_code == 2
    assert not Path("st").exists()
