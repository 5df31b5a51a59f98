#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <hdf5.h>

#include "etas/forecast_output.h"
#include "support/check.h"
#include "support/scratch.h"

/* More than two chunks of events, and of catalogues. */
enum { N_CATALOGS = 70000, MOST = 3, CHUNKS = 2 };

static etas_events many; /* of N_CATALOGS */
static etas_plan plans[2];
static uint8_t turns[] = {0, 1, 1};
static const etas_mixture one = {.n = 1, .plan = plans, .period = 1, .turn = turns};
static const etas_mixture two = {.n = 2, .plan = plans, .period = 3, .turn = turns};

static int make_events(void **state)
{
    (void)state;
    if (etas_events_reserve(&many, N_CATALOGS, (size_t)N_CATALOGS * MOST) != ETAS_OK)
        return -1;
    many.n_catalogs = N_CATALOGS;
    for (size_t b = 0; b < N_CATALOGS; b++) {
        many.count[b] = (uint32_t)((b / 2 + b) % (MOST + 1));
        for (size_t i = 0; i < many.count[b]; i++, many.n++) {
            const size_t k = many.n;

            many.time_ms[k] = (uint64_t)rand() * 2000 + i;
            many.lat[k] = rand() % 180000001 - 90000000;
            many.lon[k] = rand() % 360000001 - 180000000;
            many.mag[k] = rand() % 100001 - 10000;
            many.generation[k] = (uint16_t)rand();
            many.flags[k] = (uint8_t)(rand() % 4);
        }
    }
    for (size_t i = 0; i < 2; i++)
        plans[i] = (etas_plan){.algorithm = ETAS_ALGORITHM_VERSION,
                               .start = -999999,
                               .output_start = 0,
                               .end = 30 * ETAS_NS_PER_DAY,
                               .mc = 2.3 - 0.05,
                               .delta_m = 0.1,
                               .m_threshold = 3};
    return 0;
}

static int free_events(void **state)
{
    (void)state;
    etas_events_free(&many);
    return 0;
}

static etas_forecast_spec spec_at(const char *path)
{
    return (etas_forecast_spec){.path = path, .format = ETAS_FORMAT_HDF5};
}

/* Catalogues from @p at on in parts of @p step. */
static void write_file(const char *path, const etas_forecast_about *about, size_t at, size_t step)
{
    const etas_forecast_spec spec = spec_at(path);
    etas_forecast_output *out;
    etas_error err = {0};

    check_ok(etas_forecast_output_open(&out, &spec, about, &err), &err);
    for (size_t b = at; b < N_CATALOGS; b += step)
        check_ok(etas_forecast_output_take(
                     out,
                     &(etas_forecast_part){.events = &many,
                                           .at = b,
                                           .count = b + step < N_CATALOGS ? step : N_CATALOGS - b,
                                           .catalog_id = b,
                                           .index = b},
                     &err),
                 &err);
    check_ok(etas_forecast_output_commit(out, &err), &err);
    etas_forecast_output_close(out);
}

/* ---- reading ---- */

static size_t length_of(hid_t file, const char *name)
{
    const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
    const hssize_t n = H5Sget_simple_extent_npoints(space);

    assert_true(n >= 0);
    H5Sclose(space);
    H5Dclose(set);
    return (size_t)n;
}

/* To be freed; @p size bytes a value. */
static void *read_set(hid_t file, const char *name, hid_t type, size_t size, size_t n)
{
    const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    void *values = calloc(n + 1, size);

    assert_true(set >= 0);
    assert_non_null(values);
    assert_int_equal(length_of(file, name), n);
    assert_true(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    return values;
}

static void read_attribute(hid_t file, const char *name, hid_t type, void *out)
{
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);

    assert_true(attribute >= 0);
    assert_true(H5Aread(attribute, type, out) >= 0);
    H5Aclose(attribute);
}

static uint64_t count_attribute(hid_t file, const char *name)
{
    uint64_t value = 0;

    read_attribute(file, name, H5T_NATIVE_UINT64, &value);
    return value;
}

static double number_attribute(hid_t file, const char *name)
{
    double value = NAN;

    read_attribute(file, name, H5T_NATIVE_DOUBLE, &value);
    return value;
}

static void check_text(hid_t file, const char *name, const char *want)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    char *got = NULL;

    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    read_attribute(file, name, type, &got);
    assert_string_equal(got, want);
    H5free_memory(got);
    H5Tclose(type);
}

/* ---- tests ---- */

static void every_event_and_every_empty_catalogue_is_there(void **state)
{
    const char *path = scratch_path("all.h5");
    const etas_forecast_about about = {.model = &one, .n_catalogs = N_CATALOGS, .seed = UINT64_MAX};
    uint64_t *offsets, at = 0;
    int64_t *time;
    double *lon, *lat;
    float *mag, *depth;
    uint16_t *generation;
    uint8_t *flags;
    hid_t file;

    (void)state;
    write_file(path, &about, 0, 999);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_true(many.n > CHUNKS << 15);
    offsets = read_set(file, "offsets", H5T_NATIVE_UINT64, 8, N_CATALOGS + 1);
    time = read_set(file, "time_ms", H5T_NATIVE_INT64, 8, many.n);
    lon = read_set(file, "lon", H5T_NATIVE_DOUBLE, 8, many.n);
    lat = read_set(file, "lat", H5T_NATIVE_DOUBLE, 8, many.n);
    mag = read_set(file, "mag", H5T_NATIVE_FLOAT, 4, many.n);
    depth = read_set(file, "depth", H5T_NATIVE_FLOAT, 4, many.n);
    generation = read_set(file, "generation", H5T_NATIVE_UINT16, 2, many.n);
    flags = read_set(file, "flags", H5T_NATIVE_UINT8, 1, many.n);
    for (size_t b = 0; b < N_CATALOGS; b++) {
        assert_int_equal(offsets[b], at);
        at += many.count[b];
    }
    assert_int_equal(offsets[N_CATALOGS], many.n);
    for (size_t i = 0; i < many.n; i++) {
        /* the window starts 0.999999 ms before 1970, which is in the millisecond -1 */
        assert_int_equal(time[i], (int64_t)many.time_ms[i] - 1);
        assert_true(lon[i] == many.lon[i] / 1e6);
        assert_true(lat[i] == many.lat[i] / 1e6);
        assert_true(mag[i] == (float)(many.mag[i] / 1e4));
        assert_true(depth[i] == 0);
        assert_int_equal(generation[i], many.generation[i]);
        assert_int_equal(flags[i], many.flags[i]);
    }
    assert_true(H5Lexists(file, "parent", H5P_DEFAULT) == 0);
    assert_true(H5Lexists(file, "model", H5P_DEFAULT) == 0);
    free(offsets);
    free(time);
    free(lon);
    free(lat);
    free(mag);
    free(depth);
    free(generation);
    free(flags);
    H5Fclose(file);
}

static void attributes_tell_what_the_run_was(void **state)
{
    static const double lat[] = {45, 45, 49}, lon[] = {6, 10, 10};
    const char *path = scratch_path("about.h5");
    char *config = malloc(200001); /* longer than what fits into a plain attribute */
    const etas_forecast_about about = {
        .model = &one, .seed = UINT64_MAX, .config_text = config, .release = "1.2"};
    const etas_forecast_spec spec = spec_at(path);
    etas_forecast_output *out;
    etas_error err = {0};
    hid_t file;

    (void)state;
    assert_non_null(config);
    memset(config, ' ', 200000);
    memcpy(config, "{\"\xc3\xa4\": 1}", 9);
    config[200000] = '\0';
    check_ok(etas_region_set_ring(&plans[0].region, 3, lat, lon, &err), &err);
    check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
    check_ok(etas_forecast_output_take(
                 out, &(etas_forecast_part){.events = &many, .count = 7, .catalog_id = 5}, &err),
             &err);
    check_ok(etas_forecast_output_commit(out, &err), &err);
    etas_forecast_output_close(out);
    etas_region_free(&plans[0].region);

    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_int_equal(count_attribute(file, "n_catalogs"), 7);
    assert_int_equal(count_attribute(file, "n_events"), 0 + 1 + 3 + 0 + 2 + 3 + 1);
    assert_int_equal(count_attribute(file, "first_catalog"), 5);
    assert_true(count_attribute(file, "seed") == UINT64_MAX);
    assert_int_equal(count_attribute(file, "algorithm_version"), ETAS_ALGORITHM_VERSION);
    assert_int_equal(count_attribute(file, "format_version"), 1);
    assert_true(number_attribute(file, "m_ref") == 2.3);
    assert_true(number_attribute(file, "delta_m") == 0.1);
    assert_true(number_attribute(file, "m_threshold") == 3);
    check_text(file, "start", "1970-01-01T00:00:00.000000");
    check_text(file, "end", "1970-01-31T00:00:00.000000");
    check_text(file, "region", "POLYGON ((6 45, 10 45, 10 49, 6 45))");
    check_text(file, "configuration", config);
    check_text(file, "etas_version", "1.2");
    H5Fclose(file);
    free(config);
}

/* Also a second later: no time of making is in it. */
static void parts_of_any_size_make_the_same_bytes(void **state)
{
    const char *path = scratch_path("parts.h5");
    const etas_forecast_about about = {.model = &two, .n_catalogs = N_CATALOGS};
    uint8_t *whole, *parts;
    size_t len, parts_len;

    (void)state;
    write_file(path, &about, 0, N_CATALOGS);
    whole = scratch_read(path, &len);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL);
    write_file(path, &about, 0, 13);
    parts = scratch_read(path, &parts_len);
    assert_int_equal(parts_len, len);
    assert_memory_equal(parts, whole, len);
    free(parts);
    free(whole);
}

static void catalogues_of_a_mixture_name_their_model(void **state)
{
    const char *path = scratch_path("two.h5");
    const etas_forecast_about about = {.model = &two, .n_catalogs = N_CATALOGS - 10};
    uint8_t *model;
    hid_t file;

    (void)state;
    write_file(path, &about, 10, 1000);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    model = read_set(file, "model", H5T_NATIVE_UINT8, 1, N_CATALOGS - 10);
    for (size_t b = 0; b < N_CATALOGS - 10; b++)
        assert_int_equal(model[b], (b + 10) % 3 > 0);
    assert_int_equal(count_attribute(file, "first_catalog"), 10);
    H5Fclose(file);
    free(model);
}

static void parents_are_there_when_events_tell_them(void **state)
{
    const char *path = scratch_path("parents.h5");
    const etas_forecast_about about = {.model = &one, .n_catalogs = 1};
    const etas_forecast_spec spec = spec_at(path);
    int32_t parent[] = {-1, 0, -2, INT32_MIN}, *got;
    uint32_t count = 4;
    etas_events some = many;
    etas_forecast_output *out;
    etas_error err = {0};
    hid_t file;

    (void)state;
    some.n_catalogs = 1;
    some.count = &count;
    some.parent = parent;
    some.with_parents = true;
    plans[0].with_parents = true;
    check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
    check_ok(
        etas_forecast_output_take(out, &(etas_forecast_part){.events = &some, .count = 1}, &err),
        &err);
    assert_int_equal(
        etas_forecast_output_take(
            out, &(etas_forecast_part){.events = &many, .count = 1, .catalog_id = 1}, &err),
        ETAS_E_CORRUPT);
    check_ok(etas_forecast_output_commit(out, &err), &(etas_error){0});
    etas_forecast_output_close(out);
    plans[0].with_parents = false;
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    got = read_set(file, "parent", H5T_NATIVE_INT32, 4, 4);
    assert_memory_equal(got, parent, sizeof parent);
    H5Fclose(file);
    free(got);
}

static void a_run_without_catalogues_and_a_device(void **state)
{
    const etas_forecast_about about = {.model = &one};
    etas_forecast_spec spec = spec_at(scratch_path("none.h5"));
    etas_forecast_output *out;
    etas_error err = {0};
    uint64_t *offsets;
    hid_t file;

    (void)state;
    check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
    check_ok(etas_forecast_output_commit(out, &err), &err);
    etas_forecast_output_close(out);
    file = H5Fopen(spec.path, H5F_ACC_RDONLY, H5P_DEFAULT);
    offsets = read_set(file, "offsets", H5T_NATIVE_UINT64, 8, 1);
    assert_int_equal(offsets[0], 0);
    assert_int_equal(length_of(file, "lon"), 0);
    H5Fclose(file);
    free(offsets);

    spec.path = "/dev/null";
    assert_int_equal(etas_forecast_output_open(&out, &spec, &about, &err), ETAS_E_ARG);
    assert_null(out);
    assert_string_equal(err.file, "/dev/null");
}

static void an_output_that_is_given_up_leaves_nothing(void **state)
{
    const etas_forecast_about about = {.model = &one};
    const etas_forecast_spec spec = spec_at(scratch_path("up/given.h5"));
    etas_forecast_output *out;
    etas_error err = {0};
    H5E_auto2_t print;
    void *context;

    (void)state;
    check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
    check_ok(etas_forecast_output_take(
                 out, &(etas_forecast_part){.events = &many, .count = N_CATALOGS}, &err),
             &err);
    etas_forecast_output_close(out);
    assert_int_equal(rmdir(scratch_path("up")), 0);
    /* the user's own use of HDF5 prints as before */
    assert_true(H5Eget_auto2(H5E_DEFAULT, &print, &context) >= 0);
    assert_true(print != NULL);
}

/* Whatever write is the one that finds no room; HDF5 is usable afterwards. */
static void a_disk_that_fills_up_is_an_error_with_its_reason(void **state)
{
    const etas_forecast_about about = {.model = &one};
    const etas_forecast_spec spec = spec_at(scratch_path("full/full.h5"));
    const etas_forecast_part part = {.events = &many, .count = N_CATALOGS};
    struct rlimit before;
    size_t whole, again;

    (void)state;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    write_file(spec.path, &about, 0, N_CATALOGS);
    free(scratch_read(spec.path, &whole));
    assert_int_equal(unlink(spec.path), 0);
    for (size_t limit = 0; limit < whole; limit += limit < 30000 ? 1777 : 177777) {
        const struct rlimit full = {.rlim_cur = limit, .rlim_max = before.rlim_max};
        etas_forecast_output *out;
        etas_error err = {0};
        etas_status st;

        check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
        st = etas_forecast_output_take(out, &part, &err);
        if (st == ETAS_OK)
            st = etas_forecast_output_commit(out, &err);
        etas_forecast_output_close(out);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(st, ETAS_E_IO);
        assert_non_null(strstr(err.text, "File too large"));
    }
    assert_int_equal(rmdir(scratch_path("full")), 0);
    write_file(spec.path, &about, 0, 1000);
    free(scratch_read(spec.path, &again));
    assert_int_equal(again, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_and_every_empty_catalogue_is_there),
        cmocka_unit_test(attributes_tell_what_the_run_was),
        cmocka_unit_test(parts_of_any_size_make_the_same_bytes),
        cmocka_unit_test(catalogues_of_a_mixture_name_their_model),
        cmocka_unit_test(parents_are_there_when_events_tell_them),
        cmocka_unit_test(a_run_without_catalogues_and_a_device),
        cmocka_unit_test(an_output_that_is_given_up_leaves_nothing),
        cmocka_unit_test(a_disk_that_fills_up_is_an_error_with_its_reason),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, make_events, free_events);
    scratch_close();
    return failed;
}
