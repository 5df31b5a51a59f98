#include "io/suggest.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 63 };

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' || c == ' ' ? '_' : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Optimal string alignment distance. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][LONGEST + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *const spare = before;

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t replace = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));

            now[j] = min3(last[j] + 1, now[j - 1] + 1, replace);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *etas_suggest(const char *word, size_t n, const char *const names[])
{
    const size_t len = strlen(word);
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;

    if (len == 0 || len > LONGEST)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const size_t m = names[i] != NULL ? strlen(names[i]) : 0;
        size_t d;

        if (m == 0 || m > LONGEST)
            continue;
        d = distance(word, len, names[i], m);
        if (d < best_distance && d <= 1 + (len < m ? len : m) / 4) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
