#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/io.h"
#include "io/file.h"
#include "io/results_load.h"

etas_status etas_results_fail_memory(const etas_results_loader *l)
{
    return etas_fail(l->err, ETAS_E_NOMEM, "out of memory for %s", l->path);
}

static etas_status read_numbers(const etas_results_loader *l)
{
    etas_results *self = l->self;
    const struct {
        const char *key;
        double low, high, *out;
    } numbers[] = {{"beta", 1e-6, 1e3, &self->beta},
                   {"m_ref", -10, 12, &self->m_ref},
                   {"delta_m", 0, 5, &self->delta_m},
                   {"area", 0, 1e12, &self->area_km2},
                   {"n_hat", 0, 1e12, &self->n_hat}};
    const struct {
        const char *key;
        etas_time *out;
    } times[] = {{"auxiliary_start", &self->auxiliary_start},
                 {"timewindow_start", &self->timewindow_start},
                 {"timewindow_end", &self->timewindow_end}};
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i].out = NAN;
        st = etas_setting_number(&l->settings, numbers[i].key, numbers[i].low, numbers[i].high,
                                 numbers[i].out);
        if (st == ETAS_OK && isnan(*numbers[i].out))
            st = etas_setting_fail(&l->settings, numbers[i].key, ETAS_E_PARSE,
                                   "missing; expected a number");
    }
    for (size_t i = 0; st == ETAS_OK && i < sizeof times / sizeof *times; i++) {
        *times[i].out = ETAS_TIME_NONE;
        st = etas_setting_time(&l->settings, times[i].key, times[i].out);
        if (st == ETAS_OK && *times[i].out == ETAS_TIME_NONE)
            st = etas_setting_fail(&l->settings, times[i].key, ETAS_E_PARSE,
                                   "missing; expected a time");
    }
    return st;
}

static etas_status read_options(const etas_results_loader *l)
{
    const etas_config_reader *r = &l->settings;
    etas_results *self = l->self;
    bool three_dim = false;
    const struct {
        const char *key;
        bool *out;
    } flags[] = {{"free_background", &self->free_background},
                 {"free_productivity", &self->free_productivity},
                 {"three_dim", &three_dim}};
    etas_status st = etas_setting_mc(r, &self->mc, &self->mc_method);

    if (st == ETAS_OK && self->mc_method == ETAS_MC_CONSTANT && isnan(self->mc))
        st = etas_setting_fail(r, "mc", ETAS_E_PARSE,
                               "missing; expected a number, \"var\" or \"positive\"");
    for (size_t i = 0; st == ETAS_OK && i < sizeof flags / sizeof *flags; i++)
        st = etas_setting_flag(r, flags[i].key, flags[i].out);
    self->theta.three_dim = three_dim;
    self->induced = !etas_setting_is_off(r, "bg_term");
    self->i_hat = 0;
    return st == ETAS_OK ? etas_setting_number(r, "i_hat", 0, 1e12, &self->i_hat) : st;
}

static etas_status read_parameters(const etas_results_loader *l)
{
    const etas_config_reader *r = &l->settings;
    bool done = true, has_theta = false, has_region;
    etas_status st = etas_setting_flag(r, "inversion_done", &done);

    if (st == ETAS_OK && !done)
        st = etas_setting_fail(r, "inversion_done", ETAS_E_PARSE,
                               "false; these are the results of an unfinished inversion");
    if (st == ETAS_OK)
        st = read_options(l);
    if (st == ETAS_OK)
        st = read_numbers(l);
    if (st == ETAS_OK)
        st = etas_setting_params(r, "final_parameters", &l->self->theta, &has_theta);
    if (st == ETAS_OK && !has_theta)
        st = etas_setting_fail(r, "final_parameters", ETAS_E_PARSE, "missing; expected an object");
    if (st == ETAS_OK && !l->self->theta.three_dim)
        st = etas_setting_region(r, "shape_coords", &l->self->region, &has_region);
    return st;
}

/* The file that @p key names: there, beside the parameters, or beside them under its last name;
 * without the key BEFORE<id>AFTER beside the parameters. */
static etas_status find_file(const etas_results_loader *l, const char *key, const char *before,
                             const char *after, char **out)
{
    char *named = NULL, *id = NULL, *path = NULL;
    const char *slash;
    etas_text name = {0};
    etas_status st = etas_setting_text(&l->settings, key, &named);

    if (st == ETAS_OK)
        st = etas_setting_text(&l->settings, "id", &id);
    if (st == ETAS_OK && named == NULL)
        st = etas_text_printf(&name, "%s%s%s", before, id != NULL ? id : "", after);
    else if (st == ETAS_OK)
        st = etas_text_printf(&name, "%s", named);
    if (st == ETAS_OK)
        st = etas_path_resolve(name.data, l->path, &path);
    if (st == ETAS_OK && access(path, F_OK) != 0) {
        char *beside = NULL;

        slash = strrchr(name.data, '/');
        st = etas_path_beside(slash != NULL ? slash + 1 : name.data, l->path, &beside);
        if (st == ETAS_OK && access(beside, F_OK) == 0) {
            free(path);
            path = beside;
        } else {
            free(beside);
        }
    }
    free(named);
    free(id);
    etas_text_free(&name);
    *out = path;
    if (st == ETAS_E_NOMEM)
        (void)etas_results_fail_memory(l);
    return st;
}

static etas_status load_tables(const etas_results_loader *l)
{
    char *targets = NULL, *sources = NULL, *catalog = NULL;
    etas_status st = find_file(l, "fn_ip", "trig_and_bg_probs_", ".csv", &targets);

    if (st == ETAS_OK)
        st = find_file(l, "fn_src", "sources_", ".csv", &sources);
    if (st == ETAS_OK)
        st = find_file(l, "fn_catalog", "catalog_", ".csv", &catalog);
    if (st == ETAS_OK && access(catalog, F_OK) != 0 && l->config != NULL &&
        l->config->fn_catalog != NULL) {
        free(catalog);
        catalog = strdup(l->config->fn_catalog);
        st = catalog != NULL ? ETAS_OK : etas_results_fail_memory(l);
    }
    if (st == ETAS_OK)
        st = etas_results_read_targets(l, targets);
    if (st == ETAS_OK)
        st = etas_results_read_sources(l, sources, catalog);
    free(targets);
    free(sources);
    free(catalog);
    return st;
}

/* The tables' places are read on the map only. */
static etas_status load_all_tables(const etas_results_loader *l)
{
    if (l->self->theta.three_dim)
        return etas_setting_fail(&l->settings, "three_dim", ETAS_E_UNSUPPORTED,
                                 "results in three dimensions are not read yet");
    return load_tables(l);
}

static etas_status load(etas_results *self, const char *path, const etas_config *config,
                        bool with_tables, etas_error *err)
{
    etas_config scratch = {0};
    etas_json file = {0};
    etas_results_loader l = {.self = self,
                             .path = path,
                             .config = config,
                             .settings = {.self = &scratch, .file = &file, .err = err},
                             .err = err};
    etas_status st;

    *self = (etas_results){0};
    st = etas_json_open(&file, path, err);
    if (st == ETAS_OK)
        st = read_parameters(&l);
    if (st == ETAS_OK)
        st = etas_setting_catalog(&l.settings);
    if (st == ETAS_OK && with_tables)
        st = load_all_tables(&l);
    etas_json_close(&file);
    etas_config_free(&scratch);
    if (st != ETAS_OK)
        etas_results_free(self);
    return st;
}

etas_status etas_results_load(etas_results *self, const char *path, const etas_config *config,
                              etas_error *err)
{
    return load(self, path, config, true, err);
}

etas_status etas_results_load_parameters(etas_results *self, const char *path, etas_error *err)
{
    return load(self, path, NULL, false, err);
}

void etas_results_free(etas_results *self)
{
    etas_region_free(&self->region);
    etas_array_free((void **)&self->target_lat);
    etas_array_free((void **)&self->target_lon);
    etas_array_free((void **)&self->target_weight);
    etas_array_free((void **)&self->target_mu);
    etas_array_free((void **)&self->target_p_induced);
    etas_array_free((void **)&self->kappa);
    etas_array_free((void **)&self->xi_plus_1);
    etas_catalog_free(&self->sources);
    self->n_targets = self->n_sources = 0;
}

etas_status etas_results_load_estimate(const char *path, etas_params *theta, bool *has,
                                       etas_error *err)
{
    etas_config scratch = {0};
    etas_json file = {0};
    const etas_config_reader r = {.self = &scratch, .file = &file, .err = err};
    etas_status st = etas_json_open(&file, path, err);

    *theta = (etas_params){0};
    *has = false;
    if (st == ETAS_OK)
        st = etas_setting_params(&r, "final_parameters", theta, has);
    if (st == ETAS_OK && *has)
        st = etas_setting_flag(&r, "three_dim", &theta->three_dim);
    etas_json_close(&file);
    etas_config_free(&scratch);
    return st;
}
