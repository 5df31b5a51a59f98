#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "describe.h"
#include "etas/text.h"
#include "etas/time.h"

enum { MAX_OPTIONS = 96, FIRST_LONG = 256 };

options_outcome options_complain(const command_usage *usage, const char *fmt, ...)
{
    va_list ap;

    (void)fprintf(stderr, "%s: ", usage->name);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, " (see %s --help)\n", usage->name);
    return OPTIONS_USAGE;
}

int options_exit_code(options_outcome outcome)
{
    return outcome == OPTIONS_DONE ? 0 : outcome == OPTIONS_FAILED ? 1 : EXIT_USAGE;
}

static void print_spec(const option_spec *spec)
{
    char left[64];
    const char *line = spec->help;

    if (line == NULL)
        return;
    if (spec->letter != '\0')
        etas_format(sizeof left, left, "-%c, --%s%s%s", spec->letter, spec->name,
                    spec->argument != NULL ? " " : "",
                    spec->argument != NULL ? spec->argument : "");
    else
        etas_format(sizeof left, left, "    --%s%s%s", spec->name,
                    spec->argument != NULL ? " " : "",
                    spec->argument != NULL ? spec->argument : "");
    if (strlen(left) > 27) {
        (void)printf("  %s\n", left);
        left[0] = '\0';
    }
    while (line != NULL) {
        const char *end = strchr(line, '\n');
        const int len = end != NULL ? (int)(end - line) : (int)strlen(line);

        (void)printf("  %-27s %.*s\n", left, len, line);
        left[0] = '\0';
        line = end != NULL ? end + 1 : NULL;
    }
}

static void print_help(const command_usage *usage, size_t n_tables, const option_table tables[])
{
    (void)printf("usage: %s %s\n\n%s\n\noptions:\n", usage->name, usage->synopsis, usage->about);
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n; i++)
            print_spec(&tables[t].specs[i]);
    print_spec(&(option_spec){.name = "help", .letter = 'h', .help = "print this and exit"});
}

/* A number of bytes, or of 1024^1 to 1024^4 of them. */
static bool parse_size(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    const size_t len = strlen(text);
    const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
    double number;

    if (unit == NULL)
        return etas_parse_u64(text, len, out);
    if (!etas_parse_double(text, len - 1, &number))
        return false;
    for (const char *u = units; u <= unit; u++)
        number *= 1024;
    if (!(number >= 1 && number < 0x1p63))
        return false;
    *out = (uint64_t)number;
    return true;
}

static options_outcome add_value(const command_usage *usage, const option_spec *spec,
                                 const char *text)
{
    option_list *const list = spec->value;

    if (list->n == OPTION_LIST_MOST)
        return options_complain(usage, "--%s may be given %d times at most", spec->name,
                                OPTION_LIST_MOST);
    list->items[list->n++] = text;
    return OPTIONS_RUN;
}

static options_outcome set_value(const command_usage *usage, const option_spec *spec,
                                 const char *text)
{
    const char *want = NULL;

    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)spec->value = true;
        break;
    case OPTION_TEXT:
        *(const char **)spec->value = text;
        break;
    case OPTION_LIST:
        return add_value(usage, spec, text);
    case OPTION_COUNT:
        if (!etas_parse_u64(text, strlen(text), spec->value))
            want = "a whole number";
        break;
    case OPTION_POSITIVE:
        if (!etas_parse_double(text, strlen(text), spec->value) ||
            !(*(double *)spec->value > 0 && isfinite(*(double *)spec->value)))
            want = "a positive number";
        break;
    case OPTION_NUMBER:
        if (!etas_parse_double(text, strlen(text), spec->value) ||
            !isfinite(*(double *)spec->value))
            want = "a number";
        break;
    case OPTION_TIME:
        if (etas_time_parse(text, strlen(text), spec->value, NULL) != ETAS_OK)
            want = "a time such as 2019-07-06 or 2019-07-06T03:20:00";
        break;
    case OPTION_DURATION:
        if (!etas_parse_duration(text, spec->value))
            want = "a duration such as 30s, 15m, 2h or 0.5d";
        break;
    case OPTION_EVERY:
        *(double *)spec->value = 2;
        if (text != NULL &&
            (!etas_parse_duration(text, spec->value) || *(double *)spec->value < 0.1))
            want = "a time of at least 0.1s";
        break;
    case OPTION_SIZE:
        if (!parse_size(text, spec->value))
            want = "a size such as 512M or 2G";
        break;
    }
    if (want != NULL)
        return options_complain(usage, "--%s: \"%s\" is not %s", spec->name, text, want);
    return OPTIONS_RUN;
}

/* The tables flattened into what getopt_long wants; val is FIRST_LONG + index. */
typedef struct parser {
    const option_spec *spec[MAX_OPTIONS];
    struct option longs[MAX_OPTIONS + 2];
    char letters[3 * MAX_OPTIONS + 4];
    int n;
} parser;

static int takes_argument(const option_spec *spec)
{
    if (spec->kind == OPTION_EVERY)
        return optional_argument;
    return spec->kind != OPTION_FLAG && spec->argument != NULL ? required_argument : no_argument;
}

/* "--watch 5" as well as "--watch=5"; what cannot be a value is left for others. */
static char *optional_value(int argc, char *argv[])
{
    double unused;

    if (optarg == NULL && optind < argc && etas_parse_duration(argv[optind], &unused))
        optarg = argv[optind++];
    return optarg;
}

static void parser_init(parser *p, size_t n_tables, const option_table tables[])
{
    size_t at = 0;

    *p = (parser){0};
    p->letters[at++] = ':'; /* a missing argument is reported as ':' */
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n && p->n < MAX_OPTIONS; i++) {
            const option_spec *spec = &tables[t].specs[i];

            p->spec[p->n] = spec;
            p->longs[p->n] = (struct option){
                .name = spec->name, .has_arg = takes_argument(spec), .val = FIRST_LONG + p->n};
            if (spec->letter != '\0') {
                p->letters[at++] = spec->letter;
                if (takes_argument(spec) == required_argument)
                    p->letters[at++] = ':';
            }
            p->n++;
        }
    p->longs[p->n] = (struct option){.name = "help", .has_arg = no_argument, .val = 'h'};
    p->letters[at] = 'h';
}

static const option_spec *spec_of(const parser *p, int code)
{
    if (code >= FIRST_LONG)
        return p->spec[code - FIRST_LONG];
    for (int i = 0; i < p->n; i++)
        if (p->spec[i]->letter == code)
            return p->spec[i];
    return NULL;
}

options_outcome options_check_kernels(const command_usage *usage, const char *text)
{
    if (text == NULL || strcmp(text, "scalar") == 0 || strcmp(text, "avx2") == 0 ||
        strcmp(text, "avx512") == 0)
        return OPTIONS_RUN;
    return options_complain(usage, "--kernels: \"%s\" is not scalar, avx2 or avx512", text);
}

options_outcome options_seed(const command_usage *usage, const char *text, uint64_t *seed)
{
    if (text == NULL)
        return getrandom(seed, sizeof *seed, 0) == (ssize_t)sizeof *seed
                   ? OPTIONS_RUN
                   : options_complain(usage, "the system gives no random numbers: use --seed");
    if (!etas_parse_u64(text, strlen(text), seed))
        return options_complain(usage, "--seed: \"%s\" is not a whole number below 2^64", text);
    return OPTIONS_RUN;
}

options_outcome options_parse(const command_usage *usage, const option_table tables[], int argc,
                              char *argv[], const char *arguments[], size_t *n_arguments)
{
    size_t n_tables = 0;
    parser p;
    int code;

    while (tables[n_tables].specs != NULL)
        n_tables++;
    if (describe_asked(argc, argv)) {
        (strcmp(argv[1], DESCRIBE_MAN) == 0 ? describe_man : describe_complete)(usage, n_tables,
                                                                                tables);
        return OPTIONS_DONE;
    }
    parser_init(&p, n_tables, tables);
    opterr = 0;
    optind = 1;
    *n_arguments = 0;
    while ((code = getopt_long(argc, argv, p.letters, p.longs, NULL)) != -1) {
        const option_spec *spec = spec_of(&p, code);
        options_outcome outcome;

        if (code == 'h') {
            print_help(usage, n_tables, tables);
            return OPTIONS_DONE;
        }
        if (code == ':')
            return options_complain(usage, "%s needs a value", argv[optind - 1]);
        if (code == '?' || spec == NULL)
            return options_complain(usage, "unknown option %s", argv[optind - 1]);
        outcome = set_value(usage, spec,
                            spec->kind == OPTION_EVERY ? optional_value(argc, argv) : optarg);
        if (outcome != OPTIONS_RUN)
            return outcome;
    }
    for (; optind < argc; optind++) {
        if (*n_arguments == usage->max_arguments)
            return options_complain(usage, "unexpected argument \"%s\"", argv[optind]);
        arguments[(*n_arguments)++] = argv[optind];
    }
    if (*n_arguments < usage->min_arguments)
        return options_complain(usage, "usage: %s %s", usage->name, usage->synopsis);
    return OPTIONS_RUN;
}
