"""Pools of models trained on many subsets of the same records: in groups, in parallel, and kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Bools, Ints, Rng
from confide.core.cache import Cache, key_of
from confide.core.errors import DataError, ModelError
from confide.core.play import Map
from confide.learners.learner import GroupLearner, Keepable, KeptLearner, Learner, NotKeptError
from confide.views.records import Records

Progress: TypeAlias = Callable[[int, int], object]
"""A function that is called with (models done, models in all) whenever some are done."""

_VERSION = "1"  # part of the cache key: raise it when the same settings train other models than before


def fit_many(
    learner: Learner,
    records: Records,
    subsets: Sequence[Ints] | Bools,
    *,
    rng: Rng,
    cache: Path | None = None,
    map: Map = map,  # noqa: A002 - as in `play`
    progress: Progress | None = None,
    tell: Callable[[str], object] | None = None,
) -> list[BlackBox]:
    """Train one model on each subset of the records.

    Model j always gets generator j and is trained in block j // group. The models therefore do not depend on
    how the work is distributed, and a larger pool from an equally seeded `rng` begins with the full blocks of
    the smaller one. A `GroupLearner` trains a block at once. With a `cache` and a `Keepable` learner the
    worker writes each finished block to disk, and the block is never trained again: after an interruption,
    call again. Other learners train their models one by one and are not cached.

    Args:
        learner: the recipe.
        records: n records.
        subsets: the row numbers of each of M subsets, or a mask bool[M, n].
        rng: spawned once; two calls with equally seeded generators train equal models.
        cache: a folder for finished blocks, which several pools may share.
        map: how the blocks are distributed: see `confide.scale`.
        progress: called with the number of models done, and M.
        tell: called with a sentence if files in the cache did not pass their check.

    Raises:
        DataError: if a subset is empty, or names rows that do not exist.
        ModelError: if a model cannot be trained, or cannot be kept.
    """
    rows = _row_numbers(subsets, len(records))
    children = rng.spawn(len(rows))  # before any cache is read: model j has generator j in every case
    size = learner.group if isinstance(learner, GroupLearner) else 1
    places = [slice(start, start + size) for start in range(0, len(rows), size)]
    blocks = [_Block(tuple(rows[place]), tuple(children[place])) for place in places]
    if cache is not None and isinstance(learner, Keepable):
        return _kept(learner, records, blocks, Cache(Path(cache), tell), map, progress)
    models: list[BlackBox] = []
    for trained in map(partial(_train, learner, records), blocks):
        models += trained
        if progress:
            progress(len(models), len(rows))
    return models


def include_halves(n: int, models: int, *, rng: Rng) -> Bools:
    """Draw random halves of n records in complementary pairs: bool[models, n].

    Model 2i is trained on a random half and model 2i + 1 on the other half. Each record is therefore in half
    of the models. Pair i has generator i, so more models do not change the first pairs.

    >>> halves = include_halves(6, 4, rng=np.random.default_rng(0))
    >>> halves.sum(axis=0), halves.sum(axis=1)
    (array([2, 2, 2, 2, 2, 2]), array([3, 3, 3, 3]))
    """
    return include_all_but_one(n, models, parts=2, rng=rng)


def include_all_but_one(n: int, models: int, *, parts: int, rng: Rng) -> Bools:
    """Draw `parts` random parts of n records and leave out each part in turn: bool[models, n].

    Among `parts` successive models each record is left out of exactly one. Two parts give halves in
    complementary pairs. More parts suit a target that was trained on most of the records: its reference
    models are trained on about as many.

    >>> most = include_all_but_one(8, 4, parts=4, rng=np.random.default_rng(0))
    >>> most.sum(axis=0), most.sum(axis=1)
    (array([3, 3, 3, 3, 3, 3, 3, 3]), array([6, 6, 6, 6]))
    """
    if n < parts or models < 1 or parts < 2:
        raise DataError(
            f"{n} records cannot be cut into {parts} parts for {models} models: give at least as many "
            "records as parts, 2 parts and 1 model."
        )
    blocks = -(-models // parts)
    included = np.ones((blocks * parts, n), np.bool_)
    for i, child in enumerate(rng.spawn(blocks)):
        for j, left_out in enumerate(np.array_split(child.permutation(n), parts)):
            included[parts * i + j, left_out] = False
    return included[:models]


@dataclass(frozen=True, slots=True)
class _Block:
    rows: tuple[Ints, ...]
    rngs: tuple[Rng, ...]

    def key(self, recipe: str, digest: str) -> str:
        # The state of a generator is all that it will ever draw, so equal keys mean equal models.
        states = [json.dumps(rng.bit_generator.state, sort_keys=True, default=_plain) for rng in self.rngs]
        contents = (rows.tobytes() for rows in self.rows)
        return key_of(_VERSION, recipe, digest, *states, *contents)


def _kept(
    learner: KeptLearner,
    records: Records,
    blocks: list[_Block],
    cache: Cache,
    spread: Map,
    progress: Progress | None,
) -> list[BlackBox]:
    digest, total = records.digest(), sum(len(block.rows) for block in blocks)
    recipe = f"{type(learner).__qualname__} {learner.recipe()}"
    keys = [block.key(recipe, digest) for block in blocks]
    found: list[list[BlackBox] | None] = [_load(learner, cache, key) for key in keys]
    missing = [i for i, models in enumerate(found) if models is None]
    done = sum(len(models) for models in found if models is not None)
    if progress and done:
        progress(done, total)
    # Without `tell`, which may not reach a worker process.
    train = partial(_train_and_keep, learner, records, Cache(cache.folder))
    for i, made in zip(missing, spread(train, [(keys[i], blocks[i]) for i in missing]), strict=True):
        # Read from the file, so that a first run and a resumed run give identical bits.
        found[i] = learner.load(made) if isinstance(made, Path) else made
        done += len(blocks[i].rows)
        if progress:
            progress(done, total)
    return [model for models in found if models is not None for model in models]


def _load(learner: Keepable, cache: Cache, key: str) -> list[BlackBox] | None:
    path = cache.find(key)
    if path is None:
        return None
    try:
        return learner.load(path)
    except ModelError:
        path.unlink(missing_ok=True)  # another version of a library may have written it: train again
        return None


def _train(learner: Learner, records: Records, block: _Block) -> list[BlackBox]:
    if isinstance(learner, GroupLearner):
        return learner.fit_group(records, block.rows, rngs=block.rngs)
    return [learner.fit(records.take(r), rng=rng) for r, rng in zip(block.rows, block.rngs, strict=True)]


def _train_and_keep(
    learner: KeptLearner, records: Records, cache: Cache, job: tuple[str, _Block]
) -> Path | list[BlackBox]:
    """Train a block and keep it; the models themselves where they cannot be kept."""
    key, block = job
    models = _train(learner, records, block)
    try:
        return cache.keep(key, partial(learner.save, models))
    except NotKeptError:
        return models


def _row_numbers(subsets: Sequence[Ints] | Bools, n: int) -> list[Ints]:
    if isinstance(subsets, np.ndarray) and subsets.dtype == np.bool_:
        if subsets.ndim != 2 or subsets.shape[1] != n:
            raise DataError(
                f"the mask is {subsets.shape} for {n} records: give one row for each model, [M, {n}]."
            )
        rows = [np.flatnonzero(mask) for mask in subsets]
    else:
        rows = [np.asarray(subset, np.int64) for subset in subsets]
    for j, subset in enumerate(rows):
        if not len(subset):
            raise DataError(f"subset {j} is empty: a model needs records to train on.")
        if subset.min() < 0 or subset.max() >= n:
            raise DataError(f"subset {j} names row {subset.max()} of {n} records: give rows 0 to {n - 1}.")
    return rows


def _plain(value: np.ndarray) -> object:
    return value.tolist()
