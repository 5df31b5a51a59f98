#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etas/io.h"
#include "etas/text.h"
#include "io/json_out.h"
#include "io/results_diagnostics.h"
#include "io/results_save.h"

static void put_ranges(etas_json_out *o)
{
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        const double range[2] = {etas_param_low(i), etas_param_high(i)};
        char key[40];

        if (i == ETAS_LOG10_IOTA)
            continue;
        etas_format(sizeof key, key, "%s_range", etas_param_name(i));
        etas_json_put_numbers(o, key, 2, range);
    }
}

static etas_time now(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_REALTIME, &t) == 0
               ? (etas_time)t.tv_sec * ETAS_NS_PER_S + (etas_time)t.tv_nsec
               : 0;
}

/* The reference's keys in its order. */
static void write_settings(const etas_results_saver *s, etas_json_out *o)
{
    const etas_config *c = s->in->config;

    etas_json_put_text(o, "name", c->name);
    etas_json_put_text(o, "id", c->id);
    etas_json_put_text(o, "fn_catalog", c->fn_catalog);
    etas_json_put_time(o, "auxiliary_start", c->auxiliary_start);
    etas_json_put_time(o, "timewindow_start", c->timewindow_start);
    etas_json_put_time(o, "timewindow_end", c->timewindow_end);
    etas_json_put_time(o, "testwindow_end", c->testwindow_end);
    etas_json_put_number(o, "timewindow_length",
                         etas_days_between(c->timewindow_start, c->timewindow_end));
    etas_json_put_text(o, "shape_coords", c->shape_text);
    etas_json_put_number(o, "delta_m", c->delta_m);
    if (c->mc_method == ETAS_MC_CONSTANT)
        etas_json_put_number(o, "mc", c->mc);
    else
        etas_json_put_text(o, "mc", c->mc_method == ETAS_MC_COLUMN ? "var" : "positive");
    etas_json_put_number(o, "m_ref", s->in->m_ref);
    etas_json_put_number(o, "coppersmith_multiplier", c->coppersmith_multiplier);
    etas_json_put_number(o, "earth_radius", c->earth_radius);
    etas_json_put_number(o, "bw_sq", c->bw_sq);
    etas_json_put_flag(o, "free_productivity", c->free_productivity);
    etas_json_put_flag(o, "free_background", c->free_background);
    etas_json_put_text(o, "bg_term", c->bg_term);
}

static void put_fixed(etas_json_out *o, const etas_fixed *fixed)
{
    etas_json_out_begin(o, "fixed_parameters");
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        if (!isnan(fixed->value.value[i]))
            etas_json_put_number(o, etas_param_name(i), fixed->value.value[i]);
    if (fixed->alpha_rule == ETAS_ALPHA_BETA)
        etas_json_put_text(o, "alpha", "beta");
    else if (fixed->alpha_rule == ETAS_ALPHA_NUMBER)
        etas_json_put_number(o, "alpha", fixed->alpha);
    etas_json_out_end(o);
}

static void write_outcome(const etas_results_saver *s, etas_json_out *o)
{
    const etas_results_input *in = s->in;
    const etas_config *c = in->config;
    const etas_inversion_state *state = in->state;

    etas_json_put_flag(o, "preparation_done", true);
    etas_json_put_flag(o, "inversion_done", true);
    etas_json_put_number(o, "n_target_events", (double)state->n_targets);
    etas_json_put_number(o, "area", in->area_km2);
    put_ranges(o);
    etas_json_put_number(o, "beta", state->beta);
    etas_json_put_flag(o, "b_positive", c->beta_method == ETAS_BETA_POSITIVE);
    etas_json_put_flag(o, "three_dim", c->three_dim);
    etas_json_put_number(o, "space_unit_in_meters", c->space_unit_in_meters);
    etas_json_put_number(o, "n_hat", state->n_hat);
    etas_json_put_number(o, "i_hat", c->bg_term != NULL ? state->i_hat : 0);
    etas_json_put_time(o, "calculation_date", now());
    etas_json_put_params(o, "initial_values", &c->theta_0);
    etas_json_put_params(o, "final_parameters", &state->theta);
    etas_json_put_number(o, "n_iterations", state->n_iterations);
    etas_json_put_text(o, "fn_ip", s->fn_targets);
    etas_json_put_text(o, "fn_src", s->fn_sources);
    if (s->fn_pij != NULL)
        etas_json_put_text(o, "fn_pij", s->fn_pij);
}

/* Ours beside the reference's. */
static void write_more(const etas_results_saver *s, etas_json_out *o)
{
    const etas_results_input *in = s->in;
    const etas_config *c = in->config;
    const etas_inversion_state *state = in->state;

    if (c->input_format != ETAS_CATALOG_AUTO)
        etas_json_put_text(o, "input_format", etas_catalog_format_name(c->input_format));
    if (c->event_types != NULL)
        etas_json_put_text(o, "event_types", c->event_types);
    if (c->magnitude_types != NULL)
        etas_json_put_text(o, "magnitude_types", c->magnitude_types);
    etas_json_put_text(o, "estimator", c->estimator == ETAS_ESTIMATOR_MLE ? "mle" : "reference");
    put_fixed(o, &c->fixed);
    etas_json_put_number(o, "m_ref_given", c->m_ref);
    etas_json_put_text(o, "inner_shape_coords", c->inner_shape_text);
    etas_json_put_number(o, "log_likelihood", state->log_likelihood);
    etas_json_put_number(o, "branching_ratio", state->branching_ratio);
    if (isnan(state->branching_ratio))
        etas_json_put_text(o, "branching_note", state->branching_note);
    etas_json_put_number(o, "n_sources", (double)state->n_sources);
    etas_json_put_number(o, "n_pairs", (double)state->n_pairs);
    etas_json_put_number(o, "invert_seconds", in->invert_seconds);
    if (in->uncertainty != NULL)
        etas_results_put_diagnostics(o, state, in->uncertainty, in->diagnostics);
    etas_json_put_text(o, "version", ETAS_RELEASE);
    if (in->revision != NULL && in->revision[0] != '\0')
        etas_json_put_text(o, "revision", in->revision);
}

static etas_status write_parameters(const etas_results_saver *s, FILE *out)
{
    etas_json_out o = {.stream = out};

    etas_json_out_begin(&o, NULL);
    write_settings(s, &o);
    write_outcome(s, &o);
    write_more(s, &o);
    etas_json_out_end(&o);
    if (o.status == ETAS_E_NOMEM)
        etas_fail(s->err, o.status, "out of memory for %s", s->fn_parameters);
    else if (o.status != ETAS_OK)
        etas_fail(s->err, o.status, "a name in the results is not valid UTF-8");
    return o.status;
}

char *etas_results_path(const char *directory, const char *before, const char *id,
                        const char *after)
{
    const char *dir = directory != NULL ? directory : "";
    const size_t len = strlen(dir);
    const char *slash = len > 0 && dir[len - 1] != '/' ? "/" : "";
    const size_t capacity = len + strlen(before) + strlen(id) + strlen(after) + 2;
    char *path = malloc(capacity);

    if (path != NULL)
        etas_format(capacity, path, "%s%s%s%s%s", dir, slash, before, id, after);
    return path;
}

/* The parameters file names the others, so it is the last to appear. */
static etas_status save_files(const etas_results_saver *s)
{
    enum { MOST = 4 };
    const struct {
        const char *path;
        etas_status (*write)(const etas_results_saver *s, FILE *out);
    } files[MOST] = {{s->fn_targets, etas_results_write_targets},
                     {s->fn_sources, etas_results_write_sources},
                     {s->fn_pij, etas_results_write_pij},
                     {s->fn_parameters, write_parameters}};
    etas_output out[MOST] = {{0}, {0}, {0}, {0}};
    etas_status st = ETAS_OK;

    for (int i = 0; st == ETAS_OK && i < MOST; i++) {
        if (files[i].path == NULL)
            continue;
        st = etas_output_open(&out[i], files[i].path, s->err);
        if (st == ETAS_OK)
            st = files[i].write(s, out[i].stream);
    }
    for (int i = 0; st == ETAS_OK && i < MOST; i++)
        if (files[i].path != NULL)
            st = etas_output_commit(&out[i], s->err);
    for (int i = 0; i < MOST; i++)
        etas_output_discard(&out[i]);
    return st;
}

etas_status etas_results_save(const etas_results_input *in, etas_error *err)
{
    const char *id = in->config->id;
    const bool pairs = in->pairs_of != NULL;
    etas_results_saver s = {
        .in = in,
        .fn_parameters = etas_results_path(in->directory, "parameters_", id, ".json"),
        .fn_targets = etas_results_path(in->directory, "trig_and_bg_probs_", id, ".csv"),
        .fn_sources = etas_results_path(in->directory, "sources_", id, ".csv"),
        .fn_pij = pairs ? etas_results_path(in->directory, "pij_", id, ".csv") : NULL,
        .err = err};
    etas_status st;

    if (s.fn_parameters == NULL || s.fn_targets == NULL || s.fn_sources == NULL ||
        (pairs && s.fn_pij == NULL))
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for the names of the results");
    else
        st = save_files(&s);
    free(s.fn_parameters);
    free(s.fn_targets);
    free(s.fn_sources);
    free(s.fn_pij);
    return st;
}
