"""Names of people and places within texts, by models of spaCy that the user has installed.

Nothing is downloaded: without a model no name is looked for, and a report has to say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from confide.core.errors import DataError

INSTALL = "python -m spacy download en_core_web_sm"
"""Models are published by spaCy itself; packages of such names elsewhere are other people's."""

NAMES = {
    **dict.fromkeys(("PERSON", "PER", "PATIENT", "STAFF"), "a name of a person"),
    **dict.fromkeys(("LOCATION", "LOC", "GPE"), "a name of a place"),
}
"""The labels of spaCy's models."""
SIZES = ("lg", "trf", "md", "sm")
"""The ends of the models' names, the best first."""


@dataclass(frozen=True, slots=True)
class NameModels:
    """Installed models of spaCy that mark names.

    Args:
        names: of their packages; one for each language.
        pipelines: spaCy's own objects.
    """

    names: tuple[str, ...]
    pipelines: tuple[Any, ...]

    def kinds(self, texts: Sequence[str]) -> list[set[str]]:
        """The kinds of names in each text; a name that one of the models sees counts."""
        found: list[set[str]] = [set() for _ in texts]
        for pipeline in self.pipelines:
            for kinds, marked in zip(found, pipeline.pipe(texts), strict=True):
                kinds.update(NAMES[span.label_] for span in marked.ents if span.label_ in NAMES)
        return found


def load_names() -> NameModels:
    """Load the installed models that mark names, the largest of each language.

    Raises:
        DataError: if an installed model cannot be loaded.
    """
    if find_spec("spacy") is None:
        return NameModels((), ())
    spacy: Any = import_module("spacy")
    loaded: dict[str, Any] = {}
    for language in {name.partition("_")[0] for name in spacy.util.get_installed_models()}:
        same = [name for name in spacy.util.get_installed_models() if name.partition("_")[0] == language]
        for name in sorted(same, key=_rank):
            pipeline = _loaded(spacy, name)
            # A model may only split words: one that marks entities says so.
            if any("doc.ents" in pipeline.get_pipe_meta(pipe).assigns for pipe in pipeline.pipe_names):
                loaded[name] = pipeline
                break
    return NameModels(tuple(sorted(loaded)), tuple(loaded[name] for name in sorted(loaded)))


def _rank(name: str) -> tuple[int, str]:
    size = name.rpartition("_")[2]
    return SIZES.index(size) if size in SIZES else len(SIZES), name


def _loaded(spacy: Any, name: str) -> Any:
    try:
        return spacy.load(name)
    except (ImportError, OSError, ValueError, TypeError) as error:
        raise DataError(
            f"the model {name} of spaCy cannot be loaded ({error}): install one that fits spaCy "
            f"{spacy.__version__}, take it away, or give --no-presidio."
        ) from error
