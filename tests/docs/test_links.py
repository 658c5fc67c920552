"""Every link of the documentation leads somewhere; addresses outside are well formed, and never fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from markdown.extensions.toc import slugify, unique

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")),
    *sorted(DOCS.rglob("*.md")),
]

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BENCHMARK = re.compile(r"`(benchmarks/[\w/]+\.(?:md|py)|tests/[\w/]+\.py)`")


@dataclass(frozen=True, slots=True)
class Link:
    page: Path
    to: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.to}"


def links() -> Iterator[Link]:
    """Every link of every page, without those in code."""
    for page in PAGES:
        prose = FENCE.sub("", page.read_text())
        yield from (Link(page, found) for found in LINK.findall(CODE.sub("`", prose)))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The ids that MkDocs gives the headings of a page."""
    taken: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", page.read_text())):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.replace("`", "").replace("*", ""))
        unique(slugify(plain, "-"), taken)
    return frozenset(taken)


def test_relative_links_and_anchors_resolve() -> None:
    broken = []
    for link in links():
        if urlsplit(link.to).scheme:
            continue
        path, _, anchor = link.to.partition("#")
        target = (link.page.parent / path).resolve() if path else link.page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(str(link))
    assert not broken, "\n".join(broken)


def test_pages_of_the_site_link_to_nothing_outside_it() -> None:
    # The site is built from docs/ alone: a link to ../benchmarks would be dead there.
    dead = [
        str(link)
        for link in links()
        if DOCS in link.page.parents
        and not urlsplit(link.to).scheme
        and not (link.page.parent / link.to.partition("#")[0]).resolve().is_relative_to(DOCS)
    ]
    assert not dead, "\n".join(dead)


def outside() -> dict[str, list[str]]:
    """Each address outside the repository -> the pages that name it."""
    found: dict[str, list[str]] = {}
    for link in links():
        if urlsplit(link.to).scheme:
            found.setdefault(link.to, []).append(str(link.page.relative_to(ROOT)))
    return dict(sorted(found.items()))


def test_addresses_are_well_formed() -> None:
    """They are not fetched: that a paper's server is down is no fault of this repository."""
    assert outside()
    for address, pages in outside().items():
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https"), (address, pages)
        assert "." in parts.netloc, (address, pages)
        if parts.netloc in ("doi.org", "arxiv.org"):  # of a paper, a bare host is no address
            assert re.fullmatch(r"/(abs/[\w./-]+|10\.\d{4,}/\S+)", parts.path), (address, pages)


def test_files_that_pages_name_exist() -> None:
    gone = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in BENCHMARK.findall(page.read_text())
        if not (ROOT / name).exists()
    ]
    assert not gone, "\n".join(gone)


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    nav = yaml.safe_load(text[text.index("\nnav:") :])["nav"]

    def pages(part: object) -> Iterator[str]:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            for value in part.values():
                yield from pages(value)
        elif isinstance(part, list):
            for value in part:
                yield from pages(value)

    assert sorted(pages(nav)) == sorted(str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md"))


if __name__ == "__main__":  # the addresses outside, to be looked up by hand
    print("\n".join(f"{address}  {', '.join(pages)}" for address, pages in outside().items()))
