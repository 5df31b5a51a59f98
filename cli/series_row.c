#include <math.h>
#include <string.h>

#include "etas/text.h"
#include "series.h"

/* The tests that have columns of their own. */
static const etas_test tested[] = {ETAS_TEST_M, ETAS_TEST_S, ETAS_TEST_PL};
enum { N_TESTED = sizeof tested / sizeof *tested };

/* Cells, each after a comma but the first of a line. */
typedef struct line {
    etas_text *out;
    bool begun;
    etas_status st;
} line;

static void put(line *self, const char *text)
{
    if (self->st == ETAS_OK)
        self->st = etas_text_printf(self->out, "%s%s", self->begun ? "," : "", text);
    self->begun = true;
}

static void put_title(line *self, const char *before, const char *after)
{
    char text[64];

    etas_format(sizeof text, text, "%s%s", before, after);
    put(self, text);
}

/* To the last bit; nothing for NaN. */
static void put_number(line *self, double x)
{
    char text[32] = "";

    if (isinf(x))
        etas_format(sizeof text, text, "%sinf", x < 0 ? "-" : "");
    else if (!isnan(x))
        etas_format_double(x, text);
    put(self, text);
}

static void put_count(line *self, uint64_t n)
{
    char text[32];

    etas_format(sizeof text, text, "%llu", (unsigned long long)n);
    put(self, text);
}

static void put_date(line *self, etas_time t)
{
    char text[SERIES_DATE];

    put(self, t != ETAS_TIME_NONE ? series_date_text(t, text) : "");
}

/* In quotes, on one line. */
static void put_text(line *self, const char *text)
{
    put(self, *text != '\0' ? "\"" : "");
    for (const char *c = text; *c != '\0' && self->st == ETAS_OK; c++)
        self->st = *c == '"'    ? etas_text_append(self->out, 2, "\"\"")
                   : *c == '\n' ? etas_text_append(self->out, 1, " ")
                                : etas_text_append(self->out, 1, c);
    if (*text != '\0' && self->st == ETAS_OK)
        self->st = etas_text_append(self->out, 1, "\"");
}

static etas_status end_line(line *self, etas_error *err)
{
    if (self->st == ETAS_OK)
        self->st = etas_text_append(self->out, 1, "\n");
    return self->st == ETAS_OK ? ETAS_OK : etas_fail(err, self->st, "no memory for a row");
}

etas_status series_print_header(const series_settings *settings, etas_text *out, etas_error *err)
{
    static const char *const first[] = {"issue",    "end",  "status",   "refit",
                                        "fit_date", "seed", "n_history"};
    static const char *const numbers[] = {"n_simulations", "mean", "q2.5", "q25",
                                          "q50",           "q75",  "q97.5"};
    static const char *const scores[] = {
        "observed",      "observed_max",       "delta_1",         "delta_2", "log_score",
        "baseline_mean", "baseline_log_score", "information_gain"};
    line l = {.out = out};

    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        put(&l, first[i]);
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        put(&l, etas_param_name(k));
    put(&l, "beta");
    put(&l, "branching_ratio");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put(&l, numbers[i]);
    for (size_t i = 0; i < settings->grid.n_thresholds; i++) {
        char text[32];

        etas_format_double(settings->grid.threshold[i], text);
        put_title(&l, "p_", text);
    }
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        put(&l, scores[i]);
    for (size_t i = 0; i < N_TESTED; i++) {
        put_title(&l, etas_test_key(tested[i]), "_status");
        put_title(&l, etas_test_key(tested[i]), "_delta_1");
        put_title(&l, etas_test_key(tested[i]), "_delta_2");
    }
    put(&l, "reason");
    return end_line(&l, err);
}

static void put_blanks(line *self, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(self, "");
}

static void put_model(line *self, const series_row *row)
{
    if (!row->has_theta) {
        put_blanks(self, ETAS_N_PARAMS + 2);
        return;
    }
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++)
        put_number(self, row->theta.value[k]);
    put_number(self, row->beta);
    put_number(self, row->branching);
}

static void put_score(line *self, const series_settings *settings, const series_score *s)
{
    put_number(self, s->mean);
    for (size_t i = 0; i < SERIES_QUANTILES; i++)
        put_count(self, s->quantile[i]);
    for (size_t i = 0; i < settings->grid.n_thresholds; i++)
        put_number(self, s->chance[i]);
    put_count(self, s->observed);
    put_number(self, s->observed_max);
    put_number(self, s->delta[0]);
    put_number(self, s->delta[1]);
    put_number(self, s->log_score);
    put_number(self, s->baseline_mean);
    put_number(self, s->baseline_log_score);
    put_number(self, s->gain);
    for (size_t i = 0; i < N_TESTED; i++) {
        const bool valid = s->test[tested[i]].status != ETAS_TEST_NOT_VALID;

        put(self, etas_test_status_name(s->test[tested[i]].status));
        put_number(self, valid ? s->test[tested[i]].delta[0] : NAN);
        put_number(self, valid ? s->test[tested[i]].delta[1] : NAN);
    }
}

etas_status series_print_row(const series_settings *settings, const series_row *row, etas_text *out,
                             etas_error *err)
{
    const bool good = row->reason[0] == '\0';
    line l = {.out = out};

    put_date(&l, row->issue);
    put_date(&l, row->end);
    put(&l, good ? "ok" : "failed");
    put(&l, row->fitted == row->issue ? "yes" : "no");
    put_date(&l, row->fitted);
    put_count(&l, row->seed);
    put_count(&l, row->n_history);
    put_model(&l, row);
    put_count(&l, row->n_simulations);
    if (good)
        put_score(&l, settings, &row->score);
    else
        put_blanks(&l, 1 + SERIES_QUANTILES + settings->grid.n_thresholds + 8 + 3 * N_TESTED);
    put_text(&l, row->reason);
    return end_line(&l, err);
}
