#include "series_settings.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "etas/codec.h"
#include "etas/io.h"
#include "etas/text.h"
#include "series_json.h"

static etas_status sum_text(size_t len, const char *text, char out[65], etas_error *err)
{
    uint8_t sha[32];
    const etas_status st = etas_sha256(len, (const uint8_t *)text, sha);

    if (st != ETAS_OK)
        return etas_fail(err, st, "a sum cannot be made");
    (void)etas_hex(sizeof sha, sha, out);
    return ETAS_OK;
}

static etas_status sum_catalog(const etas_config *cfg, char out[65], etas_error *err)
{
    etas_text text = {0};
    etas_status st;

    if (cfg->catalog_text != NULL)
        return sum_text(cfg->catalog_len, cfg->catalog_text, out, err);
    st = etas_file_read(cfg->fn_catalog, &text, err);
    if (st == ETAS_OK)
        st = sum_text(text.len, text.data != NULL ? text.data : "", out, err);
    etas_text_free(&text);
    return st;
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *numbers(size_t n, const double x[])
{
    json_t *const out = json_array();

    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(out, number(x[i]));
    return out;
}

/* NULL: out of memory, or *err says why. */
static json_t *describe(const series_begin *self, etas_error *err)
{
    const series_settings *const s = self->settings;
    char config[65], catalog[65], from[SERIES_DATE], to[SERIES_DATE], seed[24];

    if (sum_text(strlen(self->cfg->text), self->cfg->text, config, err) != ETAS_OK ||
        sum_catalog(self->cfg, catalog, err) != ETAS_OK)
        return NULL;
    etas_format(sizeof seed, seed, "%llu", (unsigned long long)s->seed);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s, s:f, s:f, s:I, s:I, s:s, s:o, s:f, s:o, s:o, s:o}",
        "release", ETAS_RELEASE, "algorithm", ETAS_ALGORITHM_VERSION, "config", config, "catalog",
        catalog, "from", series_date_text(s->from, from), "to", series_date_text(s->to, to),
        "every_days", (double)s->every / (double)ETAS_NS_PER_DAY, "horizon_days", s->horizon_days,
        "refit_every", (json_int_t)s->refit_every, "n_simulations", (json_int_t)s->n_simulations,
        "seed", seed, "thresholds", numbers(s->grid.n_thresholds, s->grid.threshold), "cell_size",
        s->grid.grid.dlat, "mag_first", number(s->grid.grid.mag_first), "mag_step",
        number(s->grid.grid.dmag), "mag_last", number(s->grid.grid.mag_last));
}

static etas_status fail_memory(etas_error *err)
{
    return etas_fail(err, ETAS_E_NOMEM, "no memory for the settings of a series");
}

etas_status series_settings_save(const series_begin *self, const char *path, etas_error *err)
{
    json_t *const all = describe(self, err);
    const etas_status st = series_json_save(all, path, err);

    json_decref(all);
    return st;
}

static etas_status compare(const json_t *wanted, const json_t *there, const char *path,
                           etas_error *err)
{
    static const struct {
        const char *key, *what;
    } all[] = {{"algorithm", "another version of the program's algorithms"},
               {"config", "another text of the configuration"},
               {"from", "another --from"},
               {"every_days", "another --every"},
               {"horizon_days", "another --horizon"},
               {"refit_every", "another --refit-every"},
               {"n_simulations", "another number of simulations (-n)"},
               {"seed", "another seed (leave --seed away)"},
               {"thresholds", "other thresholds"},
               {"cell_size", "another --cell-size"},
               {"mag_first", "another --mag-first"},
               {"mag_step", "another --mag-step"},
               {"mag_last", "another --mag-last"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!json_equal(json_object_get(wanted, all[i].key), json_object_get(there, all[i].key))) {
            etas_fail(err, ETAS_E_ARG,
                      "the series was begun with %s: go on with the same, or throw it away with "
                      "--restart",
                      all[i].what);
            return etas_error_in_file(err, path);
        }
    return ETAS_OK;
}

static etas_status load(const char *path, json_t **out, etas_error *err)
{
    etas_text text = {0};
    json_error_t why;
    etas_status st = etas_file_read(path, &text, err);

    if (st != ETAS_OK)
        return st;
    *out = json_loadb(text.data != NULL ? text.data : "", text.len, 0, &why);
    etas_text_free(&text);
    if (json_is_object(*out))
        return ETAS_OK;
    etas_fail(err, ETAS_E_CORRUPT, "not what a series was begun with");
    return etas_error_in_file(err, path);
}

etas_status series_settings_match(const series_begin *self, const char *path, etas_error *err)
{
    json_t *there = NULL, *wanted = NULL;
    etas_status st = load(path, &there, err);

    if (st == ETAS_OK && self->seed_drawn) {
        const char *const seed = json_string_value(json_object_get(there, "seed"));

        if (seed == NULL || !etas_parse_u64(seed, strlen(seed), &self->settings->seed)) {
            etas_fail(err, ETAS_E_CORRUPT, "no seed");
            st = etas_error_in_file(err, path);
        }
    }
    if (st == ETAS_OK) {
        wanted = describe(self, err);
        st = wanted != NULL ? compare(wanted, there, path, err) : fail_memory(err);
    }
    if (st == ETAS_OK &&
        !json_equal(json_object_get(wanted, "catalog"), json_object_get(there, "catalog")))
        etas_log_write(
            self->log, ETAS_LOG_WARN,
            "%s has changed since the series began: rows that are there stay as they are",
            self->cfg->fn_catalog);
    json_decref(wanted);
    json_decref(there);
    return st;
}
