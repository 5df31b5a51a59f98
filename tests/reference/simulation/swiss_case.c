#include "swiss_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/io.h"
#include "etas/simulation.h"

const char *swiss_path(const char *name)
{
    static char path[4096];
    const char *shared = getenv("ETAS_SHARED");

    assert_true(snprintf(path, sizeof path, "%s/%s", shared, name) < (int)sizeof path);
    return path;
}

/* Column @p name of a CSV file without quotes, as text into a fixed width. */
typedef struct text_column {
    size_t n;
    char (*cell)[40];
} text_column;

static text_column read_column(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    int wanted = -1;
    text_column out = {0, NULL};
    size_t capacity = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        int index = 0;

        line[strcspn(line, "\r\n")] = '\0';
        for (char *at = line, *field; (field = strsep(&at, ",")) != NULL; index++) {
            if (wanted < 0 && strcmp(field, name) == 0) {
                wanted = index;
                break;
            }
            if (wanted != index)
                continue;
            check_ok(etas_array_reserve((void **)&out.cell, &capacity, out.n + 1, sizeof *out.cell),
                     NULL);
            assert_true(strlen(field) < sizeof *out.cell);
            memcpy(out.cell[out.n++], field, strlen(field) + 1);
            break;
        }
        assert_true(wanted >= 0);
    }
    (void)fclose(file);
    assert_true(out.n > 0);
    return out;
}

static double *read_numbers(const char *path, const char *name, size_t *n)
{
    text_column text = read_column(path, name);
    double *out = malloc(text.n * sizeof *out);

    assert_non_null(out);
    for (size_t i = 0; i < text.n; i++)
        out[i] = strtod(text.cell[i], NULL);
    *n = text.n;
    etas_array_free((void **)&text.cell);
    return out;
}

double swiss_number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || !json_is_number(value))
        fail_msg("no number \"%s\"", key);
    return json_number_value(value);
}

/* The sources in the order of sources_b.csv, with place and time from the catalogue. */
static void load_history(swiss_case *c)
{
    text_column id = read_column(swiss_path("vectors/sources_b.csv"), "source_id");
    size_t n, at = 0;
    double *mag = read_numbers(swiss_path("vectors/sources_b.csv"), "source_magnitude", &n);
    etas_error err = {0};

    check_ok(etas_catalog_load(&c->all, swiss_path("data/ch_catalog.csv"), NULL, NULL, &err), &err);
    for (size_t i = 0; i < c->all.n; i++) {
        etas_event row = etas_catalog_row(&c->all, i);

        if (at < n && strlen(id.cell[at]) == row.id_len &&
            memcmp(id.cell[at], row.id, row.id_len) == 0) {
            row.mag = mag[at++];
            check_ok(etas_catalog_append(&c->history, &row), NULL);
        }
    }
    assert_int_equal(c->history.n, 1219);
    free(mag);
    etas_array_free((void **)&id.cell);
}

void swiss_case_load(swiss_case *c)
{
    const char *targets = "vectors/trig_and_bg_probs_b.csv";
    etas_plan_input in = {.output_start = ETAS_TIME_NONE, .gaussian_scale_deg = 0.1};
    etas_error err = {0};
    json_error_t parse;
    const json_t *theta;
    size_t n;

    *c = (swiss_case){0};
    c->reference =
        json_load_file(swiss_path("vectors/simulation_ch.json"), JSON_DECODE_INT_AS_REAL, &parse);
    assert_non_null(c->reference);
    theta = json_object_get(c->reference, "theta");
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] =
            i == ETAS_LOG10_IOTA ? NAN : swiss_number_at(theta, etas_param_name((etas_param)i));
    in.beta = swiss_number_at(c->reference, "beta");
    in.m_ref = swiss_number_at(c->reference, "m_ref");
    in.delta_m = swiss_number_at(c->reference, "delta_m");
    in.m_max = swiss_number_at(c->reference, "m_max");
    in.m_threshold = swiss_number_at(c->reference, "m_threshold");
    in.area_km2 = swiss_number_at(c->reference, "area");
    in.earth_radius_km = ETAS_EARTH_RADIUS_KM;
    check_ok(etas_time_parse("2022-09-10", 10, &in.start, &err), &err);
    in.end = in.start + SWISS_DAYS * ETAS_NS_PER_DAY;
    check_ok(etas_region_load(&c->region, swiss_path("data/ch_rect.npy"), false, &err), &err);
    in.region = &c->region;
    in.filter_region = true;
    load_history(c);
    in.history = &c->history;
    check_ok(etas_catalog_load(&c->places, swiss_path(targets), NULL, NULL, &err), &err);
    c->p_background = read_numbers(swiss_path(targets), "P_background", &n);
    c->zeta = read_numbers(swiss_path(targets), "zeta_plus_1", &n);
    assert_int_equal(n, 998);
    c->weight = malloc(n * sizeof *c->weight);
    assert_non_null(c->weight);
    for (size_t i = 0; i < n; i++)
        c->weight[i] = c->p_background[i] * c->zeta[i];
    in.n_locations = n;
    in.location_lat = c->places.lat;
    in.location_lon = c->places.lon;
    in.location_weight = c->weight;
    check_ok(etas_plan_build(&in, &c->plan, &err), &err);
}

void swiss_case_free(swiss_case *c)
{
    json_decref(c->reference);
    etas_catalog_free(&c->all);
    etas_catalog_free(&c->history);
    etas_catalog_free(&c->places);
    etas_region_free(&c->region);
    free(c->p_background);
    free(c->zeta);
    free(c->weight);
    etas_plan_free(&c->plan);
}

int swiss_case_setup(void **state)
{
    swiss_case *c = malloc(sizeof *c);

    if (c == NULL)
        return -1;
    swiss_case_load(c);
    *state = c;
    return 0;
}

int swiss_case_teardown(void **state)
{
    swiss_case_free(*state);
    free(*state);
    return 0;
}

int swiss_case_missing(void)
{
    if (getenv("ETAS_SHARED") != NULL &&
        access(swiss_path("vectors/simulation_ch.json"), R_OK) == 0)
        return 0;
    print_message("skipped: ETAS_SHARED does not name the folder of the reference vectors\n");
    return 77;
}
