"""White-box inside of untrained models: gradients and layers in closed form from each record.

Each record's gradient points along pseudo-random signs of its own in 4,096 dimensions. It is nearly at right
angles to all other records' gradients, and known without any training. Two things then decide what a model
says: how long the gradients are, and what the weights are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import KnowledgeError
from confide.views.records import Records

# The layers, and how many parameters each has. 4,096 in all: the cosine of two records is about 1/64.
LAYERS = {"first": 1024, "middle": 1024, "last": 2048}
# The length of a gradient in each layer, as a share of `length`: layers must differ, so that an attack that
# mixes them up is noticed.
SHARE = np.array([0.5, 0.75, 1.0])
# Records whose signs are held at once: 32 MiB.
CHUNK = 2048


class Inside:
    """A classifier in which each gradient has a direction of its own.

    A model defines what it answers (`predict`), how long gradients are (`length`), what moves the hidden
    layers (`shift`), and what its `weights` are.
    """

    __slots__ = ()

    def predict(self, x: Batch) -> Floats:
        raise NotImplementedError

    def length(self, x: Batch, y: Array) -> Floats:
        """The length of each record's gradient in the last layer, float64[n]."""
        raise NotImplementedError

    def shift(self, x: Batch) -> Floats:
        """What is added to each record's hidden outputs, float64[n]."""
        raise NotImplementedError

    def weights(self) -> tuple[Floats, ...]:
        raise NotImplementedError

    @property
    def task(self) -> Task:
        return "classification"

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(LAYERS)

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        return ()

    def labels(self, x: Batch) -> Array:
        return self.predict(x).argmax(axis=1)

    def penalty_gradient(self) -> tuple[Floats, ...]:
        return self.weights()

    def loss(self, x: Batch, y: Array) -> Floats:
        """Cross-entropy, float64[n]."""
        logits = self.predict(x)
        return np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        return self.length(x, y)[:, None] * SHARE

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        columns, scale = _columns(layers), self._scale(x, y)
        answer = np.empty((len(y), sum(part.stop - part.start for _, part in columns)))
        for rows, signs in _chunks(x, y):
            start = 0
            for number, part in columns:
                here = slice(start, start := start + part.stop - part.start)
                np.multiply(signs[:, part], scale[rows, number, None], out=answer[rows, here])
        return answer

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        answer = np.empty((len(y), len(LAYERS)))
        for rows, signs in _chunks(x, y):
            for (number, part), along in zip(_columns(None), direction, strict=True):
                answer[rows, number] = signs[:, part] @ along
        return answer * self._scale(x, y)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        scale, gram = self._scale(x, y), np.zeros((len(y), len(y)))
        for number, part in _columns(layers):
            signs = np.concatenate([here[:, part] for _, here in _chunks(x, y)]) if len(y) else gram
            gram += (signs @ signs.T) * scale[:, number, None] * scale[:, number]
        return gram

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """Hidden layers: four uniform numbers of each record's own, shifted; the last layer: the logits."""
        found: list[Floats] = []
        for number, _ in _columns(layers):
            hidden = uniform(_mixed(keys(x), 4, salt=number + 1)) + self.shift(x)[:, None]
            found.append(self.predict(x) if number == len(LAYERS) - 1 else hidden)
        return tuple(found)

    def gradient_sum(self, data: Records) -> tuple[Floats, ...]:
        """The sum of these records' gradients, as `weights`."""
        scale, columns = self._scale(data.x, data.y), _columns(None)
        total = tuple(np.zeros(size) for size in LAYERS.values())
        for rows, signs in _chunks(data.x, data.y):
            for number, part in columns:
                total[number][:] += scale[rows, number] @ signs[:, part]
        return total

    def _scale(self, x: Batch, y: Array) -> Floats:
        return self.gradient_norms(x, y) / np.sqrt(list(LAYERS.values()))


def keys(x: Batch, y: Array | None = None) -> NDArray[np.uint64]:
    """A 64-bit key of each row's features, and of its label where there is one."""
    return Records(x, np.zeros(len(x), np.int64) if y is None else y.astype(np.int64)).fingerprints()


def uniform(words: NDArray[np.uint64]) -> Floats:
    """64 random bits as a number in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) / 2**53


def own_number(x: Batch, y: Array) -> Floats:
    """A uniform number of each record's own, float64[n]."""
    return uniform(_mixed(keys(x, y), 1, salt=0))[:, 0]


def signs_of(words: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Pseudo-random signs for each key, float32[n, 4096]."""
    size = sum(LAYERS.values())
    # Each of the 64 bits of a word is one sign.
    bits = np.unpackbits(_mixed(words, size // 64, salt=7).view(np.uint8), axis=1)
    return bits.astype(np.float32) * 2 - 1


def split(flat: Floats) -> tuple[Floats, ...]:
    """All parameters [p], as `weights`."""
    return tuple(np.split(flat, np.cumsum(list(LAYERS.values()))[:-1]))


def _mixed(words: NDArray[np.uint64], times: int, *, salt: int) -> NDArray[np.uint64]:
    """`times` well mixed words for each key (the finish of SplitMix64), uint64[n, times]."""
    steps = np.arange(1, times + 1, dtype=np.uint64) + np.uint64(salt << 32)
    z = words[:, None] + steps * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _chunks(x: Batch, y: Array) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    words = keys(x, y)
    for start in range(0, len(words), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, signs_of(words[rows])


def _columns(layers: Sequence[str] | None) -> list[tuple[int, slice]]:
    """The chosen layers: their numbers, and their columns among all parameters."""
    unknown = [name for name in layers or () if name not in LAYERS]
    if unknown:
        raise KnowledgeError(f"there is no layer {unknown[0]!r}: the layers are {', '.join(LAYERS)}.")
    ends = np.cumsum(list(LAYERS.values())).tolist()
    every = zip(LAYERS, LAYERS.values(), ends, strict=True)
    return [
        (i, slice(end - size, end))
        for i, (name, size, end) in enumerate(every)
        if layers is None or name in layers
    ]
