/** @file mc_candidates.h  The magnitudes that estimate-mc tests. */
#ifndef ETAS_CLI_MC_CANDIDATES_H
#define ETAS_CLI_MC_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "etas/catalog.h"

/** NaN: to be chosen. */
typedef struct mc_range {
    double low;  /**< else the most frequent magnitude (maximum curvature, Wiemer & Wyss 2000) */
    double high; /**< else the last one that min_events magnitudes reach */
    double step; /**< else delta_m, or 0.1 when that is 0 */
    uint64_t min_events;
} mc_range;

mc_range mc_range_default(void);

/** Equidistant candidates; *out is freed with etas_array_free. E_RANGE when too few magnitudes are
 * left for one. @p catalog has events. */
ETAS_NODISCARD etas_status mc_candidates_choose(const etas_catalog *catalog, double delta_m,
                                                const mc_range *range, double **out, size_t *n,
                                                etas_error *err);

/** Numbers separated by commas; E_ARG otherwise. */
ETAS_NODISCARD etas_status mc_candidates_parse(const char *list, double **out, size_t *n,
                                               etas_error *err);

#endif
