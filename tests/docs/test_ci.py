"""The gate of docs/ci.md: the commands of its workflow and its hook run here, as far as they can."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.report.formats import junit, sarif

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)]
WORKFLOW, HOOKS = BLOCKS


def steps() -> dict[str, dict[str, Any]]:
    """The steps of the workflow that run a command, by name."""
    (job,) = WORKFLOW["jobs"].values()
    return {step["name"]: step for step in job["steps"] if "run" in step}


def environment(folder: Path) -> dict[str, str]:
    """One in which `confide` is this checkout's, whatever is installed."""
    (folder / "bin").mkdir(exist_ok=True)
    command = folder / "bin" / "confide"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m confide "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command as the service runs one: bash that stops at the first failure."""
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    return subprocess.run(words, cwd=folder, env=environment(folder), capture_output=True, text=True)


def test_the_workflow_is_one() -> None:
    # YAML reads the key `on` as a truth value.
    assert set(WORKFLOW) == {"name", True, "permissions", "jobs"} and WORKFLOW[True] == "pull_request"
    (job,) = WORKFLOW["jobs"].values()
    assert set(job) == {"runs-on", "steps"}
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", step["uses"])
    assert list(steps()) == ["Install", "Audit", "Summary"]


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "code"), [("auc=0.99", 0), ("auc=0.5", 1)])
def test_the_commands_of_the_workflow_run(desk: Path, limit: str, code: int) -> None:
    command = steps()["Audit"]["run"].replace("auc=0.75", limit).replace("tpr@0.01=0.2", "auc=0.995")
    done = shell(command, desk)
    assert done.returncode == code, done.stderr
    failures = junit((desk / "confide.junit.xml").read_text()).findall(".//failure")
    errors = [r for r in sarif((desk / "confide.sarif").read_text())["results"] if r["level"] == "error"]
    assert bool(failures) == bool(errors) == bool(code)
    assert sorted(p.name for p in (desk / "confide-report").iterdir()) == ["report.html", "report.json"]
    assert shell(steps()["Summary"]["run"], desk).returncode == 0
    assert (desk / "summary.md").read_text() == (desk / "confide.md").read_text()
    assert shell("confide report confide-report --quiet", desk).returncode == code
    # Where the audit did not come so far there is no summary, and that is no further failure.
    (desk / "confide.md").unlink()
    assert shell(steps()["Summary"]["run"], desk).returncode == 0


def test_the_hook_is_one() -> None:
    (repo,) = HOOKS["repos"]
    (hook,) = repo["hooks"]
    assert repo["repo"] == "local" and hook["language"] == "system" and hook["entry"].startswith("confide ")
    assert re.search(hook["files"], "ratings.parquet") and not re.search(hook["files"], "other.parquet")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
@pytest.mark.parametrize(("limit", "held"), [("auc=0.999", False), ("auc=0.5", True)])
def test_the_hook_holds_a_commit_back(desk: Path, limit: str, held: bool) -> None:
    """The snippet as it stands, with a limit on each side of what the audit finds."""
    pytest.importorskip("pre_commit")
    text = yaml.safe_dump(HOOKS).replace("auc=0.9", f"{limit} --attacks scoreboard --allow-unsettled")
    (desk / ".pre-commit-config.yaml").write_text(text)
    git = "git -c user.name=a -c user.email=a@example.org"
    hook = f'"{sys.executable}" -m pre_commit'
    made = shell(f"git init -q . && {hook} install && git add .pre-commit-config.yaml", desk)
    assert made.returncode == 0, made.stderr
    assert shell(f"{git} commit -qm 'The gate'", desk).returncode == 0  # no file of the hook's
    done = shell(f"git add ratings.parquet && {git} commit -m 'The ratings'", desk)
    assert (done.returncode != 0) is held, done.stdout + done.stderr
    shown = done.stdout + done.stderr
    assert ("A limit that was set is exceeded." in shown) is held
    assert shell("git log --oneline", desk).stdout.count("\n") == 2 - held
