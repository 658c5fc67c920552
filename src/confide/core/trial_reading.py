"""The reading of a trial: a script of `confide.core.apart`, so nothing of confide is imported here."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

TIMES, LEAST = 100, 2 * 2**30
"""Reading may take 100 times the size of the file, and 2 GiB in any case."""
TOO_MUCH = "reading it takes more than 100 times its size and 2 GiB"


def reply(path: bytes) -> bytes:
    """Read the parquet file at this path to its end; what is wrong with it, in a few words."""
    return _fault(os.fsdecode(path)).encode("utf-8", "replace")


def _fault(path: str) -> str:
    most = TIMES * Path(path).stat().st_size + LEAST
    try:
        with _memory(most):
            # The footer tells how much there is; the limit holds it to what it tells.
            columns, rows = (
                len(pl.read_parquet_schema(path)),
                pl.scan_parquet(path, glob=False).select(pl.len()),
            )
            told = columns * rows.collect().item()
            if 8 * told > most:
                return f"it tells of {told:,} values, more than 100 times its size and 2 GiB can hold"
            pl.read_parquet_metadata(path)
            pl.read_parquet(path, glob=False)
    except MemoryError:
        return TOO_MUCH
    # A panic of a library in Rust is no `Exception`.
    except BaseException as error:
        return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
    return ""


class _memory:  # noqa: N801
    """At most this much more memory in this block, where the system can hold a process to that."""

    def __init__(self, more: int) -> None:
        self._more = more

    def __enter__(self) -> None:
        try:
            import resource

            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        except (ImportError, OSError):  # no such system: the footer alone is a limit
            return
        self._before = soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = used + self._more
        resource.setrlimit(
            resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard)
        )

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_before"):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self._before)
