/* Numbers of events and probabilities by magnitude threshold and horizon. */
#include <stdlib.h>

#include "etas/text.h"
#include "etas/time.h"
#include "io/forecast_source.h"
#include "io/json_out.h"
#include "io/summary_tally.h"
#include "io/table_out.h"

typedef struct summary {
    const etas_forecast_target *to;
    etas_forecast_source source;
    etas_summary_tally tally;
} summary;

static void summary_close(void *state)
{
    summary *const self = state;

    if (self == NULL)
        return;
    etas_summary_tally_free(&self->tally);
    etas_forecast_source_close(&self->source);
    free(self);
}

static etas_status summary_open(void **out, const etas_forecast_target *to, etas_error *err)
{
    summary *const self = calloc(1, sizeof *self);
    etas_status st;

    *out = self;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
    self->to = to;
    st = etas_forecast_source_open(&self->source, to, ETAS_SOURCE_AXES, err);
    return st == ETAS_OK ? etas_summary_tally_init(&self->tally, self->source.axes, err) : st;
}

static etas_status summary_take_counts(void *state, uint64_t catalog_id,
                                       const etas_catalog_counts *counts, etas_error *err)
{
    summary *const self = state;

    (void)catalog_id;
    return etas_summary_tally_add(&self->tally, counts, err);
}

static etas_status summary_take(void *state, const etas_forecast_part *part, etas_error *err)
{
    summary *const self = state;

    return etas_forecast_source_each(&self->source, part, summary_take_counts, self, err);
}

/* ---- JSON ---- */

static void put_head(const summary *self, etas_json_out *json)
{
    const etas_forecast_about *const about = self->to->about;
    const etas_plan *const plan = &about->model->plan[0];
    double probability[ETAS_SUMMARY_QUANTILES];
    char seed[24];

    for (size_t q = 0; q < ETAS_SUMMARY_QUANTILES; q++)
        probability[q] = etas_summary_permille[q] / 1000.0;
    etas_format(sizeof seed, seed, "%llu", (unsigned long long)about->seed);
    etas_json_put_text(json, "release", about->release);
    etas_json_put_text(json, "seed", seed);
    etas_json_put_number(json, "n_models", (double)about->model->n);
    etas_json_put_time(json, "start", plan->output_start);
    etas_json_put_time(json, "end", plan->end);
    etas_json_put_number(json, "n_catalogs", (double)self->tally.entries[0].numbers.n);
    etas_json_put_numbers(json, "quantiles", ETAS_SUMMARY_QUANTILES, probability);
}

static void put_json_row(etas_json_out *json, const etas_summary_row *r)
{
    etas_json_out_begin(json, NULL);
    etas_json_put_number(json, "magnitude", r->magnitude);
    etas_json_put_number(json, "days", r->days);
    etas_json_put_number(json, "mean", r->mean);
    etas_json_put_numbers(json, "numbers", ETAS_SUMMARY_QUANTILES, r->quantile);
    etas_json_put_number(json, "probability", r->probability);
    etas_json_put_number(json, "probability_error", r->error);
    etas_json_put_number(json, "averaged", r->averaged);
    etas_json_put_number(json, "averaged_error", r->averaged_error);
    etas_json_put_number(json, "n_certain", (double)r->n_certain);
    etas_json_out_end(json);
}

static etas_status json_finish(void *state, etas_error *err)
{
    summary *const self = state;
    const etas_summary_axes *const axes = self->source.axes;
    etas_json_out json = {.stream = self->to->stream};
    etas_status st = ETAS_OK;

    etas_json_out_begin(&json, NULL);
    put_head(self, &json);
    etas_json_out_begin_list(&json, "summary");
    for (size_t j = 0; j < axes->n_thresholds; j++)
        for (size_t h = 0; h < axes->n_horizons && st == ETAS_OK; h++) {
            etas_summary_row r;

            st = etas_summary_tally_row(&self->tally, j, h, &r, err);
            if (st == ETAS_OK)
                put_json_row(&json, &r);
        }
    etas_json_out_end_list(&json);
    etas_json_out_end(&json);
    if (st == ETAS_OK && json.status != ETAS_OK)
        st = etas_fail(err, json.status, "out of memory for a summary");
    return st;
}

/* ---- CSV ---- */

static etas_status csv_finish(void *state, etas_error *err)
{
    summary *const self = state;
    const etas_summary_axes *const axes = self->source.axes;
    FILE *const out = self->to->stream;
    etas_status st = ETAS_OK;

    (void)fputs("magnitude,days,n_catalogs,mean,q2.5,q16,q50,q84,q97.5,probability,"
                "probability_error,averaged,averaged_error,n_certain\n",
                out);
    for (size_t j = 0; j < axes->n_thresholds; j++)
        for (size_t h = 0; h < axes->n_horizons && st == ETAS_OK; h++) {
            etas_summary_row r;

            st = etas_summary_tally_row(&self->tally, j, h, &r, err);
            if (st != ETAS_OK)
                break;
            etas_table_put_number(out, r.magnitude, ',');
            etas_table_put_number(out, r.days, ',');
            etas_table_put_number(out, (double)r.n_catalogs, ',');
            etas_table_put_number(out, r.mean, ',');
            for (size_t q = 0; q < ETAS_SUMMARY_QUANTILES; q++)
                etas_table_put_number(out, r.quantile[q], ',');
            etas_table_put_number(out, r.probability, ',');
            etas_table_put_number(out, r.error, ',');
            etas_table_put_number(out, r.averaged, ',');
            etas_table_put_number(out, r.averaged_error, ',');
            etas_table_put_number(out, (double)r.n_certain, '\n');
        }
    return st;
}

const etas_forecast_writer etas_forecast_summary_json = {.open = summary_open,
                                                         .take = summary_take,
                                                         .take_counts = summary_take_counts,
                                                         .finish = json_finish,
                                                         .close = summary_close};
const etas_forecast_writer etas_forecast_summary_csv = {.open = summary_open,
                                                        .take = summary_take,
                                                        .take_counts = summary_take_counts,
                                                        .finish = csv_finish,
                                                        .close = summary_close};
