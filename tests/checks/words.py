"""Word list: finds the words of `words.txt` in everything that a person reads.

Prose is the text of every page (Markdown, templates, chart and schema files) and, in Python, docstrings,
comments and string literals; names in code are not read. Each hit is printed with its file, its line, the
words, and what to write instead. `words_allowed.txt` lists the exceptions, with reasons.

Usage: python tests/checks/words.py [--count] [PATH ...]
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLACES = ("src", "tests", "benchmarks", "docs", "decisions", "examples", "Makefile", ".ci/run")
PAGES = {".md", ".html", ".css", ".js", ".json", ".txt", ".toml", ".yml", ".cff", ".sh", ""}
"""What is read as a whole; of a Python file only strings and comments are prose."""


@dataclass(frozen=True)
class Rule:
    """Words that are not used, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True)
class Hit:
    """One place where listed words stand: file, line number, the words as found, the line, and the advice."""

    file: str
    line: int
    found: str
    text: str
    instead: str

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: "{self.found}": write {self.instead}'


@dataclass
class Allowed:
    """An exception: the file, a part of the line, why; and whether it was needed."""

    file: str
    part: str
    reason: str
    used: bool = False

    def covers(self, hit: Hit) -> bool:
        return fnmatch(hit.file, self.file) and self.part in hit.text


def rules(text: str) -> list[Rule]:
    """The rules of a word list.

    Raises:
        ValueError: if a line is not of the form `WORDS => INSTEAD`.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words, arrow, instead = line.partition(" => ")
        if not arrow or not instead.strip():
            raise ValueError(f"line {number} of the word list is {line!r}: write WORDS => INSTEAD.")
        source = (
            words.removeprefix("re:") if words.startswith("re:") else re.escape(words).replace(r"\ ", " ")
        )
        spaced = re.sub(" +", r"\\s+", source)
        found.append(Rule(re.compile(rf"\b(?:{spaced})\b", re.IGNORECASE), instead.strip()))
    return found


def allowed(text: str) -> list[Allowed]:
    """The exceptions of a list.

    Raises:
        ValueError: if a line is not of the form `FILE | PART | REASON`, or the reason is missing.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not parts[2]:
            raise ValueError(f"line {number} of the exceptions is {line!r}: write FILE | PART | REASON.")
        found.append(Allowed(*parts))
    return found


def prose(text: str, *, python: bool) -> str:
    """The text with all code blanked out; what is left stays at its line and column.

    >>> prose("name = 'a word'  # and why", python=True).split()
    ['a', 'word', 'and', 'why']
    """
    if not python:
        return text
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    kept = [character if character == "\n" else " " for character in text]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            start = starts[token.start[0] - 1] + token.start[1]
            kept[start : start + len(token.string)] = _words_of(token.string)
    return "".join(kept)


def _words_of(token: str) -> str:
    """A string or comment without its marks, so that a phrase is found across several of them."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found.group())

    prefix = re.match(r"[A-Za-z]*(?=[\"'])", token)
    if prefix and "f" in prefix.group().lower():
        token = re.sub(r"\{[^{}]*\}", blank, token)  # code again
    return re.sub(r"^[A-Za-z]{0,2}(?=[\"'])|[#\"']", blank, token)


def hits(file: str, text: str, listed: Sequence[Rule]) -> Iterator[Hit]:
    """Every listed word in the prose of one file."""
    read, lines = prose(text, python=file.endswith(".py")), text.splitlines()
    for rule in listed:
        for match in rule.pattern.finditer(read):
            line = read.count("\n", 0, match.start()) + 1
            yield Hit(file, line, " ".join(match.group().split()), lines[line - 1], rule.instead)


def files(root: Path) -> Iterator[Path]:
    """All files that are read: the pages at the root and everything in `PLACES`, hidden folders left out."""
    yield from sorted(root.glob("*.md"))
    for place in PLACES:
        for path in [root / place] if (root / place).is_file() else sorted((root / place).rglob("*")):
            inside = path.relative_to(root).parts
            made = inside[0] == "examples" and {"data", "out"} & set(inside)  # by a job that ran
            if path.is_file() and path.suffix in PAGES | {".py"} and "__pycache__" not in inside and not made:
                yield path


def check(root: Path, paths: Iterable[Path], listed: Sequence[Rule], exceptions: list[Allowed]) -> list[Hit]:
    """All hits that no exception covers; exceptions that cover one are marked as used."""
    found = []
    for path in paths:
        for hit in hits(path.relative_to(root).as_posix(), path.read_text("utf-8"), listed):
            covering = [one for one in exceptions if one.covers(hit)]
            for one in covering:
                one.used = True
            if not covering:
                found.append(hit)
    return sorted(found, key=lambda hit: (hit.file, hit.line))


def by_folder(found: Iterable[Hit]) -> Counter[str]:
    """How many hits each folder has, to the depth of `src/confide/attacks`."""
    return Counter("/".join(hit.file.split("/")[:-1][:3]) or "(root)" for hit in found)


def main(arguments: list[str]) -> int:
    """Print every hit, or with --count the number of hits in each folder; 1 if there is one, else 0."""
    counting = "--count" in arguments
    chosen = [Path(argument).resolve() for argument in arguments if not argument.startswith("-")]
    within = [p for p in files(ROOT) if not chosen or any(p == c or c in p.parents for c in chosen)]
    exceptions = allowed((HERE / "words_allowed.txt").read_text("utf-8"))
    found = check(ROOT, within, rules((HERE / "words.txt").read_text("utf-8")), exceptions)
    stale = [] if chosen else [one for one in exceptions if not one.used]
    for folder, number in sorted(by_folder(found).items()) if counting else ():
        print(f"{number:6} {folder}")
    for hit in () if counting else found:
        print(hit)
    for one in stale:
        print(f"words_allowed.txt: {one.file} | {one.part}: allows nothing any more; delete the line")
    print(f"{len(found)} words to replace")
    return int(bool(found or stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
