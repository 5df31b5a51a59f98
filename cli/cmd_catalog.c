#include <stdio.h>
#include <string.h>

#include "catalog_commands.h"
#include "commands.h"
#include "describe.h"
#include "options.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char *argv[]);
} commands[] = {
    {"completeness", "add the completeness after large shocks as the column mc_current",
     catalog_completeness},
    {"convert", "write a catalogue, or a part of it, in another format", catalog_convert},
    {"fetch", "download a catalogue from a data centre (FDSN web service)", catalog_fetch},
    {"info", "say what a catalogue holds", catalog_info},
};

int cmd_catalog(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        puts("usage: etas catalog COMMAND [CATALOG] [OPTIONS]\n\ncommands:");
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            printf("  %-12s %s\n", commands[i].name, commands[i].summary);
        puts("\netas catalog COMMAND --help describes a command.");
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
        (void)fputs("usage: etas catalog COMMAND [CATALOG] [OPTIONS] (see etas catalog --help)\n",
                    stderr);
    else
        (void)fprintf(stderr, "etas: unknown command \"catalog %s\" (see etas catalog --help)\n",
                      name);
    return EXIT_USAGE;
}
