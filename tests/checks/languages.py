"""Languages of a report: holds every catalogue to the texts that stand in the code.

A text is a literal in `t("...")`, `parts("...")`, `keep("...")` or `later("...")`, in Python and in
templates, or a word of a goal (`confide.report.goals`). A catalogue must have each of them, with the same
gaps, and none that is not in the code any more. A text may stand in any file of its language, and once.

Usage: python tests/checks/languages.py [FOLDER ...]
       python tests/checks/languages.py --missing LANGUAGE [FOLDER ...]

The first says what is wrong, the second prints what a translator has to fill in; both in these folders of
`src/confide` alone, or in all.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from string import Formatter

from confide.core.language import LANGUAGES, read_catalogue
from confide.report.goals import GOALS

ROOT = Path(__file__).parents[2] / "src" / "confide"
CATALOGUES = ROOT / "core" / "languages"
MARKS = ("t", "parts", "keep", "later")
IN_TEMPLATES = re.compile(r'\b(?:t|later)\(\s*("(?:[^"\\]|\\.)*")(?:,\s*of=("[^"]*"))?')
GOAL_WORDS = "report/goals"
"""The room of the goals: their texts are put together by their own code, so they are asked and not read."""

Text = tuple[str, str]
"""Context and English text."""


@cache
def texts_of(path: Path) -> tuple[tuple[Text, str], ...]:
    """Every text of a file that is to be translated, and where it stands."""
    return tuple(_texts_of(path))


def _texts_of(path: Path) -> Iterator[tuple[Text, str]]:
    written, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    if path.suffix != ".py":
        for found in IN_TEMPLATES.finditer(written):
            yield (json.loads(found[2] or '""'), json.loads(found[1])), name
        return
    for node in ast.walk(ast.parse(written)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in MARKS
            and node.args
        ):
            of = next((k.value for k in node.keywords if k.arg == "of"), ast.Constant(""))
            # One of two literals is two texts: t("a" if x else "b").
            each = (
                [node.args[0].body, node.args[0].orelse]
                if isinstance(node.args[0], ast.IfExp)
                else node.args[:1]
            )
            for text in each:
                if (
                    isinstance(text, ast.Constant)
                    and isinstance(text.value, str)
                    and isinstance(of, ast.Constant)
                ):
                    yield (str(of.value), text.value), f"{name}:{node.lineno}"


def texts_of_goals() -> Iterator[tuple[Text, str]]:
    """Every text of every goal, and the goal's name."""
    for name, goal in GOALS.items():
        yield from ((text, f"{GOAL_WORDS}: {name}") for text in goal.texts())


def every_text(folders: Sequence[str] = ()) -> dict[Text, str]:
    """Every text in the code, and the first place where it stands."""
    pages = [p for s in ("*.py", "*.html") for f in folders or [""] for p in sorted((ROOT / f).rglob(s))]
    pages += [ROOT / f for f in folders if (ROOT / f).is_file()]
    found: dict[Text, str] = {}
    for page in pages:
        for text, where in texts_of(page):
            found.setdefault(text, where)
    if not folders or any(GOAL_WORDS.startswith(folder.rstrip("/")) for folder in folders):
        for text, where in texts_of_goals():
            found.setdefault(text, where)
    return found


def gaps(text: str) -> set[tuple[str, str]]:
    """The gaps of a text: the name of each, and how a number is written there."""
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None}


def faults(language: str, folders: Sequence[str] = ()) -> list[str]:
    """What is wrong with the catalogue of a language, a sentence each.

    Args:
        folders: texts of these alone can be missing; what else is wrong in a catalogue is said in any case.
    """
    everywhere = every_text()
    wanted, said, wrong = every_text(folders) if folders else everywhere, {}, []
    for page in sorted((CATALOGUES / language).glob("*.po")):
        written, place = page.read_text(encoding="utf-8"), f"{language}/{page.name}"
        entries = read_catalogue(written)
        # What cannot be read is not translated, and nobody would notice.
        if len(re.findall(r"^msgid ", written, flags=re.MULTILINE)) != len(entries):
            wrong.append(f"{place}: an entry is empty, stands twice or cannot be read.")
        for text, translation in entries.items():
            if text in said:
                wrong.append(f"{place}: {text[1]!r} stands in {said[text]} as well.")
            said[text] = place
            if text not in everywhere:
                wrong.append(f"{place}: {text[1]!r} ({text[0]}) is not in the code any more.")
            elif gaps(text[1]) != gaps(translation):
                wrong.append(f"{place}: the translation of {text[1]!r} has other gaps.")
    return [
        *(
            f"{language}: {where}: {text[1]!r} is missing."
            for text, where in wanted.items()
            if text not in said
        ),
        *wrong,
    ]


def skeleton(language: str, folders: Sequence[str]) -> str:
    """What is missing, as the entries of a .po file."""
    said = {
        t for p in (CATALOGUES / language).glob("*.po") for t in read_catalogue(p.read_text(encoding="utf-8"))
    }
    return "\n".join(
        entry(text, "", where=where) for text, where in every_text(folders).items() if text not in said
    )


def entry(text: Text, translation: str, *, where: str = "") -> str:
    """An entry of a .po file."""
    quoted = lambda text: json.dumps(text, ensure_ascii=False)  # noqa: E731
    of, english = text
    lines = [f"#: {where}"] * bool(where) + [f"msgctxt {quoted(of)}"] * bool(of)
    return "\n".join([*lines, f"msgid {quoted(english)}", f"msgstr {quoted(translation)}", ""])


def main(argv: list[str]) -> int:
    """Print what is wrong, or what is missing."""
    if argv[:1] == ["--missing"]:
        print(skeleton(argv[1], argv[2:]))
        return 0
    wrong = [fault for language in LANGUAGES if language != "en" for fault in faults(language, argv)]
    print("\n".join(wrong) or "languages: every text is translated.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
