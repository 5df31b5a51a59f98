/** @file expect.h  One E-step as the blob of a run: its indices are parts of the shards'
 * statistics.
 *
 * The blob has what stays the same over an inversion (catalogue, settings, shards) and the state of
 * one iteration; a process that has seen the former before keeps its pairs.
 */
#ifndef ETAS_SRC_WORK_EXPECT_H
#define ETAS_SRC_WORK_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/catalog.h"
#include "etas/inversion.h"
#include "inversion/em.h"

/** Doubles of a shard's statistics that one record holds at most: a frame stays below 1 MiB. */
enum { ETAS_EXPECT_PART = 96 << 10 };

/** Records per shard: enough for the longest statistics among em->shard. */
size_t etas_expect_parts(const etas_em *em);

/** What stays the same; *out is allocated with etas_array. memory_bytes of @p cfg holds for each
 * process that computes. */
ETAS_NODISCARD etas_status etas_expect_encode_fixed(const etas_catalog *catalog,
                                                    const etas_inversion_config *cfg,
                                                    const etas_em *em, uint8_t **out, size_t *len,
                                                    etas_error *err);
/** The whole blob at the prepared theta; *out as above. */
ETAS_NODISCARD etas_status etas_expect_encode(size_t fixed_len, const uint8_t fixed[],
                                              const etas_em *em, uint8_t **out, size_t *len,
                                              etas_error *err);

/** Optional inputs of an E-step, as in etas_em. */
enum { ETAS_EXPECT_INPUTS = 5 };

/** A blob taken apart: pointers into it, checked against its length. */
typedef struct etas_expect_blob {
    size_t fixed_len, parts, n_targets;
    const uint8_t *fixed;
    etas_params theta;
    const uint8_t *input[ETAS_EXPECT_INPUTS]; /**< doubles; NULL where the model has none */
    size_t n_input[ETAS_EXPECT_INPUTS];
    size_t n_shards;
} etas_expect_blob;
ETAS_NODISCARD etas_status etas_expect_decode(size_t len, const uint8_t bytes[],
                                              etas_expect_blob *out, etas_error *err);

/** What stays the same, ready to compute. Starts as {0}; etas_expect_base_free is idempotent. Not
 * to be moved: em points into it. */
typedef struct etas_expect_base {
    etas_catalog catalog;
    etas_region inner_region;
    etas_inversion_config how;
    size_t n_shards, *shard_block;
    etas_em em;
} etas_expect_base;
ETAS_NODISCARD etas_status etas_expect_base_decode(size_t len, const uint8_t fixed[],
                                                   etas_expect_base *out, etas_error *err);
void etas_expect_base_free(etas_expect_base *self);

/** Where em keeps its optional inputs, in the order of the blob. */
double **etas_expect_input(etas_em *em, size_t k);

/** Record of part @p part of a shard's statistics; @p out starts as {0}, see etas_text. */
size_t etas_expect_record_put(const etas_statistics *from, size_t part, uint8_t *out);
/** Largest length of a record. */
enum { ETAS_EXPECT_RECORD_MAX = 16 + 8 * ETAS_EXPECT_PART };
bool etas_expect_record_check(size_t len, const uint8_t bytes[]);
/** Into the statistics of a shard of the same shape; false when it is another part or shape. */
bool etas_expect_record_get(size_t len, const uint8_t bytes[], size_t part, etas_statistics *to);

#endif
