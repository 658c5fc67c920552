"""Every chart that a report can draw has an entry on the page about charts, with what to do about it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from confide.report.charts import CHARTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "charts.md").read_text()
ENTRIES = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
LABELS = ("At a glance.", "How to read it.", "What to do.")


def plot_titles() -> dict[str, str]:
    """The title of each `Plot(title=t("..."))` in the audits -> the file that makes it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "confide").rglob("*.py")):
        text = path.read_text()
        if "Plot(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Plot":
                (title,) = [word.value for word in node.keywords if word.arg == "title"]
                # A title that is put together could not be looked up: each is a text of its own.
                assert isinstance(title, ast.Call) and isinstance(title.args[0], ast.Constant), path
                found[str(title.args[0].value)] = path.name
    return found


def test_each_plot_has_its_entry() -> None:
    titles = plot_titles()
    assert len(titles) >= 13
    assert set(titles) <= set(ENTRIES), set(titles) - set(ENTRIES)


def test_each_chart_of_a_finding_has_its_entry() -> None:
    # `lines` is what all plots are drawn with.
    for name in set(CHARTS) - {"lines"}:
        assert (
            PAGE.count(f"In `report.json`: `{name}`.") + PAGE.count(f"in `report.json` it is `{name}`.") == 1
        )


def test_no_entry_is_of_a_chart_that_is_gone() -> None:
    own = {title for title, text in ENTRIES.items() if "`report.json`" in text}
    assert set(ENTRIES) == own | set(plot_titles())


def test_each_entry_has_all_parts() -> None:
    for title, text in ENTRIES.items():
        for label in LABELS:
            assert re.search(rf"^\*\*{re.escape(label)}\*\* \S", text, re.MULTILINE), (title, label)
