/** @file words.h  Numbers as people say them. */
#ifndef ETAS_REPORT_WORDS_H
#define ETAS_REPORT_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { ETAS_WORDS = 64 };

/** "12,345" */
const char *etas_words_count(uint64_t n, char out[ETAS_WORDS]);
/** "1 catalogue", "12,345 catalogues" */
const char *etas_words_many(uint64_t n, const char *thing, char out[ETAS_WORDS]);
/** A number of at most three significant digits, without an exponent: "2.82", "0.0012", "12,300".
 */
const char *etas_words_number(double x, char out[ETAS_WORDS]);
/** Two significant digits: "4.3 %", "14 %", "99.7 %", "more than 99.9 %". */
const char *etas_words_probability(double p, char out[ETAS_WORDS]);
/** "about 1 in 23", "about 14 in 100", "nearly always". */
const char *etas_words_frequency(double p, char out[ETAS_WORDS]);
/** A span of time: "1 day", "1 week", "30 days", "1 year", "50 years". */
const char *etas_words_days(double days, char out[ETAS_WORDS]);
/** "0.35 s", "12 s", "3.4 min", "2.1 h", "1.5 d"; "-" for what is not finite. */
const char *etas_words_seconds(double s, char out[ETAS_WORDS]);
/** "12.3 MiB" */
const char *etas_words_bytes(double n, char out[ETAS_WORDS]);

#endif
