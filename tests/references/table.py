"""Naive references: what is held against plain loops that were written from the papers and not from our code.

Each test computes the whole formula in the slow way and compares. Most stand beside the other tests of what
they check. They all run with the fast tests, but for the one that needs real traces.
"""

from __future__ import annotations

from dataclasses import dataclass

BLACK_BOX = "attacks/membership/black_box/test_formulas.py"
HIDDEN = "attacks/reconstruction/traces"
LEARN = "mechanisms/learn"
STATISTICS = "attacks/membership/statistics/test_formulas.py"
SYNTHETIC = "attacks/membership/synthetic/test_formulas.py"
CROSSTABS = "attacks/reconstruction/crosstabs"
DPSGD = "mechanisms/learn/dpsgd"
FEDERATE = "mechanisms/federate"


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
        "subset sums, the box",
        "Dinur, Nissim 2003",
        "attacks/reconstruction/answers/test_formulas.py",
        "test_the_box_is_that_of_a_general_solver",
        "1e-4",
    ),
    Reference(
        "subset sums, what the answers say about a bit",
        "Frisch, Waugh 1933",
        "attacks/reconstruction/answers/test_formulas.py",
        "test_what_is_told_about_a_bit_is_what_is_left_when_the_free_ones_are_fitted",
        "1e-5",
    ),
    Reference(
        "likelihood ratio on counts",
        "Sankararaman et al. 2009",
        "attacks/membership/counts/test_formulas.py",
        "test_the_likelihood_ratio_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing, Homer's T",
        "Homer et al. 2008",
        STATISTICS,
        "test_homer_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing, likelihood ratio",
        "Sankararaman et al. 2009",
        STATISTICS,
        "test_the_likelihood_ratio_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing, inner product",
        "Dwork et al. 2015",
        STATISTICS,
        "test_the_inner_product_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing, beacons",
        "Shringarpure and Bustamante 2015",
        STATISTICS,
        "test_the_beacon_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing, Gaussian means",
        "Backes et al. 2016",
        STATISTICS,
        "test_gaussian_means_term_by_term",
        "1e-9",
    ),
    Reference(
        "tracing beyond ancestry",
        "Price et al. 2006",
        STATISTICS,
        "test_corrected_forms_target_by_target",
        "1e-7",
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
    Reference(
        "zero-concentrated privacy to epsilon and delta",
        "Canonne, Kamath, Steinke 2020",
        "mechanisms/statistics/test_promise.py",
        "test_rho_is_that_of_a_naive_loop",
        "1 in 1,000",
    ),
    Reference(
        "permute-and-flip",
        "McKenna, Sheldon 2020",
        "mechanisms/statistics/test_selection.py",
        "test_names_have_the_law",
        "chi-square at 1e-4",
    ),
    Reference(
        "intervals of noise and chance",
        "Fieller 1954",
        "mechanisms/statistics/test_laws.py",
        "test_widths_are_those_of_a_naive_sum_over_the_law",
        ".015 of coverage",
    ),
    Reference(
        "how far sums of many noises stray",
        "Cornish, Fisher 1938",
        "mechanisms/statistics/test_laws.py",
        "test_the_band_of_a_quantile_covers_each_place_by_the_discrete_law",
        "coverage of at least .95",
    ),
    Reference(
        "privacy loss distributions of a workload",
        "Balle and Wang 2018",
        "account/test_workloads.py",
        "test_gaussian_noise_costs_what_the_analytic_gaussian_mechanism_does",
        "1 %, never below",
    ),
    Reference(
        "generate, then verify",
        "Liu et al. 2025",
        f"{CROSSTABS}/test_bounds_and_proofs.py",
        "test_claims_are_those_of_all_data_sets_that_fit",
        "equal",
    ),
    Reference(
        "bounds of hidden cells",
        "Dobra and Fienberg 2000",
        f"{CROSSTABS}/test_bounds_and_proofs.py",
        "test_bounds_of_every_cell_are_the_extremes_over_all_data_sets",
        "equal",
    ),
    Reference(
        "who came between releases",
        "Liu et al. 2025",
        f"{CROSSTABS}/test_between_releases.py",
        "test_who_came_is_what_all_pairs_have_in_which_nobody_left",
        "equal",
    ),
    Reference(
        "solution variability",
        "Abowd et al. 2023",
        f"{CROSSTABS}/test_bounds_and_proofs.py",
        "test_variability_is_the_largest_difference_from_the_solution",
        "equal",
    ),
    Reference(
        "clipped sums of gradients, for rows and persons",
        "Abadi et al. 2016",
        f"{DPSGD}/test_clipping.py",
        "test_norms_and_sums_are_those_of_a_loop_by_every_way",
        "1e-5 of the sum's length",
    ),
    Reference(
        "epsilon of one step on a Poisson sample",
        "Balle and Wang 2018",
        f"{DPSGD}/test_accounting.py",
        "test_one_step_costs_what_its_closed_form_says",
        "1 % of delta, and never above it",
    ),
    Reference(
        "sums of shortened gradients",
        "Abadi et al. 2016",
        f"{LEARN}/test_exact_sums.py",
        "test_the_sum_is_that_of_shortened_gradients",
        "rounding to 16 bits",
    ),
    Reference(
        "noisy descent",
        "Abadi et al. 2016",
        f"{LEARN}/test_gradient_descent.py",
        "test_steps_without_noise_to_speak_of_are_those_of_a_naive_descent",
        "2e-3",
    ),
    Reference(
        "objective perturbation",
        "Kifer et al. 2012",
        f"{LEARN}/test_objective_perturbation.py",
        "test_the_exact_minimum_of_one_weight_keeps_what_the_proof_says",
        "delta below the bound",
    ),
    Reference(
        "tuning by random numbers of runs",
        "Papernot and Steinke 2022",
        f"{LEARN}/test_tuning.py",
        "test_the_best_of_a_random_number_of_runs_keeps_the_stated_epsilon",
        "delta below the bound",
    ),
    Reference(
        "gradient histograms of pictures",
        "Dalal and Triggs 2005",
        f"{LEARN}/test_gradient_histograms.py",
        "test_features_are_those_of_a_plain_loop",
        "1e-9",
    ),
    Reference(
        "moments of a noisy step on a Poisson sample",
        "Mironov et al. 2019",
        f"{DPSGD}/test_moments.py",
        "test_moments_of_whole_orders_are_binomial_sums",
        "1e-9 of the moment",
    ),
    Reference(
        "trade-off curve of a promise",
        "Kairouz et al. 2015",
        "measure/test_tradeoff.py",
        "test_the_curve_of_a_promise_is_reached_by_its_worst_mechanism",
        "1e-9",
    ),
    Reference(
        "attribute inversion",
        "Fredrikson et al. 2014",
        "attacks/attribute/model/test_attribute_inversion.py",
        "test_the_claim_is_bayes_rule_by_a_loop",
        "1e-8",
    ),
    Reference(
        "the last record of a linear model",
        "Balle et al. 2022",
        "attacks/reconstruction/model/test_informed.py",
        "test_one_record_of_one_feature_by_hand",
        "equal",
    ),
    Reference(
        "the bound on reconstruction",
        "Hayes et al. 2023",
        "measure/test_rebuilding_bound.py",
        "test_it_is_the_power_of_the_best_test_at_the_level_of_chance",
        "1e-9",
    ),
    Reference(
        "exposure of a canary",
        "Carlini et al. 2019",
        "measure/test_exposure.py",
        "test_exposure_is_the_naive_rank_in_bits",
        "equal",
    ),
    Reference(
        "samples until a text is drawn",
        "Hayes et al. 2024",
        "measure/test_extraction.py",
        "test_samples_needed_is_the_first_that_suffices",
        "equal",
    ),
    Reference(
        "margins from residuals (GReM-MLE)",
        "Mullins et al. 2024",
        "mechanisms/synthesize/test_residual.py",
        "test_margins_are_those_of_generalised_least_squares",
        "1e-10",
    ),
    Reference(
        "margins of a junction tree",
        "McKenna et al. 2019",
        "mechanisms/synthesize/graphs/test_fitting.py",
        "test_every_margin_equals_brute_force",
        "1e-10",
    ),
    Reference(
        "the model nearest to noised margins",
        "McKenna et al. 2019",
        "mechanisms/synthesize/graphs/test_fitting.py",
        "test_the_optimum_is_that_of_the_best_table_and_a_warm_start_reaches_it_too",
        "1e-4 of the loss",
    ),
    Reference(
        "plausible seeds of a record",
        "Bindschaedler et al. 2017",
        "mechanisms/synthesize/test_plausible.py",
        "test_plausible_seeds_are_those_of_a_loop_over_all_pairs",
        "equal counts",
    ),
    Reference(
        "one record made from a seed, its privacy loss",
        "Bindschaedler et al. 2017",
        "mechanisms/synthesize/test_plausible_promise.py",
        "test_one_record_keeps_the_theorem_exactly_and_the_twin_without_noise_does_not",
        "at most what is promised",
    ),
    Reference(
        "a table made from seeds, its privacy loss",
        "ours",
        "mechanisms/synthesize/test_plausible_promise.py",
        "test_a_table_keeps_its_promise_for_every_group_and_needs_it",
        "1 % of delta",
    ),
    Reference(
        "nearest synthetic rows, Gower's distance",
        "Gower 1971",
        SYNTHETIC,
        "test_distances_are_those_of_gower_by_plain_loops",
        "1e-5, for numbers are summed in single precision",
    ),
    Reference(
        "copies in a synthetic file",
        "Hilprecht et al. 2019",
        SYNTHETIC,
        "test_copies_are_counted_with_the_chances_of_two_distributions",
        "1e-9",
    ),
    Reference(
        "DOMIAS, kernel density",
        "van Breugel et al. 2023",
        SYNTHETIC,
        "test_the_kernel_density_is_the_mean_of_normal_densities",
        "1e-4 of the density, for it is worked out in single precision",
    ),
    Reference(
        "linear reconstruction from margins",
        "Annamalai et al. 2024",
        "attacks/attribute/synthetic/test_linear_reconstruction.py",
        "test_the_solution_is_that_of_a_dense_solver",
        "0.1 % of the loss",
    ),
    Reference(
        "luck of a predicate",
        "Cohen, Nissim 2020",
        "games/linkage/test_synthetic.py",
        "test_luck_is_that_of_its_formula_on_both_sides",
        "4.5 standard errors",
    ),
    Reference(
        "distances of margins of a synthetic file",
        "McKenna et al. 2022",
        "utility/synthetic/test_margins.py",
        "test_distances_are_those_of_loops_over_cells",
        "1e-12",
    ),
    Reference(
        "normalised mutual information",
        "Yao 2003; Miller 1955",
        "utility/synthetic/test_associations.py",
        "test_the_matrix_is_that_of_loops",
        "1e-12",
    ),
    Reference(
        "FedSGD and FedAvg",
        "McMahan et al. 2017",
        f"{FEDERATE}/test_federated_averaging.py",
        "test_both_are_gradient_descent_on_the_pooled_records",
        "2e-6",
    ),
    Reference(
        "selective SGD, round robin",
        "Shokri, Shmatikov 2015",
        f"{FEDERATE}/test_selective_sgd.py",
        "test_round_robin_is_the_naive_loop",
        "1e-5",
    ),
    Reference(
        "tree and banded factorisations",
        "Kairouz et al. 2021; Choquette-Choo et al. 2023",
        f"{FEDERATE}/test_prefix_sums.py",
        "test_what_is_noised_is_the_naive_matrix",
        "1e-12",
    ),
    Reference(
        "local training",
        "the plain loop",
        "learners/torch/test_local.py",
        "test_training_is_the_plain_loop_for_each_party",
        "1e-5",
    ),
    Reference(
        "alignment of gradient and update",
        "Li, Li, Ribeiro 2023",
        "attacks/membership/updates/test_decoder.py",
        "test_alignment_is_the_cosine_of_gradient_and_change",
        "1e-5",
    ),
    Reference(
        "Krum's scores",
        "Blanchard et al. 2017",
        f"{FEDERATE}/test_means.py",
        "test_krum_scores_are_those_of_plain_loops",
        "1e-6",
    ),
    Reference(
        "the data-dependent divergence of PATE",
        "Papernot et al. 2018",
        f"{FEDERATE}/test_gnmax_cost.py",
        "test_theorem_6_is_above_the_exact_divergence_from_every_neighbour",
        "never below the exact one",
    ),
)
