/* The targets and the sources of an inversion as tables. */
#include <math.h>
#include <string.h>

#include "etas/text.h"
#include "io/results_save.h"
#include "io/table_out.h"

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

/* Which of the columns that not every catalogue has are written. */
typedef struct columns {
    bool nanoseconds, xyz;
    const char *covariate; /* NULL when it is one of the others */
    double unit_m;         /* of x, y, z */
} columns;

static columns columns_of(const etas_results_input *in)
{
    static const char *const others[] = {"target_id",  "latitude",
                                         "longitude",  "time",
                                         "magnitude",  "mc_current",
                                         "x",          "y",
                                         "z",          "mc_current_above_ref",
                                         "mu",         "P_triggered",
                                         "P_induced",  "P_background",
                                         "zeta_plus_1"};
    columns c = {.nanoseconds = needs_nanoseconds(in->catalog),
                 .covariate = in->config->bg_term,
                 .unit_m = in->config->space_unit_in_meters};

    for (size_t i = 0; i < in->catalog->n; i++)
        c.xyz |= !isnan(in->catalog->x[i]);
    for (size_t i = 0; c.covariate != NULL && i < sizeof others / sizeof *others; i++)
        if (strcmp(c.covariate, others[i]) == 0)
            c.covariate = NULL;
    return c;
}

static void put_event(FILE *out, const etas_event *e, const columns *c)
{
    etas_table_put_text(out, e->id_len, e->id);
    etas_table_put_number(out, e->lat, ',');
    etas_table_put_number(out, e->lon, ',');
    put_event_time(out, e->time, c->nanoseconds);
    etas_table_put_number(out, e->mag, ',');
    etas_table_put_number(out, e->mc, ',');
    if (c->xyz) {
        etas_table_put_number(out, e->x * 1000 / c->unit_m, ',');
        etas_table_put_number(out, e->y * 1000 / c->unit_m, ',');
        etas_table_put_number(out, e->z * 1000 / c->unit_m, ',');
    }
    if (c->covariate != NULL)
        etas_table_put_number(out, e->covariate, ',');
}

etas_status etas_results_write_targets(const etas_results_saver *s, FILE *out)
{
    const etas_catalog *catalog = s->in->catalog;
    const etas_inversion_state *state = s->in->state;
    const etas_expectation *e = state->expectation;
    const double mu = pow(10, state->theta.value[ETAS_LOG10_MU]);
    const columns c = columns_of(s->in);

    (void)fputs("target_id,latitude,longitude,time,magnitude,mc_current,", out);
    (void)fputs(c.xyz ? "x,y,z," : "", out);
    if (c.covariate != NULL)
        etas_table_put_text(out, strlen(c.covariate), c.covariate);
    (void)fprintf(out, "mc_current_above_ref,mu,P_triggered,P_background,%szeta_plus_1\n",
                  e->p_induced != NULL ? "P_induced," : "");
    for (size_t j = 0; j < state->n_targets; j++) {
        const etas_event event = etas_catalog_row(catalog, state->target[j]);

        put_event(out, &event, &c);
        etas_table_put_number(out, event.mc - s->in->m_ref, ',');
        etas_table_put_number(out, e->mu != NULL ? e->mu[j] : mu, ',');
        etas_table_put_number(out, e->p_triggered[j], ',');
        etas_table_put_number(out, e->p_background[j], ',');
        if (e->p_induced != NULL)
            etas_table_put_number(out, e->p_induced[j], ',');
        etas_table_put_number(out, state->zeta != NULL ? state->zeta[j] : 1, '\n');
        if (etas_table_check(out, s->fn_targets, s->err) != ETAS_OK)
            return ETAS_E_IO;
    }
    return ETAS_OK;
}

/* kappa (NULL: none) takes the place of k0 e^{a dm}. */
static double expected(const etas_params *theta, double dm, const double *kappa, double to_start,
                       double to_end)
{
    etas_params unit = *theta;

    if (kappa == NULL)
        return etas_expected_aftershocks(theta, dm, to_start, to_end);
    unit.value[ETAS_LOG10_K0] = 0;
    unit.value[ETAS_A] = 0;
    return *kappa * etas_expected_aftershocks(&unit, dm, to_start, to_end);
}

etas_status etas_results_write_sources(const etas_results_saver *s, FILE *out)
{
    const etas_catalog *catalog = s->in->catalog;
    const etas_inversion_state *state = s->in->state;
    const etas_config *c = s->in->config;
    const double m_ref = s->in->m_ref, mc = m_ref - c->delta_m / 2;

    (void)fprintf(out,
                  "source_id,source_magnitude,source_completeness_above_ref,"
                  "source_to_end_time_distance,pos_source_to_start_time_distance,%sl_hat,G,"
                  "xi_plus_1\n",
                  state->kappa != NULL ? "source_kappa," : "");
    for (size_t i = 0; i < catalog->n; i++) {
        const etas_event e = etas_catalog_row(catalog, i);
        const double to_end = etas_days_between(e.time, c->timewindow_end);
        const double to_start = fmax(0, etas_days_between(e.time, c->timewindow_start));
        const double *kappa = state->kappa != NULL ? &state->kappa[i] : NULL;

        etas_table_put_text(out, e.id_len, e.id);
        etas_table_put_number(out, e.mag, ',');
        etas_table_put_number(out, e.mc - m_ref, ',');
        etas_table_put_number(out, to_end, ',');
        etas_table_put_number(out, to_start, ',');
        if (kappa != NULL)
            etas_table_put_number(out, *kappa, ',');
        etas_table_put_number(out, state->expectation->l_hat[i], ',');
        etas_table_put_number(out, expected(&state->theta, e.mag - mc, kappa, to_start, to_end),
                              ',');
        etas_table_put_number(out, state->xi != NULL ? state->xi[i] : 1, '\n');
        if (etas_table_check(out, s->fn_sources, s->err) != ETAS_OK)
            return ETAS_E_IO;
    }
    return ETAS_OK;
}
