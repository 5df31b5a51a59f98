/** @file begun_store.h  A store with a begun run, for tests. */
#ifndef ETAS_TESTS_BEGUN_STORE_H
#define ETAS_TESTS_BEGUN_STORE_H

#include "support/check.h"

#include "etas/codec.h"
#include "etas/plan.h"
#include "etas/store.h"

/** @p path is thrown away first. */
static inline etas_store *begun_store(const char *path, size_t blob_len, const uint8_t blob[],
                                      uint64_t n_catalogs, uint64_t seed)
{
    etas_store_run run = {.id = {1, 2, 3, 4},
                          .n_catalogs = n_catalogs,
                          .seed = seed,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "{}",
                          .release = "test",
                          .blob_len = blob_len,
                          .blob = blob};
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_sha256(blob_len, blob, run.blob_sha256), NULL);
    check_ok(etas_store_open(&store, path, ETAS_STORE_RESTART, &err), &err);
    check_ok(etas_store_begin(store, &run, &err), &err);
    return store;
}

#endif
