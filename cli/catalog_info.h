/** @file catalog_info.h  What etas catalog info has found, as JSON. */
#ifndef ETAS_CLI_CATALOG_INFO_H
#define ETAS_CLI_CATALOG_INFO_H

#include "catalog_survey.h"
#include "etas/catalog_input.h"

/** Least and greatest of the values that are known, and how many are not. */
typedef struct catalog_extent {
    double low, high;
    size_t n_unknown;
} catalog_extent;
catalog_extent catalog_extent_of(size_t n, const double values[]);

/** @p survey NULL: there are no events. */
ETAS_NODISCARD etas_status catalog_info_print_json(const etas_catalog *catalog,
                                                   const etas_catalog_summary *summary,
                                                   const catalog_survey *survey, etas_error *err);

#endif
