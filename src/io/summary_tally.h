/** @file summary_tally.h  Numbers and probabilities by magnitude threshold and horizon, summed up
 * catalogue by catalogue: docs/summaries.md. */
#ifndef ETAS_SRC_IO_SUMMARY_TALLY_H
#define ETAS_SRC_IO_SUMMARY_TALLY_H

#include "etas/counts.h"
#include "io/histogram.h"

enum { ETAS_SUMMARY_QUANTILES = 5 };
/** Of the numbers: 2.5, 16, 50, 84, 97.5 %. */
extern const unsigned etas_summary_permille[ETAS_SUMMARY_QUANTILES];

/** A sum of very many small numbers, with what is lost of it (Neumaier). */
typedef struct etas_summary_total {
    double sum, lost;
} etas_summary_total;

/** Of one threshold and horizon. */
typedef struct etas_summary_entry {
    etas_histogram numbers;
    etas_summary_total chance, squares;
    uint64_t n_certain; /**< catalogues in which an event with children reaches the threshold */
} etas_summary_entry;

/** Starts as {0}; etas_summary_tally_free is idempotent. */
typedef struct etas_summary_tally {
    const etas_summary_axes *axes; /**< borrowed */
    size_t n;
    etas_summary_entry *entries; /**< by horizon, then threshold (fastest) */
} etas_summary_tally;

/** What there is to say of an entry. */
typedef struct etas_summary_row {
    double magnitude, days;
    uint64_t n_catalogs;
    double mean, quantile[ETAS_SUMMARY_QUANTILES];
    double probability, error, averaged, averaged_error;
    uint64_t n_certain;
} etas_summary_row;

ETAS_NODISCARD etas_status etas_summary_tally_init(etas_summary_tally *self,
                                                   const etas_summary_axes *axes, etas_error *err);
ETAS_NODISCARD etas_status etas_summary_tally_add(etas_summary_tally *self,
                                                  const etas_catalog_counts *counts,
                                                  etas_error *err);
/** E_RANGE without any catalogue. */
ETAS_NODISCARD etas_status etas_summary_tally_row(const etas_summary_tally *self, size_t threshold,
                                                  size_t horizon, etas_summary_row *out,
                                                  etas_error *err);
/** How often each number of events was seen. */
const etas_histogram *etas_summary_tally_numbers(const etas_summary_tally *self, size_t threshold,
                                                 size_t horizon);
void etas_summary_tally_free(etas_summary_tally *self);

#endif
