"""Finished work is found again, and damaged files are not believed."""

from pathlib import Path

import pytest

from confide.core.cache import Cache, key_of
from confide.core.errors import ModelError


def test_what_was_kept_is_found_under_its_key_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new")
    assert cache.find("a") is None
    path = cache.keep("a", lambda draft: draft.write_text("hello") and None)
    assert cache.find("a") == path
    assert path.read_text() == "hello"
    assert cache.find("b") is None
    assert [p.name for p in (tmp_path / "new").iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["cut", "bit", "empty"])
def test_a_damaged_file_is_thrown_away(damage: str, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = cache.keep("a", lambda draft: draft.write_bytes(b"x" * 1000) and None)
    raw = bytearray(path.read_bytes())
    raw[500] ^= 1
    path.write_bytes({"cut": raw[:999], "bit": raw, "empty": b""}[damage])
    assert cache.find("a") is None
    assert not path.exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def write(draft: Path) -> None:
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match="No space left on device"):
        Cache(tmp_path).keep("a", write)
    assert not list(tmp_path.iterdir())


def test_keys_tell_parts_apart() -> None:
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("abc", "")}) == 4
