"""Pictures as viewers show them, people in several parts of a folder, and files that systems leave behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from confide.core.errors import DataError
from confide.inputs.folders import people_of, pictures_in
from confide.inputs.picture_files import opened, size_of

PIXELS = np.arange(12 * 8, dtype=np.uint8).reshape(12, 8)
STORED = {  # how the upright picture is stored for each orientation, by the table of the EXIF standard
    1: PIXELS,
    2: PIXELS[:, ::-1],
    3: PIXELS[::-1, ::-1],
    4: PIXELS[::-1],
    5: PIXELS.T,
    6: np.rot90(PIXELS),
    7: PIXELS[::-1, ::-1].T,
    8: np.rot90(PIXELS, -1),
}


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("turn", STORED)
def test_a_picture_is_turned_as_the_camera_says(turn: int, suffix: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    name = f"a.{suffix}"
    Image.fromarray(np.ascontiguousarray(STORED[turn])).save(tmp_path / name, exif=exif)
    assert size_of(tmp_path, name) == (12, 8)
    assert np.array_equal(opened(tmp_path, [name], None)[0], PIXELS)


def test_one_person_may_be_in_train_and_in_test() -> None:
    files = [f"{part}/p{k}/0.png" for part in ("Train", "test") for k in range(3)]
    assert people_of(files, Path("faces")) == ["p0", "p1", "p2"] * 2


def test_names_under_other_folders_are_whole() -> None:
    assert people_of(["smith/ann/1.png", "jones/bob/1.png"], Path("f")) == ["smith/ann", "jones/bob"]


def test_the_same_names_under_several_folders_are_asked_about() -> None:
    files = [f"{camera}/p{k}/0.png" for camera in ("left", "right") for k in range(3)]
    with pytest.raises(DataError, match="left/p0 and right/p0 of faces may be one person or two"):
        people_of(files, Path("faces"))


def test_what_systems_leave_behind_is_no_picture(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/.hidden.png", ".trash/2.png", "__MACOSX/a/._1.png", "a/@eaDir/1.png/S.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert pictures_in(tmp_path) == (["a/1.png"], 0)
