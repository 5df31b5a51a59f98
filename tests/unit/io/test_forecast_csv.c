#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/forecast_output.h"
#include "etas/text.h"
#include "support/check.h"
#include "support/scratch.h"

enum { N_CATALOGS = 5, N = 6 };

static uint32_t counts[N_CATALOGS] = {0, 3, 0, 3, 0};
static uint64_t times[N] = {0, 86399999, 2591999999, 1, 999, 123456};
static int32_t lats[N] = {46500000, -1, 0, 89999999, -45123456, 7};
static int32_t lons[N] = {7250000, -999999, 179999999, -180000000, -1000001, 1};
static int32_t mags[N] = {23000, 30000, 45678, -5000, 100, 25};
static uint16_t generations[N] = {0, 1, 2, 0, 0, 65535};
static const etas_events events = {.n_catalogs = N_CATALOGS,
                                   .n = N,
                                   .count = counts,
                                   .time_ms = times,
                                   .lat = lats,
                                   .lon = lons,
                                   .mag = mags,
                                   .generation = generations};

/* The events with parents. */
static etas_events make_family(void)
{
    static int32_t parents[N] = {-1, 0, -2, -2147483647 - 1, 0, 1};
    etas_events family = events;

    family.parent = parents;
    family.with_parents = true;
    return family;
}

static etas_forecast_output *open_from(const etas_forecast_spec *spec, etas_time start)
{
    static etas_plan plan;
    static uint8_t turn;
    static const etas_mixture model = {.n = 1, .plan = &plan, .period = 1, .turn = &turn};
    static const etas_forecast_about about = {.model = &model, .n_catalogs = N_CATALOGS};
    etas_forecast_output *out;
    etas_error err = {0};

    plan.start = start;
    plan.with_parents = spec->with_parent;
    check_ok(etas_forecast_output_open(&out, spec, &about, &err), &err);
    return out;
}

/* Commits and closes; what was written. */
static char *text_of(etas_forecast_output *out, const etas_forecast_spec *spec)
{
    etas_error err = {0};
    size_t len;
    char *text;

    check_ok(etas_forecast_output_commit(out, &err), &err);
    etas_forecast_output_close(out);
    text = (char *)scratch_read(spec->path, &len);
    assert_non_null(text);
    text = realloc(text, len + 1);
    assert_non_null(text);
    text[len] = '\0';
    return text;
}

static char *write_all(const etas_forecast_spec *spec, etas_time start,
                       const etas_forecast_part *part)
{
    etas_forecast_output *out = open_from(spec, start);
    etas_error err = {0};

    check_ok(etas_forecast_output_take(out, part, &err), &err);
    return text_of(out, spec);
}

static etas_time at_time(const char *text)
{
    etas_time t = 0;

    check_ok(etas_time_parse(text, strlen(text), &t, NULL), NULL);
    return t;
}

static void csep_layout_has_seven_fields_and_a_row_for_every_empty_catalogue(void **state)
{
    const etas_forecast_spec spec = {.format = ETAS_FORMAT_CSEP, .path = scratch_path("a.csv")};
    char *text = write_all(&spec, at_time("2022-09-10"),
                           &(etas_forecast_part){.events = &events, .count = N_CATALOGS});

    (void)state;
    assert_string_equal(text, "lon,lat,mag,time_string,depth,catalog_id,event_id\n"
                              ",,,,,0,\n"
                              "7.250000,46.500000,2.3,2022-09-10T00:00:00.000000,0,1,0\n"
                              "-0.999999,-0.000001,3,2022-09-10T23:59:59.999000,0,1,1\n"
                              "179.999999,0.000000,4.5678,2022-10-09T23:59:59.999000,0,1,2\n"
                              ",,,,,2,\n"
                              "-180.000000,89.999999,-0.5,2022-09-10T00:00:00.001000,0,3,3\n"
                              "-1.000001,-45.123456,0.01,2022-09-10T00:00:00.999000,0,3,4\n"
                              "0.000001,0.000007,0.0025,2022-09-10T00:02:03.456000,0,3,5\n"
                              ",,,,,4,\n");
    free(text);
}

static void reference_layout_has_the_columns_that_are_asked_for(void **state)
{
    const etas_time start = at_time("1899-12-31 23:59:59.9999995");
    etas_forecast_spec spec = {.format = ETAS_FORMAT_REFERENCE, .path = scratch_path("a.csv")};
    etas_forecast_part part = {.events = &events, .at = 1, .count = 2, .catalog_id = 10};
    char *text = write_all(&spec, start, &part);

    (void)state;
    assert_string_equal(text, "id,latitude,longitude,magnitude,time,catalog_id\n"
                              "0,46.500000,7.250000,2.3,1899-12-31 23:59:59.999999,10\n"
                              "1,-0.000001,-0.999999,3,1900-01-01 23:59:59.998999,10\n"
                              "2,0.000000,179.999999,4.5678,1900-01-30 23:59:59.998999,10\n");
    free(text);
    spec.with_is_background = spec.with_generation = true;
    part.at = 3;
    part.catalog_id = UINT64_C(1) << 47;
    text = write_all(&spec, start, &part);
    assert_string_equal(
        text, "id,latitude,longitude,magnitude,time,is_background,generation,catalog_id\n"
              "0,89.999999,-180.000000,-0.5,1900-01-01 00:00:00.000999,True,0,140737488355328\n"
              "1,-45.123456,-1.000001,0.01,1900-01-01 00:00:00.998999,True,0,140737488355328\n"
              "2,0.000007,0.000001,0.0025,1900-01-01 00:02:03.455999,False,65535,"
              "140737488355328\n");
    free(text);
}

/* By the ids of the file, which count on through all catalogues and parts. */
static void parents_are_rows_of_the_file_or_events_of_the_past(void **state)
{
    const etas_time start = at_time("2022-09-10");
    const etas_forecast_spec spec = {
        .format = ETAS_FORMAT_REFERENCE, .with_parent = true, .path = scratch_path("a.csv")};
    const etas_events family = make_family();
    const etas_forecast_part first = {.events = &family, .at = 1, .count = 2, .catalog_id = 1};
    const etas_forecast_part second = {.events = &family, .at = 3, .count = 2, .catalog_id = 3};
    const etas_forecast_part orphans = {.events = &events, .at = 3, .count = 1, .catalog_id = 5};
    etas_forecast_output *out = open_from(&spec, start);
    etas_error err = {0};
    char *text;

    (void)state;
    check_ok(etas_forecast_output_take(out, &first, &err), &err);
    check_ok(etas_forecast_output_take(out, &second, &err), &err);
    assert_int_equal(etas_forecast_output_take(out, &orphans, &err), ETAS_E_CORRUPT);
    text = text_of(out, &spec);
    assert_string_equal(text,
                        "id,latitude,longitude,magnitude,time,parent,parent_source,catalog_id\n"
                        "0,46.500000,7.250000,2.3,2022-09-10 00:00:00.000000,,,1\n"
                        "1,-0.000001,-0.999999,3,2022-09-10 23:59:59.999000,0,,1\n"
                        "2,0.000000,179.999999,4.5678,2022-10-09 23:59:59.999000,,0,1\n"
                        "3,89.999999,-180.000000,-0.5,2022-09-10 00:00:00.001000,,2147483646,3\n"
                        "4,-45.123456,-1.000001,0.01,2022-09-10 00:00:00.999000,3,,3\n"
                        "5,0.000007,0.000001,0.0025,2022-09-10 00:02:03.456000,4,,3\n");
    free(text);
}

static void a_run_without_parents_has_no_column_of_them(void **state)
{
    static etas_plan plan;
    static uint8_t turn;
    const etas_mixture model = {.n = 1, .plan = &plan, .period = 1, .turn = &turn};
    const etas_forecast_about about = {.model = &model, .n_catalogs = N_CATALOGS};
    const etas_forecast_spec spec = {
        .format = ETAS_FORMAT_REFERENCE, .with_parent = true, .path = scratch_path("a.csv")};
    etas_forecast_output *out = NULL;
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_forecast_output_open(&out, &spec, &about, &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "without the parents"));
    assert_null(out);
}

static void parts_written_one_by_one_make_the_same_file(void **state)
{
    const etas_time start = at_time("2022-09-10");
    const etas_forecast_spec spec = {.format = ETAS_FORMAT_CSEP, .path = scratch_path("a.csv")};
    char *whole =
        write_all(&spec, start,
                  &(etas_forecast_part){.events = &events, .count = N_CATALOGS, .catalog_id = 7});
    etas_forecast_output *out = open_from(&spec, start);
    char *parts;

    (void)state;
    for (size_t i = 0; i < N_CATALOGS; i++)
        check_ok(
            etas_forecast_output_take(
                out,
                &(etas_forecast_part){.events = &events, .at = i, .count = 1, .catalog_id = 7 + i},
                NULL),
            NULL);
    parts = text_of(out, &spec);
    assert_string_equal(parts, whole);
    free(parts);
    free(whole);
}

/* Enough rows to pass many blocks, each compared with printf's. */
static void many_rows_agree_with_printf(void **state)
{
    enum { MANY = 20000 };
    etas_events many = {.n_catalogs = 1, .n = MANY};
    const etas_time start = at_time("1871-01-01");
    const etas_forecast_spec spec = {.format = ETAS_FORMAT_CSEP, .path = scratch_path("a.csv")};
    char *text, *line;

    (void)state;
    check_ok(etas_events_reserve(&many, 1, MANY), NULL);
    many.count[0] = MANY;
    for (size_t i = 0; i < MANY; i++) {
        many.time_ms[i] = (uint64_t)rand() * 2000;
        many.lat[i] = rand() % 180000001 - 90000000;
        many.lon[i] = rand() % 360000001 - 180000000;
        many.mag[i] = rand() % 100001 - 10000;
    }
    text = write_all(&spec, start,
                     &(etas_forecast_part){.events = &many, .count = 1, .catalog_id = 3});
    line = strchr(text, '\n') + 1;
    for (size_t i = 0; i < MANY; i++) {
        char want[256], time[32], mag[32];

        etas_time_format(start + (etas_time)many.time_ms[i] * ETAS_NS_PER_MS, 'T', time);
        etas_format(sizeof mag, mag, "%.6g", many.mag[i] / 1e4);
        etas_format(sizeof want, want, "%.6f,%.6f,%s,%s,0,3,%zu\n", many.lon[i] / 1e6,
                    many.lat[i] / 1e6, mag, time, i);
        assert_memory_equal(line, want, strlen(want));
        line += strlen(want);
    }
    assert_true(*line == '\0');
    free(text);
    etas_events_free(&many);
}

static void full_disk_and_wrong_input_are_errors(void **state)
{
    etas_forecast_spec spec = {.format = ETAS_FORMAT_CSEP, .path = "/dev/full"};
    etas_forecast_part part = {.events = &events, .count = N_CATALOGS};
    etas_forecast_output *out = open_from(&spec, 0);
    etas_error err = {0};

    (void)state;
    check_ok(etas_forecast_output_take(out, &part, &err), &err);
    assert_int_equal(etas_forecast_output_finish(out, &err), ETAS_E_IO);
    assert_non_null(strstr(err.text, "No space left"));
    assert_string_equal(err.file, "/dev/full");
    etas_forecast_output_close(out);

    spec.path = scratch_path("never.csv");
    out = open_from(&spec, INT64_MAX - 1000);
    part.at = 1;
    assert_int_equal(etas_forecast_output_take(out, &part, NULL), ETAS_E_ARG);
    part = (etas_forecast_part){.events = &events, .count = 1};
    err = (etas_error){0};
    check_ok(etas_forecast_output_take(out, &part, &err), &err);
    assert_int_equal(etas_forecast_output_take(out, &part, &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "catalogue 0 follows where 1 should"));
    part = (etas_forecast_part){.events = &events, .at = 1, .count = 1, .catalog_id = 1};
    err = (etas_error){0};
    assert_int_equal(etas_forecast_output_take(out, &part, &err), ETAS_E_RANGE);
    assert_string_equal(err.file, spec.path);
    etas_forecast_output_close(out);
    assert_null(scratch_read(spec.path, &(size_t){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csep_layout_has_seven_fields_and_a_row_for_every_empty_catalogue),
        cmocka_unit_test(reference_layout_has_the_columns_that_are_asked_for),
        cmocka_unit_test(parents_are_rows_of_the_file_or_events_of_the_past),
        cmocka_unit_test(a_run_without_parents_has_no_column_of_them),
        cmocka_unit_test(parts_written_one_by_one_make_the_same_file),
        cmocka_unit_test(many_rows_agree_with_printf),
        cmocka_unit_test(full_disk_and_wrong_input_are_errors),
    };

    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
