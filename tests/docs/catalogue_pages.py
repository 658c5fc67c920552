"""The pages about attacks and mechanisms, taken apart: an entry for each name, of labelled parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

DOCS = Path(__file__).parents[2] / "docs"

ENTRY = re.compile(r"^#{2,3} `([^`]+)`$", re.MULTILINE)
PART = re.compile(r"^- \*\*([^*]+):\*\* (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((https?://[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page says of one name.

    Args:
        page: the page's name.
        section: the heading of the second level that it stands under; empty where there is none.
        name: of the attack or mechanism.
        text: all of it.
    """

    page: str
    section: str
    name: str
    text: str

    @property
    def parts(self) -> dict[str, str]:
        """Label -> what stands behind it."""
        return dict(PART.findall(self.text))

    @property
    def links(self) -> list[str]:
        """The addresses of its papers; brackets in them are escaped in the text, as Markdown asks."""
        return [unquote(url) for url in LINK.findall(self.parts.get("Paper", ""))]


def entries(folder: str) -> list[Entry]:
    """Every entry of a folder of pages, in the order of reading."""
    found: list[Entry] = []
    for page in sorted((DOCS / folder).glob("*.md")):
        section = ""
        for block in re.split(r"^(?=#{1,3} )", page.read_text(), flags=re.MULTILINE):
            if name := ENTRY.match(block):
                found.append(Entry(page.name, section, name[1], block))
            elif block.startswith("## "):
                section = block.splitlines()[0][3:]
    return found
