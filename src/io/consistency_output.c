#include "etas/consistency_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "etas/io.h"
#include "io/json.h"
#include "io/json_out.h"

/* ---- out ---- */

static void put_names(etas_json_out *out, const etas_test_result *r, const etas_test_about *about)
{
    const char *const title = etas_test_title(r->test);
    char name[96];

    (void)etas_format(sizeof name, name, "%s%s%s", about->of != NULL ? about->of : "",
                      about->of != NULL ? " " : "", title);
    etas_json_put_text(out, "name", name);
    if (about->against_name != NULL) {
        etas_json_out_begin_list(out, "sim_name");
        etas_json_put_text(out, NULL, about->sim_name);
        etas_json_put_text(out, NULL, about->against_name);
        etas_json_out_end_list(out);
    } else {
        etas_json_put_text(out, "sim_name", about->sim_name);
    }
    etas_json_put_text(out, "obs_name", about->obs_name);
    etas_json_put_text(out, "obs_catalog_repr", about->obs_repr);
}

static void put_result(etas_json_out *out, const etas_test_result *r, const etas_test_about *about)
{
    etas_json_out_begin(out, NULL);
    put_names(out, r, about);
    if (r->n_quantiles == 2)
        etas_json_put_numbers(out, "quantile", 2, r->quantile);
    else
        etas_json_put_number(out, "quantile", r->quantile[0]);
    etas_json_put_number(out, "observed_statistic", r->statistic);
    if (r->test == ETAS_TEST_W)
        etas_json_put_text(out, "test_distribution", "normal");
    else
        etas_json_put_numbers(out, "test_distribution", r->n, r->distribution);
    etas_json_put_text(out, "status", etas_test_status_name(r->status));
    etas_json_put_number(out, "min_mw", about->min_mw);
    etas_json_put_text(out, "type", etas_test_class(r->test));
    etas_json_out_end(out);
}

etas_status etas_test_result_save(const char *path, const etas_test_result *result,
                                  const etas_test_about *about, etas_error *err)
{
    etas_output file = {0};
    etas_json_out out = {0};
    etas_status st = etas_output_open(&file, path, err);

    if (st != ETAS_OK)
        return st;
    out.stream = file.stream;
    put_result(&out, result, about);
    if (out.status != ETAS_OK) {
        st = etas_fail(err, out.status, "%s",
                       out.status == ETAS_E_ARG ? "a name in it is not UTF-8" : "out of memory");
        etas_error_in_file(err, path);
    }
    if (st == ETAS_OK)
        st = etas_output_commit(&file, err);
    etas_output_discard(&file);
    return st;
}

/* ---- in ---- */

static etas_status read_test(etas_test_file *self, const etas_json *file, etas_error *err)
{
    const char *const name = etas_json_text(etas_json_get(file->root, "name"));

    for (etas_test t = ETAS_TEST_N; name != NULL && t < ETAS_N_CONSISTENCY; t++)
        if (strcmp(name, etas_test_title(t)) == 0) {
            self->result.test = t;
            return ETAS_OK;
        }
    return etas_json_fail(file, NULL, "name", err, ETAS_E_PARSE,
                          "expected the name of a consistency test, such as \"%s\"",
                          etas_test_title(ETAS_TEST_N));
}

static etas_status read_status(etas_test_file *self, const etas_json *file, etas_error *err)
{
    const char *const text = etas_json_text(etas_json_get(file->root, "status"));

    for (etas_test_status s = ETAS_TEST_NORMAL; text != NULL && s <= ETAS_TEST_NOT_VALID; s++)
        if (strcasecmp(text, etas_test_status_name(s)) == 0) {
            self->result.status = s;
            return ETAS_OK;
        }
    return etas_json_fail(file, NULL, "status", err, ETAS_E_PARSE,
                          "expected \"normal\", \"undersampled\" or \"not-valid\"");
}

static etas_status read_quantiles(etas_test_file *self, const etas_json *file, etas_error *err)
{
    const json_t *const list = etas_json_get(file->root, "quantile");
    const bool valid = self->result.status != ETAS_TEST_NOT_VALID;

    for (size_t i = 0; i < 2; i++) {
        double *const q = &self->result.quantile[i];

        if (json_array_size(list) != 2 || !etas_json_is_number(json_array_get(list, i), q) ||
            (valid && !(*q >= 0 && *q <= 1)))
            return etas_json_fail(file, NULL, "quantile", err, ETAS_E_RANGE,
                                  "expected two numbers from 0 to 1");
    }
    self->result.n_quantiles = 2;
    return ETAS_OK;
}

static char *copy_text(const etas_json *file, const char *key)
{
    const char *const text = etas_json_text(etas_json_get(file->root, key));

    return strdup(text != NULL ? text : "");
}

static etas_status read_rest(etas_test_file *self, const etas_json *file, etas_error *err)
{
    if (!etas_json_is_number(etas_json_get(file->root, "min_mw"), &self->min_mw))
        self->min_mw = NAN;
    if (!etas_json_is_number(etas_json_get(file->root, "observed_statistic"),
                             &self->result.statistic))
        self->result.statistic = NAN;
    self->sim_name = copy_text(file, "sim_name");
    self->obs_name = copy_text(file, "obs_name");
    self->obs_repr = copy_text(file, "obs_catalog_repr");
    if (self->sim_name == NULL || self->obs_name == NULL || self->obs_repr == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a result");
    return ETAS_OK;
}

etas_status etas_test_file_load(etas_test_file *self, const char *path, etas_error *err)
{
    etas_json file = {0};
    etas_status st = etas_json_open(&file, path, err);

    if (st == ETAS_OK)
        st = read_test(self, &file, err);
    if (st == ETAS_OK)
        st = read_status(self, &file, err);
    if (st == ETAS_OK)
        st = read_quantiles(self, &file, err);
    if (st == ETAS_OK)
        st = read_rest(self, &file, err);
    etas_json_close(&file);
    if (st != ETAS_OK)
        etas_test_file_free(self);
    return st;
}

void etas_test_file_free(etas_test_file *self)
{
    etas_test_result_free(&self->result);
    free(self->sim_name);
    free(self->obs_name);
    free(self->obs_repr);
    *self = (etas_test_file){0};
}
