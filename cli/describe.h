/** @file describe.h  A command's options for machines, from the table that parses them: what the
 * shells' completions ask for (--complete) and what the manual pages are made of (--man). */
#ifndef ETAS_CLI_DESCRIBE_H
#define ETAS_CLI_DESCRIBE_H

#include "options.h"

/** Whether the arguments are one of the two and no more. */
bool describe_asked(int argc, char *const argv[]);

/** The option that every program and command understands as its only argument, without telling. */
#define DESCRIBE_COMPLETE "--complete"
#define DESCRIBE_MAN      "--man"

/** One line each, fields separated by tabs and never empty:
 *     option   --NAME or -L  flag|file|directory|any  -            help
 *     option   --NAME or -L  words                    WORD WORD... help
 *     operand  file
 */
void describe_complete(const command_usage *usage, size_t n_tables, const option_table tables[]);

/** A subsection of a manual page: synopsis and options. */
void describe_man(const command_usage *usage, size_t n_tables, const option_table tables[]);

/** The same for a program with commands: "command" for one that describes itself (@p descends),
 * else "word", its name, two fields "-", the summary. */
void describe_command(const char *name, const char *summary, bool descends);

#endif
