/** @file secret.h  Keeping a password out of what others can see of a process. */
#ifndef ETAS_CLI_SECRET_H
#define ETAS_CLI_SECRET_H

#include <stdbool.h>

enum { SECRET_BYTES = 512 };

/** Room for one secret, empty: never swapped where the limits allow that, in no core file, and all
 * zero in children. For the life of the process; NULL when there is no memory. */
char *secret_room(void);

/** No core files from now on, and nobody but root may look into the process (/proc, debuggers). For
 * a program that holds a secret; children that it starts anew are not concerned. */
void secret_seal(void);

/** Overwrite the end of the argument that @p text is, or is the end of. NULL is allowed. */
void secret_wipe_argument(int argc, char *argv[], const char *text);
/** Take a variable out of the environment, where others can read it and children inherit it. */
void secret_wipe_variable(const char *name);

#endif
