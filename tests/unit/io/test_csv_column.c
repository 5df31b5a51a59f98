#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/io.h"
#include "support/scratch.h"

static const double values[] = {2.3000000000000003, NAN, -0.5};

/* What etas_csv_write_column makes of @p text, terminated. */
static const char *with_column(const char *text, size_t len, size_t n, etas_status want)
{
    static char copy[4096];
    const etas_csv_column column = {"mc_current", n, values};
    etas_error err = {0};
    FILE *out = tmpfile();
    size_t got;

    assert_non_null(out);
    assert_int_equal(etas_csv_write_column(out, len, text, &column, &err), want);
    assert_int_equal(err.code, want);
    rewind(out);
    got = fread(copy, 1, sizeof copy - 1, out);
    copy[got] = '\0';
    assert_int_equal(fclose(out), 0);
    return copy;
}

static void check_text(const char *text, const char *want)
{
    assert_string_equal(with_column(text, strlen(text), 3, ETAS_OK), want);
}

static void a_new_column_follows_the_last(void **state)
{
    (void)state;
    check_text("id,m\n1,2.0\n2, 3\n\"a,\"\"b\",+1e0\n",
               "id,m,mc_current\n1,2.0,2.3\n2, 3,\n\"a,\"\"b\",+1e0,-0.5\n");
    check_text("id,m\r\n1,\r\n\r\n2,\"x\r\ny\"\r\n3,",
               "id,m,mc_current\r\n1,,2.3\r\n\r\n2,\"x\r\ny\","
               "\r\n3,,-0.5");
    check_text("\xef\xbb\xbf\"id\",\"m\"\n1,2\n2,3\n3,4\n\n",
               "\xef\xbb\xbf\"id\",\"m\",mc_current\n1,2,2.3\n2,3,\n3,4,-0.5\n\n");
    check_text("m\n1\n2\n3\n", "m,mc_current\n1,2.3\n2,\n3,-0.5\n");
}

static void an_old_column_is_replaced_where_it_stands(void **state)
{
    (void)state;
    check_text("id,mc_current,m\n1,9,\"2\"\n2,,3\n3,\"9\",4\n",
               "id,mc_current,m\n1,2.3,\"2\"\n2,,3\n3,-0.5,4\n");
    check_text("id,m,mc_current\n1,2,9\n2,3,\"\"\n3,4,9",
               "id,m,mc_current\n1,2,2.3\n2,3,\n3,4,-0.5");
}

static void another_number_of_rows_is_refused(void **state)
{
    const char *text = "id,m\n1,2\n2,3\n";

    (void)state;
    (void)with_column(text, strlen(text), 1, ETAS_E_ARG);
    (void)with_column(text, strlen(text), 3, ETAS_E_ARG);
    assert_string_equal(with_column("id,m\n", 5, 0, ETAS_OK), "id,m,mc_current\n");
}

static void a_full_device_is_an_error(void **state)
{
    const etas_csv_column column = {"mc_current", 0, values};
    FILE *full = fopen("/dev/full", "w");
    etas_error err = {0};

    (void)state;
    if (full == NULL)
        skip();
    setbuf(full, NULL);
    assert_int_equal(etas_csv_write_column(full, 5, "id,m\n", &column, &err), ETAS_E_IO);
    (void)fclose(full);
}

/* ---- magnitudes ---- */

static void write_npy(const char *path, const char *descr, const char *shape, size_t len,
                      const void *data)
{
    char file[512] = "\x93NUMPY\x01";
    const size_t head = 10 + 118;

    assert_true(len + head <= sizeof file);
    memset(file + 10, ' ', 118);
    file[8] = 118;
    (void)snprintf(file + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr,
                   shape);
    file[10 + strlen(file + 10)] = ' ';
    file[head - 1] = '\n';
    memcpy(file + head, data, len);
    scratch_write(path, head + len, file);
}

static void magnitudes_come_from_an_array_or_a_catalogue(void **state)
{
    static const double mags[] = {2.5, 3.1, 2.0};
    static const char csv[] = "id,latitude,longitude,time,magnitude\nx,1,2,2000-01-01,4.5\n";
    const char *path = scratch_path("mags");
    etas_catalog c = {0};
    etas_error err = {0};

    (void)state;
    write_npy(path, "<f8", "(3,)", sizeof mags, mags);
    check_ok(etas_catalog_load_magnitudes(&c, path, NULL, NULL, &err), &err);
    assert_int_equal(c.n, 3);
    assert_true(c.mag[1] == 3.1 && c.time[1] == ETAS_TIME_NONE && isnan(c.lat[1]) &&
                isnan(c.mc[1]));
    etas_catalog_free(&c);
    scratch_write(path, sizeof csv - 1, csv);
    check_ok(etas_catalog_load_magnitudes(&c, path, NULL, NULL, &err), &err);
    assert_int_equal(c.n, 1);
    assert_true(c.mag[0] == 4.5 && c.lat[0] == 1);
    etas_catalog_free(&c);
}

static void wrong_arrays_are_refused_with_their_file(void **state)
{
    static const double pairs[] = {1, 2, 3, 4}, fill[] = {2.5, -99}, odd[] = {2.5, (double)NAN};
    const char *path = scratch_path("wrong");
    const struct {
        const double *data;
        const char *shape;
        size_t len;
        etas_status want;
    } cases[] = {{pairs, "(2, 2)", sizeof pairs, ETAS_E_PARSE},
                 {fill, "(2,)", sizeof fill, ETAS_E_RANGE},
                 {odd, "(2,)", sizeof odd, ETAS_E_RANGE},
                 {fill, "(3,)", sizeof fill, ETAS_E_PARSE}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        etas_catalog c = {0};
        etas_error err = {0};

        write_npy(path, "<f8", cases[i].shape, cases[i].len, cases[i].data);
        assert_int_equal(etas_catalog_load_magnitudes(&c, path, NULL, NULL, &err), cases[i].want);
        assert_string_equal(err.file, path);
        assert_int_equal(c.n, 0);
    }
    {
        etas_catalog c = {0};
        etas_error err = {0};

        assert_int_equal(
            etas_catalog_load_magnitudes(&c, scratch_path("nowhere"), NULL, NULL, &err), ETAS_E_IO);
        assert_non_null(strstr(err.file, "nowhere"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_column_follows_the_last),
        cmocka_unit_test(an_old_column_is_replaced_where_it_stands),
        cmocka_unit_test(another_number_of_rows_is_refused),
        cmocka_unit_test(a_full_device_is_an_error),
        cmocka_unit_test(magnitudes_come_from_an_array_or_a_catalogue),
        cmocka_unit_test(wrong_arrays_are_refused_with_their_file),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
