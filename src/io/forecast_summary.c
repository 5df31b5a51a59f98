/* Numbers of events and probabilities by magnitude threshold and horizon. */
#include <math.h>
#include <stdlib.h>

#include "etas/text.h"
#include "etas/time.h"
#include "io/forecast_source.h"
#include "io/histogram.h"
#include "io/json_out.h"
#include "io/table_out.h"

enum { N_QUANTILES = 5 };
static const unsigned permille[N_QUANTILES] = {25, 160, 500, 840, 975};

/* A sum of very many small numbers, with what is lost of it (Neumaier). */
typedef struct total {
    double sum, lost;
} total;

static void total_add(total *self, double x)
{
    const double sum = self->sum + x;

    self->lost += self->sum >= x ? (self->sum - sum) + x : (x - sum) + self->sum;
    self->sum = sum;
}

/* Of one threshold and horizon. */
typedef struct entry {
    etas_histogram numbers;
    total chance, squares;
    uint64_t n_certain; /* catalogues in which an event with children reaches the threshold */
} entry;

typedef struct summary {
    const etas_forecast_target *to;
    etas_forecast_source source;
    size_t n;
    entry *entries;
} summary;

/* What is written of an entry. */
typedef struct row {
    double magnitude, days;
    uint64_t n_catalogs;
    double mean, quantile[N_QUANTILES];
    double probability, error, averaged, averaged_error;
    uint64_t n_certain;
} row;

static void summary_close(void *state)
{
    summary *const self = state;

    if (self == NULL)
        return;
    for (size_t i = 0; self->entries != NULL && i < self->n; i++)
        etas_histogram_free(&self->entries[i].numbers);
    etas_forecast_source_close(&self->source);
    free(self->entries);
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
    if (st != ETAS_OK)
        return st;
    self->n = self->source.axes->n_thresholds * self->source.axes->n_horizons;
    self->entries = calloc(self->n, sizeof *self->entries);
    return self->entries != NULL ? ETAS_OK
                                 : etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
}

static etas_status summary_take_counts(void *state, uint64_t catalog_id,
                                       const etas_catalog_counts *counts, etas_error *err)
{
    summary *const self = state;

    (void)catalog_id;
    for (size_t i = 0; i < self->n; i++) {
        entry *const e = &self->entries[i];
        const double chance = counts->chance[i];

        if (etas_histogram_add(&e->numbers, counts->number[i]) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
        e->n_certain += chance >= 1;
        if (chance > 0) {
            total_add(&e->chance, chance);
            total_add(&e->squares, chance * chance);
        }
    }
    return ETAS_OK;
}

static etas_status summary_take(void *state, const etas_forecast_part *part, etas_error *err)
{
    summary *const self = state;

    return etas_forecast_source_each(&self->source, part, summary_take_counts, self, err);
}

/* The standard error of a mean from the sum of n numbers and that of their squares. */
static double error_of(double n, double sum, double squares)
{
    return n > 1 ? sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n) : NAN;
}

/* By threshold, then horizon. */
static etas_status row_of(const summary *self, size_t j, size_t h, row *out, etas_error *err)
{
    const etas_summary_axes *const axes = self->source.axes;
    const entry *const e = &self->entries[h * axes->n_thresholds + j];
    const double n = (double)e->numbers.n, hits = (double)etas_histogram_positive(&e->numbers);
    const double chance = e->chance.sum + e->chance.lost;
    uint32_t quantile[N_QUANTILES];

    if (e->numbers.n == 0)
        return etas_fail(err, ETAS_E_RANGE, "there is no catalogue to summarise");
    if (etas_histogram_quantiles(&e->numbers, N_QUANTILES, permille, quantile) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a summary");
    *out = (row){.magnitude = axes->threshold[j],
                 .days = axes->horizon_days[h],
                 .n_catalogs = e->numbers.n,
                 .mean = (double)e->numbers.sum / n,
                 .probability = hits / n,
                 .error = error_of(n, hits, hits),
                 .averaged = chance / n,
                 .n_certain = e->n_certain};
    /* Events that no catalogue happens to hold are not impossible: one more than was seen. */
    out->averaged_error = hypot(error_of(n, chance, e->squares.sum + e->squares.lost), 1 / n);
    for (size_t q = 0; q < N_QUANTILES; q++)
        out->quantile[q] = quantile[q];
    return ETAS_OK;
}

/* ---- JSON ---- */

static void put_head(const summary *self, etas_json_out *json)
{
    const etas_forecast_about *const about = self->to->about;
    const etas_plan *const plan = &about->model->plan[0];
    double probability[N_QUANTILES];
    char seed[24];

    for (size_t q = 0; q < N_QUANTILES; q++)
        probability[q] = permille[q] / 1000.0;
    etas_format(sizeof seed, seed, "%llu", (unsigned long long)about->seed);
    etas_json_put_text(json, "release", about->release);
    etas_json_put_text(json, "seed", seed);
    etas_json_put_number(json, "n_models", (double)about->model->n);
    etas_json_put_time(json, "start", plan->output_start);
    etas_json_put_time(json, "end", plan->end);
    etas_json_put_number(json, "n_catalogs", (double)self->entries[0].numbers.n);
    etas_json_put_numbers(json, "quantiles", N_QUANTILES, probability);
}

static void put_json_row(etas_json_out *json, const row *r)
{
    etas_json_out_begin(json, NULL);
    etas_json_put_number(json, "magnitude", r->magnitude);
    etas_json_put_number(json, "days", r->days);
    etas_json_put_number(json, "mean", r->mean);
    etas_json_put_numbers(json, "numbers", N_QUANTILES, r->quantile);
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
            row r;

            st = row_of(self, j, h, &r, err);
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
            row r;

            st = row_of(self, j, h, &r, err);
            if (st != ETAS_OK)
                break;
            etas_table_put_number(out, r.magnitude, ',');
            etas_table_put_number(out, r.days, ',');
            etas_table_put_number(out, (double)r.n_catalogs, ',');
            etas_table_put_number(out, r.mean, ',');
            for (size_t q = 0; q < N_QUANTILES; q++)
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
