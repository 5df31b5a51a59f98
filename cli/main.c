#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "commands.h"
#include "describe.h"
#include "etas/runner.h"
#include "options.h"
#include "talk.h"
#include "version.h"

typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char *argv[]);
} command;

static const command commands[] = {
    {"bench", "measure how fast this machine simulates, backend by backend", cmd_bench},
    {"catalog", "convert a catalogue, say what it holds, add the completeness after large shocks",
     cmd_catalog},
    {"estimate-mc", "test from which magnitude on a catalogue is complete", cmd_estimate_mc},
    {"evaluate", "score parameters, or test a forecast, on what was observed", cmd_evaluate},
    {"export", "write a finished run's catalogues to files of other formats", cmd_export},
    {"forecast", "invert a catalogue and simulate its possible continuations", cmd_forecast},
    {"invert", "estimate the model's parameters from a catalogue", cmd_invert},
    {"monitor", "show how a run goes or went: slow tasks, hosts, efficiency", cmd_monitor},
    {"plot", "draw a forecast, or how a fitted model agrees with its catalogue", cmd_plot},
    {"report", "write a page about a forecast: words, pictures, probabilities", cmd_report},
    {"series", "make and score a forecast for each of many dates", cmd_series},
    {"simulate", "simulate catalogues from given parameters", cmd_simulate},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void)
{
    puts("usage: etas COMMAND [OPTIONS]\n\n"
         "Earthquake forecasts with the ETAS model.\n\ncommands:");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    puts(
        "  version      print the version\n\n"
        "etas COMMAND --help describes a command. See also etas-redis-worker, etas-redis-manager.");
}

static int run(int argc, char *argv[])
{
    if (argc < 2) {
        (void)fputs("usage: etas COMMAND [OPTIONS] (see etas --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], DESCRIBE_COMPLETE) == 0) {
        for (size_t i = 0; i < N_COMMANDS; i++)
            describe_command(commands[i].name, commands[i].summary, true);
        describe_command("version", "print the version", false);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        version_print_all("etas");
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    (void)fprintf(stderr, "etas: unknown command \"%s\" (see etas --help)\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
    int exit_code;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)gsl_set_error_handler_off(); /* it aborts, in slots too */
    if (etas_slot_main(argc, argv, &exit_code))
        return exit_code;
    talk_open_standard();
    return talk_close_stdout("etas", run(argc, argv));
}
