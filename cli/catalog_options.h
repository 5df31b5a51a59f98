/** @file catalog_options.h  How catalogues are read, as options, and what was skipped, as warnings.
 */
#ifndef ETAS_CLI_CATALOG_OPTIONS_H
#define ETAS_CLI_CATALOG_OPTIONS_H

#include "etas/catalog_input.h"
#include "etas/config.h"
#include "options.h"
#include "talk.h"

/** Starts as {0}. */
typedef struct catalog_options {
    const char *format, *event_types, *magnitude_types;
} catalog_options;

enum { CATALOG_OPTIONS = 3 };
void catalog_options_table(catalog_options *self, option_spec out[CATALOG_OPTIONS]);

/** What the options say, and where they are silent @p cfg (NULL: nothing). Usage for a format that
 * there is not. */
options_outcome catalog_options_take(const catalog_options *self, const command_usage *usage,
                                     const etas_config *cfg, etas_catalog_options *out);

/** Puts the options into @p cfg, where they replace the keys of the same names. */
options_outcome catalog_options_apply(const catalog_options *self, const command_usage *usage,
                                      etas_config *cfg);

/** One line for each reason why events were skipped. */
void catalog_options_warn(const etas_catalog_summary *summary, const char *path,
                          const etas_log *log);

/** What a command about one catalogue was given. Stays where it is: the log points at it. */
typedef struct catalog_request {
    const char *path;
    etas_catalog_options how;
    talk t;
} catalog_request;

/** Parses the @p n options of the command itself, those above and those of its log. */
options_outcome catalog_request_parse(catalog_request *self, const command_usage *usage, size_t n,
                                      const option_spec own[], int argc, char *argv[]);

#endif
