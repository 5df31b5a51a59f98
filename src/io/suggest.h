/** @file suggest.h  "Did you mean": the known name nearest to a misspelt one. */
#ifndef ETAS_IO_SUGGEST_H
#define ETAS_IO_SUGGEST_H

#include <stddef.h>

/** The entry of @p names with the fewest edits (insert, delete, replace, swap; case and '-'/'_'
 * count for nothing) from @p word, or NULL when none is near enough to be meant. NULL entries are
 * skipped. */
const char *etas_suggest(const char *word, size_t n, const char *const names[]);

#endif
