/** @file blob_check.h  What a plan must be before a worker computes with it. */
#ifndef ETAS_SRC_CODEC_BLOB_CHECK_H
#define ETAS_SRC_CODEC_BLOB_CHECK_H

#include "etas/plan.h"
#include "etas/status.h"

/**
 * Every number within what the simulation can handle (it then neither reads outside an array nor
 * converts a number that does not fit), every table consistent. E_CORRUPT names the field.
 */
ETAS_NODISCARD etas_status etas_plan_check(const etas_plan *plan, etas_error *err);

#endif
