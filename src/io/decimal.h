/** @file decimal.h  Doubles as text, fast enough for tables. */
#ifndef ETAS_IO_DECIMAL_H
#define ETAS_IO_DECIMAL_H

#include <stddef.h>

/** What etas_format_double gives, an order of magnitude faster for ordinary values: a decimal that
 * reads back to the same bits, without digits it does not need. @p out holds 32 bytes. */
size_t etas_decimal_put(double value, char out[32]);

#endif
