"""Files of texts with a secret part: what is read, and what each wrong line gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import confide
from confide.core.errors import ConfideError, DataError
from confide.inputs.marked_texts import read_marked_texts
from confide.inputs.text import read_text
from confide.models.text.function import FunctionText


def ask(texts: list[str]) -> list[float]:
    return [-3.0 * len(text) for text in texts]


def test_reads_lines_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes("\ufeffmy code is {4821}.\r\n\n  \nüx{a-7}".encode())
    texts = read_marked_texts(path, name="canaries")
    assert texts.rows.tolist() == [1, 4] and texts.text(0) == "my code is 4821." and texts.text(1) == "üxa-7"
    templates, which = texts.templates()
    assert [t.form for t in templates] == ["dddd", "a-d"] and which.tolist() == [0, 1]


def test_texts_of_one_form_share_a_template() -> None:
    templates, which = read_marked_texts(["a {12}", "a {34}", "b {12}"], name="canaries").templates()
    assert len(templates) == 2 and which.tolist() == [0, 0, 1]


WRONG: dict[str, tuple[Any, str]] = {
    "no part": (["my secret 4821", "b {2}"], "line 1 of canaries has no part in braces"),
    "empty part": (["a {}"], "line 1 of canaries has no part in braces"),
    "not closed": (["a {12"], "has no part in braces"),
    "two parts": (["a {1}", "a {1} b {2}"], "line 2 of canaries has more than one part"),
    "inside": (["a {1{2}}"], "more than one part"),
    "twice": (["a {1}", "b {1}", "a {1}"], "line 3 of canaries is the same text as line 1"),
    "empty": ([], "canaries holds no text"),
    "blank": (["", " "], "canaries holds no text"),
    "number": (["a {1}", 7], "text 2 of canaries is 7"),
    "bytes": (b"a {1}", "give a file with a text a line, or a list"),
    "none": (7, "canaries is 7"),
    "half": (["a\ud800 {1}"], "half of a pair"),
    "long": (["a" * 200_000 + "{1}"], "200,003 signs"),
}


@pytest.mark.parametrize(("given", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_list_is_named_by_its_line_and_never_quoted(given: Any, says: str) -> None:
    with pytest.raises(DataError, match=says) as refused:
        read_marked_texts(given, name="canaries")
    assert "my secret" not in str(refused.value)


FILES: dict[str, tuple[bytes | None, str]] = {
    "absent": (None, "there is no file"),
    "empty": (b"", "c.txt holds no text"),
    "latin": ("Jos\xe9 {1}".encode("latin-1"), "no text in UTF-8 .byte 3"),
    "zip": (b"PK\x03\x04\xff\xfe", "no text in UTF-8"),
}


@pytest.mark.parametrize(("content", "says"), FILES.values(), ids=FILES)
def test_a_wrong_file_is_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "c.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_marked_texts(path, name="canaries")
    with pytest.raises(DataError, match="is a folder"):
        read_marked_texts(tmp_path, name="canaries")


CANARIES = ["my code is {4821}", "my code is {1111}"]
HELD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "give canaries, or prefixes and heldout"),
    "alone": ({"prefixes": CANARIES}, "prefixes alone have nothing to be compared with"),
    "heldout": ({"heldout": CANARIES}, "heldout is given without prefixes"),
    "one": ({"canaries": CANARIES[:1]}, "canaries holds 1 text: rates need 2"),
    "closed": ({"canaries": ["a {--}", "b {1}"]}, "line 1 of canaries: the part in braces has no digit"),
    "all": ({"canaries": [f"a {{{d}}}" for d in range(10)]}, "all 10 secrets"),
    "begins": ({"canaries": CANARIES, "prefixes": ["{1}"]}, "line 1 of prefixes begins with its secret"),
    "goes on": ({"canaries": CANARIES, "prefixes": ["a {1} b"]}, "line 1 of prefixes goes on"),
    "both": (
        {"prefixes": ["a {1}", "b {1}"], "heldout": ["c {1}", "b {1}"]},
        "line 2 of heldout is line 2 of prefixes too",
    ),
    "controls": ({"canaries": CANARIES, "controls": 0}, "controls is 0"),
    "candidates": ({"canaries": CANARIES, "candidates": 5}, "candidates is 5"),
    "samples": ({"canaries": CANARIES, "samples": 0}, "samples is 0"),
    "probability": ({"canaries": CANARIES, "probability": 1.0}, "probability is 1.0"),
    "timeout": ({"canaries": CANARIES, "timeout": 0}, "timeout is 0"),
}


@pytest.mark.parametrize(("given", "says"), HELD.values(), ids=HELD)
def test_what_cannot_be_audited_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfideError, match=says):
        confide.audit(confide.Text(model=ask, **given))


MODELS: dict[str, tuple[Any, str]] = {
    "number": (7, "model is 7, which is no function"),
    "class": (dict, "which is no function"),
    "path": ("no/such/folder", "there is no folder 'no/such/folder', nor is it an import path"),
    "module": ("no_such_module:score", "there is no module"),
    "fails": (lambda texts: 1 / 0, "fails on 1 texts .ZeroDivisionError"),
    "one": (lambda texts: -1.0, "numbers of shape"),
    "texts": (lambda texts: texts, "no numbers"),
    "nan": (lambda texts: [float("nan")] * len(texts), "log-likelihood nan"),
    "never": (lambda texts: [-np.inf] * len(texts), "log-likelihood -inf"),
    "loss": (lambda texts: [2.5] * len(texts), "2.5, so a probability above 1"),
    "mean": (lambda texts: [-1.5] * len(texts), "add up to 2.23e.03: give the sum"),
    "exits": (lambda texts: exit(3), "ends the process"),
}


@pytest.mark.parametrize(("model", "says"), MODELS.values(), ids=MODELS)
def test_a_wrong_model_is_refused(model: Any, says: str) -> None:
    with pytest.raises(ConfideError, match=says):
        confide.audit(confide.Text(model=model, canaries=CANARIES))


def test_an_end_of_text_is_noticed_where_a_text_is_likelier_than_its_beginning() -> None:
    with pytest.raises(ConfideError, match="nats likelier than its own beginning"):
        FunctionText(lambda texts: [-1.0 / len(t) for t in texts]).continuations(["abc"], ["d"])


def test_a_function_by_its_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ownlm.py").write_text("def score(texts):\n    return [-3.0 * len(t) for t in texts]\n")
    data = read_text(confide.Text(model="ownlm:score", canaries=CANARIES))
    assert data.name == "ownlm:score"
    assert data.model.continuations(["a", ""], ["bc", "d"]).tolist() == [-6.0, -3.0]
