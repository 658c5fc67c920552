"""Times and sizes in words, as a terminal shows them."""

from __future__ import annotations


def in_time(seconds: float) -> str:
    """A number of seconds as people say it.

    >>> in_time(8.2), in_time(95), in_time(7500)
    ('8 s', '1 min 35 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def in_units(seconds: int) -> str:
    """A whole number of seconds exactly, in the largest unit that leaves none over.

    >>> in_units(43_200), in_units(5_400), in_units(61), in_units(86_400), in_units(14 * 86_400)
    ('12 h', '90 min', '61 s', '24 h', '14 days')
    """
    if seconds % 86_400 == 0 and seconds > 2 * 86_400:
        return f"{seconds // 86_400:,} days"
    for unit, one in (("h", 3_600), ("min", 60)):
        if seconds % one == 0:
            return f"{seconds // one:,} {unit}"
    return f"{seconds:,} s"


def in_bytes(size: float) -> str:
    """A number of bytes to two digits.

    >>> in_bytes(830_000_000), in_bytes(1_260_000_000), in_bytes(24_000_000_000), in_bytes(2_000)
    ('830 MB', '1.3 GB', '24 GB', '2 kB')
    """
    if size < 995e3:
        return f"{float(f'{size / 1e3:.2g}'):,.0f} kB"
    if size < 995e6:
        return f"{float(f'{size / 1e6:.2g}'):,.0f} MB"
    return f"{size / 1e9:.1f} GB" if size < 9.95e9 else f"{size / 1e9:,.0f} GB"
