#include <math.h>
#include <stdlib.h>

#include "etas/io.h"
#include "etas/likelihood_output.h"
#include "etas/special.h"
#include "io/json_out.h"
#include "io/table_out.h"

/* ---- scores ---- */

typedef struct member {
    const char *key;
    double value;
} member;

static void put_object(etas_json_out *o, const char *key, size_t n, const member members[])
{
    etas_json_out_begin(o, key);
    for (size_t i = 0; i < n; i++)
        etas_json_put_number(o, members[i].key, members[i].value);
    etas_json_out_end(o);
}

static void put_scores(etas_json_out *o, const char *key, const etas_scores *s)
{
    const member members[] = {{"nll", s->nll}, {"tll", s->tll}, {"sll", s->sll}};

    put_object(o, key, sizeof members / sizeof *members, members);
}

static void put_residuals(etas_json_out *o, const etas_likelihood *r)
{
    const member tau[] = {{"ks", r->tau.distance}, {"p", r->tau.p}};
    const member u[] = {{"ks", r->u.distance}, {"p", r->u.p}};

    etas_json_out_begin(o, "residuals");
    put_object(o, "transformed_times", sizeof tau / sizeof *tau, tau);
    put_object(o, "intervals", sizeof u / sizeof *u, u);
    etas_json_out_end(o);
}

static void put_model(etas_json_out *o, const etas_likelihood_report *self)
{
    const etas_likelihood_input *in = self->in;

    etas_json_put_params(o, "parameters", &in->theta);
    etas_json_put_number(o, "beta", in->beta);
    etas_json_put_number(o, "m_ref", in->m_ref);
    etas_json_put_number(o, "delta_m", in->delta_m);
    etas_json_put_number(o, "area", in->area_km2);
    etas_json_put_text(o, "parameters_from", self->parameters_from);
    etas_json_put_text(o, "version", ETAS_RELEASE);
}

etas_status etas_likelihood_write_json(FILE *out, const etas_likelihood_report *self,
                                       etas_error *err)
{
    const etas_likelihood *r = self->result;
    const member gain[] = {{"total", r->gain}, {"time", r->time_gain}, {"space", r->space_gain}};
    const member expected[] = {{"total", r->compensator},
                               {"background", r->background},
                               {"induced", r->induced},
                               {"triggered", r->triggered},
                               {"after_last_event", r->tail}};
    etas_json_out o = {.stream = out};

    etas_json_out_begin(&o, NULL);
    put_scores(&o, "ETAS", &r->model);
    put_scores(&o, "Poisson", &r->poisson);
    put_object(&o, "information_gain", sizeof gain / sizeof *gain, gain);
    etas_json_put_number(&o, "log_likelihood", r->log_likelihood);
    etas_json_put_time(&o, "timewindow_start", self->in->train_start);
    etas_json_put_time(&o, "timewindow_end", self->in->test_start);
    etas_json_put_time(&o, "testwindow_end", self->in->test_end);
    etas_json_put_number(&o, "m_test", r->m_test);
    etas_json_put_number(&o, "n_test_events", (double)r->n);
    etas_json_put_number(&o, "n_training_events", (double)r->n_train);
    put_object(&o, "expected_events", sizeof expected / sizeof *expected, expected);
    etas_json_put_number(&o, "background_share", r->background_share);
    etas_json_put_number(&o, "poisson_rate", r->poisson_rate);
    put_residuals(&o, r);
    put_model(&o, self);
    etas_json_out_end(&o);
    if (o.status == ETAS_E_NOMEM)
        return etas_fail(err, o.status, "out of memory for the scores");
    return o.status == ETAS_OK
               ? ETAS_OK
               : etas_fail(err, o.status, "the parameters' file has a name that is not UTF-8");
}

/* ---- events ---- */

static void write_events(FILE *out, const etas_likelihood_report *self)
{
    const etas_likelihood *r = self->result;

    (void)fputs("id,latitude,longitude,time,magnitude,int_lambd,lambd,lambd_star,LL,TLL,SLL,"
                "P_background,P_induced,tau,u\n",
                out);
    for (size_t j = 0; j < r->n; j++) {
        const etas_event_score *s = &r->event[j];
        const etas_event e = etas_catalog_row(self->in->catalog, s->row);
        const double tll = etas_ln(s->time_rate) - s->compensator;
        const double numbers[] = {s->compensator, s->rate,         s->time_rate, s->ll,  tll,
                                  s->ll - tll,    s->p_background, s->p_induced, s->tau, s->u};
        const size_t n = sizeof numbers / sizeof *numbers;
        char time[32];

        etas_time_format(e.time, ' ', time);
        etas_table_put_text(out, e.id_len, e.id);
        etas_table_put_number(out, e.lat, ',');
        etas_table_put_number(out, e.lon, ',');
        (void)fprintf(out, "%s,", time);
        etas_table_put_number(out, e.mag, ',');
        for (size_t k = 0; k < n; k++)
            etas_table_put_number(out, numbers[k], k + 1 < n ? ',' : '\n');
    }
}

/* ---- both ---- */

static etas_status save(const etas_likelihood_report *self, const char *events, const char *scores,
                        etas_error *err)
{
    etas_output out[2] = {{0}, {0}};
    etas_status st = etas_output_open(&out[0], events, err);

    if (st == ETAS_OK)
        st = etas_output_open(&out[1], scores, err);
    if (st == ETAS_OK) {
        write_events(out[0].stream, self);
        st = etas_likelihood_write_json(out[1].stream, self, err);
    }
    for (int i = 0; i < 2 && st == ETAS_OK; i++)
        st = etas_output_sync(&out[i], err);
    for (int i = 0; i < 2; i++) {
        if (st == ETAS_OK)
            st = etas_output_commit(&out[i], err);
        etas_output_discard(&out[i]);
    }
    return st;
}

etas_status etas_likelihood_save(const etas_likelihood_report *self, const char *directory,
                                 etas_error *err)
{
    char *const events = etas_results_path(directory, "augmented_catalog", "", ".csv");
    char *const scores = etas_results_path(directory, "ll_scores", "", ".json");
    const etas_status st = events != NULL && scores != NULL
                               ? save(self, events, scores, err)
                               : etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", directory);

    free(events);
    free(scores);
    return st;
}
