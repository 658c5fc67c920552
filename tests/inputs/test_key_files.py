"""Key files are written for their owner alone, and refused where somebody else could have read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from confide.core.errors import DataError, PromiseError
from confide.inputs.key_files import read_key, write_key


def test_a_key_comes_back_and_its_file_is_for_its_owner(tmp_path: Path):
    path = tmp_path / "key"
    key = write_key(path)
    assert read_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(key.secret)
    assert read_key(path) == key, "as bytes too"
    with pytest.raises(DataError, match="exists"):
        write_key(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_key_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "key"
    write_key(path)
    path.chmod(mode)
    with pytest.raises(DataError, match="chmod 600"):
        read_key(path)


def test_a_key_in_the_folder_of_the_release_is_refused(tmp_path: Path):
    out, apart = tmp_path / "out", tmp_path / "apart"
    out.mkdir()
    apart.mkdir()
    inside, outside = out / "key", apart / "key"
    write_key(inside)
    key = write_key(outside)
    release = out / "people.parquet"
    assert read_key(outside, out=release) == key
    with pytest.raises(DataError, match="folder of the release"):
        read_key(inside, out=release)
    (out / "below").mkdir()
    with pytest.raises(DataError, match="folder of the release"):
        inside.rename(out / "below" / "key")
        read_key(out / "below" / "key", out=release)
    (out / "linked").symlink_to(outside)
    assert read_key(out / "linked", out=release) == key, "a link takes no key with it"


def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path):
    path = tmp_path / "key"
    for written, error, said in (
        (b"", PromiseError, "0 bytes"),
        (b"ab" * 16, PromiseError, "16 bytes"),
        (b"this is my secret pass phrase for the table", PromiseError, "a text"),
        (b"x" * 5_000, DataError, "5,000 bytes"),
    ):
        path.write_bytes(written)
        path.chmod(0o600)
        with pytest.raises(error, match=said) as caught:
            read_key(path)
        assert "pass phrase" not in str(caught.value) and "abab" not in str(caught.value)
    with pytest.raises(DataError, match="does not exist"):
        read_key(tmp_path / "none")
    with pytest.raises(DataError, match="is no file"):
        read_key(tmp_path)
    if os.geteuid():
        path.chmod(0)
        with pytest.raises(DataError, match="cannot be opened"):
            read_key(path)
