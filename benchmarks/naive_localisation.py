"""Expected localisation error under planar Laplace noise, written again and as plainly as can be.

It shares no code with confide. Points are put on a grid, the adversary counts the cells of each person's
first half of the time, and each visit of the second half is moved by noise and then to the nearest cell that
anybody visits. By Bayes' rule the adversary believes in a cell as much as the person's habits and the noise
say, one visit at a time. What it believes of a visit is compared with where that very visit was.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import coo_array
from scipy.spatial import KDTree

EARTH_M = 6_371_008.8
OTHERS = 0.05
"""The weight of everybody's cells among a person's habits."""


def naive_error(
    user: np.ndarray,
    time: np.ndarray,
    degrees: np.ndarray,
    *,
    cell_m: float,
    rate: float,
    people: int,
    draws: int = 400,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The mean over people of the expected error in metres, and of the metres that visits were moved.

    Args:
        user: int64[k], codes from 0 on.
        time: int64[k], seconds.
        degrees: float64[k, 2], latitude and longitude.
        cell_m: the side of a cell.
        rate: of the noise, per metre: its mean length is 2 / rate. Infinity is no noise.
        people: drawn at random, of those with 5 visits in either half.
        draws: to each cell, by which the adversary learns what the noise does.
    """
    cell, middle = grid(degrees, cell_m)
    shrink = math.cos(math.radians(np.abs(middle[:, 0]).max()))
    flat = EARTH_M * np.radians(middle[:, ::-1]) * [shrink, 1.0]
    tree, n = KDTree(flat), len(flat)

    def moved(cells: np.ndarray) -> np.ndarray:
        length = rng.gamma(2.0, 1.0 / rate, len(cells))  # the radius of planar Laplace noise
        angle = rng.uniform(0.0, 2.0 * math.pi, len(cells))
        return tree.query(flat[cells] + length[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))[1]

    hour = time // 3_600
    early = hour < np.quantile(hour, 0.5)
    trial = np.repeat(np.arange(n), draws)
    likelihood = coo_array((np.full(len(trial), 1.0 / draws), (trial, moved(trial))), shape=(n, n)).tocsc()
    everybody = np.bincount(cell[early], minlength=n) + 0.5
    counts = [np.bincount(user[half], minlength=user.max() + 1) for half in (early, ~early)]
    chosen = rng.permutation(np.flatnonzero(np.minimum(*counts) >= 5))[:people]
    errors, moves = [], []
    for person in chosen:
        habit = np.bincount(cell[(user == person) & early], minlength=n).astype(np.float64)
        habit = habit / habit.sum() + OTHERS * everybody / everybody.sum()
        true = cell[(user == person) & ~early]
        shown = moved(true)
        found = []
        for visit, where in zip(shown, true, strict=True):
            rows = slice(likelihood.indptr[visit], likelihood.indptr[visit + 1])
            believed, weight = likelihood.indices[rows], likelihood.data[rows]
            weight = weight * habit[believed]
            if not len(weight):  # no draw came here: it takes the visit as it stands
                believed, weight = np.array([visit]), np.ones(1)
            found.append(weight @ metres(middle[believed], middle[where]) / weight.sum())
        errors.append(np.mean(found))
        moves.append(metres(middle[shown], middle[true]).mean())
    return float(np.mean(errors)), float(np.mean(moves))


def grid(degrees: np.ndarray, cell_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The cell of each point, and the middle of each cell: bands of latitude, cut into squares."""
    step = math.degrees(cell_m / EARTH_M)
    band = np.floor(degrees[:, 0] / step)
    width = step / np.cos(np.radians((band + 0.5) * step))
    column = np.floor(degrees[:, 1] / width)
    pairs, first, cell = np.unique(
        np.column_stack([band, column]), axis=0, return_index=True, return_inverse=True
    )
    middle = (pairs + 0.5) * np.column_stack([np.full(len(pairs), step), width[first]])
    return cell.reshape(-1), middle


def metres(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Great-circle distances in metres, by the haversine formula."""
    a, b = np.radians(one), np.radians(other)
    half = np.sin((b - a) / 2) ** 2
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    return 2 * EARTH_M * np.arcsin(np.sqrt(chord))
