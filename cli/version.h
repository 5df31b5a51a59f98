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

/** The release with the revision behind it, as results name what made them: "0.1.0+8dc3f3a2b1c0",
 * with ".changed" at the end if files had. */
extern const char version_full[];

/** "PROGRAM RELEASE" on a line of its own, then the rest, to stdout. */
void version_print(const char *program, size_t n, const version_library libraries[]);

/** The same with everything that etas_runner needs (etas_cli_libraries). */
void version_print_all(const char *program);

#endif
