"""Naive references: what is held against plain loops that were written from the papers and not from our code.

Each test computes the whole formula in the slow way and compares. Most stand beside the other tests of what
they check. They all run with the fast tests, but for the one that needs real traces.
"""

from __future__ import annotations

from dataclasses import dataclass

BLACK_BOX = "attacks/membership/black_box/test_formulas.py"
HIDDEN = "attacks/reconstruction/traces"


@dataclass(frozen=True, slots=True)
class Reference:
    """One naive reference.

    Args:
        what: is checked.
        paper: where its formula stands.
        file: of the test, below `tests`.
        test: its name.
        within: how near both have to be.
    """

    what: str
    paper: str
    file: str
    test: str
    within: str


TABLE = (
    Reference(
        "LiRA",
        "Carlini et al. 2022",
        BLACK_BOX,
        "test_lira_online_is_the_ratio_of_two_normals",
        "1e-9",
    ),
    Reference(
        "LiRA, offline",
        "Carlini et al. 2022",
        BLACK_BOX,
        "test_lira_offline_is_the_log_of_the_normal_distribution_function",
        "1e-9",
    ),
    Reference("Student's t", "Brännvall 2026", BLACK_BOX, "test_student_is_the_predictive_t", "1e-9"),
    Reference(
        "RMIA", "Zarifzadeh et al. 2024", BLACK_BOX, "test_rmia_is_the_share_of_all_pairs", "equal counts"
    ),
    Reference(
        "QMIA",
        "Bertran et al. 2023",
        "references/test_quantile.py",
        "test_the_score_is_in_deviations_of_two_regressions",
        "1e-9",
    ),
    Reference(
        "Scoreboard-RH",
        "Narayanan and Shmatikov 2008",
        "attacks/linkage/ratings/test_formulas.py",
        "test_scoreboard_is_the_papers_formula",
        "equal names; scores 2e-4, for they are summed in single precision",
    ),
    Reference(
        "unicity, who shares points",
        "de Montjoye et al. 2013",
        "measure/test_unicity.py",
        "test_the_index_finds_who_holds_all_points",
        "equal people",
    ),
    Reference(
        "unicity, over all draws",
        "de Montjoye et al. 2013",
        "measure/test_unicity.py",
        "test_unicity_is_the_share_over_all_draws",
        "the interval of 20,000 draws",
    ),
    Reference(
        "localisation, the hidden Markov chain",
        "Shokri et al. 2011",
        f"{HIDDEN}/test_hidden_markov.py",
        "test_the_passes_equal_brute_force",
        "1e-10, over all paths",
    ),
    Reference(
        "localisation, a person's few states",
        "Shokri et al. 2011",
        f"{HIDDEN}/test_mobility_profile.py",
        "test_a_few_states_stand_exactly_for_the_whole_matrix",
        "1e-10",
    ),
    Reference(
        "localisation, metres on real traces",
        "Shokri et al. 2011",
        "audits/test_localisation_dense.py",
        "test_under_noise_the_error_is_that_of_a_naive_script",
        "10 %, for both draw their own noise",
    ),
    Reference(
        "inner product on counts",
        "Dwork et al. 2015",
        "attacks/membership/counts/test_formulas.py",
        "test_the_inner_product_term_by_term",
        "1e-9",
    ),
    Reference(
        "two worlds, Bonferroni",
        "Jagielski et al. 2020",
        "references/test_two_world.py",
        "test_the_best_of_corrected_thresholds",
        "1e-9",
    ),
    Reference(
        "two worlds, split",
        "Jagielski et al. 2020",
        "references/test_two_world.py",
        "test_chosen_on_one_half_and_reported_on_the_other",
        "1e-9",
    ),
    Reference(
        "one run",
        "Steinke et al. 2023",
        "measure/test_one_run.py",
        "test_steinke_is_its_formula",
        "1e-5, the width of the bisection",
    ),
    Reference(
        "one run, f-DP",
        "Mahloujifar et al. 2025",
        "measure/test_one_run.py",
        "test_fdp_is_its_recursion",
        "1e-5",
    ),
    Reference(
        "one run, f-DP of a budget",
        "Mahloujifar et al. 2025",
        "measure/test_one_run.py",
        "test_fdp_of_a_budget_is_its_recursion",
        "1e-5",
    ),
    Reference(
        "Pitman's sampling formula",
        "Hoshino 2001",
        "measure/test_uniqueness.py",
        "test_the_likelihood_is_pitmans_formula",
        "1e-9",
    ),
    Reference(
        "population uniqueness, Zayatz",
        "Zayatz 1991",
        "measure/test_uniqueness.py",
        "test_zayatz_is_its_formula",
        "1e-9",
    ),
    Reference(
        "individual risk",
        "Benedetti, Franconi 1998",
        "measure/test_class_risk.py",
        "test_the_mean_of_the_reciprocal_term_by_term",
        "1e-9",
    ),
    Reference(
        "best cell to suppress",
        "Willenborg, de Waal 2001",
        "measure/test_class_risk.py",
        "test_the_best_cell_is_that_of_all_pairs",
        "equal counts",
    ),
    Reference(
        "marginal distances of ranges",
        "total variation",
        "utility/test_table.py",
        "test_marginal_distances_value_by_value",
        "1e-5, single precision",
    ),
    Reference(
        "correlation distance",
        "Pearson, Cramér",
        "utility/test_table.py",
        "test_the_correlation_distance_by_numpy_and_by_hand",
        "1e-6",
    ),
    Reference(
        "pMSE",
        "Woo et al. 2009",
        "utility/test_table.py",
        "test_pmse_of_one_column_is_its_closed_form",
        "0.1 %, for the ridge",
    ),
    Reference(
        "Fellegi–Sunter, one-to-one mixture",
        "Fellegi, Sunter 1969",
        "attacks/linkage/table/test_formulas.py",
        "test_fellegi_sunter_is_the_posterior_of_the_one_to_one_mixture",
        "2e-4, float32",
    ),
    Reference(
        "nearest record",
        "Gower 1971",
        "attacks/linkage/table/test_formulas.py",
        "test_nearest_is_the_smallest_mean_distance",
        "1e-5, float32",
    ),
    Reference(
        "minimal unique column sets",
        "Manning, Haglin, Keane 2008",
        "attacks/linkage/table/test_unique_sets.py",
        "test_sets_score_and_shares_are_those_of_a_search",
        "equal",
    ),
    Reference(
        "matches of predicates",
        "Cohen, Nissim 2020",
        "games/linkage/test_singling_out.py",
        "test_matches_are_those_of_a_loop",
        "equal counts",
    ),
    Reference(
        "MDAV",
        "Domingo-Ferrer and Torra 2005",
        "mechanisms/anonymize/test_tables.py",
        "test_groups_are_those_of_the_paper",
        "equal groups",
    ),
    Reference(
        "invariant PRAM",
        "Gouweleeuw et al. 1998",
        "mechanisms/randomize/test_columns.py",
        "test_invariant_randomisation_keeps_counts_exactly_in_the_mean",
        "1e-8, for shares are whole multiples of 2^-30",
    ),
)
