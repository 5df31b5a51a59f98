/** @file options.h  Command line options as a table: parsed by getopt_long, printed as --help. */
#ifndef ETAS_CLI_OPTIONS_H
#define ETAS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, EXIT_INCOMPLETE = 3, EXIT_INTERRUPTED = 130 };

/** Start value of an OPTION_COUNT whose absence matters. */
#define OPTION_UNSET UINT64_MAX

typedef enum option_kind {
    OPTION_FLAG,     /**< bool: set to true */
    OPTION_TEXT,     /**< const char *: points into argv */
    OPTION_LIST,     /**< option_list: may be given several times */
    OPTION_COUNT,    /**< uint64_t: a decimal integer */
    OPTION_POSITIVE, /**< double: finite, above 0 */
    OPTION_NUMBER,   /**< double: finite */
    OPTION_TIME,     /**< etas_time: ISO 8601 */
    OPTION_DURATION, /**< double: seconds, from 30s, 15m, 2h, 0.5d */
    OPTION_SIZE,     /**< uint64_t: bytes, from 4096, 512K, 512M, 1.5G, 1T */
    OPTION_EVERY     /**< double: seconds as OPTION_DURATION, at least 0.1; 2 without a value */
} option_kind;

typedef struct option_spec {
    const char *name; /**< long name without dashes */
    char letter;      /**< short name or 0 */
    option_kind kind;
    void *value;          /**< where the value goes; its present content is the default */
    const char *argument; /**< how --help calls the argument; NULL for a flag */
    const char *help;     /**< one line or more, separated by newlines; NULL: not shown */
} option_spec;

typedef struct command_usage {
    const char *name;     /**< "etas forecast" */
    const char *synopsis; /**< "CONFIG [OPTIONS]" */
    const char *about;    /**< what it does, lines of at most 79 characters */
    size_t min_arguments, max_arguments;
} command_usage;

enum { OPTION_LIST_MOST = 16 };

/** Values of an option that may be given several times, in order; they point into argv. */
typedef struct option_list {
    size_t n;
    const char *items[OPTION_LIST_MOST];
} option_list;

typedef struct option_table {
    size_t n;
    const option_spec *specs;
} option_table;

typedef enum options_outcome {
    OPTIONS_RUN,   /**< go on */
    OPTIONS_DONE,  /**< --help was printed: exit 0 */
    OPTIONS_USAGE, /**< a message was printed: exit 2 */
    OPTIONS_FAILED /**< what they name cannot be had, and a message was printed: exit 1 */
} options_outcome;

/** The exit code for an outcome other than OPTIONS_RUN. */
int options_exit_code(options_outcome outcome);

/**
 * Parse argv[1 ..] by several tables, after which comes one without specs; --help is added. What is
 * no option ends up in arguments[0 .. *n_arguments), in order. Messages go to stderr, help to
 * stdout.
 */
options_outcome options_parse(const command_usage *usage, const option_table tables[], int argc,
                              char *argv[], const char *arguments[], size_t *n_arguments);

/** Usage unless @p text is NULL, scalar, avx2 or avx512. */
options_outcome options_check_kernels(const command_usage *usage, const char *text);

/** @p text as a seed; NULL: one is drawn. */
options_outcome options_seed(const command_usage *usage, const char *text, uint64_t *seed);

/** One line on stderr that names the command and points at --help; always OPTIONS_USAGE. */
options_outcome options_complain(const command_usage *usage, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
