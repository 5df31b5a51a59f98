/* Aftershocks lie along great circles: at their distance on the sphere, in any direction. */
#include "unit/simulation/forecast_fixture.h"

#include <stdio.h>
#include <string.h>

#include "etas/sampling.h"
#include "math/dispatch.h"
#include "simulation/sim_kernels.h"

/* A parent at a place whose children reach @p scale_km typically; only they are simulated. */
typedef struct family {
    etas_catalog history;
    double xi;
    etas_plan_input in;
} family;

static void make_family(family *f, double lat, double lon, double scale_km)
{
    *f = (family){.in = bare_input()};
    f->in.theta.value[ETAS_LOG10_D] = 2 * log10(scale_km);
    f->in.theta.value[ETAS_GAMMA] = 0;
    f->in.theta.value[ETAS_OMEGA] = 0.3;
    set_branching(&f->in, 1e-4);
    add_past_event(&f->history, 0.01, lat, lon, 5);
    f->xi = 40 / etas_expected_aftershocks(&f->in.theta, 2, 0.01, 100.01);
    f->in.history = &f->history;
    f->in.xi = &f->xi;
}

static const double places[][2] = {{0, 0},        {46, 8},         {-33.3, 179.999}, {60, -180},
                                   {89.99, 10},   {-89.99, -170},  {90, 0},          {-90, 33},
                                   {0, -179.999}, {75.5, 179.9995}};
enum { N_PLACES = sizeof places / sizeof *places };

static const long double DEGREE = 0.017453292519943295769236907684886L;

/* Distance and azimuth (clockwise from north, in turns) from one place to another, by vectors: the
 * angle from both the cross and the dot product keeps its digits at any distance. */
static void from_to(const double from[2], const double to[2], double *km, double *turn)
{
    const long double lat1 = from[0] * DEGREE, lat2 = to[0] * DEGREE;
    const long double dlon = (to[1] - from[1]) * DEGREE;
    const long double east = cosl(lat2) * sinl(dlon);
    const long double north = cosl(lat1) * sinl(lat2) - sinl(lat1) * cosl(lat2) * cosl(dlon);
    const long double along = sinl(lat1) * sinl(lat2) + cosl(lat1) * cosl(lat2) * cosl(dlon);

    *km = (double)(ETAS_EARTH_RADIUS_KM * atan2l(hypotl(east, north), along));
    *turn = (double)(atan2l(east, north) / (360 * DEGREE));
}

/* ---- the kernel ---- */

enum { N = 512, PAD = N + SIM_PAD };

typedef struct columns {
    uint32_t catalog[PAD], event[PAD], turn[PAD];
    double lat[PAD], lon[PAD], lat_sine[PAD], lat_cosine[PAD], d_km2[PAD];
    double child_lat[PAD], child_lon[PAD], child_sine[PAD], child_cosine[PAD], dm[PAD];
} columns;

static const sim_constants constants = {.minus_inv_rho = -1 / 1.5,
                                        .turns_per_km = 1 / (6.283185307179586 * 6378.1),
                                        .inv_beta = 1,
                                        .mag_span_cdf = 1};

/* Parents all over, scales from 1 m to beyond the antipode. */
static void fill(columns *c)
{
    for (uint32_t i = 0; i < N; i++) {
        const double *place = places[i % N_PLACES];

        c->catalog[i] = 0;
        c->event[i] = i;
        c->turn[i] = i < 8 ? i << 29 : i * 2654435761u;
        c->lat[i] = place[0];
        c->lon[i] = place[1];
        c->lat_sine[i] = (double)sinl(place[0] * DEGREE);
        c->lat_cosine[i] = fabs(place[0]) == 90 ? 0 : (double)cosl(place[0] * DEGREE);
        c->d_km2[i] = pow(10, -6 + 16.0 * (i / 16) / (N / 16));
    }
}

static void run_kernel(const sim_kernels *kernels, size_t n, columns *c)
{
    const sim_addresses at = {
        .seed = 99, .generation = 3, .n = n, .catalog = c->catalog, .event = c->event};
    const sim_origins parents = {c->turn, c->lat, c->lon, c->lat_sine, c->lat_cosine, c->d_km2};
    const sim_spots spots = {c->child_lat,    c->child_lon, c->child_sine,
                             c->child_cosine, c->dm,        NULL};

    kernels->spots(&constants, &at, &parents, &spots);
}

static long double dot(const long double a[3], const long double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void point(double lat, double lon, long double out[3])
{
    const long double cosine = fabs(lat) == 90 ? 0 : cosl(lat * DEGREE);

    out[0] = cosine * cosl(lon * DEGREE);
    out[1] = cosine * sinl(lon * DEGREE);
    out[2] = sinl(lat * DEGREE);
}

/* The end of the leap: the parent turned towards the tangent of its direction. */
static void leap(double lat, double lon, long double turns, long double angle, long double out[3])
{
    const long double round = 360 * DEGREE;
    const long double east[3] = {-sinl(lon * DEGREE), cosl(lon * DEGREE), 0};
    long double at[3], north[3];

    point(lat, lon, at);
    north[0] = -at[2] * cosl(lon * DEGREE);
    north[1] = -at[2] * sinl(lon * DEGREE);
    north[2] = fabs(lat) == 90 ? 0 : cosl(lat * DEGREE);
    for (int k = 0; k < 3; k++)
        out[k] =
            at[k] * cosl(turns * round) +
            (north[k] * cosl(angle * round) + east[k] * sinl(angle * round)) * sinl(turns * round);
}

static void a_child_lies_where_spherical_trigonometry_puts_it(void **state)
{
    static columns c;
    double worst = 0, worst_sine = 0, longest = 0;

    (void)state;
    fill(&c);
    run_kernel(&sim_kernels_scalar, N, &c);
    for (uint32_t i = 0; i < N; i++) {
        const etas_address at = {.generation = 3, .event = i, .purpose = SIM_PLACE};
        double u[2];
        long double turns, want[3], got[3], off = 0;

        etas_uniform_pair(99, &at, u);
        turns = sqrtl(c.d_km2[i] * expm1l(-logl(u[0]) / 1.5L)) / (360 * DEGREE * 6378.1L);
        longest = fmax(longest, (double)turns);
        if (turns > 20)
            continue;
        leap(c.lat[i], c.lon[i], turns, (c.turn[i] + 0.5L) / 4294967296, want);
        point(c.child_lat[i], c.child_lon[i], got);
        for (int k = 0; k < 3; k++)
            off += (got[k] - want[k]) * (got[k] - want[k]);
        assert_true(c.child_lon[i] >= -180 && c.child_lon[i] < 180);
        worst = fmax(worst, (double)sqrtl(off) / fmax(1, (double)turns));
        worst_sine = fmax(worst_sine, fabs((double)(c.child_sine[i] - want[2])));
        assert_true(fabs(c.child_sine[i] * c.child_sine[i] + c.child_cosine[i] * c.child_cosine[i] -
                         1) < 1e-14);
        assert_true(fabs((double)dot(want, want) - 1) < 1e-15);
    }
    print_message("worst %.3g radians, sines %.3g; farthest %.3g turns\n", worst, worst_sine,
                  longest);
    assert_true(longest > 1);
    assert_true(worst < 3e-15); /* of an angle of 1: 20 nanometres on the globe */
}

/* A child of a child of ...: only sines and cosines are handed down. */
static void sines_handed_down_for_ten_thousand_generations_stay_true(void **state)
{
    enum { FEW = 64 };
    static columns c;
    double worst = 0;

    (void)state;
    fill(&c);
    for (uint32_t generation = 0; generation < 10000; generation++) {
        run_kernel(&sim_kernels_scalar, FEW, &c);
        for (uint32_t i = 0; i < FEW; i++) {
            c.event[i] += FEW;
            c.turn[i] += 2654435761u;
            c.lon[i] = c.child_lon[i];
            c.lat_sine[i] = c.child_sine[i];
            c.lat_cosine[i] = c.child_cosine[i];
            c.d_km2[i] = i % 2 == 0 ? 100 : 1e6;
        }
    }
    for (size_t i = 0; i < FEW; i++)
        worst = fmax(worst, fabs(c.lat_sine[i] - (double)sinl(c.child_lat[i] * DEGREE)));
    print_message("worst %.3g\n", worst);
    assert_true(worst < 1e-12);
}

static void every_instruction_set_places_alike(void **state)
{
    static const sim_kernels *const tables[] = ETAS_ISA_TABLES(sim_kernels_);
    static columns want, got;

    (void)state;
    fill(&want);
    run_kernel(&sim_kernels_scalar, N, &want);
    for (etas_isa isa = ETAS_ISA_SCALAR; isa <= etas_isa_best(); isa++) {
        fill(&got);
        run_kernel(tables[isa], N, &got);
        assert_memory_equal(got.child_lat, want.child_lat, N * sizeof *got.child_lat);
        assert_memory_equal(got.child_lon, want.child_lon, N * sizeof *got.child_lon);
        assert_memory_equal(got.child_sine, want.child_sine, N * sizeof *got.child_sine);
        assert_memory_equal(got.child_cosine, want.child_cosine, N * sizeof *got.child_cosine);
    }
}

/* ---- what is simulated ---- */

/* Share of radii that lead to a distance of at most @p km: those beyond the antipode come back on
 * the other side, and so on round the globe. */
static double share_within(double km, double scale_km)
{
    const double round = 2 * acos(-1) * ETAS_EARTH_RADIUS_KM;
    double share = 0;

    for (int turn = 0; turn < 25; turn++) {
        const double r[] = {turn * round, turn * round + km, (turn + 1) * round - km,
                            (turn + 1) * round};

        for (int k = 0; k < 4; k++)
            share += (k % 2 == 0 ? 1 : -1) * pow(1 + r[k] * r[k] / (scale_km * scale_km), -1.5);
    }
    return share;
}

static void distances_and_directions_follow_the_law_on_the_sphere(void **state)
{
    static const double scales_km[] = {2, 300, 6000};

    (void)state;
    for (size_t p = 0; p < N_PLACES; p++)
        for (size_t s = 0; s < 3; s++) {
            const double scale = scales_km[s];
            double *share, *direction;
            char what[80];
            family f;
            etas_events e;

            make_family(&f, places[p][0], places[p][1], scale);
            e = simulate(&f.in, 100);
            share = malloc((e.n + 1) * sizeof *share);
            direction = malloc((e.n + 1) * sizeof *direction);
            assert_true(share != NULL && direction != NULL);
            for (size_t i = 0; i < e.n; i++) {
                const double to[2] = {e.lat[i] * 1e-6, e.lon[i] * 1e-6};
                double km, turn;

                from_to(places[p], to, &km, &turn);
                share[i] = share_within(km, scale);
                direction[i] = turn + 0.5;
            }
            (void)snprintf(what, sizeof what, "distances of %g km from (%g, %g)", scale,
                           places[p][0], places[p][1]);
            check_uniform(e.n, share, what);
            memcpy(what, "directions", 9);
            check_uniform(e.n, direction, what);
            free(share);
            free(direction);
            etas_events_free(&e);
            etas_catalog_free(&f.history);
        }
}

/* The other placement, on request: degrees of a plane that is stretched by the parent's cosine. */
static void the_reference_placement_is_by_flat_degrees(void **state)
{
    family f;
    etas_events e;
    double *share, *direction;

    (void)state;
    make_family(&f, 70, 179, 300);
    f.in.reference_placement = true;
    e = simulate(&f.in, 100);
    share = malloc((e.n + 1) * sizeof *share);
    direction = malloc((e.n + 1) * sizeof *direction);
    assert_true(share != NULL && direction != NULL);
    size_t n = 0;
    for (size_t i = 0; i < e.n; i++) {
        const double y = (e.lat[i] * 1e-6 - 70) * KM_PER_DEGREE;
        const double dlon = e.lon[i] * 1e-6 - 179;
        const double x =
            (dlon < -180 ? dlon + 360 : dlon) * KM_PER_DEGREE * cos(70 * (double)DEGREE);
        const double r = hypot(x, y);

        if (r > 2000) /* those over the pole or round the globe lie elsewhere */
            continue;
        share[n] = (1 - pow(1 + r * r / 9e4, -1.5)) / (1 - pow(1 + 4e6 / 9e4, -1.5));
        direction[n++] = atan2(x, y) / 6.283185307179586 + 0.5;
    }
    assert_true(n > e.n * 9 / 10);
    check_uniform(n, share, "flat distances");
    check_uniform(n, direction, "flat directions");
    free(share);
    free(direction);
    etas_events_free(&e);
    etas_catalog_free(&f.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_lies_where_spherical_trigonometry_puts_it),
        cmocka_unit_test(sines_handed_down_for_ten_thousand_generations_stay_true),
        cmocka_unit_test(every_instruction_set_places_alike),
        cmocka_unit_test(distances_and_directions_follow_the_law_on_the_sphere),
        cmocka_unit_test(the_reference_placement_is_by_flat_degrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
