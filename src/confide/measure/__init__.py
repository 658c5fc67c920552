"""Measures: risks and bounds with intervals, computed from evidence."""

from confide.measure.epsilon import gaussian, gaussian_epsilon, two_world
from confide.measure.intervals import clopper_pearson, difference, difference_of_dependent, proportion
from confide.measure.measuring import measure, worst
from confide.measure.one_run import one_run, one_run_fdp
from confide.measure.paired import paired_auc
from confide.measure.power import gaussian_ceiling, one_run_ceiling, one_run_fdp_ceiling, two_world_ceiling
from confide.measure.rates import precision_at, tpr_at
from confide.measure.records import records
from confide.measure.risk import EpsilonBound, PrecisionAt, RateAt, Risk, Roc
from confide.measure.roc import auc, roc
from confide.measure.rows import Rows
from confide.measure.thresholds import Bonferroni, Fixed, Split, Threshold

__all__ = [
    "Bonferroni",
    "EpsilonBound",
    "Fixed",
    "PrecisionAt",
    "RateAt",
    "Risk",
    "Roc",
    "Rows",
    "Split",
    "Threshold",
    "auc",
    "clopper_pearson",
    "difference",
    "difference_of_dependent",
    "gaussian",
    "gaussian_ceiling",
    "gaussian_epsilon",
    "measure",
    "one_run",
    "one_run_ceiling",
    "one_run_fdp",
    "one_run_fdp_ceiling",
    "paired_auc",
    "precision_at",
    "proportion",
    "records",
    "roc",
    "tpr_at",
    "two_world",
    "two_world_ceiling",
    "worst",
]
