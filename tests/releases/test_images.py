"""`confide.protect` on pictures: what is written, verified and said, and how it is audited again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import confide
from confide.audits import images as door
from confide.core.budget import Unit
from confide.core.errors import ConfideError, DataError
from confide.data import twins
from confide.inputs.folders import digest_of
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic, one_colour
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.releases.written import Written
from confide.utility.images import SSIM
from confide.views.images import Pictures

pytestmark = pytest.mark.slow

image = pytest.importorskip("PIL.Image")

SETTINGS: dict[str, Any] = {"seed": 3, "attacks": "recogniser"}
FACES = twins.pictures(60, name="rel", people=10, shape=(16, 12), rng=np.random.default_rng(0))
assert FACES.person is not None
WHO = [f"Ann{p}" for p in FACES.person]
ALONE = (np.arange(60) % 10 != 9) | (np.arange(60) == 9)
"""All but five pictures of the last person: the one that is left is released, and nobody asks about it."""


def save(path: Path, pixels: np.ndarray, **more: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.fromarray(pixels).save(path, **more)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder a person, a secret in the metadata of each file; and the same pictures as an .npz file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path.parent / "cache"))
    exif = image.Exif()
    exif[0x010E] = "a secret remark"
    for k in np.flatnonzero(ALONE):
        save(Path("faces", WHO[k], f"{k:03d}.png"), FACES.pixels[k], exif=exif)
    Path("faces", "readme.txt").write_text("mine")
    np.savez_compressed("faces.npz", x=FACES.pixels, y=np.array(WHO), camera=np.arange(60))
    return tmp_path


def protect(*texts: str, given: Any = "faces", out: str = "safe", **more: Any) -> Written:
    return confide.protect(confide.Images(given), *texts, out=out, **(SETTINGS | more))


def audit(given: Any = "faces", **more: Any) -> confide.audits.Audit:
    words = confide.audits.Settings.__dataclass_fields__
    settings = {word: value for word, value in more.items() if word in words}
    held = {word: value for word, value in more.items() if word not in words}
    return confide.audit(confide.Images(given, **held), **(SETTINGS | settings))


def pixels(file: Path | str) -> np.ndarray:
    with image.open(file) as opened:
        assert not opened.info, "nothing but pixels is in the file"
        return np.asarray(opened)


def original_of(folder: str, key: str) -> dict[str, str]:
    """The original file of each released one."""
    table = pl.read_csv(key)
    assert table.columns == ["picture", "released_picture"] and sorted(table["released_picture"]) == list(
        range(1, table.height + 1)
    )
    return {f"{folder}/{number}.png": file for file, number in table.rows()}


def test_the_folder_is_flat_and_holds_every_picture_obscured_and_nothing_else(desk: Path) -> None:
    done = protect("mosaic:4", key_out="key.csv")
    files = sorted(p.as_posix() for p in Path("safe").rglob("*"))
    back = original_of("safe", "key.csv")
    assert files == sorted(back) and len(files) == ALONE.sum(), "of the person with one picture too"
    for file in files:
        clear = np.asarray(image.open(Path("faces", back[file])))
        mosaic = Mosaic(side=4)(Pictures(clear[None]), rng=None).view.pixels[0]
        assert np.array_equal(pixels(file), mosaic)
    written = b"".join(Path(file).read_bytes() for file in files)
    assert b"secret" not in written and b"secret" in Path("faces", back[files[0]]).read_bytes()
    assert list(back.values()) != sorted(back.values(), key=list(back.values()).index, reverse=True)
    numbers = [int(Path(file).stem) for file in files]
    times = {n: Path(f).stat().st_mtime_ns for n, f in zip(numbers, files, strict=True)}
    assert [times[n] for n in sorted(times)] == sorted(times.values()), (
        "times tell the numbers again, no more"
    )
    assert "every block of 4 x 4 pixels has one colour" in done.sidecar.verified
    assert done.sidecar.left_out == ("1 other file",)


def test_the_sidecar_says_what_was_done_and_names_nothing_of_the_original(desk: Path) -> None:
    done = protect("mosaic:4")
    text = sidecar_of(Path("safe")).read_text()
    side = json.loads(text)
    assert side["protections"] == ["mosaic:4"] and side["ids"] == "renumbered" and side["noise"] == "none"
    assert side["before"] == {"pictures": 55, "different pictures": 55} and side["after"]["pictures"] == 55
    assert side["found"] == done.audit.headlines[0] and side["sha256"] == digest_of(Path("safe"))
    assert "Ann" not in text and "faces" not in text and "readme" not in text


def test_names_and_folders_are_kept_if_asked_and_lossy_files_become_png(desk: Path) -> None:
    shutil.rmtree("faces")
    suffixes = [".png", ".jpg", ".pgm", ".bmp", ".PNG", ".tif"]
    for k, person in enumerate(WHO):
        save(Path("faces", person, f"{k}{suffixes[k % 6]}"), FACES.pixels[k])
    done = protect("mosaic:4", ids="keep")
    named = {p.relative_to("safe").as_posix() for p in Path("safe").rglob("*") if p.is_file()}
    png = {".jpg": ".png", ".bmp": ".png", ".tif": ".png"}
    own = [suffixes[k % 6] for k in range(60)]
    assert named == {f"{who}/{k}{png.get(own[k], own[k])}" for k, who in enumerate(WHO)}
    with image.open("safe/Ann2/2.pgm") as portable, image.open("safe/Ann4/4.PNG") as network:
        assert (portable.format, network.format) == ("PPM", "PNG")
    assert any("may say who is in them" in note for note in done.notes) and done.sidecar.ids == "kept"
    again = audit(released="safe")
    assert again.headlines[0][-60:] == done.audit.headlines[0][-60:], "matched by name, up to the suffix"
    protect("mosaic:4", out="flat")
    assert {p.suffix for p in Path("flat").iterdir()} == {".png"}, "no format tells a picture from the others"
    shutil.copy("faces/Ann0/0.png", "faces/Ann1/1.png")
    with pytest.raises(DataError, match=r"Ann1/1.jpg and Ann1/1.png would both be written as Ann1/1.png"):
        protect("mosaic:4", ids="keep", out="other")
    assert not Path("other").exists()


def test_portable_maps_stay_what_they_are_in_grey_and_colour_and_in_another_size(desk: Path) -> None:
    colours = np.stack([FACES.pixels, 255 - FACES.pixels, FACES.pixels // 2], axis=-1)
    for suffix, shown in (("pgm", FACES.pixels), ("ppm", colours)):
        for k, person in enumerate(WHO):
            save(Path(suffix, person, f"{k}.{suffix}"), shown[k])
        held = confide.Images(suffix, resize=(8, 6))
        done = confide.protect(held, "blur:2", out=f"safe-{suffix}", **SETTINGS)
        assert {p.suffix for p in done.out.iterdir()} == {f".{suffix}"}
        assert pixels(done.out / f"1.{suffix}").shape == (8, 6, *shown.shape[3:])
        again = audit(suffix, released=done.out, key=_key_of(done), resize=(8, 6), made_by="blur:2")
        seen = [a.sections[0].headline.risk.auc for a in (done.audit, again)]
        assert str(seen[0]) == str(seen[1]), "read again, they are the same pictures"


def _key_of(done: Written) -> pl.DataFrame:
    """The key by the pixels: what `--key-out` would have written."""
    kind = done.out.name.removeprefix("safe-")
    held = confide.Images(kind, resize=(8, 6))
    album = door.read_images(held).album
    made = GaussianBlur(sigma=2.0)(album.pictures, rng=None).view.pixels
    rows = {made[i].tobytes(): file for i, file in enumerate(album.files)}
    pairs = [(rows[pixels(p).tobytes()], p.name) for p in done.out.iterdir()]
    return pl.DataFrame(pairs, schema=["picture", "released_picture"], orient="row")


def test_an_npz_stays_an_npz_and_loses_who_is_in_it(desk: Path) -> None:
    done = protect("mosaic:4", given="faces.npz", out="safe.npz", key_out="key.csv")
    assert done.sidecar.left_out == ("camera",)
    with np.load("safe.npz") as found:
        assert list(found) == ["x"], "the name of the array as it was, and no y"
        shown = found["x"]
    key = pl.read_csv("key.csv")
    mosaics = Mosaic(side=4)(FACES, rng=None).view.pixels
    assert np.array_equal(
        shown[key["released_picture"].to_numpy() - 1], mosaics[key["picture"].to_numpy() - 1]
    )
    assert not np.array_equal(shown, mosaics), "in another order"
    again = audit("faces.npz", released="safe.npz", key="key.csv").sections[0].headline.risk.auc
    assert again.value == pytest.approx(done.audit.sections[0].headline.risk.auc.value)
    protect("mosaic:4", given="faces.npz", out="kept.npz", ids="keep")
    with np.load("kept.npz") as found:
        assert np.array_equal(found["x"], mosaics) and found["y"].tolist() == WHO


def test_pictures_in_memory_are_written_as_an_npz(desk: Path) -> None:
    done = protect("blur:2", given=FACES, out="safe.npz", ids="keep")
    with np.load("safe.npz") as found:
        assert np.array_equal(found["X"], GaussianBlur(sigma=2.0)(FACES, rng=None).view.pixels)
    assert audit(FACES, released="safe.npz").headlines[0].endswith(done.sidecar.found[-60:])


@pytest.mark.parametrize("text", ["mosaic:4", "dp-pix:16,4"])
def test_the_written_folder_gives_what_the_audit_foretells(desk: Path, text: str) -> None:
    """Within the intervals: the forecast, the audit while it is written, and that of the released folder."""
    done = protect(text, key_out="key.csv")
    plan = audit(protect=text)
    again = audit(released="safe", key="key.csv")
    for number in (lambda a: a.sections[0].headline.risk.auc, _recognised):
        seen = [number(a) for a in (plan, done.audit, again)]
        assert max(found.low for found in seen) <= min(found.high for found in seen)
    assert _recognised(done.audit) == _recognised(again), "the same folder and the same adversary"
    left = [audit(released="safe", key="key.csv", protect="blur:0.3"), audit(protect=f"{text}+blur:0.3")]
    one, other = (_likeness(a) for a in left)
    assert max(one.low, other.low) <= min(one.high, other.high) < 0.99, "likeness to the clear pictures"


def _likeness(found: confide.audits.Audit) -> Any:
    """Of the protected pictures to the clear ones."""
    table: Any = found.sections[0].exhibits[0]
    return table.rows[1][table.head.index(SSIM)]


def _row(found: confide.audits.Audit, title: str, row: int) -> Any:
    tables: Any = [e for e in found.sections[0].exhibits if e.title.startswith(title)]
    return tables[0].rows[row]


def _recognised(found: confide.audits.Audit) -> Any:
    """The share of pictures that get the right name where everybody is a candidate."""
    table: Any = next(e for e in found.sections[0].exhibits if e.title.startswith("If everybody"))
    return next(row[1] for row in table.rows if row[0] == "kernel, learned from obscured pictures")


def test_the_adversary_knows_how_released_pictures_were_made(desk: Path) -> None:
    protect("blur:2", "mosaic:4", key_out="key.csv")
    held = confide.Images("faces", released="safe", key="key.csv")
    known = door.read(held, settings=confide.audits.Settings())
    assert "GaussianBlur(sigma=2.0), Mosaic(side=4)" in repr(known.planned.open.made_by)
    game = known.games(Mosaic(side=8), ())[0].game
    world = game.deal(0, rng=np.random.default_rng(0))  # type: ignore[union-attr]
    assert repr(world.case.known.mechanism).endswith("Mosaic(side=8)))")
    assert one_colour(world.case.view.pixels, 8).holds, "a protection is applied to the released pictures"
    assert not one_colour(world.case.known.clear.pixels, 2).holds, "what the adversary holds is clear"
    assert not one_colour(world.source.pixels, 2).holds, "what is left is left of the clear pictures"
    found = audit(released="safe", key="key.csv")
    assert found.sections[0].about["obscured by"] == "GaussianBlur, as released, then Mosaic, as released"
    sidecar_of(Path("safe")).unlink()
    worked_out = door.read(held, settings=confide.audits.Settings())
    assert worked_out.planned.open.made_by == known.planned.open.made_by, "a comparison shows it too"
    for file in Path("safe").glob("*.png"):  # no protection makes pictures pale
        save(file, pixels(file) // 2 + 90)
    with pytest.raises(DataError, match="nobody says how the released pictures were obscured"):
        door.read(held, settings=confide.audits.Settings())


def test_a_blur_of_released_pictures_is_undone_too(desk: Path) -> None:
    protect("blur:1", key_out="key.csv")
    shown = _row(audit(released="safe", key="key.csv"), "Undoing the blur", 0)
    planned = _row(audit(protect="blur:1"), "Undoing the blur", 0)
    assert [str(e) for e in shown[1:]] == [str(e) for e in planned[1:]]


def test_pictures_made_otherwise_than_said_are_refused(desk: Path) -> None:
    protect("mosaic:2", key_out="key.csv")
    sidecar_of(Path("safe")).unlink()
    with pytest.raises(
        DataError, match=r"--made-by says mosaic:4, and released pictures are otherwise: Ann0"
    ):
        audit(released="safe", key="key.csv", made_by="mosaic:4")
    right = audit(released="safe", key="key.csv", made_by="mosaic:2").sections[0].warnings
    assert not any("not made as the adversary believes" in line for line in right)


def swap(key: pl.DataFrame) -> pl.DataFrame:
    return key.with_columns(released_picture=pl.col("released_picture").shuffle(seed=1))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "was given random names when it was written: give a key"),
        ({"key": lambda key: key[:-1]}, r"lacks \d+\.png of safe: add a row"),
        ({"key": swap}, "do not resemble them: check the rows of the key"),
        ({"key": lambda key: key.select("picture")}, "has 1 column"),
        ({"key": lambda key: pl.concat([key, key[:1]])}, "more than once"),
        ({"released": "half", "made_by": "mosaic:4"}, "half lacks Ann0/000.png"),
        ({"released": "more", "made_by": "mosaic:4"}, "more holds odd.png, which is no picture of faces"),
        ({"released": "small", "made_by": "mosaic:4"}, "small has pictures of 8x6 in grey"),
        ({"released": "gone.npz", "made_by": "mosaic:4"}, "gone.npz does not exist"),
        ({"released": None, "key": lambda key: key}, "speaks of released pictures"),
        ({"released": None, "made_by": "mosaic:4"}, "speaks of released pictures"),
    ],
)
def test_released_pictures_that_cannot_be_matched_are_refused(desk: Path, more, says: str) -> None:
    protect("mosaic:4", key_out="key.csv")
    for name in ("half", "more", "small"):
        shutil.copytree("faces", name)
    Path("half/Ann0/000.png").unlink()
    save(Path("more/odd.png"), FACES.pixels[0])
    for file in Path("small").rglob("*.png"):
        save(file, FACES.pixels[0][::2, ::2])
    given = {"released": "safe"} | more
    if "key" in more:
        given["key"] = more["key"](pl.read_csv("key.csv"))
    with pytest.raises(DataError, match=says):
        audit(**given)


def test_a_folder_that_changed_since_its_sidecar_is_refused(desk: Path) -> None:
    protect("mosaic:4", key_out="key.csv")
    save(Path("safe/1.png"), FACES.pixels[0])
    with pytest.raises(DataError, match="has changed since"):
        audit(released="safe", key="key.csv")


def test_a_promise_is_said_with_its_unit_and_where_its_noise_came_from(desk: Path) -> None:
    real = protect("dp-pix:0.5,4,2", out="a")
    assert real.sidecar.noise == "secure" and real.sidecar.promise is not None
    assert real.sidecar.promise.endswith(str(Unit.pixels(at_most=2)))
    assert any("a picture has 192 pixels" in note and "epsilon 48." in note for note in real.notes)
    mine, again = (protect("dp-pix:0.5,4,2", out=out, rehearse=1) for out in ("b", "c"))
    assert mine.sidecar.noise == "rehearsed" and any("rehearsal" in note for note in mine.notes)
    assert mine.sidecar.sha256 == again.sidecar.sha256 != real.sidecar.sha256
    both = protect("dp-pix:0.5,4", "dp-pix:1,4", out="d").sidecar.promise
    assert both is not None and "epsilon 1.5" in both, "promises are added up"


def test_a_promise_that_the_pictures_cannot_keep_is_refused(desk: Path) -> None:
    resized = confide.Images("faces", resize=(8, 6))
    with pytest.raises(ConfideError, match="after --resize, which mixes pixels"):
        confide.protect(resized, "dp-pix:1,4", out="safe", **SETTINGS)
    with pytest.raises(ConfideError, match="Write dp-pix:1,4 before mosaic:4"):
        protect("mosaic:4", "dp-pix:1,4")
    assert not Path("safe").exists()
    same = confide.Images("faces", resize=(16, 12))
    assert confide.protect(same, "dp-pix:1,4", out="safe", **SETTINGS).sidecar.promise
    shutil.copy("faces/Ann0/000.png", "faces/Ann0/copy.png")
    done = protect("dp-pix:1,4", out="twice")
    assert any("1 pictures equal an earlier one" in note for note in done.notes)


@pytest.mark.slow
def test_the_weakest_setting_that_keeps_a_limit_is_found(desk: Path) -> None:
    done = protect("mosaic", find="auc<=0.6", given="faces.npz", out="safe.npz")
    (text,) = done.sidecar.protections
    rows = {str(row[0]) for row in _table(done)}
    side = int(text.removeprefix("mosaic:"))
    assert {f"mosaic:{side}", f"mosaic:{side - 1}", "mosaic:2"} <= rows
    with np.load("safe.npz") as found:
        assert one_colour(found["x"], side).holds
    found = protect("dp-pix", find="auc<=0.6", given="faces.npz", out="noisy.npz", rehearse=1)
    assert any("does not cover that choice" in note for note in found.notes)


def _table(done: Written) -> Any:
    tables: Any = [e for e in done.audit.sections[0].exhibits if e.title.startswith("What each")]
    return tables[0].rows


def test_a_protection_that_changes_nothing_says_so(desk: Path) -> None:
    assert any("changed nothing" in note for note in protect("mosaic:1").notes)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("mosaic:4", Mosaic, "not true that every block of 4 x 4"),
        ("dp-pix:1,4", DPPix, "not true that every block of 4 x 4"),
        ("blur:3", GaussianBlur, "not true that no detail is left"),
    ],
)
def test_a_broken_mechanism_is_caught_and_nothing_is_kept(
    desk: Path, monkeypatch: pytest.MonkeyPatch, text: str, kind: type, says: str
) -> None:
    keep, clear = Mosaic.__call__, Mosaic(side=1)
    monkeypatch.setattr(kind, "__call__", lambda self, data, *, rng: keep(clear, data, rng=rng))
    with pytest.raises(DataError, match=says):
        protect(text)
    assert not [p for p in desk.iterdir() if "safe" in p.name]


def test_a_writer_that_loses_pixels_or_adds_files_is_caught(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_as = image.Image.save
    monkeypatch.setattr(image.Image, "save", lambda self, file, **_: save_as(self, file, format="JPEG"))
    with pytest.raises(DataError, match=r"nothing was kept"):
        protect("mosaic:4")

    def twice(self, file, **more):
        save_as(self, file, **more)
        save_as(self, file.with_name("more.png"), **more)

    monkeypatch.setattr(image.Image, "save", twice)
    with pytest.raises(DataError, match=r"more.png should not have been written"):
        protect("mosaic:4")
    assert not [p for p in desk.iterdir() if "safe" in p.name]


@pytest.mark.parametrize(
    ("texts", "more", "says"),
    [
        (["mosaic:4"], {"out": "faces"}, "is what is to be protected"),
        (["mosaic:4"], {"out": "faces/safe"}, "is inside or around faces"),
        (["mosaic:4"], {"out": ".", "force": True}, "name a folder to write"),
        (["mosaic:4"], {"out": "..", "force": True}, "name a folder to write"),
        (["mosaic:4"], {"out": str(Path("..", "{desk}")), "force": True}, "is inside or around faces"),
        (["mosaic:4"], {"out": "old"}, "old exists: choose another name, or overwrite it with --force"),
        (["mosaic:4"], {"out": "old", "force": True}, "is a folder that confide did not write"),
        (["mosaic:4"], {"out": "album", "force": True}, "is a folder that confide did not write"),
        (["mosaic:4"], {"out": "mine.txt", "force": True}, "faces is a folder, so name a folder"),
        (["mosaic:4"], {"given": "faces.npz", "out": "safe"}, "let the name end in .npz"),
        (["mosaic:4"], {"given": "faces.npz", "out": "faces.npz"}, "is what is to be protected"),
        (["mosaic:4"], {"key_out": "safe/key.csv"}, "is the original or the release"),
        (["mosaic:4"], {"key_out": "key.csv", "ids": "keep"}, "there is no key to write"),
        (["mosaic:4"], {"given": "gone", "out": "safe"}, "gone does not exist"),
        (["stars:1"], {}, "write one of mosaic:16"),
        (["mosaic"], {"find": "tpr<=1"}, "is not a limit"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_written(desk: Path, texts, more, says: str) -> None:
    Path("old").mkdir()
    Path("old/diary.txt").write_text("mine")
    shutil.copytree("faces", "album")
    Path("mine.txt").write_text("mine")
    before = {p: p.read_bytes() for p in desk.rglob("*") if p.is_file()}
    more = {word: v.format(desk=desk.name) if isinstance(v, str) else v for word, v in more.items()}
    with pytest.raises(ConfideError, match=says):
        protect(*texts, **more)
    assert {p: p.read_bytes() for p in desk.rglob("*") if p.is_file()} == before


def test_pictures_of_which_nothing_is_left_are_refused(desk: Path) -> None:
    level = FACES.pixels - FACES.pixels.mean(axis=(1, 2), keepdims=True) + 128
    flat = Pictures(np.clip(level, 0, 255).astype(np.uint8), FACES.person)
    one = Pictures(np.tile(flat.pixels[:1] // 2, (60, 1, 1)), FACES.person)
    with pytest.raises(DataError, match="nothing is left of the pictures"):
        protect("mosaic:4", given=one, out="safe.npz")
    assert not Path("safe.npz").exists()


def test_force_replaces_an_empty_folder_and_one_that_confide_wrote(desk: Path) -> None:
    Path("safe").mkdir()
    protect("mosaic:4", force=True)
    first = digest_of(Path("safe"))
    done = protect("mosaic:8", force=True)
    assert done.sidecar.sha256 == digest_of(Path("safe")) != first
    assert not [p for p in desk.iterdir() if p.name.startswith(".")]
    kept = Path("safe/1.png").read_bytes()
    for file, text in (("diary.txt", b"mine"), (".hidden", b"mine"), ("1.png", kept[:-1]), ("61.png", kept)):
        Path("safe", file).write_bytes(text)
        with pytest.raises(DataError, match="did not write"):
            protect("mosaic:4", force=True)
        assert Path("safe", file).read_bytes() == text
        Path("safe", file).write_bytes(kept) if file == "1.png" else Path("safe", file).unlink()
    protect("mosaic:4", force=True)


def test_a_folder_that_changes_while_it_is_read_is_noticed(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = door.read_images

    def change(*args: Any) -> Any:
        data = read(*args)
        save(Path("faces/Ann0/late.png"), FACES.pixels[0])
        return data

    monkeypatch.setattr("confide.releases.images.read_images", change)
    with pytest.raises(DataError, match="has changed since it was read"):
        protect("mosaic:4")
    assert not [p for p in desk.iterdir() if "safe" in p.name]


def test_a_full_disk_leaves_no_half_folder_and_the_old_one_in_place(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect("mosaic:4")
    before = {p: p.read_bytes() for p in desk.rglob("safe*") if p.is_file()}
    save_as, room = image.Image.save, iter(range(20))

    def full(self, file, **more):
        if next(room, None) is None:
            raise OSError(28, "No space left on device", str(file))
        save_as(self, file, **more)

    monkeypatch.setattr(image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        protect("mosaic:8", force=True)
    assert {p: p.read_bytes() for p in desk.rglob("safe*") if p.is_file()} == before
    assert not [p for p in desk.iterdir() if p.name.startswith(".")]
