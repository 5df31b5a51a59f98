/* Lists of coordinates, in pairs or triples, as JSON, Python and NumPy print them:
 *   [[45.7, 5.85], [47.9, 5.85], ...]          ((45.7, 5.85), ...)
 *   [array([45.7 ,  5.85]), array([47.9, 10.6]), ...]
 *   array([[45.7, 5.85], ...], dtype=float64)  [(np.float64(45.7), np.float64(5.85)), ...]
 * The brackets carry the structure; the names of the constructors round them carry none. */
#include <ctype.h>
#include <string.h>

#include "etas/text.h"
#include "io/points.h"

enum { MOST_WRAPPERS = 8, MOST_COLUMNS = 3 };

typedef struct list_reader {
    const char *start, *at, *end;
    etas_points *points;
    etas_error *err;
} list_reader;

static etas_status fail_here(const list_reader *r, const char *expected)
{
    const char *line_start = r->start;
    uint64_t line = 1;
    char found[8] = "the end";

    for (const char *p = r->start; p < r->at; p++)
        if (*p == '\n') {
            line++;
            line_start = p + 1;
        }
    if (r->at < r->end)
        etas_format(sizeof found, found, "'%c'",
                    (unsigned char)*r->at < ' ' || *r->at == 0x7f ? '?' : *r->at);
    etas_fail(r->err, ETAS_E_PARSE, "found %s, expected %s; a region is a list [%s, ...]", found,
              expected, r->points->columns == 2 ? "[lat, lon]" : "[x, y, z]");
    etas_error_at_line(r->err, line, (uint64_t)(r->at - line_start) + 1);
    return ETAS_E_PARSE;
}

static void skip_space(list_reader *r)
{
    while (r->at < r->end && isspace((unsigned char)*r->at))
        r->at++;
}

static bool take(list_reader *r, char want)
{
    skip_space(r);
    if (r->at == r->end || *r->at != want)
        return false;
    r->at++;
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* "array(", "np.array(", "np.float64(": how many of them stand here. */
static etas_status open_wrappers(list_reader *r, int *depth)
{
    *depth = 0;
    for (;;) {
        const char *word;

        skip_space(r);
        word = r->at;
        if (word == r->end || !isalpha((unsigned char)*word))
            return ETAS_OK;
        while (r->at < r->end && is_word(*r->at))
            r->at++;
        if (++*depth > MOST_WRAPPERS || !take(r, '(')) {
            r->at = word;
            return fail_here(r, "a number or a bracket");
        }
    }
}

/* Closes them again, over arguments such as dtype=float64. */
static etas_status close_wrappers(list_reader *r, int depth)
{
    for (; depth > 0; depth--) {
        while (take(r, ',')) {
            skip_space(r);
            while (r->at < r->end &&
                   (is_word(*r->at) || *r->at == '=' || *r->at == '\'' || *r->at == '<'))
                r->at++;
        }
        if (!take(r, ')'))
            return fail_here(r, "')'");
    }
    return ETAS_OK;
}

static etas_status read_number(list_reader *r, double *out)
{
    int depth;
    const char *start;
    etas_status st = open_wrappers(r, &depth);

    if (st != ETAS_OK)
        return st;
    start = r->at;
    while (r->at < r->end && *r->at != '\0' && strchr("0123456789+-.eE", *r->at) != NULL)
        r->at++;
    if (!etas_parse_double(start, (size_t)(r->at - start), out)) {
        r->at = start;
        return fail_here(r, "a number");
    }
    return close_wrappers(r, depth);
}

static bool open_bracket(list_reader *r, char *closing)
{
    *closing = take(r, '[') ? ']' : take(r, '(') ? ')' : '\0';
    return *closing != '\0';
}

static etas_status read_row(list_reader *r)
{
    const size_t n = r->points->columns;
    double value[MOST_COLUMNS];
    char closing;
    int depth;
    etas_status st = open_wrappers(r, &depth);

    if (st != ETAS_OK)
        return st;
    if (!open_bracket(r, &closing))
        return fail_here(r, n == 2 ? "a pair [lat, lon]" : "a triple [x, y, z]");
    for (size_t i = 0; i < n; i++) {
        st = read_number(r, &value[i]);
        if (st != ETAS_OK)
            return st;
        if (i + 1 < n && !take(r, ','))
            return fail_here(r, i == 0 ? "',' and the second coordinate"
                                       : "',' and the third coordinate");
    }
    (void)take(r, ',');
    if (!take(r, closing))
        return fail_here(r,
                         n == 2 ? "the end of a pair [lat, lon]" : "the end of a triple [x, y, z]");
    st = close_wrappers(r, depth);
    if (st == ETAS_OK && etas_points_append(r->points, value) != ETAS_OK)
        st = etas_fail(r->err, ETAS_E_NOMEM, "out of memory after %zu vertices", r->points->n);
    return st;
}

static etas_status read_rows(list_reader *r)
{
    char closing;
    int depth;
    etas_status st = open_wrappers(r, &depth);

    if (st != ETAS_OK)
        return st;
    if (!open_bracket(r, &closing))
        return fail_here(r, "'['");
    while (!take(r, closing)) {
        st = read_row(r);
        if (st != ETAS_OK)
            return st;
        if (!take(r, ',')) {
            if (!take(r, closing))
                return fail_here(r, closing == ']' ? "',' or ']'" : "',' or ')'");
            break;
        }
    }
    return close_wrappers(r, depth);
}

etas_status etas_points_read_list(etas_points *self, size_t len, const char text[], etas_error *err)
{
    list_reader r = {.start = text, .at = text, .end = text + len, .points = self, .err = err};
    char quote = '\0';
    etas_status st;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r.at += 3;
    skip_space(&r);
    if (r.at < r.end && (*r.at == '"' || *r.at == '\''))
        quote = *r.at++;
    st = read_rows(&r);
    if (st == ETAS_OK && quote != '\0' && !take(&r, quote))
        st = fail_here(&r, "the closing quote");
    skip_space(&r);
    if (st == ETAS_OK && r.at != r.end)
        st = fail_here(&r, "the end of the list");
    return st;
}
