#include "catalog_commands.h"
#include "commands.h"
#include "subcommands.h"

static const subcommand commands[] = {
    {"completeness", "add the completeness after large shocks as the column mc_current",
     catalog_completeness},
    {"convert", "write a catalogue, or a part of it, in another format", catalog_convert},
    {"fetch", "download a catalogue from a data centre (FDSN web service)", catalog_fetch},
    {"info", "say what a catalogue holds", catalog_info},
};

int cmd_catalog(int argc, char *argv[])
{
    return subcommands_run("catalog", "COMMAND [CATALOG] [OPTIONS]",
                           sizeof commands / sizeof *commands, commands, argc, argv);
}
