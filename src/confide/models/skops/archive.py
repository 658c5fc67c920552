"""The zip archive of a skops file, opened so that nothing in it is larger than the file allows."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.models.skops.refusal import damaged

AT_MOST = 100
"""How many times larger than its file the contents may be in all. skops itself does not compress."""
_ALWAYS = 2**20  # a small file may hold this much in any case
_ENTRIES = 100_000
_PLAIN = "biufcSUMm"  # kinds of numpy's types that hold no objects
_PROTOCOLS = (1, 2)


@dataclass(eq=False)
class Archive:
    """An open skops file; it counts the bytes that its arrays take, each time that one is asked for.

    Several places of a file may name the same array, and each gets its own copy. The sum of all copies is
    bounded, so that a small file cannot fill the memory.
    """

    zip: zipfile.ZipFile
    path: Path
    left: int

    @classmethod
    def of(cls, file: zipfile.ZipFile, path: Path) -> Archive:
        """Open an archive after a look at its directory.

        Raises:
            ModelError: if its contents are larger than the file allows, or cannot be read without code.
        """
        allowed = max(AT_MOST * path.stat().st_size, _ALWAYS)
        entries = file.infolist()
        if len(entries) > _ENTRIES or sum(entry.file_size for entry in entries) > allowed:
            raise damaged(path, f"its contents are more than {AT_MOST} times larger than the file")
        if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
            raise damaged(path, "it is compressed by another method than skops uses")
        return cls(file, path, allowed)

    def schema(self) -> dict[str, Any]:
        """The description of the object in the file.

        Raises:
            ModelError: if there is none, or it is of a version that is not known here.
        """
        found = json.loads(self._bytes("schema.json"))
        if not isinstance(found, dict) or "__loader__" not in found:
            raise damaged(self.path, "its schema.json describes no object")
        protocol = found.get("protocol")
        if protocol not in _PROTOCOLS or isinstance(protocol, bool):
            raise ModelError(
                f"{self.path} is of version {protocol!r} of the skops format; {_PROTOCOLS[0]} to "
                f"{_PROTOCOLS[-1]} can be read: write it again with skops 0.16."
            )
        return found

    def content(self, name: object) -> bytes:
        """The bytes of one entry.

        Raises:
            ModelError: if the entries that were asked for are larger than the file allows.
        """
        raw = self._bytes(str(name))
        self._spend(len(raw))
        return raw

    def array(self, name: object) -> Array:
        """The array in one entry."""
        return self._array(self.content(name))

    def arrays(self, name: object) -> dict[str, Array]:
        """The arrays of an npz archive in one entry, which is how a sparse matrix is kept."""
        with zipfile.ZipFile(BytesIO(self.content(name))) as inside:
            sizes = sum(entry.file_size for entry in inside.infolist())
            self._spend(sizes)  # before anything is unpacked
            return {
                entry.filename.removesuffix(".npy"): self._array(inside.read(entry))
                for entry in inside.infolist()
            }

    def _bytes(self, name: str) -> bytes:
        entry = self.zip.getinfo(name)
        raw = self.zip.read(entry)
        if len(raw) != entry.file_size:
            raise damaged(self.path, f"{name} is not as long as the directory says")
        return raw

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise damaged(self.path, f"its arrays take more than {AT_MOST} times the size of the file")

    def _array(self, raw: bytes) -> Array:
        """The array of an npy file; its header must tell of exactly as many bytes as follow."""
        stream = BytesIO(raw)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        version = np.lib.format.read_magic(stream)
        if version not in read:
            raise damaged(self.path, f"an array is of version {version}")
        shape, by_columns, kind = read[version](stream)
        sound = kind.kind in _PLAIN or (kind.fields is not None and not kind.hasobject)
        if not sound or any(length < 0 for length in shape):
            raise damaged(self.path, f"an array holds {kind}, which is no kind of number or text")
        rest = raw[stream.tell() :]
        # numpy takes the room that a header asks for before it reads; and items of no size need none.
        if math.prod(shape) * kind.itemsize != len(rest) or (not kind.itemsize and math.prod(shape)):
            raise damaged(self.path, f"an array of shape {shape} has {len(rest)} bytes")
        flat = np.frombuffer(bytearray(rest), dtype=kind) if rest else np.empty(0, kind)
        return flat.reshape(shape, order="F" if by_columns else "C")
