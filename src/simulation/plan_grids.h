/** @file plan_grids.h  The tables of a plan that come from grids. */
#ifndef ETAS_SRC_SIMULATION_PLAN_GRIDS_H
#define ETAS_SRC_SIMULATION_PLAN_GRIDS_H

#include "etas/geometry.h"
#include "etas/grid.h"
#include "etas/plan.h"

/**
 * Those cells of a grid that have a weight and may hold a place inside the region. E_RANGE when
 * there is none, for cells that are none; @p of is the name of the grid in messages.
 */
ETAS_NODISCARD etas_status plan_cells_build(const etas_rate_grid *grid, const etas_region *region,
                                            const char *of, etas_plan_cells *out, etas_error *err);

/** Tables above @p mc, cut so that magnitudes reported in steps of @p delta_m (0: 1e-4) stay inside
 * their bins, and the lattice of their zones. E_RANGE names the table or the cell. */
ETAS_NODISCARD etas_status plan_zones_build(const etas_magnitude_zones *in, double mc,
                                            double delta_m, etas_plan_zones *out, etas_error *err);

/** Mean of e^(alpha dm) over the magnitudes of a table. */
double plan_zone_growth(const etas_plan_zones *zones, size_t table, double alpha);
/** The largest dm that a table's magnitudes may be reported with, mc + dm being a step. */
double plan_zone_highest(const etas_plan_zones *zones, size_t table, double mc, double delta_m);

#endif
