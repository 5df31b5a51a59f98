/** @file evaluate.h  What etas evaluate does, by what its first argument is; argv[0] is the
 * subcommand's name, argv[1] that argument or --help. */
#ifndef ETAS_CLI_EVALUATE_H
#define ETAS_CLI_EVALUATE_H

/** A configuration: the likelihood of its test window under a set of parameters. */
int evaluate_likelihood(int argc, char *argv[]);
/** A forecast: tests against an observed catalogue, and against another forecast. */
int evaluate_forecast(int argc, char *argv[]);
/** --calibration: results of one test over many periods. */
int evaluate_calibration(int argc, char *argv[]);

#endif
