"""Language models: canaries that trained one, and texts that can be got out of it."""

from __future__ import annotations

from dataclasses import replace

from confide.report.goals.goal import Goal
from confide.report.goals.membership import MEMBERSHIP

CANARIES_IN_TEXT = replace(
    MEMBERSHIP,
    subject="Somebody who can ask this model how likely it finds a text",
    by_access=None,
    task="tell which canaries the model was trained on",
    does="claim rightly",
    exposed="canaries that trained the model",
    control="canaries that did not",
    noun="canaries that trained the model",
    false_claim="false claims",
    wrongly="wrongly claiming",
    others="canaries of the same form that the audit drew",
    pair=("a canary that trained the model", "one that did not"),
    units="canaries",
    groups=("trained the model", "did not"),
    saw="The adversary saw how likely the model finds a text.",
    knew=(),
    condition="",
    bounds=False,  # how often a canary stands in the text decides what a promise about one text says of it
    blind_matters=False,  # the audit draws the controls itself, from the space of the secrets
    caveats=(
        "Not about secrets that nobody drew at random: a code such as 1234 is likelier than others in any "
        "text, whether the model saw it or not.",
        "A text that stands in the training text more often is learnt sooner: canaries say how exposed "
        "secrets are that occur as often as they do.",
    ),
    remedy="Draw the secrets of canaries at random, and insert them before the training.",
    enough="Insert at least 100 canaries before training, and run the audit again.",
    protection=(
        "Remove what occurs more than once in the training text: repetition is what a model learns by heart.",
        "Train with differential privacy, with all texts of a person as the unit: it alone bounds what any "
        "adversary can read. To stop training when exposure is low is luck and no protection.",
    ),
)

CONTINUATIONS = Goal(
    name="reconstruction",
    subject="Somebody who knows how a text begins and draws continuations from this model",
    task="get the rest of the text",
    does="get the rest of",
    better_than="more often than of a text that did not train the model",
    wrongly="getting as surely the rest of",
    others="texts that did not train it",
    exposed="texts that trained the model",
    control="texts that did not train it",
    noun="texts",
    verb=("get", "gets", "got"),
    false_claim="texts that it goes on with as surely and that did not train it",
    pair=("a text that trained the model", "one that did not"),
    units="texts",
    groups=("trained the model", "did not train it"),
    saw="The adversary drew continuations from the model.",
    certain=False,
    bounds=False,
    blind_matters=True,
    caveats=(
        "What the model goes on with in texts that did not train it is no leak about them: it follows from "
        "how such texts go on in general.",
        "Not what another way of drawing finds: at a lower temperature the likeliest texts come sooner.",
    ),
    remedy="Draw the texts that are held out at random, before the training.",
    enough="Give at least 1,000 texts that trained the model and as many that did not.",
    protection=(
        "Remove what occurs more than once in the training text: repetition is what a model learns by heart.",
        "Train with differential privacy, with all texts of a person as the unit: it alone bounds what any "
        "adversary can get. A filter on what the model says can be got round.",
    ),
)
