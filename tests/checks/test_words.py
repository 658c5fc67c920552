"""The word list finds planted words wherever prose stands, passes plain prose, and knows its exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.checks.words import HERE, ROOT, allowed, by_folder, check, files, hits, rules

LISTED = rules((HERE / "words.txt").read_text("utf-8"))

PYTHON = '''"""Noise is drawn anew. The adversary sees the release, and
so
many people are in it."""

his = 1  # names in code are free

def f(he):
    """Adds one."""
    # Whoever reads this
    message = "prey" f"{he} was " "told that"
    return he + 1
'''
CLEAN = '''"""Noise is drawn again for each of n people; the adversary is given the release."""

there, other, families = "the theory relies on others", "hero", 3  # she-like words inside words: heresy
'''
PAGE = "# Prose\n\nThe target lies in the middle.\n\n```python\nx = 1  # drawn anew\n```\n"


def found(file: str, text: str) -> list[tuple[int, str]]:
    return sorted((hit.line, hit.found) for hit in hits(file, text, LISTED))


def test_planted_words_are_found_in_strings_and_comments_and_not_in_names() -> None:
    assert found("a.py", PYTHON) == [
        (1, "anew"),
        (2, "so many"),
        (9, "Whoever"),
        (10, "prey"),
        (10, "was told"),
    ]


def test_pages_are_read_whole() -> None:
    assert found("docs/a.md", PAGE) == [(3, "lies"), (6, "anew")]


def test_plain_prose_passes() -> None:
    # The hyphen ends a word, so "she-like" is the one hit: the clean text is clean without its comment.
    assert found("a.py", CLEAN) == [(3, "she")]
    assert found("a.py", CLEAN.replace("she-like", "such")) == []


def test_every_rule_says_what_to_write_and_finds_its_own_words() -> None:
    for line in (HERE / "words.txt").read_text("utf-8").splitlines():
        words, arrow, _ = line.partition(" => ")
        if arrow and not line.startswith(("#", "re:")):
            assert (1, words) in found("a.md", f"Now {words} then.")
    assert all(rule.instead for rule in LISTED)


def test_an_exception_covers_its_line_alone_and_is_marked_as_used(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text('"Whoever knows, knows", a title.\n\nWhoever reads this.\n')
    title, unneeded = allowed("a.md | a title | a quoted title\nb.md | x | never\n")
    (hit,) = check(tmp_path, [page], LISTED, [title, unneeded])
    assert (hit.file, hit.line) == ("a.md", 3) and str(hit).startswith('a.md:3: "Whoever": write ')
    assert title.used and not unneeded.used
    assert by_folder([hit]) == {"(root)": 1}


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (rules, "anew", "WORDS => INSTEAD"),
        (rules, "anew => ", "WORDS => INSTEAD"),
        (allowed, "a.md | title", "FILE | PART | REASON"),
        (allowed, "a.md | title | ", "FILE | PART | REASON"),
    ],
)
def test_a_line_of_another_form_is_refused(read, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("|", r"\|")):
        read(text)


def test_all_kinds_of_prose_are_read() -> None:
    read = {path.relative_to(ROOT).as_posix() for path in files(ROOT)}
    expected = ("README.md", "docs/index.md", "src/confide/core/nouns.py", "src/confide/report/templates")
    assert all(any(name.startswith(one) for name in read) for one in expected)
    assert not any("__pycache__" in name or name.startswith(".git/") for name in read)
