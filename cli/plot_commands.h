/** @file plot_commands.h  The subcommands of etas plot; argv[0] is the subcommand's name. */
#ifndef ETAS_CLI_PLOT_COMMANDS_H
#define ETAS_CLI_PLOT_COMMANDS_H

int plot_fit(int argc, char *argv[]);
int plot_forecast(int argc, char *argv[]);

#endif
