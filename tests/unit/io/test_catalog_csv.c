#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "support/check.h"
#include "unit/io/golden.h"

/* ---- allocation failure ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);

static long allocations_left = -1; /* negative: no limit */

static bool may_allocate(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left == 0)
        return false;
    allocations_left--;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return may_allocate() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
    return may_allocate() ? __real_realloc(p, size) : NULL;
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    return may_allocate() ? __real_posix_memalign(out, align, size) : 12;
}

/* ---- */

static const etas_catalog_options csv = {.format = ETAS_CATALOG_CSV};

static void show_catalog(const char *path, etas_text *out)
{
    etas_catalog c = {0};
    etas_error err = {0};

    if (etas_catalog_load(&c, path, &csv, NULL, &err) != ETAS_OK) {
        const etas_catalog untouched = {0};

        assert_memory_equal(&c, &untouched, sizeof c);
        golden_error(out, &err);
        return;
    }
    golden_print(out, "%zu events\n", c.n);
    for (size_t i = 0; i < c.n; i++) {
        const etas_event e = etas_catalog_row(&c, i);

        golden_print(out, "[%.*s] %lld %.17g %.17g %.17g mc %.17g depth %.17g\n", (int)e.id_len,
                     e.id, (long long)e.time, e.lat, e.lon, e.mag, isnan(e.mc) ? 99 : e.mc,
                     isnan(e.depth) ? 9999 : e.depth);
        if (!isnan(e.x))
            golden_print(out, "at %g %g %g\n", e.x, isnan(e.y) ? 9999 : e.y,
                         isnan(e.z) ? 9999 : e.z);
    }
    etas_catalog_free(&c);
}

static void good_files_are_read_whole(void **state)
{
    (void)state;
    golden_check("csv/valid", 8, show_catalog);
}

static void bad_files_are_refused_with_the_place(void **state)
{
    (void)state;
    golden_check("csv/invalid", 20, show_catalog);
}

static const char with_places[] = "id,time,x,magnitude,y,z,strength,latitude\n"
                                  "a,2001-01-01,1500,3,-250,,0.5,\n"
                                  "b,2001-01-02,1,3,2,-4,,\n";

static void places_in_three_dimensions_are_kept_in_kilometres(void **state)
{
    const etas_catalog_wanted want = {
        .three_dim = true, .space_unit_in_meters = 100, .covariate = "strength"};
    etas_catalog c = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_catalog_read_csv(&c, sizeof with_places - 1, with_places, "text", &want, &err),
             &err);
    assert_int_equal(c.n, 2);
    check_rel(c.x[0], 150, 1e-15);
    check_rel(c.y[0], -25, 1e-15);
    assert_true(isnan(c.z[0]) && isnan(c.lat[0]) && isnan(c.lon[0]) && isnan(c.mc[0]));
    check_rel(c.z[1], -0.4, 1e-15);
    assert_true(c.covariate[0] == 0.5 && isnan(c.covariate[1]));
    etas_catalog_free(&c);
}

static void expect_refusal(const char *text, const etas_catalog_wanted *want, const char *key,
                           const char *asked_by)
{
    etas_catalog c = {0};
    etas_error err = {0};

    assert_int_equal(etas_catalog_read_csv(&c, strlen(text), text, "text", want, &err),
                     ETAS_E_PARSE);
    assert_string_equal(err.key, key);
    assert_string_equal(err.file, "text");
    assert_int_equal(err.line, 1);
    assert_non_null(strstr(err.text, "there is no such column"));
    if (asked_by != NULL)
        assert_non_null(strstr(err.text, asked_by));
}

static void a_column_that_is_asked_for_names_who_asks(void **state)
{
    const char plain[] = "id,latitude,longitude,time,magnitude,x,y,depth\n";
    etas_catalog_wanted want = etas_catalog_wanted_default();
    etas_catalog c = {0};

    (void)state;
    check_ok(etas_catalog_read_csv(&c, sizeof plain - 1, plain, "text", &want, NULL), NULL);
    want.mc = true;
    expect_refusal(plain, &want, "mc_current", "\"mc\" needs it");
    want.mc = false;
    want.covariate = "strength";
    expect_refusal(plain, &want, "strength", "\"bg_term\" needs it");
    want.covariate = NULL;
    want.three_dim = true;
    expect_refusal(plain, &want, "z", "\"three_dim\" needs it");
    want.three_dim = false;
    expect_refusal(with_places, &want, "longitude", NULL);
}

/* Columns that happen to be called x and y, without z, are none of ours. */
static void places_count_only_as_a_whole(void **state)
{
    const char part[] = "id,latitude,longitude,time,magnitude,x,y\na,46,7,2001-01-01,3,left,up\n";
    const char all[] = "id,latitude,longitude,time,magnitude,x,y,z\na,46,7,2001-01-01,3,1,2,3\n";
    etas_catalog c = {0};

    (void)state;
    check_ok(etas_catalog_read_csv(&c, sizeof part - 1, part, "text", NULL, NULL), NULL);
    assert_true(isnan(c.x[0]) && isnan(c.y[0]) && isnan(c.covariate[0]));
    etas_catalog_free(&c);
    check_ok(etas_catalog_read_csv(&c, sizeof all - 1, all, "text", NULL, NULL), NULL);
    assert_true(c.x[0] == 1 && c.y[0] == 2 && c.z[0] == 3);
    etas_catalog_free(&c);
}

static void missing_file_says_why(void **state)
{
    etas_catalog c = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_catalog_load(&c, "no/such/file.csv", &csv, NULL, &err), ETAS_E_IO);
    assert_string_equal(err.file, "no/such/file.csv");
    assert_non_null(strstr(err.text, "No such file"));
    err = (etas_error){0};
    assert_int_equal(etas_catalog_load(&c, "/", &csv, NULL, &err), ETAS_E_IO);
    assert_non_null(strstr(err.text, "Is a directory"));
}

/* Short decimals take a fast path; every digit count and sign must agree with strtod. */
static void every_number_is_read_to_the_last_bit(void **state)
{
    char text[200];

    (void)state;
    for (int i = 0; i < 40000; i++) {
        const double value = (double)(rand() % 2000000 - 1000000) / (double)(1 + rand() % 20000);
        char number[40];
        etas_catalog c = {0};
        etas_error err = {0};
        size_t len;

        etas_format(sizeof number, number, "%.*g", 1 + rand() % 17, value);
        len = etas_format(sizeof text, text,
                          "id,latitude,longitude,time,magnitude,depth\n1,0,0,2000-01-01,1,%s\n",
                          number);
        check_ok(etas_catalog_read_csv(&c, len, text, "text", NULL, &err), &err);
        assert_true(c.depth[0] == strtod(number, NULL));
        etas_catalog_free(&c);
    }
}

static void run_out_of_memory(const char *text)
{
    etas_status st = ETAS_E_NOMEM;
    long n = 0;

    for (; st != ETAS_OK && n < 1000; n++) {
        etas_catalog c = {0};
        const etas_catalog untouched = {0};
        etas_error err = {0};

        allocations_left = n;
        st = etas_catalog_read(&c, &(etas_catalog_bytes){"text", strlen(text), text}, NULL, NULL,
                               &err);
        allocations_left = -1;
        if (st != ETAS_OK) {
            assert_int_equal(st, ETAS_E_NOMEM);
            assert_int_equal(err.code, ETAS_E_NOMEM);
            assert_memory_equal(&c, &untouched, sizeof c);
        } else {
            assert_int_equal(c.n, 2);
        }
        etas_catalog_free(&c);
    }
    assert_int_equal(st, ETAS_OK);
    assert_true(n > 8);
}

static void running_out_of_memory_anywhere_leaves_nothing_behind(void **state)
{
    static const char *const texts[] = {
        "\xef\xbb\xbfid,latitude,longitude,time,magnitude\n"
        "\"a\"\"b\",1,2,2000-01-01,3\nc,1,2,2000-01-02,3\n",
        "lon,lat,mag,time_string,depth,catalog_id,event_id\n"
        "1,2,3,2000-01-01T00:00:00,4,0,a\n1,2,3,2000-01-01T00:00:00,4,0,\n",
        "EventID|Time|Latitude|Longitude|Magnitude\na|2000-01-01|1|2|3\nb|2000-01-01|1|2|3\n",
        "1 2 2000 1 1 3 4 5 6\n1 2 2000 1 1 3 4 5 6\n",
        "<quakeml><eventParameters><event publicID='a&amp;b'><type>earthquake</type>"
        "<preferredOriginID>o</preferredOriginID><origin publicID='o'><time><value>2000-01-01"
        "</value></time><latitude><value>1</value></latitude><longitude><value>2</value>"
        "</longitude></origin><magnitude><mag><value>3</value></mag></magnitude></event>"
        "<event><origin><time><value>2000-01-01</value></time><latitude><value>1</value>"
        "</latitude><longitude><value>2</value></longitude></origin><magnitude><mag><value>3"
        "</value></mag></magnitude></event></eventParameters></quakeml>"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        run_out_of_memory(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_read_whole),
        cmocka_unit_test(bad_files_are_refused_with_the_place),
        cmocka_unit_test(places_in_three_dimensions_are_kept_in_kilometres),
        cmocka_unit_test(a_column_that_is_asked_for_names_who_asks),
        cmocka_unit_test(places_count_only_as_a_whole),
        cmocka_unit_test(missing_file_says_why),
        cmocka_unit_test(every_number_is_read_to_the_last_bit),
        cmocka_unit_test(running_out_of_memory_anywhere_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
