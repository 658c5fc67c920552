"""A language model, and texts of which it may have learnt the secret parts by heart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

from confide.core.errors import DataError, ModelError
from confide.core.fields import check_fields, shown
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag
from confide.core.paths import is_folder
from confide.inputs.marked_texts import MarkedTexts, read_marked_texts, refuse_common
from confide.models.importing import import_object
from confide.models.text.folder import load_folder
from confide.models.text.function import FunctionText
from confide.views.text import Likelihoods

FEWEST_TEXTS = 2
FEWEST_CANDIDATES = 100
MOST_CANDIDATES = 1_000_000
MOST_SAMPLES = 10**9
MOST_CONTROLS = 100_000
_IMPORT_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A language model, and texts that trained it: which of their secret parts does it give away?

    Each line of a file is a text, with its secret part in braces: `my code is {4821}`. Of a canary the form
    of the secret is public, here four digits, and the audit compares it with all other candidates, and with
    canaries of the same form that it draws itself. Of a prefix the adversary knows what comes before the
    braces, and is to get what is in them out of the model.

    Args:
        model: The model: a folder of Hugging Face's form, or mypkg.lm:score, a function from texts to the
            natural logarithm of each one's probability; in Python also the function.
        canaries: Texts that trained the model, each with a secret that was drawn at random: canaries.txt; in
            Python also a list of texts.
        prefixes: Texts that trained the model, in two parts: prefixes.txt, or a list.
        heldout: Texts of the same kind as the prefixes that did not train it.
        controls: How many canaries that were not in are drawn, in all; at least one for each that was.
        candidates: About how many candidates for a canary's secret the adversary can ask the model. Where
            there are more, it asks about this many, drawn at random.
        samples: How many continuations of a prefix the adversary draws.
        probability: With which probability the true one must be among them.
        timeout: Seconds that one call of the function may take.
        harm: What is learnt about a person whose secret is read: one sentence for the report.

    Raises:
        DataError: for numbers out of range, or without any texts.

    Source: Carlini et al. 2019; Hayes et al. 2025.
    """

    _: KW_ONLY
    model: Annotated[Any, Flag(group=HOLD, metavar="FOLDER")]
    canaries: Annotated[Any, Flag(group=HOLD, metavar="FILE")] = None
    prefixes: Annotated[Any, Flag(group=HOLD, metavar="FILE")] = None
    heldout: Annotated[Any, Flag(group=HOLD, metavar="FILE")] = None
    controls: Annotated[int, Flag(group=HOW, least=1, most=MOST_CONTROLS)] = 1_000
    candidates: Annotated[int, Flag(group=KNOWS, least=FEWEST_CANDIDATES, most=MOST_CANDIDATES)] = 20_000
    samples: Annotated[int, Flag(group=KNOWS, least=1, most=MOST_SAMPLES)] = 100
    probability: Annotated[float, Flag(group=KNOWS)] = 0.5
    timeout: Annotated[int | None, Flag(group=HOW, least=1)] = None
    harm: Annotated[str, Flag(group=GET)] = ""

    def __post_init__(self) -> None:
        check_fields(self)
        ranges = {
            "controls": (1, MOST_CONTROLS),
            "candidates": (FEWEST_CANDIDATES, MOST_CANDIDATES),
            "samples": (1, MOST_SAMPLES),
        }
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise DataError(f"{name} is {getattr(self, name):,}: give {least:,} to {most:,}.")
        if not 0 < self.probability < 1:
            raise DataError(f"probability is {self.probability}: give a number above 0 and below 1.")
        if self.timeout is not None and self.timeout < 1:
            raise DataError(f"timeout is {self.timeout}: give 1 second or more.")
        if self.heldout is not None and self.prefixes is None:
            raise DataError("heldout is given without prefixes: give the texts that trained the model too.")
        if self.canaries is None and self.heldout is None:
            also = " (prefixes alone have nothing to be compared with)" if self.prefixes is not None else ""
            raise DataError(f"give canaries, or prefixes and heldout{also}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextData:
    """The model, and the texts of each file that was given.

    Args:
        model: that answers.
        name: what to call it.
        canaries, prefixes, heldout: the texts.
    """

    model: Likelihoods
    name: str
    canaries: MarkedTexts | None
    prefixes: MarkedTexts | None
    heldout: MarkedTexts | None


def read_text(held: Text) -> TextData:
    """Read the texts, then load the model and ask it once.

    Raises:
        DataError: if a file cannot be read, or a line has no secret part.
        ModelError: if the model cannot be loaded or asked.
    """
    canaries, prefixes, heldout = (
        None if given is None else read_marked_texts(given, name=name)
        for given, name in (
            (held.canaries, "canaries"),
            (held.prefixes, "prefixes"),
            (held.heldout, "heldout"),
        )
    )
    for texts in (canaries, None if heldout is None else prefixes, heldout):
        if texts is not None and len(texts) < FEWEST_TEXTS:
            raise DataError(
                f"{texts.name} holds {len(texts)} text: rates need {FEWEST_TEXTS} at least, and 100 or more "
                "to say much."
            )
    if canaries is not None:
        canaries.need_open()
    for texts in (prefixes, heldout):
        if texts is not None:
            texts.need_last()
    if prefixes is not None and heldout is not None:
        refuse_common(prefixes, heldout)
    model, name = _model(held)
    for texts in (canaries, prefixes, heldout):
        if texts is not None:
            # What would fail after an hour fails now, on the longest text.
            model.log_likelihoods([max((texts.text(i) for i in range(len(texts))), key=len)])
    return TextData(model=model, name=name, canaries=canaries, prefixes=prefixes, heldout=heldout)


def _model(held: Text) -> tuple[Likelihoods, str]:
    given: Any = held.model
    if hasattr(given, "log_likelihoods") and hasattr(given, "continuations") and not isinstance(given, type):
        return given, str(getattr(given, "name", type(given).__name__))
    if isinstance(given, str | Path):
        if is_folder(Path(given)):
            return load_folder(Path(given)), Path(given).name or str(given)
        if not _IMPORT_PATH.fullmatch(str(given)):
            raise ModelError(
                f"there is no folder {shown(str(given))}, nor is it an import path: give a folder of Hugging "
                "Face's form, or a function like mypkg.lm:score."
            )
        return FunctionText(_callable(import_object(str(given))), str(given), held.timeout), str(given)
    function = _callable(given)
    name = str(getattr(function, "__name__", type(function).__name__))
    return FunctionText(function, name, held.timeout), name


def _callable(given: Any) -> Callable[[list[str]], Any]:
    if not callable(given) or isinstance(given, type):
        raise ModelError(
            f"model is {shown(given)}, which is no function: give one from a list of texts to the natural "
            "logarithm of each one's probability, or the path of a model folder."
        )
    return given
