"""What the protocol auditor finds: our own secure sum, twins with known flaws, and an installed Flower.

python benchmarks/protocol_audit.py [--audits 20] [--tries 22] [--write]

Each protocol is audited by nine checks on six parties of the auditor's own. A check that fails ends in its
attack, whose numbers stand below the table. Our own protocol is audited several times, as keys are new each
time and two of the checks are statistical. Seeds: 0 for the auditor's made-up secrets, 1, 2, ... for the
repeats; keys come from the system's source. Seconds are CPU seconds of one core. Flower is audited where
`flwr` is installed, which takes an environment of its own.
"""

from __future__ import annotations

import argparse
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from page import bars, head, machine, publish, row

from confide.audits.protocol import audit_protocol
from confide.audits.protocol.adapters.flower import FlowerProtocol
from confide.audits.protocol.adapters.secure_sum import SecureSumProtocol
from confide.audits.protocol.masking import MaskingProtocol
from confide.audits.protocol.record import ProtocolAudit
from confide.audits.protocol.twins import TWINS
from confide.core.estimate import Estimate

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


def flower_version() -> str | None:
    """Of the installed Flower."""
    try:
        return version("flwr")
    except PackageNotFoundError:
        return None


def audited(
    protocol: MaskingProtocol, seed: int, *, draws: int, tries: int, threshold: int | None = None
) -> tuple[ProtocolAudit, float]:
    """The audit, and its CPU seconds."""
    began = time.process_time()
    rng = np.random.default_rng(seed)
    found = audit_protocol(protocol, threshold=threshold, draws=draws, tries=tries, rng=rng)
    return found, time.process_time() - began


def marks(found: ProtocolAudit) -> list[str]:
    """A cell for each check."""
    cells = {"passed": "passed", "failed": "**caught**", "unclear": "unclear"}
    return [cells[check.outcome] for check in found.checks]


def stories(found: ProtocolAudit) -> list[str]:
    """What was found and played where a check failed."""
    lines = [f"**{found.protocol}**", ""]
    for name in found.failed:
        check = found[name]
        lines.append(f"- *{name}*: {check.found} " + " ".join(attack.story for attack in check.attacks))
    return [*lines, ""]


def number(found: ProtocolAudit, check: str, figure: str) -> float:
    """A number of the first attack of a check; infinite if there is none."""
    attacks = found[check].attacks
    value = attacks[0].figures.get(figure, np.inf) if attacks else np.inf
    return value.value if isinstance(value, Estimate) else value


def caught(found: ProtocolAudit, expected: tuple[str, ...]) -> bool:
    """Whether just these checks failed, each with an attack that worked, and none was left unclear."""
    played = all(attack.succeeded for check in found.checks for attack in check.attacks)
    clear = all(check.outcome != "unclear" for check in found.checks)
    return found.failed == expected and played and clear


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--audits", type=int, default=20, help="of our own protocol")
    asked.add_argument("--tries", type=int, default=22, help="seeds to search, as a power of 2")
    asked.add_argument("--flower-tries", type=int, default=26, help="the same for Flower")
    asked.add_argument("--draws", type=int, default=DRAWS, help="secrets to compare")
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    ours, seconds = audited(SecureSumProtocol(), 0, draws=given.draws, tries=1)
    rows = [row("SecureSum, ours", *marks(ours), f"{seconds:.1f}")]
    again = [audited(SecureSumProtocol(), 1 + i, draws=2**12, tries=1)[0].passed for i in range(given.audits)]
    checks = [
        ("our own protocol passes all nine checks", ours.passed),
        (f"and in each of {given.audits} further audits", all(again)),
    ]
    told: list[str] = []
    by_name: dict[str, ProtocolAudit] = {}
    for twin in TWINS:
        found, seconds = audited(twin, 0, draws=given.draws, tries=2**given.tries)
        by_name[twin.name] = found
        rows.append(row(f"twin: {twin.name}", *marks(found), f"{seconds:.1f}"))
        told += stories(found) if found.failed else []
        words = "passes all nine checks" if not twin.flaw else "is caught, and each attack works"
        checks.append((f"the twin {twin.name!r} {words}", caught(found, EXPECTED[twin.name])))
    error = number(by_name["one scalar a tensor"], "mask per word", "largest error")
    checks.append((f"a record of 64 features from the scalar-masked update to {EXACT:g}", error <= EXACT))
    installed = flower_version()
    if installed is not None:
        # Above two thirds, as good settings have it, though its clients take any threshold from the server.
        tries = 2**given.flower_tries
        found, seconds = audited(FlowerProtocol(), 0, draws=given.draws, tries=tries, threshold=5)
        rows.append(row(f"Flower {installed}, installed", *marks(found), f"{seconds:.1f}"))
        told += stories(found)
        needed = {"key bits", "keys authenticated", "cohort of one", "two stories"}
        checks.append(("the flaws of the installed Flower are caught", needed <= set(found.failed)))
        played = all(attack.succeeded for check in found.checks for attack in check.attacks)
        checks.append(("each attack on the installed Flower works", played))
    about, how = (__doc__ or "").strip().split("\n\n")[::2]
    sizes = f"--audits {given.audits} --tries {given.tries} --flower-tries {given.flower_tries}"
    page = [
        "# Audit of masking protocols",
        "",
        about.splitlines()[0],
        "",
        f"`python benchmarks/protocol_audit.py {sizes} --draws {given.draws} --write`; {machine()}, "
        f"cryptography {version('cryptography')}. "
        + ("flwr is not installed here." if installed is None else f"flwr {installed}."),
        *how.splitlines(),
        "",
        *head("", *(check.name for check in ours.checks), "seconds"),
        *rows,
        "",
        "What was found, and the attacks:",
        "",
        *told,
        *bars(checks),
    ]
    publish(page, "protocol_audit", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
