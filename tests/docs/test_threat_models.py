"""Every kind of release has its threat model, whole, and says of a bound what the code does."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from confide import audits
from confide.core.access import LADDER

PAGE = (Path(__file__).parents[2] / "docs" / "threat-models.md").read_text()
LABELS = ("Adversary", "Sees", "Knows", "Success", "Control", "Certified")
MODELS = re.findall(r"^### (`.+?`)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)


def test_each_kind_has_one() -> None:
    named = Counter(name for heading, _ in MODELS for name in re.findall(r"`(\w+)`", heading))
    questioned = ["computation", "protocol"]  # asked by questions, with a report of their own
    assert named == Counter([*audits.KINDS, *questioned])


def test_each_is_whole() -> None:
    for heading, text in MODELS:
        assert tuple(re.findall(r"^- \*\*(\w+):\*\* \S", text, re.MULTILINE)) == LABELS, heading


def test_the_ladder_of_access_is_the_code_s() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)
    assert rows == [name for name, _ in reversed(LADDER)]
