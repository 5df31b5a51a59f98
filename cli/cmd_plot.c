#include "commands.h"
#include "plot_commands.h"
#include "subcommands.h"

static const subcommand commands[] = {
    {"fit", "how a fitted model agrees with its catalogue", plot_fit},
    {"forecast", "where, how many and of which magnitudes a forecast expects events",
     plot_forecast},
};

int cmd_plot(int argc, char *argv[])
{
    return subcommands_run("plot", "COMMAND INPUT [OPTIONS]", sizeof commands / sizeof *commands,
                           commands, argc, argv);
}
