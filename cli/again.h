/** @file again.h  Commands for people to paste. */
#ifndef ETAS_CLI_AGAIN_H
#define ETAS_CLI_AGAIN_H

/** "etas" and argv[0 ..], quoted for a shell, with --resume; without what contradicts that
 * (--restart, --from-store) and without a password. To be made before the arguments are parsed, and
 * freed; NULL without memory. */
char *again_command(int argc, char *const argv[]);

/** "etas" and argv[0 ..], quoted for a shell. Likewise. */
char *again_quoted(int argc, char *const argv[]);

#endif
