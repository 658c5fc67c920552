"""Columns of visits, and places: names or points of one or more tables, under common codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.inputs.columns import coded, named_rows, numbers
from confide.inputs.keys import as_ids
from confide.inputs.source import Role
from confide.inputs.tables import Table
from confide.views.traces import metres


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns say who, when and where: a place's name, or latitude and longitude, or all three."""

    user: str
    time: str
    place: str | None = None
    lat: str | None = None
    lon: str | None = None

    @property
    def roles(self) -> dict[Role, str | None]:
        """What a column says -> the column."""
        return {"user": self.user, "time": self.time, "place": self.place, "lat": self.lat, "lon": self.lon}

    @property
    def all(self) -> list[str]:
        return [c for c in self.roles.values() if c is not None]

    def check(self) -> None:
        """Check that the columns say where people were, and that none is named twice.

        Raises:
            DataError: if not.
        """
        if self.place is None and (self.lat is None or self.lon is None):
            raise DataError("nothing says where people were: name the column of places, or both lat and lon.")
        if (self.lat is None) != (self.lon is None):
            raise DataError("a latitude without a longitude is no place: name both columns.")
        if len(set(self.all)) < len(self.all):
            raise DataError(f"one column is named twice among {', '.join(self.all)}: give each its own.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """The places of all rows of some tables.

    Args:
        code: int64[rows], one table after the other.
        where: float64[places, 2], latitude and longitude in degrees; None where not known.
        labels: what the places are called; None where a place is a point.
    """

    code: Ints
    where: Floats | None
    labels: pl.Series | None

    @property
    def number(self) -> int:
        """How many places there are."""
        if self.where is not None:
            return len(self.where)
        return int(self.code.max(initial=-1)) + 1


def read_places(tables: Sequence[Table], columns: Columns) -> Places:
    """Read the places: by name, each at the mean of its points, or each point by itself.

    Raises:
        DataError: for a point that is not on the globe; the rows are named.
    """
    points, place = None, columns.place
    if columns.lat is not None and columns.lon is not None:
        points = np.concatenate([_points(table, columns.lat, columns.lon) for table in tables])
    if place is None:
        assert points is not None
        # Complex numbers sort by the first part and then by the second, many times faster than rows do.
        distinct, code = np.unique(points[:, 0] + 1j * points[:, 1], return_inverse=True)
        return Places(code=code, where=np.column_stack([distinct.real, distinct.imag]), labels=None)
    named = coded(pl.concat([as_ids(t.frame[place]) for t in tables]))
    if points is None:
        return Places(code=named.codes, where=None, labels=named.labels)
    return Places(code=named.codes, where=_means(named.codes, points), labels=named.labels)


def _means(code: Ints, points: Floats) -> Floats:
    """The mean of the points of each place, float64[places, 2].

    The longitudes of a place on both sides of 180 degrees are counted on from there: their plain mean would
    lie at the other side of the globe.
    """
    count = np.bincount(code)
    lat, lon = points.T
    if len(lon) and lon.min() < -90 and lon.max() > 90:
        west, east = (np.bincount(code[side], minlength=len(count)) > 0 for side in (lon < -90, lon > 90))
        lon = np.where((west & east)[code] & (lon < 0), lon + 360, lon)
    mean = np.bincount(code, lon) / count
    return np.column_stack([np.bincount(code, lat) / count, np.where(mean > 180, mean - 360, mean)])


def _points(table: Table, lat: str, lon: str) -> Floats:
    return np.column_stack(
        [_degrees(table, lat, most=90, what="latitude"), _degrees(table, lon, most=180, what="longitude")]
    )


def _degrees(table: Table, column: str, *, most: int, what: str) -> Floats:
    if table.frame[column].dtype == pl.Boolean:
        raise DataError(f"{table.name}: column {column!r} holds truth values: give a {what} in degrees.")
    found = numbers(table.frame, column, name=table.name)
    wrong = np.abs(found) > most
    if wrong.any():
        raise DataError(
            f"{table.name}: column {column!r} is outside the globe in {named_rows(pl.Series(wrong))} "
            f"({found[wrong][0]:g}): a {what} is between -{most} and {most} degrees."
        )
    return found


def nearest(points: Floats, to: Floats, *, within_m: float) -> Floats:
    """For each point the nearest of other points, where it is that near; else the point itself.

    Args:
        points: float64[n, 2], degrees.
        to: float64[m, 2], degrees; m > 0.
        within_m: metres.

    >>> nearest(np.array([[40.0, 5.00001], [41.0, 5.0]]), np.array([[40.0, 5.0]]), within_m=10).tolist()
    [[40.0, 5.0], [41.0, 5.0]]
    """
    found = to[KDTree(_on_sphere(to)).query(_on_sphere(points))[1]]
    return np.where((metres(points, found) <= within_m)[:, None], found, points)


def _on_sphere(points: Floats) -> Floats:
    """Points as float64[n, 3] on the unit sphere, where straight distances have the order of those on it."""
    lat, lon = np.radians(points).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
