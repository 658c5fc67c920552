"""Auditing pictures: files read with care; releases side by side; nothing public that points at people."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from confide.audits import Audit, Settings, audit
from confide.core.errors import DataError, KnowledgeError
from confide.data import twins
from confide.games.linkage.images import ImageRecognition
from confide.inputs.images import Images, read_images
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.views.images import Pictures

image = pytest.importorskip("PIL.Image")


def album(people: int = 8, each: int = 6) -> Pictures:
    rng = np.random.default_rng(0)
    return twins.pictures(people * each, name="audit", people=people, shape=(12, 10), rng=rng)


def run(pictures: Any, **more: Any) -> Audit:
    """An audit of these pictures; the words that are no settings fill in the record."""
    given: dict[str, Any] = {"seed": 1} | more
    settings = {word: value for word, value in given.items() if word in Settings.__dataclass_fields__}
    held = {word: value for word, value in given.items() if word not in settings}
    return audit(Images(pictures, **held), **settings)


def folder_of(path: Path, pictures: Pictures) -> Path:
    for k, (pixels, person) in enumerate(zip(pictures.pixels, pictures.person, strict=True)):
        (path / f"ann{person}").mkdir(parents=True, exist_ok=True)
        image.fromarray(pixels).save(path / f"ann{person}" / f"{k}.png")
    return path


def save(path: Path, *shape: int, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.fromarray(np.zeros(shape, np.uint8), mode=None).convert(mode).save(path)


def test_a_folder_of_folders_labels_and_an_npz_are_the_same_album(tmp_path):
    given = album()
    folder = folder_of(tmp_path / "faces", given)
    first = read_images(Images(folder))
    assert len(first.pictures) == 48 and first.people == tuple(f"ann{i}" for i in range(8))
    assert first.files[0].startswith("ann0/")
    labels = pl.DataFrame({"file": list(first.files), "person": [f.split("/")[0] for f in first.files]})
    labels.write_csv(tmp_path / "labels.csv")
    second = read_images(Images(folder, labels=tmp_path / "labels.csv"))
    np.savez(tmp_path / "faces.npz", X=first.pictures.pixels, y=np.array(labels["person"].to_list()))
    third = read_images(Images(tmp_path / "faces.npz"))
    assert first.pictures.digest() == second.pictures.digest() == third.pictures.digest()
    assert third.people == first.people


def test_resizing_and_colours(tmp_path):
    for k in range(8):
        save(tmp_path / f"p{k // 2}" / f"{k}.png", 10 + k, 9, mode="RGB")
    with pytest.raises(DataError, match=r"mixed sizes.*p0/1.png.*--resize"):
        read_images(Images(tmp_path))
    assert read_images(Images(tmp_path, resize=(6, 5))).pictures.pixels.shape == (8, 6, 5, 3)
    assert read_images(Images(album(), resize=(6, 5))).pictures.pixels.shape == (48, 6, 5)


def test_who_has_one_picture_is_left_out_and_counted():
    given = album()
    found = read_images(Images(given.take((given.person != 3) | (np.arange(48) == 3))))
    assert found.alone == 1 and "3" not in found.people and len(found.pictures) == 42
    assert set(found.pictures.person.tolist()) == set(range(7))


def spoil(kind: str, folder: Path) -> dict:
    """Something wrong with a folder."""
    files = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*.png"))]
    told = {"file": files, "person": [f.split("/")[0] for f in files]}
    if kind == "unreadable":
        (folder / "ann0" / "0.png").write_bytes(b"\x89PNG no picture")
    elif kind == "cut":
        whole = (folder / "ann0" / "0.png").read_bytes()
        (folder / "ann0" / "0.png").write_bytes(whole[: len(whole) // 2])
    elif kind == "mode":
        save(folder / "ann0" / "colour.png", 12, 10, mode="RGB")
    elif kind == "alpha":
        save(folder / "ann0" / "alpha.png", 12, 10, mode="RGBA")
    elif kind == "loose":
        save(folder / "loose.png", 12, 10)
    elif kind == "unknown":
        return {"labels": pl.DataFrame({"file": [*files, "none.png"], "person": [*told["person"], "x"]})}
    elif kind == "nameless":
        return {"labels": pl.DataFrame(told)[1:]}
    elif kind == "twice":
        return {"labels": pl.concat([pl.DataFrame(told), pl.DataFrame(told)[:1]])}
    elif kind == "column":
        return {"labels": pl.DataFrame({"files": files, "person": told["person"]})}
    return {}


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("unreadable", r"ann0/0\.png cannot be read"),
        ("cut", r"ann0/0\.png cannot be read"),
        ("mode", r"mixed modes.*ann0/colour\.png"),
        ("alpha", r"ann0/alpha\.png is of mode RGBA"),
        ("loose", r"who is in loose\.png"),
        ("unknown", r"names none\.png, not to be found"),
        ("nameless", r"has no person for ann0/0\.png"),
        ("twice", r"names ann0/0\.png more than once"),
        ("column", r"no column 'file'.*'files'"),
    ],
)
def test_a_folder_with_something_wrong_is_refused_by_name(tmp_path, kind, says):
    folder = folder_of(tmp_path / "faces", album())
    with pytest.raises(DataError, match=says):
        read_images(Images(folder, **spoil(kind, folder)))


def test_a_small_file_of_a_huge_picture_is_not_opened(tmp_path):
    folder = folder_of(tmp_path / "faces", album())
    image.new("1", (20_000, 20_000)).save(folder / "ann0" / "bomb.png")
    with pytest.raises(DataError, match=r"bomb\.png is"):
        read_images(Images(folder))


def test_arrays_that_are_no_pictures_are_refused(tmp_path):
    good = album()

    def npz(**held) -> Path:
        np.savez(tmp_path / "x.npz", **held)
        return tmp_path / "x.npz"

    with pytest.raises(DataError, match="y is missing"):
        read_images(Images(npz(X=good.pixels)))
    with pytest.raises(DataError, match="X float64"):
        read_images(Images(npz(X=good.pixels / 1.0, y=good.person)))
    with pytest.raises(DataError, match="cannot be read as npz"):
        read_images(Images(npz(X=good.pixels, y=np.array([object()] * 48))))
    with pytest.raises(DataError, match="does not exist"):
        read_images(Images(tmp_path / "none.npz"))
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(DataError, match=r"neither a folder nor an \.npz"):
        read_images(Images(tmp_path / "text.txt"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        read_images(Images(tmp_path / "empty"))
    with pytest.raises(DataError, match="carry no names"):
        read_images(Images(good.nameless()))
    with pytest.raises(DataError, match="3 people with 2 pictures or more"):
        read_images(Images(album(3)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"protect": ("mosaik:16",)}, r"no protection 'mosaik:16'.*mosaic:16, blur:3, p3:10, dp-pix:0\.5,16"),
        ({"protect": ("as-is",)}, r"no protection 'as-is'"),
        ({"protect": ("mosaic:x",)}, r"'mosaic:x' cannot be used"),
        ({"protect": ("dp-pix",)}, r"'dp-pix' cannot be used"),
        ({"protect": ("blur:-1",)}, r"sigma is -1"),
        ({"protect": ("blur:1+dp-pix:1,4",)}, r"one change becomes many.*Write dp-pix:1,4 before blur:1"),
        ({"audience": "press"}, "audience is 'press'"),
        ({"gallery": 1.0}, r"gallery is 1\.0"),
        ({"worlds": 0}, "0 worlds"),
        ({"resize": (0, 5)}, r"resize is \(0, 5\)"),
        ({"attacks": ("resnet",)}, "choose from recogniser"),
    ],
)
def test_bad_options_are_said_before_any_work(tmp_path, options, says):
    with pytest.raises((DataError, KnowledgeError), match=says):
        run(album(), cache=tmp_path / "c", **options)
    assert not (tmp_path / "c").exists()


@pytest.mark.slow
def test_several_releases_side_by_side_saved_and_found_again(tmp_path):
    told: list[tuple[int, int]] = []
    specs = ("mosaic:2", "blur:1", "dp-pix:0.5,4")
    options = {"protect": specs, "attacks": ("recogniser", "clear-trained"), "cache": tmp_path / "cache"}
    found = run(album(), progress=lambda done, of: told.append((done, of)), **options)
    assert told[-1] == (6, 6) and told == sorted(told)
    assert [s.release for s in found.sections] == [f"pictures, {spec}" for spec in specs]
    titles = [[e.title for e in s.exhibits] for s in found.sections]
    assert "Risk against what is left" in titles[0] and "Undoing the blur" in titles[1]
    frontier = next(e for e in found.sections[0].exhibits if e.title.startswith("What each protection"))
    assert [r[0] for r in frontier.rows] == ["as they are", *specs]
    assert frontier.rows[1][2].value > 0.5 > 0.45 > frontier.rows[3][2].value, (
        "DP-Pix hides what a mosaic shows"
    )
    named = [" ".join(s.warnings) for s in found.sections]
    assert "puts the right name to" in named[0] and "puts the right name" not in named[2], (
        "a reader must not take the open set for all: here DP-Pix hides people in both"
    )
    assert found.sections[2].promise is not None and "promised" in found.sections[2].about
    risk = found.sections[0].headline.risk
    people = len(np.unique(album().person))
    assert risk.people == people < risk.rows, "a person in several pictures is one person"
    found.save(tmp_path / "out")
    evidence = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
    assert {"file", "id", "recognised as"} <= set(evidence.columns)
    again = run(album(), **options)
    assert again.report.page["sections"] == found.report.page["sections"]


def test_each_world_is_dealt_once_and_each_protection_applied_once_in_it(tmp_path, monkeypatch):
    """Two worlds and the closed one, as they are and under two protections; all that is shown shares them."""
    dealt: Counter[tuple[str, bool, int]] = Counter()
    mosaics: list[int] = []
    deal, mosaic = ImageRecognition.deal, Mosaic.__call__

    def dealing(game, world, *, rng):
        dealt[repr(game.mechanism), game.closed, world] += 1
        return deal(game, world, rng=rng)

    def obscuring(mechanism, data, *, rng):
        mosaics.append(len(data))
        return mosaic(mechanism, data, rng=rng)

    monkeypatch.setattr(ImageRecognition, "deal", dealing)
    monkeypatch.setattr(Mosaic, "__call__", obscuring)
    protect = ("mosaic:2", "blur:1")
    run(album(), worlds=2, gallery=0.5, protect=protect, attacks="recogniser", cache=tmp_path)
    assert set(dealt.values()) == {1}
    assert Counter(closed for _, closed, _ in dealt) == {False: 2 * 2, True: 3}, (
        "clear ones are compared only"
    )
    assert mosaics.count(24) == 3, (
        "half of 48 pictures are released; the adversary learns from four times more"
    )


def test_the_public_report_names_nobody(tmp_path):
    folder = folder_of(tmp_path / "faces", album())
    options = {"protect": ("mosaic:2",), "attacks": ("recogniser",), "audience": "public"}
    found = run(folder, cache=tmp_path / "c", **options)
    found.save(tmp_path / "out")
    assert found.targets is None and not (tmp_path / "out" / "evidence.parquet").exists()
    written = "".join((tmp_path / "out" / f).read_text() for f in ("report.html", "report.json"))
    assert "ann0" not in written and ".png" not in written
    json.loads((tmp_path / "out" / "report.json").read_text())


def test_without_torch_the_network_is_a_named_skip(tmp_path, monkeypatch):
    monkeypatch.setattr("confide.attacks.linkage.images._network.find_spec", lambda name: None)
    found = run(album(), protect="mosaic:2", cache=tmp_path)
    skipped = {s.attack: str(s.why) for s in found.sections[0].skipped}
    assert "confide[torch]" in skipped["small-cnn (closed set)"]
    assert set(found.sections[0].evidence) == {"recogniser", "clear-trained"}


def test_without_protection_the_pictures_are_audited_as_they_are(tmp_path):
    options = {"attacks": ("recogniser",), "limits": ("auc=0.6",), "cache": tmp_path}
    found = run(album(), name="the album", **options)
    (section,) = found.sections
    assert section.release == "the album" and section.about["obscured by"] == "nothing"
    assert [e.title for e in section.exhibits] == [
        "If everybody in the pictures is a candidate",
        "Who is recognised",
    ]
    assert found.exit_code == 1, "a limit on people recognised decides"
    assert found.targets is not None
    named = found.targets.drop_nulls("recognised as")
    assert len(named) < len(found.targets) == 48
    assert (named["recognised as"] == named["id"]).mean() > 0.8


def test_bytes_of_a_jpeg_are_read(tmp_path):
    given = album(4, 2)
    for k, (pixels, person) in enumerate(zip(given.pixels, given.person, strict=True)):
        file = io.BytesIO()
        image.fromarray(pixels).save(file, "JPEG")
        (tmp_path / str(person)).mkdir(exist_ok=True)
        (tmp_path / str(person) / f"{k}.JPG").write_bytes(file.getvalue())
    assert len(read_images(Images(tmp_path)).pictures) == 8
