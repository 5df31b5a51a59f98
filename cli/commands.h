/** @file commands.h  The subcommands of etas; argv[0] is the subcommand's name. */
#ifndef ETAS_CLI_COMMANDS_H
#define ETAS_CLI_COMMANDS_H

int cmd_bench(int argc, char *argv[]);
int cmd_catalog(int argc, char *argv[]);
int cmd_estimate_mc(int argc, char *argv[]);
int cmd_evaluate(int argc, char *argv[]);
int cmd_export(int argc, char *argv[]);
int cmd_forecast(int argc, char *argv[]);
int cmd_invert(int argc, char *argv[]);
int cmd_monitor(int argc, char *argv[]);
int cmd_plot(int argc, char *argv[]);
int cmd_report(int argc, char *argv[]);
int cmd_series(int argc, char *argv[]);
int cmd_simulate(int argc, char *argv[]);

#endif
