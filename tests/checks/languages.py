"""Languages of a report: holds every catalogue to the texts that stand in the code.

A text is a literal in `t("...")`, `parts("...")` or `later("...")`, in Python and in templates. A catalogue
must have each of them, with the same gaps, and none that is not in the code any more. A text may stand in any
file of its language, and once.

Usage: python tests/checks/languages.py [--missing LANGUAGE [FOLDER ...]]
With --missing it prints what a translator has to fill in, of these folders of `src/confide` alone.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from confide.core.language import LANGUAGES, read_catalogue

ROOT = Path(__file__).parents[2] / "src" / "confide"
CATALOGUES = ROOT / "core" / "languages"
MARKS = ("t", "parts", "later")
IN_TEMPLATES = re.compile(r'\b(?:t|later)\(("(?:[^"\\]|\\.)*")(?:,\s*of=("[^"]*"))?')

Text = tuple[str, str]
"""Context and English text."""


def texts_of(path: Path) -> Iterator[tuple[Text, str]]:
    """Every text of a file that is to be translated, and where it stands."""
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
            text = node.args[0]
            of = next((k.value for k in node.keywords if k.arg == "of"), ast.Constant(""))
            if (
                isinstance(text, ast.Constant)
                and isinstance(text.value, str)
                and isinstance(of, ast.Constant)
            ):
                yield (str(of.value), text.value), f"{name}:{node.lineno}"


def every_text(folders: list[str] | None = None) -> dict[Text, str]:
    """Every text in the code, and the first place where it stands."""
    pages = [p for s in ("*.py", "*.html") for f in folders or [""] for p in sorted((ROOT / f).rglob(s))]
    pages += [ROOT / f for f in folders or [] if (ROOT / f).is_file()]
    found: dict[Text, str] = {}
    for page in pages:
        for text, where in texts_of(page):
            found.setdefault(text, where)
    return found


def gaps(text: str) -> set[str]:
    """The names of the gaps of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def faults(language: str) -> list[str]:
    """What is wrong with the catalogue of a language, a sentence each."""
    wanted, said, wrong = every_text(), {}, []
    for page in sorted((CATALOGUES / language).glob("*.po")):
        for text, translation in read_catalogue(page.read_text(encoding="utf-8")).items():
            place = f"{language}/{page.name}"
            if text in said:
                wrong.append(f"{place}: {text[1]!r} stands in {said[text]} as well.")
            said[text] = place
            if text not in wanted:
                wrong.append(f"{place}: {text[1]!r} is not in the code any more.")
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


def skeleton(language: str, folders: list[str]) -> str:
    """What is missing, as the entries of a .po file."""
    said = {
        t for p in (CATALOGUES / language).glob("*.po") for t in read_catalogue(p.read_text(encoding="utf-8"))
    }
    quoted = lambda text: json.dumps(text, ensure_ascii=False)  # noqa: E731
    return "\n".join(
        f"#: {where}\n" + f"msgctxt {quoted(of)}\n" * bool(of) + f'msgid {quoted(text)}\nmsgstr ""\n'
        for (of, text), where in every_text(folders).items()
        if (of, text) not in said
    )


def main(argv: list[str]) -> int:
    """Print what is wrong, or what is missing."""
    if argv[:1] == ["--missing"]:
        print(skeleton(argv[1], argv[2:]))
        return 0
    wrong = [fault for language in LANGUAGES if language != "en" for fault in faults(language)]
    print("\n".join(wrong) or "languages: every text is translated.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
