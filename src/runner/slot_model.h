/** @file slot_model.h  The models that a process shares with its slots: sealed memory, by key. */
#ifndef ETAS_SRC_RUNNER_SLOT_MODEL_H
#define ETAS_SRC_RUNNER_SLOT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "etas/status.h"
#include "work/work.h"

enum { ETAS_SLOT_MODELS = 4 };

typedef struct etas_slot_model {
    char key[65];
    int fd; /**< memfd, -1 when the place is free */
    size_t len;
    const etas_work_kind *kind; /**< NULL for bytes that are no model */
    uint64_t used;
} etas_slot_model;

typedef struct etas_slot_models {
    etas_slot_model items[ETAS_SLOT_MODELS];
    uint64_t n_uses;
} etas_slot_models;

void etas_slot_models_init(etas_slot_models *self);
void etas_slot_models_free(etas_slot_models *self);
/** Copies @p bytes unless the key is known; the least recently used one makes room. */
ETAS_NODISCARD etas_status etas_slot_models_add(etas_slot_models *self, const char *key, size_t len,
                                                const uint8_t bytes[], etas_error *err);
/** NULL when the key is unknown. */
const etas_slot_model *etas_slot_models_find(const etas_slot_models *self, const char *key);
/** The same, and it counts as used now. */
const etas_slot_model *etas_slot_models_use(etas_slot_models *self, const char *key);

#endif
