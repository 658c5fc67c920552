"""TPR <= e^epsilon FPR + delta at every threshold in repeated runs; twins that break it are caught."""

from __future__ import annotations

import pytest
from tests.mechanisms.federate.promised_rates import CENTRAL, DISTRIBUTED, TWINS, shown

SOUND = [name for name in (*CENTRAL, *DISTRIBUTED) if name not in TWINS]


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_protocol_stays_below_its_promise_at_every_threshold(name: str) -> None:
    """Fails once in 1,000 times, by Clopper-Pearson limits for both rates at 101 thresholds together."""
    promise, least, ceiling = shown(name)
    assert least <= promise.epsilon < ceiling, "a promise above what can be shown could not fail"


@pytest.mark.slow
@pytest.mark.parametrize("name", TWINS)
def test_a_broken_twin_is_above_its_promise(name: str) -> None:
    """A sound protocol gets here once in 1,000 times."""
    promise, least, _ = shown(name)
    assert least > 1.1 * promise.epsilon
