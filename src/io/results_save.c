#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etas/io.h"
#include "etas/text.h"
#include "io/decimal.h"
#include "io/json_out.h"

#define TARGET_COLUMNS                                                             \
    "target_id,latitude,longitude,time,magnitude,mc_current,mc_current_above_ref," \
    "mu,P_triggered,P_background,zeta_plus_1"
#define SOURCE_COLUMNS                                          \
    "source_id,source_magnitude,source_completeness_above_ref," \
    "source_to_end_time_distance,pos_source_to_start_time_distance,l_hat,G,xi_plus_1"

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

/* ---- the three files ---- */

typedef struct saver {
    const etas_results_input *in;
    char *fn_parameters, *fn_targets, *fn_sources;
    etas_error *err;
} saver;

/* The reference's keys in its order. */
static void write_settings(const saver *s, etas_json_out *o)
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
    etas_json_put_number(o, "mc", c->mc);
    etas_json_put_number(o, "m_ref", c->m_ref);
    etas_json_put_number(o, "coppersmith_multiplier", c->coppersmith_multiplier);
    etas_json_put_number(o, "earth_radius", c->earth_radius);
    etas_json_put_number(o, "bw_sq", c->bw_sq);
    etas_json_put_flag(o, "free_productivity", false);
    etas_json_put_flag(o, "free_background", false);
    etas_json_put_text(o, "bg_term", NULL);
}

static void write_outcome(const saver *s, etas_json_out *o)
{
    const etas_results_input *in = s->in;
    const etas_config *c = in->config;
    const etas_inversion_state *state = in->state;
    const etas_params start = c->has_theta_0 ? c->theta_0 : etas_inversion_default_start();

    etas_json_put_flag(o, "preparation_done", true);
    etas_json_put_flag(o, "inversion_done", true);
    etas_json_put_number(o, "n_target_events", (double)state->n_targets);
    etas_json_put_number(o, "area", in->area_km2);
    put_ranges(o);
    etas_json_put_number(o, "beta", state->beta);
    etas_json_put_flag(o, "b_positive", c->beta_method == ETAS_BETA_POSITIVE);
    etas_json_put_flag(o, "three_dim", false);
    etas_json_put_number(o, "space_unit_in_meters", 1000);
    etas_json_put_number(o, "n_hat", state->n_hat);
    etas_json_put_number(o, "i_hat", 0);
    etas_json_put_time(o, "calculation_date", now());
    etas_json_put_params(o, "initial_values", &start);
    etas_json_put_params(o, "final_parameters", &state->theta);
    etas_json_put_number(o, "n_iterations", state->n_iterations);
    etas_json_put_text(o, "fn_ip", s->fn_targets);
    etas_json_put_text(o, "fn_src", s->fn_sources);
    etas_json_put_text(o, "estimator", c->estimator == ETAS_ESTIMATOR_MLE ? "mle" : "reference");
    etas_json_put_number(o, "log_likelihood", state->log_likelihood);
    etas_json_put_number(o, "branching_ratio", state->branching_ratio);
    if (isnan(state->branching_ratio))
        etas_json_put_text(o, "branching_note", state->branching_note);
    etas_json_put_number(o, "n_sources", (double)state->n_sources);
    etas_json_put_number(o, "n_pairs", (double)state->n_pairs);
    etas_json_put_number(o, "invert_seconds", in->invert_seconds);
    etas_json_put_text(o, "version", ETAS_RELEASE);
}

static etas_status write_parameters(const saver *s, FILE *out)
{
    etas_json_out o = {.stream = out};

    etas_json_out_begin(&o, NULL);
    write_settings(s, &o);
    write_outcome(s, &o);
    etas_json_out_end(&o);
    if (o.status == ETAS_E_NOMEM)
        etas_fail(s->err, o.status, "out of memory for %s", s->fn_parameters);
    else if (o.status != ETAS_OK)
        etas_fail(s->err, o.status, "a name in the results is not valid UTF-8");
    return o.status;
}

static void put_field(FILE *out, double value, char after)
{
    char text[33];
    const size_t len = etas_decimal_put(value, text);

    text[len] = after;
    (void)fwrite(text, 1, len + 1, out);
}

/* Quoted when it has to be (RFC 4180). */
static void put_id(FILE *out, const etas_event *e)
{
    bool quote = false;

    for (size_t i = 0; i < e->id_len; i++)
        quote |= strchr(",\"\r\n", e->id[i]) != NULL;
    if (quote)
        (void)fputc('"', out);
    for (size_t i = 0; i < e->id_len; i++) {
        if (e->id[i] == '"')
            (void)fputc('"', out);
        (void)fputc(e->id[i], out);
    }
    (void)fputs(quote ? "\"," : ",", out);
}

static etas_status check_stream(const saver *s, FILE *out, const char *path)
{
    if (!ferror(out))
        return ETAS_OK;
    etas_fail(s->err, ETAS_E_IO, "cannot be written: %s", strerror(errno));
    etas_error_in_file(s->err, path);
    return ETAS_E_IO;
}

/* Microseconds, or nanoseconds when any time has them: a reader of one format reads the column. */
static bool needs_nanoseconds(const etas_catalog *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->time[i] % 1000 != 0)
            return true;
    return false;
}

static void put_event_time(FILE *out, etas_time t, bool nanoseconds)
{
    char text[32];

    etas_time_format(t, ' ', text);
    (void)fputs(text, out);
    if (nanoseconds)
        (void)fprintf(out, "%03d", (int)((t % 1000 + 1000) % 1000));
    (void)fputc(',', out);
}

static etas_status write_targets(const saver *s, FILE *out)
{
    const etas_catalog *catalog = s->in->catalog;
    const etas_inversion_state *state = s->in->state;
    const double m_ref = s->in->config->m_ref;
    const double mu = pow(10, state->theta.value[ETAS_LOG10_MU]);
    const bool nanoseconds = needs_nanoseconds(catalog);

    (void)fputs(TARGET_COLUMNS "\n", out);
    for (size_t j = 0; j < state->n_targets; j++) {
        const etas_event e = etas_catalog_row(catalog, state->target[j]);

        put_id(out, &e);
        put_field(out, e.lat, ',');
        put_field(out, e.lon, ',');
        put_event_time(out, e.time, nanoseconds);
        put_field(out, e.mag, ',');
        put_field(out, e.mc, ',');
        put_field(out, e.mc - m_ref, ',');
        put_field(out, mu, ',');
        put_field(out, state->expectation->p_triggered[j], ',');
        put_field(out, state->expectation->p_background[j], ',');
        put_field(out, exp(state->beta * (e.mc - m_ref)), '\n');
        if (check_stream(s, out, s->fn_targets) != ETAS_OK)
            return ETAS_E_IO;
    }
    return ETAS_OK;
}

static etas_status write_sources(const saver *s, FILE *out)
{
    const etas_catalog *catalog = s->in->catalog;
    const etas_inversion_state *state = s->in->state;
    const etas_config *c = s->in->config;
    const double *theta = state->theta.value;
    const double mc = c->m_ref - c->delta_m / 2;
    const double hidden = theta[ETAS_A] - state->beta - theta[ETAS_GAMMA] * theta[ETAS_RHO];

    (void)fputs(SOURCE_COLUMNS "\n", out);
    for (size_t i = 0; i < catalog->n; i++) {
        const etas_event e = etas_catalog_row(catalog, i);
        const double to_end = etas_days_between(e.time, c->timewindow_end);
        const double to_start = fmax(0, etas_days_between(e.time, c->timewindow_start));

        put_id(out, &e);
        put_field(out, e.mag, ',');
        put_field(out, e.mc - c->m_ref, ',');
        put_field(out, to_end, ',');
        put_field(out, to_start, ',');
        put_field(out, state->expectation->l_hat[i], ',');
        put_field(out, etas_expected_aftershocks(&state->theta, e.mag - mc, to_start, to_end), ',');
        put_field(out, exp(-hidden * (e.mc - c->m_ref)), '\n');
        if (check_stream(s, out, s->fn_sources) != ETAS_OK)
            return ETAS_E_IO;
    }
    return ETAS_OK;
}

static char *name_in(const char *directory, const char *before, const char *id, const char *after)
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

/* The parameters file names the other two, so it is the last to appear. */
static etas_status save_files(const saver *s)
{
    const struct {
        const char *path;
        etas_status (*write)(const saver *s, FILE *out);
    } files[3] = {{s->fn_targets, write_targets},
                  {s->fn_sources, write_sources},
                  {s->fn_parameters, write_parameters}};
    etas_output out[3] = {{0}, {0}, {0}};
    etas_status st = ETAS_OK;

    for (int i = 0; st == ETAS_OK && i < 3; i++) {
        st = etas_output_open(&out[i], files[i].path, s->err);
        if (st == ETAS_OK)
            st = files[i].write(s, out[i].stream);
    }
    for (int i = 0; st == ETAS_OK && i < 3; i++)
        st = etas_output_commit(&out[i], s->err);
    for (int i = 0; i < 3; i++)
        etas_output_discard(&out[i]);
    return st;
}

etas_status etas_results_save(const etas_results_input *in, etas_error *err)
{
    const char *id = in->config->id;
    saver s = {.in = in,
               .fn_parameters = name_in(in->directory, "parameters_", id, ".json"),
               .fn_targets = name_in(in->directory, "trig_and_bg_probs_", id, ".csv"),
               .fn_sources = name_in(in->directory, "sources_", id, ".csv"),
               .err = err};
    etas_status st;

    if (s.fn_parameters == NULL || s.fn_targets == NULL || s.fn_sources == NULL)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for the names of the results");
    else
        st = save_files(&s);
    free(s.fn_parameters);
    free(s.fn_targets);
    free(s.fn_sources);
    return st;
}
