"""Archives are read by exact name, without unpacking and without unpickling; damage is said in a sentence."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.data.archives import arrays, integers, member, packed_bits, yes_no


def tar(path: Path, **held: bytes) -> Path:
    """A gzipped tar archive; `__` in a name stands for `/`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as opened:
        for name, content in held.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    return path


def test_members_come_in_the_order_asked_for(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tgz", **{".__one": b"1", "two": b"2", "three": b"3"})
    assert member(path, "three", "one") == [b"3", b"1"]


def test_a_name_that_leads_out_is_never_followed(tmp_path: Path) -> None:
    path = tar(tmp_path / "in" / "a.tgz", **{"..__one": b"evil", "__one": b"evil"})
    with pytest.raises(DataError, match="has no file named one"):
        member(path, "one")
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "a.tgz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as opened:
        entry = tarfile.TarInfo("one")
        entry.type, entry.linkname = kind, "/etc/passwd"
        opened.addfile(entry)
    with pytest.raises(DataError, match="not a plain file"):
        member(path, "one")


@pytest.mark.parametrize("cut", [0, 10, 60, -20])
def test_a_damaged_archive_is_said(tmp_path: Path, cut: int) -> None:
    path = tar(tmp_path / "a.tgz", one=np.random.default_rng(1).bytes(5_000))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"a\.tgz (cannot be read as a tar archive|has no file)"):
        member(path, "one", "two")


def test_integers_quoted_or_not() -> None:
    for text in (b'"7","0","1"\n"255","1","0"\n', b"7,0,1\r\n255,1,0"):
        assert integers(text, 3, origin="x").tolist() == [[7, 0, 1], [255, 1, 0]]


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"1,2\n", b"1,2,3,4\n", b"1,2,3\n4,5\n", b"1,2,\n", b"1,x,3\n", b"1,-1,2\n", b"1,300,2\n"],
)
def test_a_csv_of_another_shape_is_said(text: bytes) -> None:
    with pytest.raises(DataError, match=r"the file .*get it again"):
        integers(text, 3, origin="the file")


def test_yes_no_leaves_out_later_copies_when_asked() -> None:
    bits = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], dtype=np.uint8)
    classes = np.array([1, 2, 1, 2])
    kept = yes_no(bits, classes, distinct=True, origin="x")
    assert (np.asarray(kept.x).tolist(), kept.y.tolist()) == ([[1, 0], [0, 1], [1, 0]], [0, 1, 1])
    assert len(yes_no(bits, classes, distinct=False, origin="x")) == 4
    with pytest.raises(DataError, match="the value 2"):
        yes_no(bits * np.uint8(2), classes, distinct=False, origin="x")


def test_packed_bits_round_trip(tmp_path: Path) -> None:
    bits = np.random.default_rng(2).integers(0, 2, (7, 13)).astype(np.uint8)
    np.savez(
        tmp_path / "a.npz", X_bits=np.packbits(bits, axis=1), n_features=13, y=np.arange(7, dtype=np.uint8)
    )
    x, y = packed_bits(tmp_path / "a.npz")
    np.testing.assert_array_equal(x, bits)
    assert (x.dtype, y.dtype, y.tolist()) == (np.float32, np.int64, list(range(7)))
    np.savez(tmp_path / "a.npz", X_bits=np.packbits(bits, axis=1), n_features=17, y=np.arange(7))
    with pytest.raises(DataError, match="does not hold packed bits"):
        packed_bits(tmp_path / "a.npz")


def test_npz_with_objects_damage_or_a_missing_array_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=np.zeros(2))
    assert arrays(path, "x")[0].shape == (2,)
    with pytest.raises(DataError, match="no array 'y'"):
        arrays(path, "y")
    np.savez(path, X=np.array([print], dtype=object))
    with pytest.raises(DataError, match="cannot be read as npz"):
        arrays(path, "X")
    with path.open("wb") as opened:
        np.save(opened, np.zeros(2))
    with pytest.raises(DataError, match="cannot be read as npz"):
        arrays(path, "X")
    for damaged in (b"PK\x03\x04 and then nothing", b"", b"no archive"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read as npz"):
            arrays(path, "X")
