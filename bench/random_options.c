/* Does every inversion end at a fixed point, or say why not? Options, fixed values, starts and
 * small catalogues drawn at random, as in the tests. random_options [COUNT] [FIRST]
 */
#include "inversion/random_options.h"

#include <stdio.h>

enum { MAX_REASONS = 32, SAME_TEXT = 20 };

typedef struct tally {
    unsigned solved, refused, failed;
    double step, distance; /* from the ends: of a further step, and to a closer end */
    size_t n_reasons;
    struct {
        char text[sizeof((etas_error *)NULL)->text];
        unsigned n;
    } reason[MAX_REASONS];
} tally;

static void count_reason(const char *text, tally *t)
{
    size_t k = 0;

    while (k < t->n_reasons && strncmp(t->reason[k].text, text, SAME_TEXT) != 0)
        k++;
    if (k == MAX_REASONS)
        return;
    if (k == t->n_reasons)
        (void)snprintf(t->reason[t->n_reasons++].text, sizeof t->reason[k].text, "%s", text);
    t->reason[k].n++;
}

static void look_at_end(uint64_t number, const random_case *one, etas_inversion *inversion,
                        tally *t)
{
    const etas_params end = etas_inversion_state_get(inversion).theta;
    double step, distance = 0;

    check_ok(etas_inversion_step(inversion, NULL), NULL);
    const etas_params after = etas_inversion_state_get(inversion).theta;
    step = largest_change(&end, &after);
    if (!one->stateful && closer_end(one, &end, &distance) != ETAS_OK)
        printf("draw %u: no closer end\n", (unsigned)number);
    if (!(step <= 1e-7 && distance <= 1e-7))
        printf("draw %u: a further step %.3g, distance %.3g\n", (unsigned)number, step, distance);
    t->step = fmax(t->step, step);
    t->distance = fmax(t->distance, distance);
}

static void run(uint64_t number, tally *t)
{
    random_case one;
    etas_inversion *inversion = NULL;
    etas_error err = {0};

    random_case_draw(number, &one);
    if (etas_inversion_open(&inversion, &one.catalog, &one.cfg, &err) != ETAS_OK) {
        t->refused++;
        count_reason(err.text, t);
    } else if (etas_inversion_solve(inversion, &err) != ETAS_OK) {
        t->failed++;
        count_reason(err.text, t);
    } else {
        t->solved++;
        look_at_end(number, &one, inversion, t);
    }
    etas_inversion_close(inversion);
    random_case_free(&one);
}

int main(int argc, char **argv)
{
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 500;
    const uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    tally t = {0};

    for (uint64_t k = first; k < first + count; k++)
        run(k, &t);
    printf("%u solved: a further step moves a parameter by %.3g at most, a closer end is %.3g away "
           "at most\n%u refused, %u failed:\n",
           t.solved, t.step, t.distance, t.refused, t.failed);
    for (size_t k = 0; k < t.n_reasons; k++)
        printf("%6u  %s\n", t.reason[k].n, t.reason[k].text);
    return 0;
}
