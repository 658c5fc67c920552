"""Whether a table is too large to hold: by the size of its file and the memory there is, or as users say."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol

import polars as pl

from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.core.postgresql import is_address
from confide.inputs.tables import Tabular

UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
CELL = 150
"""Bytes that a cell may take while a table is read, protected and audited in memory; an estimate."""
TEXT = 12
"""The same for a byte of a csv file."""
LOOKED_AT = 2_000
"""Bytes of memory for each byte of a parquet file below which its cells need not be counted."""


class HoldsTable(Protocol):
    """What is used of the record that the user fills in, `confide.inputs.table.Table`."""

    @property
    def records(self) -> Tabular: ...
    @property
    def memory(self) -> str | None: ...


def is_too_large(held: HoldsTable) -> bool:
    """Whether the table stays where it is: in a database always, and in a file that the memory cannot hold.

    Raises:
        DataError: for a size of memory that cannot be read.
    """
    memory, given = memory_of(held.memory), held.records
    if is_address(given):
        return True
    if not isinstance(given, str | Path) or not is_there(Path(given)) or Path(given).is_dir():
        return False
    path = Path(given)
    size = path.stat().st_size
    if path.suffix.lower() == ".csv":
        return size * TEXT > memory
    if path.suffix.lower() != ".parquet" or size * LOOKED_AT < memory:
        return False
    try:
        scan = pl.scan_parquet(path, glob=False)
        rows = scan.select(pl.len()).collect().item()
        return rows * len(scan.collect_schema()) * CELL > memory
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return False  # its reader says what is wrong with it


def memory_of(said: str | None) -> int:
    """Bytes that may be taken: as the user says, or half of what is free.

    Raises:
        DataError: for text that is no size.

    >>> memory_of("8GB"), memory_of("512 MiB")
    (8000000000, 536870912)
    """
    if said is None:
        return _free() // 2
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?b)\s*", said.lower())
    if found is None or found[2] not in UNITS or not float(found[1]):
        raise DataError(f"the memory is {said!r:.40}: give a size with its unit, such as 8GB.")
    return int(float(found[1]) * UNITS[found[2]])


def _free() -> int:
    """Bytes of memory that are free here, or that a container is allowed."""
    free = 8 * 10**9
    try:
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
        told = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(told["MemAvailable"].split()[0]) * 1024
        most = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        free = min(free, int(most) - used) if most.isdigit() else free
    except (OSError, ValueError, KeyError, AttributeError):  # another system: what is known so far
        pass
    return max(free, 0)
