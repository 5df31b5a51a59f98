/** @file subcommands.h  Commands of commands: etas catalog, etas plot. */
#ifndef ETAS_CLI_SUBCOMMANDS_H
#define ETAS_CLI_SUBCOMMANDS_H

#include <stddef.h>

typedef struct subcommand {
    const char *name, *summary;
    int (*run)(int argc, char *argv[]); /**< argv[0] is the subcommand's name */
} subcommand;

/** Runs the one that argv[1] names, or helps. @p command: "catalog"; @p synopsis: what comes after
 * it. */
int subcommands_run(const char *command, const char *synopsis, size_t n,
                    const subcommand commands[], int argc, char *argv[]);

#endif
