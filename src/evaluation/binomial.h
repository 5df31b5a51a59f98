/** @file binomial.h  Binomial numbers by inversion: one uniform each, the same on every machine. */
#ifndef ETAS_SRC_EVALUATION_BINOMIAL_H
#define ETAS_SRC_EVALUATION_BINOMIAL_H

/**
 * Number of successes among @p n (a whole number below 2^53) of probability @p p in [0, 1], for the
 * uniform @p u in (0, 1). The values are tried outwards from the most probable one: about
 * sqrt(n p (1 - p)) steps.
 */
double etas_binomial(double n, double p, double u);

/** ln Gamma(n + 1) - ln(sqrt(2 pi n) (n/e)^n), n > 0. */
double etas_stirling_error(double n);

#endif
