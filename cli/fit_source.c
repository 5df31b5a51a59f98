#include "fit_source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "etas/io.h"

static int is_results(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);

    return strncmp(entry->d_name, "parameters_", 11) == 0 && len > 16 &&
           strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* A folder stands for the only results in it. */
static etas_status find_results(fit_source *self, etas_error *err)
{
    struct dirent **entries = NULL;
    struct stat info;
    etas_status st = ETAS_OK;
    int n;

    if (stat(self->path, &info) != 0 || !S_ISDIR(info.st_mode))
        return ETAS_OK;
    n = scandir(self->path, &entries, is_results, alphasort);
    if (n < 0)
        st = etas_fail(err, ETAS_E_IO, "cannot be read: %s", strerror(errno));
    else if (n == 0)
        st = etas_fail(err, ETAS_E_IO, "no parameters_<id>.json is in it");
    else if (n > 1)
        st = etas_fail(err, ETAS_E_ARG, "has results of %d inversions (%s, %s%s): name one of them",
                       n, entries[0]->d_name, entries[1]->d_name, n > 2 ? ", ..." : "");
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, self->path);
    } else {
        self->found = etas_results_path(self->path, entries[0]->d_name, "", "");
        self->path = self->found;
        if (self->found == NULL)
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return st;
}

/* Productivities and backgrounds of their own are not in the parameters: such a model is estimated
 * again, from where it was. */
static void start_from_estimate(fit_source *self)
{
    if (self->cfg.free_background || self->cfg.free_productivity)
        self->cfg.theta_0 = self->theta;
    else
        self->how.at = &self->theta;
}

etas_status fit_source_load(fit_source *self, talk *t, etas_error *err)
{
    bool has_estimate = false;
    etas_status st = find_results(self, err);

    if (st == ETAS_OK)
        st = etas_results_load_estimate(self->path, &self->theta, &has_estimate, err);
    /* Results say much that is no setting: no word about that. */
    if (st == ETAS_OK)
        st = etas_config_load(&self->cfg, self->path, ETAS_CONFIG_INVERT,
                              has_estimate ? NULL : &t->log, err);
    if (st == ETAS_OK && has_estimate)
        start_from_estimate(self);
    if (st == ETAS_OK && self->catalog != NULL) {
        free(self->cfg.fn_catalog);
        self->cfg.fn_catalog = strdup(self->catalog);
        if (self->cfg.fn_catalog == NULL)
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    return st;
}

void fit_source_free(fit_source *self)
{
    etas_config_free(&self->cfg);
    free(self->found);
    self->found = NULL;
}
