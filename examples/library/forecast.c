/* A forecast with libetas, without the program: reads a configuration, inverts the catalogue that
 * it names, simulates continuations in this process, and prints how many events they have.
 *
 *     cc -o forecast forecast.c $(pkg-config --cflags --libs etas)
 *     ./forecast CONFIG [CATALOGUES [SEED]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <etas/array.h>
#include <etas/config.h>
#include <etas/inversion.h>
#include <etas/simulation.h>

/* The catalogue of the configuration, cut to what an inversion uses. */
static etas_status load_catalog(const etas_config *cfg, etas_catalog *out, etas_error *err)
{
    const etas_selection how = {.start = cfg->auxiliary_start,
                                .end = cfg->timewindow_end,
                                .region = &cfg->region,
                                .delta_m = cfg->delta_m,
                                .mc_method = cfg->mc_method,
                                .mc = cfg->mc};
    etas_catalog all = {0};
    etas_status st = etas_config_catalog(cfg, cfg->fn_catalog, NULL, &all, NULL, err);

    if (st == ETAS_OK)
        st = etas_catalog_select(&all, &how, out, err);
    etas_catalog_free(&all);
    return st;
}

static etas_status invert(const etas_config *cfg, const etas_catalog *catalog, double area_km2,
                          etas_inversion **out, etas_error *err)
{
    etas_inversion_config how = etas_inversion_config_default();
    etas_status st;

    how.window_start = cfg->timewindow_start;
    how.window_end = cfg->timewindow_end;
    how.m_ref = cfg->m_ref;
    how.delta_m = cfg->delta_m;
    how.area_km2 = area_km2;
    how.estimator = cfg->estimator;
    how.theta_0 = cfg->theta_0;
    st = etas_inversion_open(out, catalog, &how, err);
    return st == ETAS_OK ? etas_inversion_solve(*out, err) : st;
}

/* Everything that the simulated catalogues depend on. */
static etas_status plan(const etas_config *cfg, const etas_catalog *catalog, double area_km2,
                        const etas_inversion *inversion, etas_plan *out, etas_error *err)
{
    const etas_inversion_state state = etas_inversion_state_get(inversion);
    const double days = cfg->forecast_days;
    const etas_time end = cfg->timewindow_end + (etas_time)(days * (double)ETAS_NS_PER_DAY);
    etas_plan_input in = {.theta = state.theta,
                          .beta = state.beta,
                          .m_ref = cfg->m_ref,
                          .delta_m = cfg->delta_m,
                          .m_max = cfg->m_max,
                          .m_threshold = cfg->m_threshold,
                          .start = cfg->timewindow_end,
                          .end = end,
                          .output_start = cfg->timewindow_end,
                          .region = &cfg->region,
                          .area_km2 = area_km2,
                          .earth_radius_km = cfg->earth_radius,
                          .filter_region = cfg->filter_polygon,
                          .history = catalog,
                          .gaussian_scale_deg = cfg->common.gaussian_scale};
    double *places = NULL;
    etas_status st = etas_array_alloc((void **)&places, 3 * state.n_targets, sizeof *places);

    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for %zu places", state.n_targets);
    for (size_t j = 0; j < state.n_targets; j++) {
        places[j] = catalog->lat[state.target[j]];
        places[state.n_targets + j] = catalog->lon[state.target[j]];
        places[2 * state.n_targets + j] = state.expectation->p_background[j];
    }
    in.n_locations = state.n_targets;
    in.location_lat = places;
    in.location_lon = places + state.n_targets;
    in.location_weight = places + 2 * state.n_targets;
    st = etas_plan_build(&in, out, err);
    etas_array_free((void **)&places);
    return st;
}

static etas_status simulate(const etas_plan *model, size_t n, uint64_t seed, etas_error *err)
{
    etas_simulator *simulator = NULL;
    etas_events events = {0};
    etas_status st = etas_simulator_open(&simulator, model, NULL, err);
    size_t most = 0, n_empty = 0;

    if (st == ETAS_OK)
        st = etas_simulator_run(simulator, seed, 0, n, &events, err);
    for (size_t i = 0; i < events.n_catalogs; i++) {
        most = events.count[i] > most ? events.count[i] : most;
        n_empty += events.count[i] == 0;
    }
    if (st == ETAS_OK)
        printf("%zu catalogues, %zu events, %zu catalogues without events, at most %zu\n", n,
               events.n, n_empty, most);
    etas_events_free(&events);
    etas_simulator_close(simulator);
    return st;
}

int main(int argc, char *argv[])
{
    const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    etas_error err = {0};
    etas_config cfg = {0};
    etas_catalog catalog = {0};
    etas_inversion *inversion = NULL;
    etas_plan model = {0};
    double area_km2 = 0;
    char line[1024];
    etas_status st;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s CONFIG [CATALOGUES [SEED]]\n", argv[0]);
        return 2;
    }
    st = etas_config_load(&cfg, argv[1], ETAS_CONFIG_FORECAST, NULL, &err);
    if (st == ETAS_OK)
        st = load_catalog(&cfg, &catalog, &err);
    if (st == ETAS_OK)
        st = etas_region_area_km2(&cfg.region, cfg.earth_radius, &area_km2, &err);
    if (st == ETAS_OK)
        st = invert(&cfg, &catalog, area_km2, &inversion, &err);
    if (st == ETAS_OK) {
        const etas_inversion_state state = etas_inversion_state_get(inversion);

        printf("%zu events, branching ratio %.4f, beta %.4f\n", catalog.n, state.branching_ratio,
               state.beta);
        st = plan(&cfg, &catalog, area_km2, inversion, &model, &err);
    }
    if (st == ETAS_OK)
        st = simulate(&model, n, seed, &err);
    if (st != ETAS_OK)
        (void)fprintf(stderr, "%s: %s\n", argv[0], etas_error_format(&err, sizeof line, line));
    etas_plan_free(&model);
    etas_inversion_close(inversion);
    etas_catalog_free(&catalog);
    etas_config_free(&cfg);
    return st == ETAS_OK ? 0 : 1;
}
