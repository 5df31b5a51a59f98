/** @file version.h  What --version says: release, then how it was built and what it runs with. */
#ifndef ETAS_CLI_VERSION_H
#define ETAS_CLI_VERSION_H

#include <stddef.h>

typedef struct version_library {
    const char *name, *version; /**< of the library that is loaded, not of its headers */
} version_library;

/** The checkout's revision, with a '+' behind it if files had changed; "" for a build from
 * elsewhere.
 */
extern const char version_revision[];

/** "PROGRAM RELEASE" on a line of its own, then the rest, to stdout. */
void version_print(const char *program, size_t n, const version_library libraries[]);

/** The same with everything that etas_runner needs (etas_cli_libraries). */
void version_print_all(const char *program);

#endif
