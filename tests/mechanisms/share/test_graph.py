"""The random graph: regular, and joined as its theorem says, against a search over all that may drop out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from confide.mechanisms.share.graph import certain, chance, neighbours_of


def joined(graph: dict[str, tuple[str, ...]], honest: set[str]) -> bool:
    """Whether the honest parties are one piece, by a search from any of them."""
    start = next(iter(honest))
    seen, todo = {start}, [start]
    while todo:
        new = [other for other in graph[todo.pop()] if other in honest and other not in seen]
        seen.update(new)
        todo += new
    return seen == honest


def exposed(names: str, *, degree: int, threshold: int, colluding: set[str]) -> bool:
    """Whether colluding holders rebuild a secret, or some dropouts cut the honest survivors into pieces.

    Of each honest survivor, `threshold` holders are left.
    """
    graph = neighbours_of(names, degree=degree, seed=b"")
    honest = [name for name in names if name not in colluding]
    if any(len(colluding & set(graph[name])) >= threshold for name in honest):
        return True
    for size in range(2, len(honest) + 1):
        for chosen in combinations(honest, size):
            alive = set(chosen) | colluding
            holders = (len(alive & {*graph[name], name}) for name in chosen)
            if min(holders) >= threshold and not joined(graph, set(chosen)):
                return True
    return False


@pytest.mark.parametrize("degree", [2, 4, 8])
def test_every_party_has_the_degree(degree: int):
    names = [f"p{i}" for i in range(11)]
    graph = neighbours_of(names, degree=degree, seed=b"seed")
    for name, found in graph.items():
        assert len(set(found)) == degree and name not in found
        assert all(name in graph[other] for other in found)


def test_without_a_degree_all_are_joined():
    for degree in (None, 10, 12):
        graph = neighbours_of("abcdefghijk", degree=degree, seed=b"")
        assert all(len(found) == 10 for found in graph.values())


def test_the_seed_decides_the_order():
    graphs = [neighbours_of("abcdefghijk", degree=2, seed=seed) for seed in (b"1", b"1", b"2")]
    assert graphs[0] == graphs[1] != graphs[2]


@pytest.mark.parametrize(("degree", "threshold"), [(4, 4), (6, 5)])
def test_no_dropouts_expose_anyone_while_few_collude(degree: int, threshold: int):
    """All dropouts and, of 10 parties, all colluding sets of the size that is certain."""
    names, few = "abcdefghij", certain(degree=degree, threshold=threshold)
    assert few >= 1
    for colluding in combinations(names, few):
        assert not exposed(names, degree=degree, threshold=threshold, colluding=set(colluding))


def test_the_bound_is_tight():
    """One more colluding party than is certain, at the right places, exposes somebody."""
    names, few = "abcdefghij", certain(degree=4, threshold=4)
    found = [
        exposed(names, degree=4, threshold=4, colluding=set(colluding))
        for colluding in combinations(names, few + 1)
    ]
    assert any(found)
    assert np.mean(found) <= chance(parties=10, degree=4, threshold=4, colluding=few + 1)


def test_half_the_neighbours_would_not_do():
    """With a threshold of half the holders, dropouts alone cut the circle: the theorem needs more."""
    assert exposed("abcdefghijkl", degree=4, threshold=3, colluding=set())
    assert not exposed("abcdefghijkl", degree=4, threshold=4, colluding=set())
