"""Files are found in the data folder, the cache, or at their publisher; else an error says what to do."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from confide.core.errors import DataError
from confide.data.locating import File, cache_folder, find, locate

CONTENT = b"made up"
GOOD = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
BAD = f"sha256:{'0' * 64}"
GET = "Get it from the moon."


def put(folder: Path, path: str, content: bytes = CONTENT) -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[str]:
    """A real web server with one file, `set.bin`."""
    put(tmp_path / "www", "set.bin")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "www"))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_data_folder_comes_before_the_cache(machine: tuple[Path, Path]) -> None:
    data, cache = machine
    file = File(path="a/set.bin")
    assert find(file) is None
    cached = put(cache, "a/set.bin")
    assert locate(file, get=GET) == cached
    own = put(data, "a/set.bin")
    assert locate(file, get=GET) == own


def test_the_first_of_several_files_wins(machine: tuple[Path, Path]) -> None:
    data, cache = machine
    second = put(data, "b.bin")
    assert locate(File(path="a.bin"), File(path="b.bin"), get=GET) == second
    first = put(cache, "a.bin")
    assert locate(File(path="a.bin"), File(path="b.bin"), get=GET) == first


def test_a_missing_file_says_where_to_get_it_and_where_to_put_it(machine: tuple[Path, Path]) -> None:
    data, cache = machine
    with pytest.raises(DataError) as told:
        locate(File(path="a/set.bin"), get=GET)
    for part in ("a/set.bin is not in", GET, str(data / "a/set.bin"), str(cache / "a/set.bin")):
        assert part in str(told.value)


def test_without_a_data_folder_the_variable_is_named(
    machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFIDE_DATA")
    with pytest.raises(DataError, match="set CONFIDE_DATA"):
        locate(File(path="a/set.bin"), get=GET)


def test_a_file_with_the_wrong_bytes_is_refused_wherever_it_lies(machine: tuple[Path, Path]) -> None:
    for folder in machine:
        put(folder, "set.bin")
        assert find(File(path="set.bin", checksum=GOOD)) is not None
        with pytest.raises(DataError, match=r"set\.bin has sha256 .* delete it and get it again"):
            locate(File(path="set.bin", checksum=BAD), get=GET)
        (folder / "set.bin").unlink()


def test_a_download_is_checked_and_kept(machine: tuple[Path, Path], publisher: str) -> None:
    file = File(path="a/set.bin", url=f"{publisher}/set.bin", checksum=GOOD)
    path = locate(file, get=GET)
    assert path == machine[1] / "a/set.bin"
    assert path.read_bytes() == CONTENT
    assert find(file) == path


def test_a_download_with_the_wrong_bytes_leaves_nothing(machine: tuple[Path, Path], publisher: str) -> None:
    with pytest.raises(DataError, match=r"could not be downloaded.*Get it from the moon\. Then put it at"):
        locate(File(path="a/set.bin", url=f"{publisher}/set.bin", checksum=BAD), get=GET)
    assert not [path for path in machine[1].rglob("*") if path.is_file()]


def test_a_failed_download_says_what_to_do_by_hand(machine: tuple[Path, Path], publisher: str) -> None:
    with pytest.raises(DataError, match=r"404.*Then put it at"):
        locate(File(path="a/set.bin", url=f"{publisher}/gone.bin", checksum=GOOD), get=GET)


def test_nothing_is_downloaded_without_a_checksum(machine: tuple[Path, Path], publisher: str) -> None:
    with pytest.raises(DataError, match="is not in"):
        locate(File(path="set.bin", url=f"{publisher}/set.bin"), get=GET)


def test_without_pooch_the_extra_is_named(
    machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install 'confide\[data\]'.*Then put it at"):
        locate(File(path="set.bin", url="http://127.0.0.1:1/set.bin", checksum=GOOD), get=GET)


@pytest.mark.parametrize(
    "path", ["../set.bin", "a/../../set.bin", "/etc/set.bin", "C:\\set.bin", "C:/set", ""]
)
def test_a_path_out_of_the_folder_is_refused(path: str) -> None:
    with pytest.raises(DataError, match="leaves the data folder"):
        File(path=path)


def test_the_cache_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CONFIDE_CACHE", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "confide"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "confide"
