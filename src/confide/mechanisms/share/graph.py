"""Bell, Bonawitz, Gascon, Lepoint, Raykova: Secure Single-Server Aggregation (CCS 2020), the random graph.

Who shares masks and secrets with whom: a circle of all parties in random order, where each party is joined to
the k / 2 next ones on either side (a Harary graph). With k of the order of log n, a party does little work,
and the sum stays hidden.

*Statement.* Let t be the shares that rebuild a secret, t > k / 2, and let each honest party insist that t of
its holders (its neighbours and itself) are among the survivors. Then, for any order of the circle, and
although the adversary chooses who drops out: while fewer than 2 (t - 1 - k / 2) parties collude, the honest
survivors are joined by masks that the adversary does not know. So it learns the sum of all of them and
nothing of a part.

*Proof.* Suppose that the honest survivors are two sets without a joint mask. Go around the circle from one of
the first set to the next honest survivor that is of the second, and start at the last of the first set. The
two are no neighbours, so all k / 2 next places hold parties that dropped out or collude. Of the t holders
that survive, one is the party itself and at most k / 2 are on its other side, so at least t - 1 - k / 2 of
those places collude. The same holds for a way back from the second set to the first, with other places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from scipy.stats import hypergeom


def neighbours_of(names: Sequence[str], *, degree: int | None, seed: bytes) -> dict[str, tuple[str, ...]]:
    """The neighbours of each party, in the order of the names.

    Args:
        names: in order, without repeats.
        degree: k, even; None, or no less than the other parties there are, joins all to all.
        seed: what the order of the circle depends on: known to all, and random to all.

    >>> graph = neighbours_of("abcdefgh", degree=4, seed=b"")
    >>> sorted({len(found) for found in graph.values()}), all(a in graph[b] for a in graph for b in graph[a])
    ([4], True)
    """
    if degree is None or degree >= len(names) - 1:
        return {name: tuple(other for other in names if other != name) for name in names}
    circle = sorted(names, key=lambda name: hashlib.sha256(seed + name.encode()).digest())
    place = {name: i for i, name in enumerate(names)}
    steps = [step for away in range(1, degree // 2 + 1) for step in (away, -away)]
    joined = {name: [circle[(i + step) % len(circle)] for step in steps] for i, name in enumerate(circle)}
    return {name: tuple(sorted(joined[name], key=place.__getitem__)) for name in names}


def certain(*, degree: int, threshold: int) -> int:
    """The number of colluding parties that no order of the circle exposes anyone to.

    >>> certain(degree=20, threshold=15)
    7
    """
    return min(2 * (threshold - 1 - degree // 2), threshold) - 1


def chance(*, parties: int, degree: int, threshold: int, colluding: int) -> float:
    """A bound on the probability that a random circle exposes some honest party; 0 where none does.

    Two things would: a party's colluding holders can rebuild its secret, or the proof above finds its places,
    2 (t - 1 - k / 2) colluding ones in two windows. Who colludes was decided before the circle was drawn.

    >>> chance(parties=100, degree=20, threshold=15, colluding=7)
    0.0
    >>> 0 < chance(parties=1000, degree=100, threshold=68, colluding=50) < 2**-40
    True
    """
    if colluding <= certain(degree=degree, threshold=threshold):
        return 0.0
    rebuilt = parties * float(hypergeom.sf(threshold - 1, parties - 1, colluding, degree))
    gap = threshold - 1 - degree // 2
    windows = parties * (parties - 1) / 2
    cut = windows * float(hypergeom.sf(2 * gap - 1, parties, colluding, degree))
    return min(1.0, rebuilt + cut)
