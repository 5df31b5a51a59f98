/** @file backoff.h  How long to wait before another try. */
#ifndef ETAS_SRC_RUNNER_BACKOFF_H
#define ETAS_SRC_RUNNER_BACKOFF_H

#include <stdint.h>

/** Seconds for try number @p tries (0 first): etas_backoff_s with random bits of the system. */
double etas_backoff_random_s(uint32_t tries, double cap_s);

#endif
