/** @file catalog_commands.h  The subcommands of etas catalog; argv[0] is the subcommand's name. */
#ifndef ETAS_CLI_CATALOG_COMMANDS_H
#define ETAS_CLI_CATALOG_COMMANDS_H

int catalog_completeness(int argc, char *argv[]);
int catalog_convert(int argc, char *argv[]);
int catalog_fetch(int argc, char *argv[]);
int catalog_info(int argc, char *argv[]);

#endif
