#include "io/results_diagnostics.h"

#include <math.h>
#include <string.h>

static void put_by_param(etas_json_out *o, const char *key, const double values[ETAS_N_PARAMS])
{
    etas_params params = {.three_dim = false};

    memcpy(params.value, values, sizeof params.value);
    etas_json_put_params(o, key, &params);
}

static void put_standard_errors(etas_json_out *o, const etas_uncertainty *u)
{
    etas_json_out_begin(o, "standard_errors");
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        etas_json_put_number(o, etas_param_name(i), u->standard_error[i]);
    etas_json_put_number(o, "alpha", u->alpha_error);
    etas_json_put_number(o, "beta", u->beta_error);
    etas_json_put_number(o, "branching_ratio", u->branching_error);
    etas_json_put_number(o, "branching_ratio_m_max", u->branching_error_m_max);
    etas_json_out_end(o);
}

/* Of the estimated parameters alone: a matrix without gaps. */
static void put_covariance(etas_json_out *o, const etas_uncertainty *u)
{
    etas_json_out_begin(o, "covariance");
    etas_json_out_begin_list(o, "names");
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (u->estimated[i])
            etas_json_put_text(o, NULL, etas_param_name(i));
    etas_json_out_end_list(o);
    etas_json_out_begin_list(o, "matrix");
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        double row[ETAS_N_PARAMS];
        size_t n = 0;

        for (size_t j = 0; j < ETAS_N_PARAMS; j++)
            if (u->estimated[j])
                row[n++] = u->covariance[i][j];
        if (u->estimated[i])
            etas_json_put_numbers(o, NULL, n, row);
    }
    etas_json_out_end_list(o);
    etas_json_out_end(o);
}

static void put_at_bound(etas_json_out *o, const etas_diagnostics *d)
{
    etas_json_out_begin_list(o, "at_bound");
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (d->at_bound[i])
            etas_json_put_text(o, NULL, etas_param_name(i));
    etas_json_out_end_list(o);
}

void etas_results_put_diagnostics(etas_json_out *out, const etas_inversion_state *state,
                                  const etas_uncertainty *uncertainty,
                                  const etas_diagnostics *diagnostics)
{
    const etas_uncertainty *u = uncertainty;
    const etas_diagnostics *d = diagnostics;

    if (u->available) {
        put_standard_errors(out, u);
        put_covariance(out, u);
    } else {
        etas_json_put_text(out, "standard_errors", NULL);
        etas_json_put_text(out, "covariance", NULL);
        etas_json_put_text(out, "uncertainty_note", u->note);
    }
    etas_json_out_begin(out, "diagnostics");
    etas_json_put_number(out, "n_iterations", state->n_iterations);
    etas_json_put_number(out, "distance_to_fixed_point", state->distance);
    put_by_param(out, "gradient", u->gradient);
    put_by_param(out, "newton_step", u->newton_step);
    etas_json_put_number(out, "largest_newton_step_in_standard_errors", d->largest_newton_step);
    etas_json_put_number(out, "information_condition", u->condition);
    put_at_bound(out, d);
    etas_json_put_number(out, "alpha", d->alpha);
    etas_json_put_number(out, "branching_ratio", d->branching_ratio);
    etas_json_put_number(out, "branching_ratio_m_max", d->branching_ratio_m_max);
    etas_json_put_number(out, "background_share", d->background_share);
    etas_json_out_end(out);
    etas_json_out_begin_list(out, "warnings");
    for (size_t i = 0; i < d->n_warnings; i++)
        etas_json_put_text(out, NULL, d->warning[i]);
    etas_json_out_end_list(out);
}
