"""Hostile npz files and pictures: headers that lie, methods that numpy does not write, bombs, wrong bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from confide.inputs.images import Images, read_images
from confide.inputs.labels import same_labels
from confide.inputs.picture_files import opened
from confide.inputs.records import RawRecords, as_raw_records

from .kinds import Inputs, Kind, Rng

N = 40


def npy(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def header(descr: str, shape: str, *, order: str = "False", version: int = 1, content: bytes = b"") -> bytes:
    """An npy file whose header tells whatever it is asked to."""
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + struct.pack("<H" if version == 1 else "<I", len(text))
        + text
        + content
    )


def odd_arrays() -> Iterator[tuple[str, bytes]]:
    """Files of one array that are no array of N rows of numbers."""
    rng = np.random.default_rng(0)
    for kind in ("f2", "f4", "f8", "f16", "c16", "i1", "u8", "?", "U3", "S3", "M8[s]", "m8[s]", "V8"):
        for shape in ((N, 3), (N,)):
            yield f"type {kind}, {shape}", npy(np.zeros(shape, np.int64).astype(kind))
    for shape in ((), (0,), (N,), (N, 0), (0, 3), (N, 2, 2), (N, 1, 1, 1, 1), (N + 1, 3), (1, N)):
        yield f"shape {shape}", npy(np.zeros(shape))
    yield "fields", npy(np.zeros(N, dtype=[("a", "f8"), ("b", "i4")]))
    for name, value in (("nan", np.nan), ("inf", np.inf), ("huge", 1e308)):
        yield name, npy(np.full((N, 3), value))
    yield "whole numbers beyond 2^63", npy(np.full(N, 2**63 + 5, np.uint64))
    yield "whole numbers below 0", npy(np.full(N, -5))
    yield "large classes", npy(np.arange(N) * 10**15)
    yield "fortran", npy(np.asfortranarray(rng.normal(size=(N, 3))))
    for shape in (
        "(10000000000000,)",
        "(4294967296, 4294967296)",
        "(-5, 3)",
        "(3.5,)",
        "()",
        "(40, 3,",
        "'x'",
        "(9" * 90,
    ):
        yield f"header tells the shape {shape[:20]}", header("'<f8'", shape, content=bytes(960))
    for descr in (
        "'O'",
        "'|O8'",
        "'<f8000000'",
        "'xyz'",
        "[('a', '<f8')]",
        "'<U1000000000'",
        "'|V0'",
        "('<f8', (9,))",
        "'>i4'",
    ):
        yield f"header tells the type {descr[:20]}", header(descr, "(40, 3)", content=bytes(960))
    for text in ("(" * 4000, "-" * 5000 + "1", "[" * 9000, "__import__('os').system('touch marker')"):
        yield f"header holds {text[:12]}", header("'<f8'", text, content=bytes(960))
    yield "header of another order", header("'<f8'", "(40, 3)", order="2", content=bytes(960))
    yield "header without end", b"\x93NUMPY\1\0\xff\xff{'descr'"
    yield "header of 4 GB", b"\x93NUMPY\2\0\xff\xff\xff\xff{'descr'"
    yield (
        "version 9",
        header("'<f8'", "(40, 3)", version=1, content=bytes(960)).replace(b"\1\0", b"\x09\0", 1),
    )
    yield "too short", header("'<f8'", "(40, 3)", content=bytes(100))
    yield "too long", header("'<f8'", "(40, 3)", content=bytes(9000))
    yield "no array", b"not an array"
    yield "nothing", b""
    yield "a pickle", npy_pickle()
    yield "an archive", packed({"X.npy": npy(np.zeros((N, 3)))})


def npy_pickle() -> bytes:
    held = io.BytesIO()
    np.save(held, np.array([{"a": 1}] * N, dtype=object), allow_pickle=True)
    return held.getvalue()


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def patched(whole: bytes, change: Callable[[bytearray, int, int], None]) -> bytes:
    """A zip file with something changed in the headers of its first member (local, and in the directory)."""
    changed = bytearray(whole)
    change(changed, whole.index(b"PK\3\4"), whole.index(b"PK\1\2"))
    return bytes(changed)


def odd_archives(x: bytes, y: bytes) -> Iterator[tuple[str, bytes]]:
    """Zip files that are none, lie, or are packed as numpy does not."""
    plain = packed({"X.npy": x, "y.npy": y})
    for name, method in (
        ("deflate", zipfile.ZIP_DEFLATED),
        ("bzip2", zipfile.ZIP_BZIP2),
        ("lzma", zipfile.ZIP_LZMA),
    ):
        yield f"packed by {name}", packed({"X.npy": x, "y.npy": y}, method)
    for number in (1, 6, 9, 93, 98, 99, 65535):

        def other(raw: bytearray, local: int, at: int, number: int = number) -> None:
            raw[local + 8 : local + 10] = raw[at + 10 : at + 12] = struct.pack("<H", number)

        yield f"packed by method {number}", patched(plain, other)

    def encrypted(raw: bytearray, local: int, at: int) -> None:
        raw[local + 6] |= 1
        raw[at + 8] |= 1

    yield "encrypted", patched(plain, encrypted)
    for size in (0, 10, 2**31, 2**32 - 2):

        def told(raw: bytearray, local: int, at: int, size: int = size) -> None:
            raw[at + 24 : at + 28] = struct.pack("<I", size)

        yield f"tells of {size:,} bytes", patched(plain, told)
    yield (
        "a deflated array that is damaged",
        patched(
            packed({"X.npy": x, "y.npy": y}, zipfile.ZIP_DEFLATED),
            lambda raw, local, at: raw.__setitem__(slice(local + 40, local + 60), b"\xff" * 20),
        ),
    )
    bomb = header("'|u1'", "(1000000000,)", content=b"")
    yield "a bomb", packed({"X.npy": bomb + bytes(400_000_000), "y.npy": y}, zipfile.ZIP_DEFLATED)
    yield "twice the same name", doubled(x, y)
    yield "without y", packed({"X.npy": x})
    yield "in a folder", packed({"../X.npy": x, "/y.npy": y})
    yield "no archive", b"PK\3\4 and nothing else"
    yield "nothing", b""
    yield "many members", packed({**{f"a{i}.npy": y for i in range(3000)}, "X.npy": x})


def doubled(x: bytes, y: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("X.npy", x)
        archive.writestr("Y.npy", y)
        archive.writestr("y.npy", y)
        archive.writestr("x.npy", y)
    return held.getvalue()


def _records(path: Path) -> RawRecords:
    return same_labels([as_raw_records(path, label=None, name="members")])[0]


def _images(path: Path) -> object:
    return read_images(Images(path))


def npz(rng: Rng, folder: Path) -> Inputs:
    """Each odd array as X and as y of records and of pictures; each odd archive; wrong bytes."""
    path = folder / "a.npz"
    numbers, labels = npy(np.random.default_rng(0).normal(size=(N, 3))), npy(np.arange(N) % 4)
    pixels = npy(np.random.default_rng(0).integers(0, 255, (N, 8, 8)).astype(np.uint8))
    for what, x, read in (("records", numbers, _records), ("pictures", pixels, _images)):
        for name, part in odd_arrays():
            for role, parts in (("X", {"X.npy": part, "y.npy": labels}), ("y", {"X.npy": x, "y.npy": part})):
                path.write_bytes(packed(parts))
                yield f"{what}, {role}: {name}", partial(read, path)
        for name, whole in odd_archives(x, labels):
            path.write_bytes(whole)
            yield f"{what}: {name}", partial(read, path)
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            plain = packed({"X.npy": x, "y.npy": labels}, method)
            for k in range(150):
                changed = bytearray(plain)
                for at in rng.integers(0, len(plain), 1 + k % 4):
                    changed[at] = rng.integers(256)
                path.write_bytes(changed if k % 5 else changed[: rng.integers(len(changed))])
                yield f"{what}: flip {k}", partial(read, path)


def _album(folder: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for person in range(5):
        (folder / f"p{person}").mkdir(parents=True)
        for k in range(2):
            Image.fromarray(rng.integers(0, 255, (24, 24), np.uint8)).save(folder / f"p{person}" / f"{k}.png")
    return [f"p{p}/{k}.png" for p in range(5) for k in range(2)]


def pictures(rng: Rng, folder: Path) -> Inputs:
    """Pictures of each format with wrong bytes or cut short, as one file of an album."""
    _album(folder / "faces")
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 24), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    for form, suffix in (
        ("PNG", "png"),
        ("JPEG", "jpg"),
        ("WEBP", "webp"),
        ("BMP", "bmp"),
        ("PPM", "pgm"),
        ("TIFF", "tif"),
    ):
        held = io.BytesIO()
        picture.convert("RGB" if form == "WEBP" else "L").save(
            held, form, **({"exif": exif.tobytes()} if form in ("JPEG", "PNG", "WEBP") else {})
        )
        whole = held.getvalue()
        file = folder / "faces" / "p0" / f"odd.{suffix}"
        for k in range(100):
            changed = bytearray(whole)
            for at in rng.integers(0, len(whole) if k % 2 else min(len(whole), 120), 1 + k % 4):
                changed[at] = rng.integers(256)
            file.write_bytes(changed if k % 4 else changed[: rng.integers(len(changed))])
            yield f"{form}: flip {k}", lambda: read_images(Images(folder / "faces", resize=(24, 24)))
        file.unlink()


def bombs(rng: Rng, folder: Path) -> Inputs:
    """Pictures that are far larger than their files, or no pictures."""
    made = folder / "one"
    made.mkdir()

    def one(name: str, write: Callable[[Path], object]) -> tuple[str, Callable[[], object]]:
        for old in made.iterdir():
            old.unlink()
        file = made / name
        write(file)
        return name, lambda: opened(made, [file.name], (24, 24))

    for side in (8_000, 20_000):
        yield one(f"white{side}.png", lambda p, side=side: Image.new("1", (side, side), 1).save(p))
    yield one("white.tif", lambda p: Image.new("1", (20_000, 20_000), 1).save(p, compression="group4"))
    for name in ("a.png", "a.jpg", "a.tif"):
        yield one(name, lambda p: Image.new("L", (9, 9)).save(p, "GIF"))
        yield one(f"text-{name}", lambda p: p.write_text("<svg onload='alert(1)'/>"))
        yield one(f"empty-{name}", lambda p: p.write_bytes(b""))
    for mode in ("RGBA", "LA", "CMYK", "I;16", "F", "P", "1", "YCbCr"):
        form = "png" if mode in ("RGBA", "LA", "I;16", "P", "1") else "tif"
        yield one(
            f"mode-{mode.replace(';', '')}.{form}", lambda p, mode=mode: Image.new(mode, (9, 9)).save(p)
        )
    yield one(
        "pages.tif",
        lambda p: Image.new("L", (9, 9)).save(p, save_all=True, append_images=[Image.new("L", (5, 5))] * 9),
    )
    yield one("deep.tif", lambda p: p.write_bytes(b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(12 * 50)))
    tags = b"".join(struct.pack("<HHII", tag, 4, 1, 2**31) for tag in (256, 257, 273, 279))
    yield one("told.tif", lambda p: p.write_bytes(b"II*\0" + struct.pack("<IH", 8, 4) + tags + bytes(4)))
    for size in ("9999999999 2", "0 0", "-5 5", "5 5 99999999999", "1e9 1e9"):
        yield one(
            f"{size[:4].strip()}.pgm",
            lambda p, size=size: p.write_bytes(f"P5 {size} 255\n".encode() + bytes(25)),
        )


KINDS = (
    Kind("npz: arrays, headers and archives that lie, wrong bytes", npz, slow=True),
    Kind("Pictures: wrong bytes, cut short", pictures),
    Kind("Pictures: bombs, other formats and modes", bombs),
)
