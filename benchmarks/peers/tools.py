"""The tools, what each is run with, and what was measured of others before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """One attack of a tool.

    Args:
        name: what the adapter knows it by.
        what: the attack, and its settings.
        given: what the adversary has, beyond the target, the records asked about and the recipe.
    """

    name: str
    what: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Args:
        name: of its environment, and of `install.sh`.
        package: under which its version is found.
        probe: an import without which it cannot attack.
        adapter: the script that runs it; empty if it has nothing that fits the task, and `why` says what.
        runs: what is run.
        why: what is to be known of it.
    """

    name: str
    package: str
    probe: str
    adapter: str = ""
    runs: tuple[Run, ...] = ()
    why: str = ""


HALF = "the membership of half the records (5,000 members, 5,000 others); asked about the other half"
SIGNALS = "16 references trained and asked by confide (their CPU s not counted), 20,000 population records"
OWN = "trains 16 references itself"
OURS = f"{OWN}; 20,000 population records"

CONFIDE = Tool(
    "confide",
    "confide",
    "import confide",
    "of_confide.py",
    (
        Run("default", "`default` alone, with report", OURS),
        Run("five", "loss, RMIA, LiRA, Student t and quantile together, with report", OURS),
    ),
)
PEERS = (
    Tool(
        "art",
        "adversarial-robustness-toolbox",
        "from art.attacks.inference.membership_inference import MembershipInferenceBlackBox",
        "of_art.py",
        (
            Run("rule", "rule-based: is the label right? (0 or 1)"),
            Run("prediction", "black box, network on predictions (its default)", HALF),
            Run("loss", "black box, network on the loss (its best here)", HALF),
            Run("forest", "black box, random forest on predictions", HALF),
        ),
        "Its `ShadowModels` trains with the classifier's default of 10 epochs, and takes no other number.",
    ),
    Tool(
        "sacroml",
        "sacroml",
        "from sacroml.attacks.likelihood_attack import LIRAAttack",
        "of_sacro.py",
        (
            Run("lira", "LiRA offline, a variance a record, batches of 32 (its defaults)", OWN),
            Run("lira_best", "LiRA online, one variance, batches of 128 as the target's", OWN),
            Run(
                "worst_case",
                "worst case, random forest (its default)",
                "the membership of 80 % of the records; asked about the rest",
            ),
            Run("quantile", "QMIA (its default)", "fits on the non-members that it asks about"),
        ),
    ),
    Tool(
        "privacyguard",
        "privacyguard-platform",
        "from privacy_guard.attacks.rmia_attack import RmiaAttack",
        "of_privacyguard.py",
        (
            Run("rmia", "RMIA offline, a = .3 (its defaults)", SIGNALS),
            Run("rmia_online", "RMIA online, all 16", SIGNALS),
            Run("lira", "LiRA offline, global deviation (its defaults)", SIGNALS),
            Run("lira_online", "LiRA online, deviation `mix`, one variance", SIGNALS),
        ),
    ),
    Tool(
        "holisticai",
        "holisticai",
        "from holisticai.security.metrics import privacy_risk_score",
        "of_holisticai.py",
        (Run("risk_score", "privacy risk score", "1 reference trained by confide (its CPU s not counted)"),),
    ),
    Tool(
        "opake-auditing",
        "opake-auditing",
        "from opake.auditing import coin_flip, loss_scores",
        why="It audits a training whose canaries it drew itself, by coins; not a model that is there.",
    ),
    Tool(
        "jax-privacy",
        "jax_privacy",
        "from jax_privacy import auditing",
        why="It bounds epsilon from scores; it has no attacks that make scores.",
    ),
    Tool(
        "ai-privacy-toolkit",
        "ai-privacy-toolkit",
        "import apt.risk.data_assessment",
        why="It attacks synthetic data and minimises or anonymises tables; it has no attack on a model.",
    ),
    Tool(
        "privacy-meter",
        "Privacy-Meter",
        "from privacy_meter.audit import Audit",
        why="The version of 2023. It declares no dependencies (it imports NumPy, torch, TensorFlow, opacus).",
    ),
    Tool("leakpro", "leakpro", "import leakpro.attacks", why="The package is an empty stub."),
    Tool(
        "tensorflow-privacy",
        "tensorflow-privacy",
        "from tensorflow_privacy.privacy.privacy_tests import membership_inference_attack",
    ),
    Tool("aijack", "aijack", "import aijack"),
)

EARLIER = (
    (
        "LeakPro (repository, 2026-06)",
        "RMIA online, 16, two runs",
        ".936/.935",
        "38.8/37.1",
        "15.7/10.7",
        "96/100",
    ),
    (
        "LeakPro",
        "LiRA online, 16, `fixed` / `carlini`",
        ".9465/.9535",
        "29.2/39.8",
        "4.4/9.4",
        "8-9, references cached",
    ),
    ("LeakPro", "RMIA offline, 16, its defaults", ".934", "20.7", "3.8", "5, references cached"),
    ("Privacy Meter (repository, 2025-04)", "RMIA, 1 reference, end to end", ".9055", "-", "3.6", "103"),
    (
        "Privacy Meter",
        "RMIA scoring on given signals, 1 / 4 / 15 OUT",
        ".913/.938/.946",
        "24/34/41",
        "0/5.5/12.0",
        "23-27",
    ),
)
"""Tool, attack, AUC, TPR at 1 and 0.1 % FPR in per cent, CPU s: measured before on another machine."""
