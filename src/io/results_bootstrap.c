#include <errno.h>
#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "io/decimal.h"
#include "io/json.h"
#include "io/json_out.h"

#define REFIT_COLUMNS \
    "n_hat,branching_ratio,log_likelihood,n_sources,n_targets,n_pairs,n_iterations,distance,note"

static etas_status commit(etas_output *out, const char *path, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (ferror(out->stream)) {
        st = etas_fail(err, ETAS_E_IO, "cannot be written: %s", strerror(errno));
        (void)etas_error_in_file(err, path);
    }
    if (st == ETAS_OK)
        st = etas_output_commit(out, err);
    etas_output_discard(out);
    return st;
}

/* ---- bootstrap_<id>.csv ---- */

/* An empty field where there is no number. */
static void put_number(FILE *out, double value)
{
    char text[32];

    if (!isnan(value))
        (void)fwrite(text, 1, etas_decimal_put(value, text), out);
    (void)fputc(',', out);
}

static void put_row(FILE *out, const etas_refit_result *r)
{
    (void)fprintf(out, "%llu,%s,", (unsigned long long)r->index, etas_refit_status_name(r->status));
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        put_number(out, r->theta.value[i]);
    put_number(out, r->beta);
    put_number(out, r->n_hat);
    put_number(out, r->branching_ratio);
    put_number(out, r->log_likelihood);
    (void)fprintf(out, "%llu,%llu,%llu,%u,", (unsigned long long)r->n_sources,
                  (unsigned long long)r->n_targets, (unsigned long long)r->n_pairs,
                  (unsigned)r->n_iterations);
    put_number(out, r->distance);
    if (r->note[0] != '\0')
        (void)fputc('"', out);
    for (const char *c = r->note; *c != '\0'; c++) {
        if (*c == '"')
            (void)fputc('"', out);
        (void)fputc(*c, out);
    }
    (void)fputs(r->note[0] != '\0' ? "\"\n" : "\n", out);
}

etas_status etas_bootstrap_save_csv(const char *path, size_t n, const etas_refit_result results[],
                                    etas_error *err)
{
    etas_output out = {0};
    etas_status st = etas_output_open(&out, path, err);

    if (st != ETAS_OK)
        return st;
    (void)fputs("index,status,", out.stream);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        (void)fprintf(out.stream, "%s,", etas_param_name((etas_param)i));
    (void)fputs("beta," REFIT_COLUMNS "\n", out.stream);
    for (size_t i = 0; i < n; i++)
        put_row(out.stream, &results[i]);
    return commit(&out, path, err);
}

/* ---- parameters_<id>.json ---- */

static void put_quantity(etas_json_out *o, const char *name, const etas_bootstrap_quantity *q)
{
    etas_json_out_begin(o, name);
    etas_json_put_number(o, "fitted", q->fitted);
    etas_json_put_number(o, "n", (double)q->n);
    etas_json_put_number(o, "mean", q->mean);
    etas_json_put_number(o, "bias", q->bias);
    etas_json_put_number(o, "std", q->deviation);
    etas_json_put_numbers(o, "quantiles", ETAS_N_BOOTSTRAP_QUANTILES, q->quantile);
    etas_json_out_end(o);
}

static etas_status put_summary(FILE *stream, const etas_bootstrap_summary *s, const char *csv)
{
    etas_json_out o = {.stream = stream, .depth = 1};
    char seed[24];

    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->seed);
    etas_json_out_begin(&o, "bootstrap");
    etas_json_put_text(&o, "fn_bootstrap", csv);
    etas_json_put_text(&o, "seed", seed); /* text: numbers of JSON readers end at 2^53 */
    etas_json_put_number(&o, "n", (double)s->n_refits);
    etas_json_put_number(&o, "n_missing", (double)s->n_missing);
    etas_json_out_begin(&o, "n_by_status");
    for (etas_refit_status k = 0; k < ETAS_N_REFIT_STATUS; k++)
        etas_json_put_number(&o, etas_refit_status_name(k), (double)s->n_status[k]);
    etas_json_out_end(&o);
    etas_json_put_numbers(&o, "quantile_probabilities", ETAS_N_BOOTSTRAP_QUANTILES,
                          etas_bootstrap_probability);
    etas_json_put_text(&o, "quantile_definition",
                       "linear between order statistics (Hyndman and Fan 1996, type 7)");
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP; k++)
        if (k != ETAS_LOG10_IOTA)
            put_quantity(&o, etas_bootstrap_name(k), &s->quantity[k]);
    etas_json_out_end(&o);
    return o.status;
}

static etas_status check_parameters(const etas_json *file, const etas_refit *fit, etas_error *err)
{
    const json_t *const final = etas_json_get(file->root, "final_parameters");

    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        const json_t *const value =
            json_is_object(final) ? etas_json_get(final, etas_param_name(i)) : NULL;
        const double want = fit->how.theta_0.value[i];
        double found = NAN;

        if (value != NULL && !etas_json_is_number(value, &found))
            found = NAN;
        if (isnan(want) ? !isnan(found) : !(found == want))
            return etas_json_fail(file, NULL, "final_parameters", err, ETAS_E_RANGE,
                                  "these are not the parameters that the bootstrap was made from "
                                  "(%s)",
                                  etas_param_name(i));
    }
    return ETAS_OK;
}

/* Up to the last member, without a bootstrap of before; 0 when the text does not end as ours do. */
static size_t keep_length(const etas_text *text)
{
    static const char end[] = "\n}\n", own[] = ",\n  \"bootstrap\": {";
    const size_t n_end = sizeof end - 1, n_own = sizeof own - 1;
    size_t len = text->len;

    if (len < n_end || memcmp(text->data + len - n_end, end, n_end) != 0)
        return 0;
    len -= n_end;
    for (size_t at = len; at >= n_own; at--)
        if (memcmp(text->data + at - n_own, own, n_own) == 0)
            return at - n_own;
    return len;
}

etas_status etas_results_add_bootstrap(const char *path, const etas_refit *fit,
                                       const etas_bootstrap_summary *summary, const char *csv,
                                       etas_error *err)
{
    etas_json file = {0};
    etas_output out = {0};
    size_t keep;
    etas_status st = etas_json_open(&file, path, err);

    if (st == ETAS_OK)
        st = check_parameters(&file, fit, err);
    if (st != ETAS_OK)
        goto out;
    keep = keep_length(&file.text);
    if (keep == 0) {
        etas_fail(err, ETAS_E_PARSE, "the file does not end as this program writes it");
        st = (etas_error_in_file(err, path), ETAS_E_PARSE);
        goto out;
    }
    st = etas_output_open(&out, path, err);
    if (st != ETAS_OK)
        goto out;
    (void)fwrite(file.text.data, 1, keep, out.stream);
    st = put_summary(out.stream, summary, csv);
    (void)fputs("\n}\n", out.stream);
    if (st == ETAS_OK) {
        st = commit(&out, path, err);
    } else {
        st = etas_fail(err, st, "a name in the results is not valid UTF-8");
        etas_output_discard(&out);
    }
out:
    etas_json_close(&file);
    return st;
}
