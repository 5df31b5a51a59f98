#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "describe.h"
#include "options.h"
#include "plot_commands.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char *argv[]);
} commands[] = {
    {"fit", "how a fitted model agrees with its catalogue", plot_fit},
    {"forecast", "where, how many and of which magnitudes a forecast expects events",
     plot_forecast},
};

int cmd_plot(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        puts("usage: etas plot COMMAND INPUT [OPTIONS]\n\ncommands:");
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            printf("  %-12s %s\n", commands[i].name, commands[i].summary);
        puts("\netas plot COMMAND --help describes a command.");
        return 0;
    }
    if (strcmp(name, DESCRIBE_COMPLETE) == 0) {
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            describe_command(commands[i].name, commands[i].summary, true);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (name[0] == '\0')
        (void)fputs("usage: etas plot COMMAND INPUT [OPTIONS] (see etas plot --help)\n", stderr);
    else
        (void)fprintf(stderr, "etas: unknown command \"plot %s\" (see etas plot --help)\n", name);
    return EXIT_USAGE;
}
