/** @file exhaust.h  Memory that runs out: each allocation of a call fails once, in turn.
 *
 * Linking etas_exhaust wraps the allocators for everything that is linked statically; what shared
 * libraries allocate for themselves never fails.
 */
#ifndef ETAS_TESTS_EXHAUST_H
#define ETAS_TESTS_EXHAUST_H

#include <stdbool.h>

#include "support/check.h"

/** What is tried: it frees what it makes, also when it fails. */
typedef etas_status (*exhaust_attempt)(void *context, etas_error *err);

/** Calls attempt() with its first, second, ... allocation failing, until there are no more: each
 * time it says E_NOMEM, in status and error. The call without a failure succeeds, and so does one
 * right after each that failed. There must be @p least allocations. */
void exhaust(exhaust_attempt attempt, void *context, long least);

/** The same step by step: from now on allocation @p n fails (0: the first), once; */
void exhaust_at(long n);
/** and whether it has. None does any more. */
bool exhaust_end(void);

/** For attempts of which only a part is meant: what is between them never fails. */
void exhaust_pause(void);
void exhaust_resume(void);

#endif
