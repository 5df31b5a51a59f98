/* Two samples, the reference package's simulated events and ours: do they come from one process?
 *
 * Events of a catalogue depend on each other, catalogues do not. So the distribution of each
 * statistic is found by handing out the catalogues anew to the two sides, which is exact. */
#include "swiss_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/sampling.h"
#include "etas/simulation.h"

enum { N_REFERENCE = 9200, N_OURS = 20000, N_BOTH = N_REFERENCE + N_OURS, PERMUTATIONS = 999 };

static const uint64_t SEED = 20260920;

/** One number per event (or catalogue), with the catalogue that it belongs to. */
typedef struct value {
    double x;
    uint32_t catalog; /**< the reference's first */
} value;

typedef struct sample {
    size_t n, capacity;
    value *values;
} sample;

static void append(sample *s, double x, size_t catalog)
{
    check_ok(etas_array_reserve((void **)&s->values, &s->capacity, s->n + 1, sizeof *s->values),
             NULL);
    s->values[s->n++] = (value){x, (uint32_t)catalog};
}

enum {
    TIME,
    TRIGGERED_TIME,
    MAGNITUDE,
    LATITUDE,
    LONGITUDE,
    GENERATION,
    NUMBER, /* of events, per catalogue */
    N_STATISTICS
};

static const char *const names[N_STATISTICS] = {
    "time",      "time of aftershocks", "magnitude",       "latitude",
    "longitude", "generation",          "number of events"};

typedef struct samples {
    sample of[N_STATISTICS];
    double number[N_BOTH];
} samples;

static void append_event(samples *s, size_t catalog, const double event[NUMBER])
{
    for (size_t k = 0; k < NUMBER; k++)
        if (k != TRIGGERED_TIME || event[GENERATION] > 0)
            append(&s->of[k], event[k], catalog);
    s->number[catalog]++;
}

/* catalog_id,latitude,longitude,magnitude,time,is_background,generation */
static void read_reference(samples *s, etas_time start)
{
    char command[4200], line[512];
    FILE *file;
    size_t n = 0;

    assert_true(snprintf(command, sizeof command, "gzip -dc '%s'",
                         swiss_path("vectors/simulated_events_ch.csv.gz")) < (int)sizeof command);
    file = popen(command, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        char *cell[7], *at = line;
        etas_time time;
        double event[NUMBER];

        line[strcspn(line, "\r\n")] = '\0';
        for (size_t k = 0; k < 7; k++)
            cell[k] = strsep(&at, ",");
        assert_non_null(cell[6]);
        check_ok(etas_time_parse(cell[4], strlen(cell[4]), &time, NULL), NULL);
        event[LATITUDE] = strtod(cell[1], NULL);
        event[LONGITUDE] = strtod(cell[2], NULL);
        event[MAGNITUDE] = round(10 * strtod(cell[3], NULL));
        event[TIME] = event[TRIGGERED_TIME] = etas_days_between(start, time);
        event[GENERATION] = strtod(cell[6], NULL);
        append_event(s, strtoul(cell[0], NULL, 10), event);
    }
    assert_int_equal(pclose(file), 0);
    assert_int_equal(n, 25942);
}

/* The reference puts 6.12 % of its background events anywhere in the bounding box, in degrees. */
static void misplace(const swiss_case *c, uint64_t number, double event[NUMBER])
{
    const etas_region *box = &c->region;
    const etas_address address = {.catalog = number, .purpose = 255};
    const etas_address where = {.catalog = number, .purpose = 255, .draw = 1};
    double u[2], v[2];

    etas_uniform_pair(SEED, &address, u);
    etas_uniform_pair(SEED, &where, v);
    if (event[GENERATION] > 0 || u[0] >= 0.0612)
        return;
    event[LATITUDE] = box->lat_min + v[0] * (box->lat_max - box->lat_min);
    event[LONGITUDE] = box->lon_min + v[1] * (box->lon_max - box->lon_min);
}

static void simulate_ours(samples *s, const swiss_case *c)
{
    etas_simulator *sim = NULL;
    etas_events e = {0};
    size_t i = 0;

    check_ok(etas_simulator_open(&sim, &c->plan, NULL, NULL), NULL);
    check_ok(etas_simulator_run(sim, SEED, 0, N_OURS, &e, NULL), NULL);
    for (size_t k = 0; k < N_OURS; k++) {
        for (const size_t end = i + e.count[k]; i < end; i++) {
            double event[NUMBER] = {[TIME] = (double)e.time_ms[i] / 86400e3,
                                    [TRIGGERED_TIME] = (double)e.time_ms[i] / 86400e3,
                                    [MAGNITUDE] = round(e.mag[i] / 1000.0),
                                    [LATITUDE] = e.lat[i] * 1e-6,
                                    [LONGITUDE] = e.lon[i] * 1e-6,
                                    [GENERATION] = e.generation[i]};

            misplace(c, i, event);
            append_event(s, N_REFERENCE + k, event);
        }
    }
    etas_events_free(&e);
    etas_simulator_close(sim);
}

static int by_value(const void *a, const void *b)
{
    const value *x = a, *y = b;

    return (x->x > y->x) - (x->x < y->x);
}

/* Largest distance between the two distribution functions of sorted values. */
static double distance(const sample *s, const bool is_ours[N_BOTH])
{
    double n_ours = 0, at = 0, largest = 0, step[2];

    for (size_t i = 0; i < s->n; i++)
        n_ours += is_ours[s->values[i].catalog];
    step[true] = 1 / n_ours;
    step[false] = -1 / ((double)s->n - n_ours);
    for (size_t i = 0; i < s->n; i++) {
        at += step[is_ours[s->values[i].catalog]];
        if (i + 1 == s->n || s->values[i + 1].x > s->values[i].x)
            largest = fmax(largest, fabs(at));
    }
    return largest;
}

static void hand_out(uint64_t round, bool is_ours[N_BOTH])
{
    for (size_t i = N_BOTH - 1; i > 0; i--) {
        const etas_address address = {.catalog = round, .event = (uint32_t)i, .purpose = 254};
        double u[2];
        size_t other;
        bool swap;

        etas_uniform_pair(SEED, &address, u);
        other = (size_t)(u[0] * (double)(i + 1));
        swap = is_ours[i];
        is_ours[i] = is_ours[other];
        is_ours[other] = swap;
    }
}

static void published_events_and_ours_are_one_population(void **state)
{
    static samples s;
    static bool is_ours[N_BOTH];
    const swiss_case *c = *state;
    double observed[N_STATISTICS];
    size_t as_far[N_STATISTICS] = {0};

    read_reference(&s, c->plan.start);
    simulate_ours(&s, c);
    for (size_t k = 0; k < N_BOTH; k++) {
        append(&s.of[NUMBER], s.number[k], k);
        is_ours[k] = k >= N_REFERENCE;
    }
    for (size_t k = 0; k < N_STATISTICS; k++) {
        qsort(s.of[k].values, s.of[k].n, sizeof *s.of[k].values, by_value);
        observed[k] = distance(&s.of[k], is_ours);
    }
    for (size_t round = 0; round < PERMUTATIONS; round++) {
        hand_out(round, is_ours);
        for (size_t k = 0; k < N_STATISTICS; k++)
            as_far[k] += distance(&s.of[k], is_ours) >= observed[k];
    }
    for (size_t k = 0; k < N_STATISTICS; k++) {
        const double p = (1.0 + (double)as_far[k]) / (1.0 + PERMUTATIONS);

        print_message("%-20s D = %.5f  p = %.3f\n", names[k], observed[k], p);
        if (p < 0.003)
            fail_msg("%s: the samples differ, p = %g", names[k], p);
        etas_array_free((void **)&s.of[k].values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_events_and_ours_are_one_population),
    };
    const int missing = swiss_case_missing();

    return missing != 0 ? missing
                        : cmocka_run_group_tests(tests, swiss_case_setup, swiss_case_teardown);
}
