#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "describe.h"
#include "evaluate.h"
#include "options.h"

static const command_usage usage = {.name = "etas evaluate"};

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* A regular file with a JSON object in it; where there is none its name decides who complains. */
static bool is_configuration(const char *path)
{
    struct stat info;
    FILE *in;
    char first[2] = "";

    if (stat(path, &info) != 0)
        return ends_with(path, ".json");
    in = S_ISREG(info.st_mode) ? fopen(path, "r") : NULL;
    if (in == NULL)
        return false;
    if (fscanf(in, "\xEF\xBB\xBF") == EOF || fscanf(in, " %1s", first) != 1)
        first[0] = '\0';
    (void)fclose(in);
    return first[0] == '{';
}

/* What describes a command describes all three. */
static int help(char *argv[])
{
    int (*const all[])(int, char *[]) = {evaluate_likelihood, evaluate_forecast,
                                         evaluate_calibration};
    const bool spaced = argv[1][1] == 'h' || argv[1][2] == 'h';
    int exit_code = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all && exit_code == 0; i++) {
        if (i > 0 && spaced)
            (void)putchar('\n');
        exit_code = all[i](2, argv);
    }
    return exit_code;
}

int cmd_evaluate(int argc, char *argv[])
{
    const char *const subject = argc > 1 ? argv[1] : "";

    if (strcmp(subject, "--help") == 0 || strcmp(subject, "-h") == 0 || describe_asked(argc, argv))
        return help(argv);
    if (strcmp(subject, "--calibration") == 0)
        return evaluate_calibration(argc, argv);
    if (subject[0] == '-' || subject[0] == '\0') {
        (void)options_complain(&usage,
                               "a configuration or a forecast comes first, options after it");
        return EXIT_USAGE;
    }
    return is_configuration(subject) ? evaluate_likelihood(argc, argv)
                                     : evaluate_forecast(argc, argv);
}
