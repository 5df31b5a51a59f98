#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <jansson.h>

#include "series_json.h"
#include "series_summary.h"

/* ---- for people ---- */

static void print_calibration(const char *name, const etas_test_result *r)
{
    if (r->status == ETAS_TEST_NOT_VALID)
        printf("%-18s nothing to test\n", name);
    else
        printf("%-18s KS distance %.4g, p %.4g (%" PRIu64 " dates)\n", name, r->statistic,
               r->quantile[0], r->n_used);
}

static void print_test(const series_test_summary *t)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%s", etas_test_title(t->test));
    printf("%-18s %" PRIu64 " valid dates (%" PRIu64 " undersampled), %" PRIu64
           " below 2.5 %%, %" PRIu64 " above 97.5 %%\n",
           name, t->n_normal + t->n_undersampled, t->n_undersampled, t->n_low, t->n_high);
    print_calibration("  calibration", &t->calibration);
}

void series_summary_print(const series_summary *self)
{
    const uint64_t good = self->n_dates - self->n_failed;
    const double share = good > 0 ? 100.0 / (double)good : NAN;

    printf("%-18s %" PRIu64 ", %" PRIu64 " failed, %" PRIu64 " inversions\n", "dates",
           self->n_dates, self->n_failed, self->n_refits);
    if (good == 0)
        return;
    printf("%-18s %.6g expected, %.0f observed\n", "events", self->expected, self->observed);
    printf("%-18s %.4g %% of the dates (%" PRIu64 ")\n", "inside 95 %",
           share * (double)self->n_inside, self->n_inside);
    printf("%-18s %" PRIu64 " dates with too few events, %" PRIu64
           " with too many (at 2.5 %% each)\n",
           "number test", self->n_few, self->n_many);
    print_calibration("delta_2", &self->delta_2);
    print_calibration("  randomised", &self->randomised);
    for (size_t k = 0; k < SERIES_TESTS; k++)
        print_test(&self->test[k]);
    printf("%-18s %.6g, Poisson %.6g, sums over %" PRIu64 " dates; %" PRIu64
           " dates with a number that no catalogue has\n",
           "log score", self->log_score, self->baseline_log_score, self->n_scored, self->n_unseen);
    printf("%-18s %.6g over Poisson", "information gain", self->gain);
    if (self->gain_events > 0)
        printf(", %.6g per event", self->gain / self->gain_events);
    putchar('\n');
}

/* ---- for programs ---- */

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *calibration(const etas_test_result *r)
{
    const bool valid = r->status != ETAS_TEST_NOT_VALID;

    return json_pack("{s:o, s:o, s:o}", "n", count(valid ? r->n_used : 0), "ks_distance",
                     number(valid ? r->statistic : NAN), "p_value",
                     number(valid ? r->quantile[0] : NAN));
}

static json_t *describe_test(const series_test_summary *t)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "n_normal", count(t->n_normal),
                     "n_undersampled", count(t->n_undersampled), "n_not_valid",
                     count(t->n_not_valid), "n_low", count(t->n_low), "n_high", count(t->n_high),
                     "calibration", calibration(&t->calibration));
}

static json_t *describe(const series_summary *self)
{
    json_t *const tests = json_object();
    const double good = (double)(self->n_dates - self->n_failed);

    for (size_t k = 0; k < SERIES_TESTS; k++)
        (void)json_object_set_new(tests, etas_test_key(self->test[k].test),
                                  describe_test(&self->test[k]));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:{s:o, s:o, s:o, s:o}, "
        "s:{s:o, s:o, s:o}}",
        "n_dates", count(self->n_dates), "n_failed", count(self->n_failed), "n_inversions",
        count(self->n_refits), "expected", number(self->expected), "observed",
        number(self->observed), "share_inside_95", number((double)self->n_inside / good),
        "number_test", "n_too_few", count(self->n_few), "n_too_many", count(self->n_many),
        "delta_2", calibration(&self->delta_2), "randomised", calibration(&self->randomised),
        "tests", tests, "log_score", "n_dates", count(self->n_scored), "n_unseen",
        count(self->n_unseen), "forecast", number(self->log_score), "poisson",
        number(self->baseline_log_score), "information_gain", "n_dates", count(self->n_gains),
        "total", number(self->gain), "per_event", number(self->gain / self->gain_events));
}

etas_status series_summary_save(const series_summary *self, const char *path, etas_error *err)
{
    json_t *const all = describe(self);
    const etas_status st = series_json_save(all, path, err);

    json_decref(all);
    return st;
}
