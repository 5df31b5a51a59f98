#include "series_summary.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/io.h"
#include "etas/text.h"

/* ---- the table's cells ---- */

static const etas_test tested[SERIES_TESTS] = {ETAS_TEST_M, ETAS_TEST_S, ETAS_TEST_PL};

enum { MOST_COLUMNS = 256 };

typedef struct cells {
    size_t n;
    const char *text[MOST_COLUMNS];
    size_t len[MOST_COLUMNS];
} cells;

/* The reason comes last and may hold commas of its own: they make cells that nobody asks for. */
static void split(const char *line, size_t len, cells *out)
{
    out->n = 0;
    while (out->n < MOST_COLUMNS) {
        const char *const comma = memchr(line, ',', len);
        const size_t here = comma != NULL ? (size_t)(comma - line) : len;

        out->text[out->n] = line;
        out->len[out->n++] = here;
        if (comma == NULL)
            return;
        line += here + 1;
        len -= here + 1;
    }
}

static bool cell_is(const cells *c, size_t i, const char *text)
{
    return i < c->n && c->len[i] == strlen(text) && memcmp(c->text[i], text, c->len[i]) == 0;
}

static size_t column(const cells *titles, const char *name)
{
    for (size_t i = 0; i < titles->n; i++)
        if (cell_is(titles, i, name))
            return i;
    return SIZE_MAX;
}

typedef struct reader {
    const series_settings *settings;
    cells titles, row;
    size_t n, capacity;                                         /**< good rows */
    etas_test_result *number, *randomised, *test[SERIES_TESTS]; /**< quantiles of each */
} reader;

static double number(const reader *self, const char *name)
{
    const size_t i = column(&self->titles, name);
    double out = NAN;

    if (i < self->row.n && self->row.len[i] > 0)
        (void)etas_parse_double(self->row.text[i], self->row.len[i], &out);
    return out;
}

/* ---- sums ---- */

static etas_status reserve(reader *self, etas_error *err)
{
    etas_test_result **const all[] = {&self->number, &self->randomised, &self->test[0],
                                      &self->test[1], &self->test[2]};
    size_t grown = self->capacity;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        grown = self->capacity;
        if (etas_array_reserve((void **)all[i], &grown, self->n + 1, sizeof **all[i]) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for the rows of a series");
    }
    self->capacity = grown;
    return ETAS_OK;
}

static etas_test_result quantiles(etas_test test, double first, double second)
{
    return (etas_test_result){.test = test, .n_quantiles = 2, .quantile = {first, second}};
}

static void add_test(reader *self, size_t k, series_test_summary *out)
{
    const char *const key = etas_test_key(tested[k]);
    etas_test_result *const one = &self->test[k][self->n];
    char status[32], first[32], second[32];
    size_t at;

    etas_format(sizeof status, status, "%s_status", key);
    etas_format(sizeof first, first, "%s_delta_1", key);
    etas_format(sizeof second, second, "%s_delta_2", key);
    at = column(&self->titles, status);
    *one = quantiles(tested[k], number(self, first), number(self, second));
    out->test = tested[k];
    if (cell_is(&self->row, at, etas_test_status_name(ETAS_TEST_NOT_VALID)))
        one->status = ETAS_TEST_NOT_VALID;
    else if (cell_is(&self->row, at, etas_test_status_name(ETAS_TEST_UNDERSAMPLED)))
        one->status = ETAS_TEST_UNDERSAMPLED;
    out->n_normal += one->status == ETAS_TEST_NORMAL;
    out->n_undersampled += one->status == ETAS_TEST_UNDERSAMPLED;
    out->n_not_valid += one->status == ETAS_TEST_NOT_VALID;
    out->n_low += one->status != ETAS_TEST_NOT_VALID && one->quantile[1] < 0.025;
    out->n_high += one->status != ETAS_TEST_NOT_VALID && one->quantile[1] > 0.975;
}

static void add_scores(const reader *self, double observed, series_summary *out)
{
    const double score = number(self, "log_score"), gain = number(self, "information_gain");
    const double baseline = number(self, "baseline_log_score");

    out->n_unseen += isinf(score) != 0;
    if (isfinite(score) && isfinite(baseline)) {
        out->n_scored++;
        out->log_score += score;
        out->baseline_log_score += baseline;
    }
    if (isfinite(gain)) {
        out->n_gains++;
        out->gain += gain;
        out->gain_events += observed;
    }
}

static etas_status add_good(reader *self, uint64_t i, series_summary *out, etas_error *err)
{
    const double observed = number(self, "observed");
    const double first = number(self, "delta_1"), second = number(self, "delta_2");
    const etas_time date = series_date(self->settings, i);
    series_chance chance;
    etas_status st = series_chance_of(self->settings->seed, date, &chance, err);

    if (st == ETAS_OK)
        st = reserve(self, err);
    if (st != ETAS_OK)
        return st;
    out->expected += number(self, "mean");
    out->observed += observed;
    out->n_inside += observed >= number(self, "q2.5") && observed <= number(self, "q97.5");
    out->n_few += second < 0.025;
    out->n_many += first < 0.025;
    self->number[self->n] = quantiles(ETAS_TEST_N, first, second);
    /* P(N < observed) and a random part of P(N = observed): uniform also for small numbers. */
    self->randomised[self->n] =
        quantiles(ETAS_TEST_N, first, (1 - first) + chance.fraction * (first + second - 1));
    for (size_t k = 0; k < SERIES_TESTS; k++)
        add_test(self, k, &out->test[k]);
    add_scores(self, observed, out);
    self->n++;
    return ETAS_OK;
}

static etas_status add_row(reader *self, uint64_t i, series_summary *out, etas_error *err)
{
    out->n_dates++;
    out->n_refits += cell_is(&self->row, column(&self->titles, "refit"), "yes");
    if (cell_is(&self->row, column(&self->titles, "status"), "ok"))
        return add_good(self, i, out, err);
    out->n_failed++;
    return ETAS_OK;
}

static etas_status read_rows(reader *self, const etas_text *text, series_summary *out,
                             etas_error *err)
{
    const char *line = text->data, *end = line != NULL ? memchr(line, '\n', text->len) : NULL;
    etas_status st = ETAS_OK;

    if (end != NULL)
        split(line, (size_t)(end - line), &self->titles);
    for (uint64_t i = 0; end != NULL && st == ETAS_OK; i++) {
        line = end + 1;
        end = memchr(line, '\n', text->len - (size_t)(line - text->data));
        if (end == NULL)
            break;
        split(line, (size_t)(end - line), &self->row);
        st = add_row(self, i, out, err);
    }
    return st;
}

/* ---- */

static etas_status calibrate(const reader *self, series_summary *out, etas_error *err)
{
    etas_status st;

    if (self->n == 0) {
        out->delta_2.status = out->randomised.status = ETAS_TEST_NOT_VALID;
        for (size_t k = 0; k < SERIES_TESTS; k++)
            out->test[k].calibration.status = ETAS_TEST_NOT_VALID;
        return ETAS_OK;
    }
    st = etas_calibration(self->n, self->number, false, &out->delta_2, err);
    if (st == ETAS_OK)
        st = etas_calibration(self->n, self->randomised, false, &out->randomised, err);
    for (size_t k = 0; k < SERIES_TESTS && st == ETAS_OK; k++)
        st = etas_calibration(self->n, self->test[k], false, &out->test[k].calibration, err);
    return st;
}

etas_status series_summary_make(const series_settings *settings, const char *path,
                                series_summary *out, etas_error *err)
{
    reader self = {.settings = settings};
    etas_text text = {0};
    etas_status st = etas_file_read(path, &text, err);

    for (size_t k = 0; k < SERIES_TESTS; k++)
        out->test[k].test = tested[k];
    if (st == ETAS_OK)
        st = read_rows(&self, &text, out, err);
    if (st == ETAS_OK)
        st = calibrate(&self, out, err);
    etas_array_free((void **)&self.number);
    etas_array_free((void **)&self.randomised);
    for (size_t k = 0; k < SERIES_TESTS; k++)
        etas_array_free((void **)&self.test[k]);
    etas_text_free(&text);
    return st;
}

void series_summary_free(series_summary *self)
{
    etas_test_result_free(&self->delta_2);
    etas_test_result_free(&self->randomised);
    for (size_t k = 0; k < SERIES_TESTS; k++)
        etas_test_result_free(&self->test[k].calibration);
}
