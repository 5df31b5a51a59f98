/* floatCSEP: the arguments of a model, a base configuration beside them, and a forecast at the
 * place where the platform looks for it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/platform.h"

static etas_status fail_memory(const etas_platform *p)
{
    return etas_fail(p->given.err, ETAS_E_NOMEM, "out of memory for %s", p->given.file->path);
}

/* Beside the arguments or, where there is none, from the current folder. */
static etas_status find_file(const etas_platform *p, const char *name, char **out)
{
    const char *const owner = p->given.file->path;

    if (name[0] != '/') {
        if (etas_path_beside(name, owner, out) != ETAS_OK)
            return fail_memory(p);
        if (access(*out, F_OK) == 0)
            return ETAS_OK;
        free(*out);
        *out = NULL;
    }
    return etas_path_resolve(name, owner, out) == ETAS_OK ? ETAS_OK : fail_memory(p);
}

/* The base's settings, then those of the arguments that are none of ours. */
static etas_status take_settings(const etas_platform *p, const etas_json *base)
{
    static const char *const own[] = {"start_date", "end_date", "config", "catalog",
                                      "n_sims",     "seed",     "model"};

    if (base->root != NULL && json_object_update(p->settings, base->root) != 0)
        return fail_memory(p);
    if (json_object_update(p->settings, p->given.file->root) != 0)
        return fail_memory(p);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        (void)json_object_del(p->settings, own[i]);
    return ETAS_OK;
}

static etas_status take_counts(const etas_platform *p, const etas_json *base)
{
    json_t *const seed = etas_setting_find(&p->given, "seed").value;
    uint64_t n_sims = 0, unused;
    etas_status st = etas_setting_count(&p->given, "n_sims", 1, (UINT64_C(1) << 48) - 1, &n_sims);

    if (st == ETAS_OK && n_sims > 0)
        st = etas_platform_set(p, "n_simulations", json_integer((json_int_t)n_sims));
    if (st == ETAS_OK && seed == NULL && base->root != NULL &&
        json_object_get(base->root, "seed") != NULL)
        return etas_platform_set(p, "seed", json_incref(json_object_get(base->root, "seed")));
    if (st != ETAS_OK || seed == NULL)
        return st;
    if (!json_is_string(seed) ||
        !etas_parse_u64(json_string_value(seed), json_string_length(seed), &unused))
        st = etas_setting_count(&p->given, "seed", 0, UINT64_MAX, &unused);
    return st == ETAS_OK ? etas_platform_set(p, "seed", json_incref(seed)) : st;
}

static etas_status take_catalog(const etas_platform *p)
{
    char *name = NULL, *path = NULL;
    etas_status st = etas_setting_text(&p->given, "catalog", &name);

    if (st == ETAS_OK)
        st = find_file(p, name != NULL ? name : "catalog.csv", &path);
    if (st == ETAS_OK)
        st = etas_platform_set(p, "fn_catalog", json_string(path));
    free(name);
    free(path);
    return st;
}

/* ---- where the forecast goes ---- */

/* Cuts the last part off; returns it. */
static const char *cut_last(char *path)
{
    char *const slash = strrchr(path, '/');

    if (slash == NULL)
        return path;
    *slash = '\0';
    return slash + 1;
}

static bool is_midnight(etas_time t)
{
    return t % ETAS_NS_PER_DAY == 0;
}

static void put_time(etas_time t, bool whole_days, char out[32])
{
    etas_time_format(t, 'T', out);
    out[whole_days ? strlen("YYYY-MM-DD") : strlen("YYYY-MM-DDTHH:MM:SS")] = '\0';
    for (char *c = out; *c != '\0'; c++)
        if (*c == ':')
            *c = '-';
}

static etas_status name_output(const etas_platform *p, const etas_time window[2])
{
    const bool whole_days = is_midnight(window[0]) && is_midnight(window[1]);
    char *folder = realpath(p->given.file->path, NULL), *model = NULL;
    char from[32], to[32];
    etas_text out = {0};
    etas_status st;

    if (folder == NULL) /* read from memory */
        folder = strdup(p->given.file->path);
    if (folder == NULL)
        return fail_memory(p);
    st = etas_setting_text(&p->given, "model", &model);
    if (st == ETAS_OK && model != NULL && (model[0] == '\0' || strchr(model, '/') != NULL))
        st = etas_setting_fail(&p->given, "model", ETAS_E_RANGE,
                               "\"%.40s\" cannot be part of a file name", model);
    if (st != ETAS_OK)
        goto out;
    (void)cut_last(folder);
    if (strcmp(folder + (strlen(folder) < 6 ? 0 : strlen(folder) - 6), "/input") == 0)
        (void)cut_last(folder);
    if (model == NULL) {
        const char *const slash = strrchr(folder, '/');

        model = strdup(slash != NULL && slash[1] != '\0' ? slash + 1 : "etas");
    }
    put_time(window[0], whole_days, from);
    put_time(window[1], whole_days, to);
    if (model == NULL ||
        etas_text_printf(&out, "%s/forecasts/%s_%s_%s.csv", folder, model, from, to) != ETAS_OK)
        st = fail_memory(p);
    p->self->output = out.data;
out:
    free(folder);
    free(model);
    return st;
}

/* ---- */

static etas_status read_with(etas_platform *p, const etas_json *base)
{
    etas_time window[2];
    etas_status st = take_settings(p, base);

    if (st == ETAS_OK)
        st = etas_platform_window(p, "start_date", "end_date", window);
    if (st == ETAS_OK)
        st = take_counts(p, base);
    if (st == ETAS_OK)
        st = take_catalog(p);
    if (st == ETAS_OK)
        st = name_output(p, window);
    return st == ETAS_OK ? etas_platform_read(p, base->root != NULL ? base : p->given.file) : st;
}

etas_status etas_platform_float_csep(etas_platform *p)
{
    char *name = NULL, *path = NULL;
    etas_json base = {0};
    etas_status st = etas_setting_text(&p->given, "config", &name);

    if (st == ETAS_OK && name != NULL) {
        st = find_file(p, name, &path);
        if (st == ETAS_OK)
            st = etas_json_open(&base, path, p->given.err);
    }
    if (st == ETAS_OK)
        st = read_with(p, &base);
    etas_json_close(&base);
    free(name);
    free(path);
    return st;
}
