#include "describe.h"

#include <stdio.h>
#include <string.h>

#include "etas/text.h"

enum { VALUES = 256 };

bool describe_asked(int argc, char *const argv[])
{
    return argc == 2 &&
           (strcmp(argv[1], DESCRIBE_COMPLETE) == 0 || strcmp(argv[1], DESCRIBE_MAN) == 0);
}

/* ---- completions ---- */

static size_t word_length(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_-");
}

/* "a, b or c" at the start of a text, or all of it a list; lines may be broken. *out is then
 * "a b c". */
static bool take_alternatives(const char *at, char out[VALUES])
{
    size_t used = 0;
    bool last = false;

    for (size_t n = 0;; n++) {
        const size_t len = word_length(at);

        if (len == 0 || used + len + 2 > VALUES)
            return false;
        if (n > 0)
            out[used++] = ' ';
        memcpy(out + used, at, len);
        used += len;
        out[used] = '\0';
        at += len;
        if (last || (*at == '\0' && n >= 2))
            return true;
        if (*at == ',')
            at++;
        if (*at != ' ' && *at != '\n')
            return false;
        at++;
        last = strncmp(at, "or", 2) == 0 && (at[2] == ' ' || at[2] == '\n');
        if (last)
            at += 3;
        else if (at[-2] != ',')
            return false;
    }
}

/* The help tells which words an option takes: at its start or after a colon. */
static bool find_alternatives(const char *help, char out[VALUES])
{
    for (const char *at = help; at != NULL; at = strstr(at, ": ")) {
        if (at != help)
            at += 2;
        if (take_alternatives(at, out))
            return true;
    }
    return false;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static const char *kind_of(const option_spec *spec, char values[VALUES])
{
    static const char *const files[] = {"FILE", "STORE", "CONFIG", "OUT", "CATALOG", "PATH"};

    values[0] = '\0';
    if (spec->kind == OPTION_FLAG || spec->argument == NULL)
        return "flag";
    if (begins(spec->argument, "DIR"))
        return "directory";
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (begins(spec->argument, files[i]))
            return "file";
    if (spec->kind == OPTION_TEXT && spec->help != NULL && find_alternatives(spec->help, values))
        return "words";
    values[0] = '\0';
    return spec->kind == OPTION_EVERY ? "flag" : "any";
}

static void complete_spec(const option_spec *spec)
{
    char values[VALUES];
    const char *kind;

    if (spec->help == NULL)
        return;
    kind = kind_of(spec, values);
    for (int letter = 0; letter < (spec->letter != '\0' ? 2 : 1); letter++) {
        if (letter)
            (void)printf("option\t-%c", spec->letter);
        else
            (void)printf("option\t--%s", spec->name);
        (void)printf("\t%s\t%s\t%.*s\n", kind, values[0] != '\0' ? values : "-",
                     (int)strcspn(spec->help, "\n"), spec->help);
    }
}

static const option_spec help_spec = {.name = "help", .letter = 'h', .help = "print this and exit"};

void describe_complete(const command_usage *usage, size_t n_tables, const option_table tables[])
{
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n; i++)
            complete_spec(&tables[t].specs[i]);
    complete_spec(&help_spec);
    if (usage->max_arguments > 0)
        puts("operand\tfile");
}

void describe_command(const char *name, const char *summary, bool descends)
{
    (void)printf("%s\t%s\t-\t-\t%s\n", descends ? "command" : "word", name, summary);
}

/* ---- manual pages ---- */

/* Text as troff wants it: no escapes, no hyphens that become dashes, no line that looks like a
 * request. */
static void put_troff(const char *text)
{
    bool fresh = true;

    for (; *text != '\0'; text++) {
        if (fresh && (*text == '.' || *text == '\''))
            (void)fputs("\\&", stdout);
        fresh = *text == '\n';
        if (*text == '\\')
            (void)fputs("\\e", stdout);
        else if (*text == '-')
            (void)fputs("\\-", stdout);
        else if (*text == '^' || *text == '~')
            (void)printf("\\(%s", *text == '^' ? "ha" : "ti");
        else
            (void)putchar(*text);
    }
}

static void man_spec(const option_spec *spec)
{
    if (spec->help == NULL)
        return;
    (void)fputs(".TP\n", stdout);
    if (spec->letter != '\0')
        (void)printf("\\fB\\-%c\\fR, ", spec->letter);
    (void)fputs("\\fB\\-\\-", stdout);
    put_troff(spec->name);
    (void)fputs("\\fR", stdout);
    if (spec->argument != NULL) {
        (void)fputs(" \\fI", stdout);
        put_troff(spec->argument);
        (void)fputs("\\fR", stdout);
    }
    (void)putchar('\n');
    put_troff(spec->help);
    (void)putchar('\n');
}

void describe_man(const command_usage *usage, size_t n_tables, const option_table tables[])
{
    (void)fputs(".SS ", stdout);
    put_troff(usage->name);
    (void)putchar(' ');
    put_troff(usage->synopsis);
    (void)putchar('\n');
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n; i++)
            man_spec(&tables[t].specs[i]);
    man_spec(&help_spec);
}
