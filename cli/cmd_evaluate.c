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

int cmd_evaluate(int argc, char *argv[])
{
    const char *const subject = argc > 1 ? argv[1] : "";
    const bool help =
        strcmp(subject, "--help") == 0 || strcmp(subject, "-h") == 0 || describe_asked(argc, argv);

    if (!help && (subject[0] == '-' || subject[0] == '\0')) {
        (void)options_complain(&usage, "a configuration comes first, options after it");
        return EXIT_USAGE;
    }
    if (help || is_configuration(subject))
        return evaluate_likelihood(argc, argv);
    (void)options_complain(&usage, "%s is no configuration", subject);
    return EXIT_USAGE;
}
