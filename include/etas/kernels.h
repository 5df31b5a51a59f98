/** @file kernels.h  The variants of the numerical kernels, one per instruction set; all give the
 * same bits. */
#ifndef ETAS_KERNELS_H
#define ETAS_KERNELS_H

#include <stddef.h>

#include "etas/api.h"

ETAS_API_BEGIN

/** Names of those that this CPU can run, "scalar" first, the one that is taken where none is named
 * last; NULL for an @p i beyond them. */
const char *etas_kernels_here(size_t i);

ETAS_API_END

#endif
