"""What the protocol auditor finds: our own secure sum, twins with known flaws, and an installed Flower.

python benchmarks/protocol_audit.py [--audits 20] [--records 20] [--paces 5] [--write]

Each protocol is audited by nine checks on six parties of the auditor's own. A check that fails ends in its
attack, whose numbers stand below the table. Our own protocol is audited several times, as keys are new each
time and three of the checks are statistical. Seeds: 0 for the auditor's made-up secrets, 1, 2, ... for the
repeats; keys come from the system's source. Seconds are CPU seconds of one core. Flower is audited where
`flwr` is installed, which takes an environment of its own. No setting was picked by what it gave.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from page import bars, head, machine, publish, row

from confide.audits.checked.record import Attack
from confide.audits.protocols.adapters.flower import FlowerProtocol
from confide.audits.protocols.adapters.secure_sum import SecureSumProtocol
from confide.audits.protocols.auditor import audit_protocol
from confide.audits.protocols.found import Found
from confide.audits.protocols.masked_record import read_record
from confide.audits.protocols.masking import MaskingProtocol
from confide.audits.protocols.seed_attack import by_seeds
from confide.audits.protocols.twins import TWINS, TwinProtocol
from confide.core.estimate import Estimate
from confide.measure import proportion

EXPECTED = {
    "no flaw": (),
    "one scalar a tensor": ("mask per word", "whole ring"),
    "normal noise": ("whole ring",),
    "one secret for all": ("third client", "keys fresh"),
    "secret key in every kit": ("third client", "keys fresh"),
    "32-bit seed": ("whole ring", "key bits"),
    "unsigned keys": ("keys authenticated",),
    "keys reused": ("keys fresh",),
    "keys kept": ("keys fresh",),
    "cohort of one": ("cohort of one",),
    "two stories": ("two stories",),
}
"""A secret that stays in a kit is also given away by the first client that drops out: two checks fail."""
DRAWS = 2**15
EXACT = 1e-12
THRESHOLD = 5
"""Above two thirds of six, as good settings have it."""


@dataclass(kw_only=True)
class Told:
    """What goes on the page: rows of the table, stories, numbers with their intervals, and bars."""

    rows: list[str] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)


def flower_version() -> str | None:
    """Of the installed Flower."""
    try:
        return version("flwr")
    except PackageNotFoundError:
        return None


def audited(
    protocol: MaskingProtocol, seed: int, *, draws: int, tries: int, threshold: int | None = None
) -> tuple[Found, float]:
    """The audit, and its CPU seconds."""
    began = time.process_time()
    rng = np.random.default_rng(seed)
    found = audit_protocol(protocol, threshold=threshold, draws=draws, tries=tries, rng=rng)
    return found, time.process_time() - began


def marks(found: Found) -> list[str]:
    """A cell for each check."""
    cells = {"passed": "passed", "failed": "**caught**", "unclear": "unclear"}
    return [cells[check.outcome] for check in found.checks]


def stories(found: Found, flaw: str) -> list[str]:
    """What was found and played where a check failed."""
    lines = [f"**{found.protocol}**: {flaw}.", ""]
    for name in found.failed:
        check = found[name]
        lines.append(f"- *{name}*: {check.found} " + " ".join(attack.story for attack in check.attacks))
    return [*lines, ""]


def number(attack: Attack, figure: str) -> float:
    """A number of an attack."""
    value = attack.figures[figure]
    return value.value if isinstance(value, Estimate) else value


def caught(found: Found, expected: tuple[str, ...]) -> bool:
    """Whether just these checks failed, each with an attack that worked, and none was left unclear."""
    played = all(attack.succeeded for check in found.checks for attack in check.attacks)
    clear = all(check.outcome != "unclear" for check in found.checks)
    return found.failed == expected and played and clear


def ours(told: Told, *, audits: int, draws: int) -> list[str]:
    """Our own protocol: the names of the checks."""
    found, seconds = audited(SecureSumProtocol(), 0, draws=draws, tries=1)
    told.rows.append(row("SecureSum, ours", *marks(found), f"{seconds:.1f}"))
    again = [audited(SecureSumProtocol(), 1 + i, draws=2**12, tries=1)[0].passed for i in range(audits)]
    share = proportion(sum(again), audits, confidence=0.95)
    told.numbers.append(
        row(
            "further audits of our own protocol that passed",
            f"{sum(again)} of {audits}",
            f"{share.low:.2f} to {share.high:.2f} of all",
        )
    )
    told.checks.append(("our own protocol passes all nine checks", found.passed))
    told.checks.append((f"and in each of {audits} further audits", all(again)))
    return [check.name for check in found.checks]


def twins(told: Told, *, tries: int, draws: int, records: int) -> None:
    """The twins, each with one flaw."""
    for twin in TWINS:
        found, seconds = audited(twin, 0, draws=draws, tries=tries)
        told.rows.append(row(f"twin: {twin.name}", *marks(found), f"{seconds:.1f}"))
        told.stories += stories(found, twin.flaw) if found.failed else []
        words = "passes all nine checks" if not twin.flaw else "is caught, and each attack works"
        told.checks.append((f"the twin {twin.name!r} {words}", caught(found, EXPECTED[twin.name])))
    scalar = named("one scalar a tensor")
    attacks = [read_record(scalar, THRESHOLD, rng=np.random.default_rng(seed)) for seed in range(records)]
    errors = [number(attack, "largest error") for attack in attacks]
    what = "largest error of a record of 64 features read from a scalar-masked update of batch 1"
    told.numbers.append(
        row(what, f"{max(errors):.1e}", f"the worst of {records}; median {np.median(errors):.1e}")
    )
    told.checks.append(
        (f"a record from each of {records} scalar-masked updates to {EXACT:g}", max(errors) <= EXACT)
    )


def named(name: str) -> TwinProtocol:
    """The twin of this name."""
    return next(twin for twin in TWINS if twin.name == name)


def paces(told: Told, protocol: MaskingProtocol, name: str, *, times: int, tries: int) -> bool:
    """What the whole space of seeds costs, by several searches for the seed of one unknown mask."""
    found = [by_seeds(protocol, THRESHOLD, tries=tries, rng=np.random.default_rng(i)) for i in range(times)]
    attacks = [attack for attack in found if attack is not None]
    minutes = sorted(number(attack, "core minutes for the space") for attack in attacks)
    bits = {round(number(attack, "bits of the space")) for attack in attacks}
    what = f"core minutes for all 2^{max(bits)} seeds of one unknown mask, {name}"
    span = f"{minutes[0]:.1f} to {minutes[-1]:.1f} in {times} searches of {tries:,} seeds"
    told.numbers.append(row(what, f"{np.median(minutes):.1f}", span))
    return len(attacks) == times and all(attack.succeeded for attack in attacks)


def flower(told: Told, installed: str, *, tries: int, draws: int, times: int, pace: int) -> None:
    """The installed Flower, as it is."""
    found, seconds = audited(FlowerProtocol(), 0, draws=draws, tries=tries, threshold=THRESHOLD)
    told.rows.append(row(f"Flower {installed}, installed", *marks(found), f"{seconds:.1f}"))
    told.stories += stories(found, f"version {installed} as it is installed, with a threshold of 5 of 6")
    needed = {"key bits", "keys authenticated", "cohort of one", "two stories"}
    told.checks.append(("the flaws of the installed Flower are caught", needed <= set(found.failed)))
    played = all(attack.succeeded for check in found.checks for attack in check.attacks)
    told.checks.append(("each attack on the installed Flower works", played))
    read = paces(told, FlowerProtocol(), f"Flower {installed}", times=times, tries=pace)
    told.checks.append((f"the seed of a mask of Flower is found in each of {times} searches", read))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--audits", type=int, default=20, help="of our own protocol")
    asked.add_argument("--records", type=int, default=20, help="records to read from scalar-masked updates")
    asked.add_argument("--paces", type=int, default=5, help="searches by which a space of seeds is priced")
    asked.add_argument("--tries", type=int, default=22, help="seeds to search, as a power of 2")
    asked.add_argument("--flower-tries", type=int, default=26, help="the same for Flower")
    asked.add_argument("--draws", type=int, default=DRAWS, help="secrets to compare")
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    told, installed = Told(), flower_version()
    names = ours(told, audits=given.audits, draws=given.draws)
    twins(told, tries=2**given.tries, draws=given.draws, records=given.records)
    paces(told, named("32-bit seed"), "the twin '32-bit seed'", times=given.paces, tries=2**given.tries)
    if installed is not None:
        sizes = {"tries": 2**given.flower_tries, "pace": 2**given.tries, "times": given.paces}
        flower(told, installed, draws=given.draws, **sizes)
    publish(page(told, names, given, installed), "protocol_audit", write=given.write)
    if not all(ok for _, ok in told.checks):
        raise SystemExit(1)


def page(told: Told, names: list[str], given: argparse.Namespace, installed: str | None) -> list[str]:
    """The lines of the page."""
    about, how = (__doc__ or "").strip().split("\n\n")[::2]
    sizes = f"--audits {given.audits} --records {given.records} --paces {given.paces} --tries {given.tries}"
    sizes += f" --flower-tries {given.flower_tries} --draws {given.draws}"
    return [
        "# Audit of masking protocols",
        "",
        about.splitlines()[0],
        "",
        f"`python benchmarks/protocol_audit.py {sizes} --write`; {machine()}, "
        f"cryptography {version('cryptography')}. "
        + ("flwr is not installed here." if installed is None else f"flwr {installed}."),
        *how.splitlines(),
        "",
        *head("", *names, "seconds"),
        *told.rows,
        "",
        *head("number", "value", "interval"),
        *told.numbers,
        "",
        "What was found, and the attacks:",
        "",
        *told.stories,
        *bars(told.checks),
    ]


if __name__ == "__main__":
    main()
