"""Sums of gradients that training leaves in the parameters, and the candidates' gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.linalg import eigh

from confide.attacks.membership.white_box._layers import layer_numbers
from confide.attacks.membership.white_box.decoder._linear_inverse import TINY, Spectrum, System
from confide.attacks.membership.white_box.decoder._one_more import Beside
from confide.core.access import Softenable, WhiteBox
from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.views.records import Records

Target: TypeAlias = Literal["auto", "weights", "displacement", "update"]
# Bytes of the Gram matrices that are held at once, one for each block of layers.
ROOM = 2**31
# The most blocks of layers: each one is another pass over all candidates.
BLOCKS = 8
# Bytes of the gradients that are held at once for a sketch.
CHUNK = 2**27


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A direction in the chosen layers that is about a sum of members' gradients.

    Args:
        state: the state of the model in which gradients are taken.
        layers: the names of the L chosen layers.
        direction: L arrays float64[p_l].
    """

    state: WhiteBox
    layers: tuple[str, ...]
    direction: tuple[Floats, ...]

    def along(self, people: Records) -> Floats:
        """Each candidate's gradient times the direction, by chosen layer: float64[m, L]."""
        chosen = dict(zip(self.layers, self.direction, strict=True))
        whole = [
            chosen.get(name, np.zeros(len(weights)))
            for name, weights in zip(self.state.layers, self.state.weights(), strict=True)
        ]
        numbers = [self.state.layers.index(name) for name in self.layers]
        return self.state.gradient_along(people.x, people.y, whole)[:, numbers]


def sums(view: WhiteBox, target: Target, layers: Sequence[str] | None, attack: str) -> dict[Target, Sum]:
    """The sums that a model shows, by name: "weights", "displacement", "update", or with "auto" all of them.

    Weights: at the end of training with weight decay, members' gradients add up to minus the penalty's
    gradient. Displacement: what was added to the parameters since the oldest published state was gradients,
    which are taken in the last state. Update: the same, with gradients taken in the oldest state, which is
    right after one step or a few, such as one round of federated learning. Steps between states in the middle
    are not used. They say less than the whole way, and as a stack of systems with one c they mislead, because
    what a member adds changes sign when decay pulls back.

    Raises:
        KnowledgeError: for a layer that does not exist, or if a displacement is asked for and no earlier
            state is published.
    """
    numbers = layer_numbers(view, layers, attack)
    names = tuple(view.layers[i] for i in numbers)
    if target in ("displacement", "update") and not view.snapshots:
        raise KnowledgeError(
            keep(
                "{attack} needs the {target} between two states of a run, and there is only one state: give "
                "an earlier one (`checkpoints`), or use target 'weights'.",
                attack=attack,
                target=target,
            )
        )
    found: dict[Target, Sum] = {}
    if target in ("auto", "weights"):
        penalty = view.penalty_gradient()
        found["weights"] = Sum(view, names, tuple(-penalty[i] for i in numbers))
    if target != "weights" and view.snapshots:
        was, now = view.snapshots[0].weights(), view.weights()
        way = tuple(was[i] - now[i] for i in numbers)
        states: dict[Target, WhiteBox] = {"displacement": view, "update": view.snapshots[0]}
        found |= {name: Sum(state, names, way) for name, state in states.items() if target in ("auto", name)}
    return found


def softened(found: Sum, temperature: float) -> Sum:
    """The same sum, with gradients taken at a temperature.

    Raises:
        KnowledgeError: if the view cannot show those.
    """
    if temperature == 1:
        return found
    if not isinstance(found.state, Softenable):
        raise KnowledgeError(keep("this model shows no gradients at a temperature: ask at temperature 1."))
    return Sum(found.state.softened(temperature), found.layers, found.direction)


def system_of(found: Sum, people: Records, known: Records | None = None) -> System:
    """The system in as many blocks of layers as memory allows, with known non-members beside it."""
    n, state = len(people), found.state
    both = people if known is None else Records.concat([people, known])
    products = found.along(both)
    grams, crosses, along = list[Floats](), list[Floats](), list[Floats]()
    squares, norms, sizes = list[float](), list[Floats](), list[int]()
    # How many Gram matrices of float64 fit. Known non-members must not make the blocks coarser.
    room = ROOM // (8 * max(n, 1) ** 2)
    for block in _blocks(len(found.layers), min(room, BLOCKS)):
        names, parts = [found.layers[i] for i in block], [found.direction[i] for i in block]
        gram = state.gradient_gram(both.x, both.y, layers=names)
        # Copies, so that the products of known non-members with one another are not kept.
        grams.append(gram if known is None else gram[:n, :n].copy())
        crosses.append(gram[:n, n:].copy())
        norms.append(gram.diagonal()[n:].copy())
        along.append(products[:, block].sum(axis=1))
        squares.append(sum(float(part @ part) for part in parts))
        sizes.append(sum(len(part) for part in parts))
    each = np.stack(along)
    beside = None if known is None else Beside(tuple(crosses), each[:, n:], np.stack(norms))
    return System(tuple(grams), each[:, :n], np.array(squares), np.array(sizes, np.float64), beside)


def sketch_of(
    found: Sum,
    people: Records,
    weights: Floats,
    *,
    known: Records | None = None,
    width: int,
    rng: Rng,
) -> Spectrum:
    """Count sketch of the system: each parameter is added to, or subtracted from, one of `width` numbers.

    Inner products keep their expectation; the variance of each is about |g|^2 |h|^2 / width.

    Args:
        found: the sum.
        people: m candidates.
        weights: those of the blocks, float64[B], as `System.learnt_weights` gives them.
        known: known non-members, who are not among the candidates.
        width: the numbers that a gradient is summed into; the memory is 8 m width bytes, and more.
        rng: draws the sketch.
    """
    direction = np.concatenate(found.direction)
    per_layer = np.repeat(weights, [len(block) for block in _blocks(len(found.layers), len(weights))])
    factors = np.repeat(np.sqrt(per_layer), [len(part) for part in found.direction])
    # Random signs, so that different parameters cancel in a bucket on average.
    factors = factors * (rng.integers(2, size=len(direction)) * 2.0 - 1)
    # Sorted by bucket, one pass of `reduceat` adds a whole gradient.
    order, starts, there = _buckets(len(direction), width, rng)
    both = people if known is None else Records.concat([people, known])
    sketches, target = np.zeros((len(both), width)), np.zeros(width)
    target[there] = np.add.reduceat((direction * factors)[order], starts)
    for rows in _chunks(len(both), len(direction)):
        gradients = found.state.gradient(both.x[rows], both.y[rows], layers=found.layers) * factors
        sketches[rows, there] = np.add.reduceat(gradients[:, order], starts, axis=1)
    n = len(people)
    return _spectrum(sketches[:n], target, None if known is None else sketches[n:])


def _blocks(layers: int, most: int) -> list[Ints]:
    return np.array_split(np.arange(layers), max(1, min(layers, most)))


def _buckets(size: int, width: int, rng: Rng) -> tuple[Ints, Ints, Array]:
    """The parameters ordered by bucket, the start of each bucket, and the buckets that are not empty."""
    bucket = rng.integers(width, size=size)
    order = np.argsort(bucket, kind="stable")
    there, starts = np.unique(bucket[order], return_index=True)
    return order, starts, there


def _chunks(m: int, parameters: int) -> Iterator[slice]:
    step = max(1, CHUNK // (8 * max(parameters, 1)))
    return (slice(start, min(start + step, m)) for start in range(0, m, step))


def _spectrum(sketches: Floats, target: Floats, known: Floats | None = None) -> Spectrum:
    """The spectrum from sketches S [m, k]; with S' S = V w V', S S' has the eigenvectors S V / sqrt(w)."""
    m, k = sketches.shape
    along, sizes = sketches @ target, np.array([float(k)])
    beside = None
    if known is not None:
        beside = Beside((sketches @ known.T,), (known @ target)[None], (known**2).sum(axis=1)[None])
    if m <= k:
        gram, square = sketches @ sketches.T, np.array([target @ target])
        return System((gram,), along[None], square, sizes, beside).spectrum(np.ones(1))
    # With more candidates than numbers the smaller matrix S' S is decomposed.
    size = max(float(np.vdot(sketches, sketches)) / m, TINY)
    values, right = eigh(sketches.T @ sketches / size, overwrite_a=True, driver="evd")
    kept = values > 1e-12 * max(float(values[-1]), TINY)
    values, right = values[kept], right[:, kept]
    vectors = sketches @ (right / np.sqrt(values * size))
    return Spectrum(
        values=values,
        vectors=vectors,
        along=vectors.T @ along / size,
        square=float(target @ target) / size,
        parameters=k,
        offset=-0.5 * k * float(np.log(size)),
        beside=None if beside is None else beside.seen(vectors, np.ones(1), size),
    )
