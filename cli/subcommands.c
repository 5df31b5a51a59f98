#include "subcommands.h"

#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "options.h"

int subcommands_run(const char *command, const char *synopsis, size_t n,
                    const subcommand commands[], int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        printf("usage: etas %s %s\n\ncommands:\n", command, synopsis);
        for (size_t i = 0; i < n; i++)
            printf("  %-12s %s\n", commands[i].name, commands[i].summary);
        printf("\netas %s COMMAND --help describes a command.\n", command);
        return 0;
    }
    if (strcmp(name, DESCRIBE_COMPLETE) == 0) {
        for (size_t i = 0; i < n; i++)
            describe_command(commands[i].name, commands[i].summary, true);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (name[0] == '\0')
        (void)fprintf(stderr, "usage: etas %s %s (see etas %s --help)\n", command, synopsis,
                      command);
    else
        (void)fprintf(stderr, "etas: unknown command \"%s %s\" (see etas %s --help)\n", command,
                      name, command);
    return EXIT_USAGE;
}
