"""Transcripts show each party its own messages alone, and come back from disk as they were."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from confide.core.errors import AccessError, DataError
from confide.core.kept_transcript import BYTES, INDEX, read_beside, read_transcript, write_transcript
from confide.core.transcript import Message, Transcript

PARTIES = ("server", "a", "b", "c")


def made() -> Transcript:
    rng, model = np.random.default_rng(0), np.arange(5, dtype=np.float32)
    messages: list[Message] = []
    for number in (1, 2):
        for client in "abc":
            messages.append(Message(number, "server", client, "model", {"w": model}, 1.5))
            update = {"w": rng.random(5), "n": np.array(7), "in": np.array([True, False])}
            messages.append(Message(number, client, "server", "update", update))
    messages.append(Message(2, "a", "b", "share", {"s": np.array([2**32 - 1], np.uint32)}))
    held = {client: {"x": np.full((2, 3), k, np.uint8)} for k, client in enumerate("abc")}
    return Transcript(parties=PARTIES, messages=messages, inputs=held, published={"w": model + 1})


def test_a_party_sees_what_it_sent_and_received_and_nothing_else() -> None:
    run = made()
    for party in PARTIES:
        seen = run.seen_by(party)
        naive = [m for m in run.messages if party in (m.sender, m.receiver)]
        assert [id(m) for m in seen.messages] == [id(m) for m in naive] and not seen.envelopes
        assert set(seen.inputs) == ({party} if party != "server" else set())
        assert seen.published["w"].tolist() == [1, 2, 3, 4, 5]
    assert len(run.seen_by("server").messages) == 12, "the share between clients is not the server's"
    assert [m.sender for m in run.seen_by("b").received("share")] == ["a"]
    assert len(run.seen_by("server").received("update")) == 6 == len(run.seen_by("server").sent("model"))


def test_an_eavesdropper_sees_envelopes_alone() -> None:
    seen = made().seen_by("eavesdropper")
    assert not seen.messages and not seen.inputs and not seen.published
    assert len(seen.envelopes) == 13
    first, second = seen.envelopes[:2]
    assert (first.size, first.seconds, second.size) == (20, 1.5, 5 * 8 + 8 + 2)
    assert not hasattr(first, "payload") and not hasattr(first, "kind")


def test_parties_that_collude_see_the_union() -> None:
    run = made()
    seen = run.seen_by("a", "b")
    assert set(seen.inputs) == {"a", "b"} and len(seen.messages) == 9
    with pytest.raises(AccessError, match="no party 'eavesdropper'"):
        run.seen_by("a", "eavesdropper")
    with pytest.raises(AccessError, match="no party 'd'"):
        run.seen_by("d")


def test_nothing_in_it_can_be_changed() -> None:
    run = made()
    with pytest.raises(ValueError, match="read-only"):
        run.messages[1].payload["w"][0] = 1
    with pytest.raises(TypeError):
        run.messages[1].payload["w"] = np.zeros(1)  # pyright: ignore[reportIndexIssue]
    with pytest.raises(FrozenInstanceError):
        run.published = {}  # pyright: ignore[reportAttributeAccessIssue]


def test_it_comes_back_from_disk_with_equal_arrays_written_once(tmp_path: Path) -> None:
    run, folder = made(), tmp_path / "run"
    write_transcript(run, folder)
    back = read_transcript(folder)
    assert back.parties == run.parties and len(back.messages) == len(run.messages)
    for one, other in zip(run.messages, back.messages, strict=True):
        assert (one.round, one.sender, one.receiver, one.kind, one.seconds) == (
            other.round, other.sender, other.receiver, other.kind, other.seconds,
        )  # fmt: skip
        assert same(one.payload, other.payload)
    assert same(run.published, back.published) and all(same(run.inputs[p], back.inputs[p]) for p in "abc")
    # Of the model, six times sent, there is one copy; 20 bytes fill 24.
    arrays = json.loads((folder / INDEX).read_text())["arrays"]
    assert len(arrays) == 1 + 6 + 1 + 1 + 1 + 3 + 1
    assert (folder / BYTES).stat().st_size == 24 + 6 * 40 + 8 + 8 + 8 + 3 * 8 + 24


def same(one: object, other: object) -> bool:
    assert hasattr(one, "items") and hasattr(other, "items")
    pairs = list(zip(one.items(), other.items(), strict=True))
    return all(a == b and x.dtype == y.dtype and np.array_equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.skipif(os.name != "posix", reason="no such rights")
def test_its_owner_alone_can_read_it_and_others_rights_are_refused(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_transcript(made(), tmp_path / "run")
    finally:
        os.umask(before)
    for path in (tmp_path / "run", *(tmp_path / "run").iterdir()):
        assert path.stat().st_mode & 0o077 == 0
    (tmp_path / "run" / BYTES).chmod(0o640)
    with pytest.raises(DataError, match="chmod -R go="):
        read_transcript(tmp_path / "run")


def test_texts_beside_it_are_its_owner_s_and_refused_once_they_are_changed(tmp_path: Path) -> None:
    write_transcript(made(), tmp_path / "run", beside={"plan.toml": "rounds = 3\r\n"})
    assert read_beside(tmp_path / "run", "plan.toml") == "rounds = 3\r\n", "to the byte"
    assert read_beside(tmp_path / "run", "other.toml") is None
    file = tmp_path / "run" / "plan.toml"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("rounds = 4")
    with pytest.raises(DataError, match="changed or cut"):
        read_beside(tmp_path / "run", "plan.toml")
    file.chmod(0o644)
    with pytest.raises(DataError, match="chmod -R go="):
        read_beside(tmp_path / "run", "plan.toml")


def test_an_existing_folder_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError, match="there already"):
        write_transcript(made(), tmp_path / "run")
    assert list(tmp_path.iterdir()) == [tmp_path / "run"] and not list((tmp_path / "run").iterdir())


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    wide = Message(1, "a", "b", "x", {"w": np.zeros(2, np.longdouble)})
    with pytest.raises(DataError, match="cannot be written"):
        write_transcript(Transcript(parties=("a", "b"), messages=[wide]), tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.update(format=2),
        lambda index: index.pop("arrays"),
        lambda index: index["arrays"].__setitem__(0, [0, "|O", [1]]),
        lambda index: index["arrays"].__setitem__(0, [0, "<f8", [2**62, 2**62]]),
        lambda index: index["arrays"].__setitem__(0, [-8, "<f8", [1]]),
        lambda index: index["messages"][0].__setitem__(5, {"w": -1}),
        lambda index: index["messages"][0].__setitem__(5, {"w": 10**6}),
        lambda index: index["messages"][0].__setitem__(1, "nobody"),
        lambda index: index.update(messages=3),
    ],
)
def test_a_damaged_index_is_refused(tmp_path: Path, change) -> None:
    write_transcript(made(), tmp_path / "run")
    path = tmp_path / "run" / INDEX
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))
    with pytest.raises(DataError):
        read_transcript(tmp_path / "run")


@pytest.mark.parametrize(
    ("text", "says"), [("{}", "it has no 'format'"), ('{"format": 1}', "'sha256'"), ("[]", "")]
)
def test_an_index_that_lacks_what_it_needs_says_so_and_what_to_do(
    tmp_path: Path, text: str, says: str
) -> None:
    write_transcript(made(), tmp_path / "run")
    (tmp_path / "run" / INDEX).write_text(text)
    with pytest.raises(DataError, match=f"{says}.*: it was changed or cut, so record the run again"):
        read_transcript(tmp_path / "run")


def test_changed_bytes_and_pickles_are_refused(tmp_path: Path) -> None:
    write_transcript(made(), tmp_path / "run")
    path = tmp_path / "run" / BYTES
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="changed or cut"):
        read_transcript(tmp_path / "run")
    (tmp_path / "run" / INDEX).write_bytes(pickle.dumps({"format": 1}))
    with pytest.raises(DataError):
        read_transcript(tmp_path / "run")


@pytest.mark.parametrize("parties", [("a", "a"), ("a", ""), ("a", "eavesdropper")])
def test_names_that_mean_two_are_refused(parties: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="cannot name a party"):
        Transcript(parties=parties, messages=[])


def test_objects_and_messages_to_oneself_are_refused() -> None:
    with pytest.raises(DataError, match="numbers or truth values"):
        Message(1, "a", "b", "x", {"w": np.array(["text"], object)})
    with pytest.raises(DataError, match="to itself"):
        Message(1, "a", "a", "x", {})
