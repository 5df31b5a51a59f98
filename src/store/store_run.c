#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "store/store_private.h"

etas_status etas_store_begin(etas_store *self, const etas_store_run *run, etas_error *err)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"n_catalogs", run->n_catalogs},
                   {"first_catalog", run->first_catalog},
                   {"seed", run->seed},
                   {"algorithm", run->algorithm}};
    const struct {
        const char *name, *value;
    } texts[] = {{"config", run->config_text}, {"release", run->release}, {"state", "running"}};
    int64_t there = -1;
    etas_status st;

    if (run->n_catalogs == 0 || run->n_catalogs > ETAS_MAX_CATALOGS ||
        run->first_catalog > ETAS_MAX_CATALOGS - run->n_catalogs)
        return etas_fail(err, ETAS_E_ARG, "a run of no or of impossibly many catalogues");
    st = etas_store_enter(self, err);
    if (st != ETAS_OK)
        return st;
    st = etas_store_meta_int(self, "n_catalogs", -1, &there, err);
    if (st == ETAS_OK && there >= 0)
        st = etas_fail(err, ETAS_E_EXISTS, "the store has a run already");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && st == ETAS_OK; i++)
        st = etas_store_meta_put_int(self, numbers[i].name, (int64_t)numbers[i].value, err);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && st == ETAS_OK; i++)
        st = etas_store_meta_put_text(self, texts[i].name,
                                      texts[i].value != NULL ? texts[i].value : "", err);
    if (st == ETAS_OK)
        st = etas_store_meta_put_blob(self, "run_id", sizeof run->id, run->id, err);
    if (st == ETAS_OK)
        st = etas_store_meta_put_blob(self, "blob", run->blob_len, run->blob, err);
    if (st == ETAS_OK)
        st = etas_store_meta_put_blob(self, "blob_sha256", sizeof run->blob_sha256,
                                      run->blob_sha256, err);
    st = etas_store_leave(self, st, err);
    if (st == ETAS_OK)
        self->finished = false;
    return st;
}

static etas_status no_run(const etas_store *self, etas_error *err)
{
    etas_fail(err, ETAS_E_IO, "the store holds no run: it was left before its run began");
    etas_error_in_file(err, self->path);
    return ETAS_E_IO;
}

/* A value of exactly @p len bytes. */
static etas_status get_exact(etas_store *self, const char *name, size_t len, uint8_t out[],
                             etas_error *err)
{
    char *bytes = NULL;
    size_t n = 0;
    etas_status st = etas_store_meta_get(self, name, &bytes, &n, err);

    if (st == ETAS_OK && (bytes == NULL || n != len)) {
        etas_fail(err, ETAS_E_CORRUPT, "the store's \"%s\" is damaged", name);
        etas_error_in_file(err, self->path);
        st = ETAS_E_CORRUPT;
    }
    if (st == ETAS_OK)
        memcpy(out, bytes, len);
    free(bytes);
    return st;
}

static etas_status load_run(etas_store *self, etas_error *err)
{
    etas_store_run *const run = &self->run;
    int64_t n = 0, first = 0, seed = 0, algorithm = 0;
    char *blob = NULL;
    etas_status st = etas_store_meta_int(self, "n_catalogs", 0, &n, err);

    if (st == ETAS_OK)
        st = etas_store_meta_int(self, "first_catalog", 0, &first, err);
    if (st == ETAS_OK)
        st = etas_store_meta_int(self, "seed", 0, &seed, err);
    if (st == ETAS_OK)
        st = etas_store_meta_int(self, "algorithm", 0, &algorithm, err);
    if (st != ETAS_OK)
        return st;
    if (n <= 0 || first < 0)
        return no_run(self, err);
    *run = (etas_store_run){.n_catalogs = (uint64_t)n,
                            .first_catalog = (uint64_t)first,
                            .seed = (uint64_t)seed,
                            .algorithm = (uint32_t)algorithm};
    st = get_exact(self, "run_id", sizeof run->id, run->id, err);
    if (st == ETAS_OK)
        st = get_exact(self, "blob_sha256", sizeof run->blob_sha256, run->blob_sha256, err);
    if (st == ETAS_OK)
        st = etas_store_meta_get(self, "config", &self->config_text, NULL, err);
    if (st == ETAS_OK)
        st = etas_store_meta_get(self, "release", &self->release, NULL, err);
    if (st == ETAS_OK)
        st = etas_store_meta_get(self, "blob", &blob, &run->blob_len, err);
    if (st == ETAS_OK && (self->config_text == NULL || self->release == NULL || blob == NULL)) {
        free(blob);
        return no_run(self, err);
    }
    self->blob = (uint8_t *)blob;
    run->blob = self->blob;
    run->config_text = self->config_text;
    run->release = self->release;
    return st;
}

etas_status etas_store_run_get(etas_store *self, etas_store_run *out, etas_error *err)
{
    if (!self->run_known) {
        const etas_status st = self->fresh ? no_run(self, err) : load_run(self, err);

        if (st != ETAS_OK) {
            free(self->config_text);
            free(self->release);
            free(self->blob);
            self->config_text = self->release = NULL;
            self->blob = NULL;
            return st;
        }
        self->run_known = true;
    }
    *out = self->run;
    return ETAS_OK;
}

etas_status etas_store_next_serial(etas_store *self, uint64_t *out, etas_error *err)
{
    int64_t serial = 0;
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    st = etas_store_meta_int(self, "serial", 0, &serial, err);
    if (st == ETAS_OK)
        st = etas_store_meta_put_int(self, "serial", serial + 1, err);
    st = etas_store_leave(self, st, err);
    if (st == ETAS_OK)
        *out = (uint64_t)serial + 1;
    return st;
}

etas_status etas_store_add_phase(etas_store *self, const char *phase, double seconds,
                                 etas_error *err)
{
    static const char sql[] = "INSERT INTO phase (name, seconds) VALUES (?, ?) ON CONFLICT (name) "
                              "DO UPDATE SET seconds = seconds + excluded.seconds";
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    st = etas_store_prepare(self, sql, &q, err);
    if (st == ETAS_OK) {
        sqlite3_bind_text(q, 1, phase, -1, SQLITE_STATIC);
        sqlite3_bind_double(q, 2, seconds);
        if (sqlite3_step(q) != SQLITE_DONE)
            st = etas_store_fail(self, "write to the store", err);
    }
    sqlite3_finalize(q);
    return etas_store_leave(self, st, err);
}

static void user_name(size_t capacity, char out[], const char *name)
{
    etas_format(capacity, out, "user.%s", name);
}

etas_status etas_store_set(etas_store *self, const char *name, const char *value, etas_error *err)
{
    char key[128];
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    user_name(sizeof key, key, name);
    return etas_store_leave(self, etas_store_meta_put_text(self, key, value, err), err);
}

etas_status etas_store_get(etas_store *self, const char *name, char **value, etas_error *err)
{
    char key[128];

    user_name(sizeof key, key, name);
    return etas_store_meta_get(self, key, value, NULL, err);
}
