/** @file consistency_parts.h  What the tests of forecasts share. */
#ifndef ETAS_SRC_EVALUATION_CONSISTENCY_PARTS_H
#define ETAS_SRC_EVALUATION_CONSISTENCY_PARTS_H

#include "etas/consistency.h"

/** E_RANGE for cells that are not among the @p n_cells or do not rise. */
ETAS_NODISCARD etas_status etas_gridded_check(const etas_gridded *self, uint64_t n_cells,
                                              etas_error *err);
uint64_t etas_gridded_events(const etas_gridded *self);

/** Makes @p out the result of a test that is not valid. */
void etas_test_result_refuse(etas_test_result *out, etas_test test);

#endif
