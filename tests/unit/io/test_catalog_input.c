#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "support/check.h"
#include "support/scratch.h"
#include "unit/io/golden.h"

static void show_tally(etas_text *out, const char *what, const etas_tally *tally)
{
    char line[1024];

    if (tally->n > 0) {
        etas_tally_print(tally, sizeof line, line);
        golden_print(out, "%s: %s\n", what, line);
    }
}

static void show_summary(etas_text *out, const etas_catalog_summary *s, size_t n)
{
    golden_print(out, "%s: %zu of %zu events\n", etas_catalog_format_name(s->format), n,
                 s->n_events);
    show_tally(out, "other types", &s->skipped_types);
    if (s->n_no_magnitude + s->n_no_preferred + s->n_no_place > 0)
        golden_print(out, "no magnitude %zu, none preferred %zu, no place %zu\n", s->n_no_magnitude,
                     s->n_no_preferred, s->n_no_place);
    show_tally(out, "magnitudes", &s->magnitude_types);
    assert_int_equal(s->n_events, n + etas_tally_sum(&s->skipped_types) + s->n_no_magnitude +
                                      s->n_no_preferred + s->n_no_place);
}

static void show_catalog(const char *path, etas_text *out)
{
    const etas_catalog untouched = {0};
    etas_catalog c = {0};
    etas_catalog_summary summary;
    etas_error err = {0};

    if (etas_catalog_load(&c, path, NULL, &summary, &err) != ETAS_OK) {
        assert_memory_equal(&c, &untouched, sizeof c);
        assert_string_equal(err.file, path);
        golden_error(out, &err);
        return;
    }
    show_summary(out, &summary, c.n);
    for (size_t i = 0; i < c.n; i++) {
        const etas_event e = etas_catalog_row(&c, i);
        char time[32];

        etas_time_format(e.time, ' ', time);
        golden_print(out, "[%.*s] %s%03d %.17g %.17g %.17g", (int)e.id_len, e.id, time,
                     (int)((e.time % 1000 + 1000) % 1000), e.lat, e.lon, e.mag);
        if (!isnan(e.depth))
            golden_print(out, " depth %.17g", e.depth);
        golden_print(out, "\n");
        assert_true(isnan(e.mc) && isnan(e.x) && isnan(e.y) && isnan(e.z) && isnan(e.covariate));
    }
    etas_catalog_free(&c);
}

static void quakeml_is_read_whatever_its_prefixes_order_and_encoding(void **state)
{
    (void)state;
    golden_check("quakeml/valid", 20, show_catalog);
}

static void bad_quakeml_is_refused_with_line_and_element(void **state)
{
    (void)state;
    golden_check("quakeml/invalid", 29, show_catalog);
}

static void other_formats_are_recognised_and_read_leniently(void **state)
{
    (void)state;
    golden_check("catalog/valid", 34, show_catalog);
}

static void what_is_wrong_in_them_is_said_with_its_place(void **state)
{
    (void)state;
    golden_check("catalog/invalid", 58, show_catalog);
}

static void bytes_in_memory_give_what_the_file_gives(void **state)
{
    static const char *const paths[] = {
        "quakeml/valid/plain.xml",         "quakeml/valid/utf16.xml",
        "catalog/valid/fdsn_crlf_bom.txt", "catalog/valid/geojson_indented_bom_crlf.json",
        "catalog/valid/zmap_savetxt.dat",  "catalog/valid/csep_plain.csv",
        "catalog/valid/reference.csv"};

    (void)state;
    golden_enter("");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        etas_catalog_summary in_file, in_memory;
        etas_catalog a = {0}, b = {0};
        etas_text text = {0};
        etas_error err = {0};

        check_ok(etas_catalog_load(&a, paths[i], NULL, &in_file, &err), &err);
        check_ok(etas_file_read(paths[i], &text, &err), &err);
        check_ok(etas_catalog_read(&b, &(etas_catalog_bytes){paths[i], text.len, text.data}, NULL,
                                   &in_memory, &err),
                 &err);
        assert_true(a.n > 0 && a.n == b.n && in_file.format == in_memory.format);
        assert_memory_equal(a.time, b.time, a.n * sizeof *a.time);
        assert_memory_equal(a.mag, b.mag, a.n * sizeof *a.mag);
        assert_memory_equal(a.id_text, b.id_text, a.id_start[a.n]);
        etas_catalog_free(&a);
        etas_catalog_free(&b);
        etas_text_free(&text);
    }
}

/* More than fits into the first piece, and events across the borders of pieces. */
static void a_long_file_is_read_in_pieces(void **state)
{
    enum { N = 3000 };
    etas_catalog c = {0};
    etas_text text = {0};
    etas_error err = {0};
    const char *path = scratch_path("long.xml");

    (void)state;
    check_ok(etas_text_printf(&text, "<quakeml><eventParameters>"), NULL);
    for (int i = 0; i < N; i++)
        check_ok(etas_text_printf(
                     &text,
                     "<event publicID='%d'><origin><time><value>2020-01-01T00:00:00.%06dZ</value>"
                     "</time><latitude><value>1</value></latitude><longitude><value>%.4f</value>"
                     "</longitude></origin><magnitude><mag><value>%.4f</value></mag></magnitude>"
                     "</event>\n",
                     i, i, i / 1000.0, 1 + i / 10000.0),
                 NULL);
    check_ok(etas_text_printf(&text, "</eventParameters></quakeml>"), NULL);
    assert_true(text.len > 10 << 16);
    scratch_write(path, text.len, text.data);
    check_ok(etas_catalog_load(&c, path, NULL, NULL, &err), &err);
    assert_int_equal(c.n, N);
    for (int i = 0; i < N; i++) {
        const etas_event e = etas_catalog_row(&c, (size_t)i);
        int64_t id;

        assert_int_equal(e.time, 1577836800 * ETAS_NS_PER_S + i * INT64_C(1000));
        check_abs(e.lon, i / 1000.0, 1e-12);
        check_abs(e.mag, 1 + i / 10000.0, 1e-12);
        assert_true(etas_parse_i64(e.id, e.id_len, &id));
        assert_int_equal(id, i);
    }
    etas_catalog_free(&c);
    etas_text_free(&text);
}

static void a_file_that_is_not_there_says_why(void **state)
{
    etas_catalog c = {0};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_catalog_load(&c, "no/such/file.xml", NULL, NULL, &err), ETAS_E_IO);
    assert_string_equal(err.file, "no/such/file.xml");
    assert_non_null(strstr(err.text, "No such file"));
    err = (etas_error){0};
    assert_int_equal(etas_catalog_load(&c, "/", NULL, NULL, &err), ETAS_E_IO);
    assert_non_null(strstr(err.text, "Is a directory"));
}

/* ---- options ---- */

static void columns_that_a_format_lacks_are_missed_by_who_needs_them(void **state)
{
    static const struct {
        etas_catalog_wanted want;
        const char *key, *text;
    } cases[] = {{{.mc = true}, "mc", "mc_current"},
                 {{.three_dim = true}, "three_dim", "x, y and z"},
                 {{.covariate = "rate"}, "bg_term", "column"}};
    static const char *const paths[] = {"quakeml/valid/plain.xml", "catalog/valid/fdsn_plain.txt",
                                        "catalog/valid/geojson_plain.json",
                                        "catalog/valid/zmap_plain.dat",
                                        "catalog/valid/csep_plain.csv"};

    (void)state;
    golden_enter("");
    for (size_t k = 0; k < 15; k++) {
        const etas_catalog_options options = {.want = &cases[k % 3].want};
        etas_catalog c = {0};
        etas_error err = {0};

        assert_int_equal(etas_catalog_load(&c, paths[k / 3], &options, NULL, &err), ETAS_E_PARSE);
        assert_string_equal(err.key, cases[k % 3].key);
        assert_string_equal(err.file, paths[k / 3]);
        assert_non_null(strstr(err.text, cases[k % 3].text));
        assert_non_null(strstr(err.text, "expected catalogue CSV"));
    }
}

static void a_format_that_is_given_is_not_guessed(void **state)
{
    static const struct {
        const char *text;
        etas_catalog_format format;
        etas_status want;
    } cases[] = {{"1 2 2020 1 2 3 4 5\n", ETAS_CATALOG_ZMAP, ETAS_E_PARSE},
                 {"a|b\n", ETAS_CATALOG_CSV, ETAS_E_PARSE},
                 {"% none\n", ETAS_CATALOG_ZMAP, ETAS_OK},
                 {"id,latitude,longitude,time,magnitude,a|b\n", ETAS_CATALOG_CSV, ETAS_OK},
                 {"<quakeml/>", ETAS_CATALOG_GEOJSON, ETAS_E_PARSE},
                 {"{}", ETAS_CATALOG_QUAKEML, ETAS_E_PARSE},
                 {"lon,latitude,longitude,time,magnitude\n", ETAS_CATALOG_CSV, ETAS_OK}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const etas_catalog_bytes from = {"text", strlen(cases[i].text), cases[i].text};
        const etas_catalog_options options = {.format = cases[i].format};
        etas_catalog_summary s = {0};
        etas_catalog c = {0};
        etas_error err = {0};

        assert_int_equal(etas_catalog_read(&c, &from, &options, &s, &err), cases[i].want);
        if (cases[i].want == ETAS_OK)
            assert_int_equal(s.format, cases[i].format);
        assert_int_not_equal(etas_catalog_read(&c, &from, NULL, &s, NULL), ETAS_OK);
        etas_catalog_free(&c);
    }
}

static void formats_have_names(void **state)
{
    etas_catalog_format format;
    char list[80] = "";

    (void)state;
    for (int i = 0; i < ETAS_N_CATALOG_FORMATS; i++) {
        const char *name = etas_catalog_format_name((etas_catalog_format)i);

        etas_format(sizeof list - strlen(list), list + strlen(list), "%s%s", i > 0 ? ", " : "",
                    name);
        assert_true(etas_catalog_format_parse(name, &format));
        assert_int_equal(format, i);
    }
    assert_string_equal(list, ETAS_CATALOG_FORMAT_NAMES);
    assert_false(etas_catalog_format_parse("xml", &format));
}

static size_t read_with(const char *path, const etas_catalog_options *options, etas_catalog *out,
                        etas_catalog_summary *summary)
{
    etas_error err = {0};

    etas_catalog_free(out);
    check_ok(etas_catalog_load(out, path, options, summary, &err), &err);
    return out->n;
}

static double magnitude_of(const etas_catalog *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++) {
        const etas_event e = etas_catalog_row(c, i);

        if (e.id_len == strlen(id) && memcmp(e.id, id, e.id_len) == 0)
            return e.mag;
    }
    return NAN;
}

static void a_list_of_types_decides_where_no_magnitude_is_preferred(void **state)
{
    etas_catalog_options options = {.magnitude_types = "mb, MW,ml"};
    etas_catalog_summary s;
    etas_catalog c = {0};

    (void)state;
    golden_enter("quakeml/valid");
    assert_int_equal(read_with("magnitudes.xml", &options, &c, &s), 8);
    assert_true(magnitude_of(&c, "smi:x/preferred") == 2);        /* preferred is preferred */
    assert_true(magnitude_of(&c, "smi:x/several") == 2);          /* Mw before ML */
    assert_true(magnitude_of(&c, "smi:x/dangling_several") == 1); /* "mww" is not "mw" */
    assert_true(magnitude_of(&c, "smi:x/only") == 1.5);
    assert_int_equal(s.n_no_preferred, 0);
    options.magnitude_types = "Mww"; /* two of them: the first */
    (void)read_with("magnitudes.xml", &options, &c, &s);
    assert_true(magnitude_of(&c, "smi:x/dangling_several") == 2);
    assert_true(isnan(magnitude_of(&c, "smi:x/several")));
    assert_true(magnitude_of(&c, "smi:x/only") == 1.5); /* of another type, but the only one */
    assert_int_equal(s.n_no_preferred, 1);
    etas_catalog_free(&c);
}

static void event_types_are_kept_as_listed(void **state)
{
    static const struct {
        const char *types;
        size_t n, n_skipped, n_no_magnitude;
    } cases[] = {{NULL, 4, 5, 0},
                 {"earthquake,none", 4, 5, 0},
                 {"earthquake", 2, 7, 0},
                 {" Quarry Blast ", 2, 7, 0},
                 {"explosion,none", 2, 6, 1},
                 {"", 0, 9, 0},
                 {"all", 8, 0, 1},
                 {"earthquake,ALL", 8, 0, 1}};
    etas_catalog_summary s;
    etas_catalog c = {0};

    (void)state;
    golden_enter("quakeml/valid");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const etas_catalog_options options = {.event_types = cases[i].types};

        assert_int_equal(read_with("types.xml", &options, &c, &s), cases[i].n);
        assert_int_equal(etas_tally_sum(&s.skipped_types), cases[i].n_skipped);
        assert_int_equal(s.n_no_magnitude, cases[i].n_no_magnitude);
    }
    etas_catalog_free(&c);
}

static void more_types_than_are_counted_are_others(void **state)
{
    etas_catalog_summary s;
    etas_catalog c = {0};
    etas_text text = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_text_printf(&text, "<quakeml><eventParameters>"), NULL);
    for (size_t i = 0; i < 100; i++)
        check_ok(etas_text_printf(&text, "<event><type>t%zu</type></event>", i), NULL);
    check_ok(etas_text_printf(&text, "</eventParameters></quakeml>"), NULL);
    check_ok(
        etas_catalog_read(&c, &(etas_catalog_bytes){"text", text.len, text.data}, NULL, &s, &err),
        &err);
    assert_int_equal(c.n, 0);
    assert_int_equal(s.skipped_types.n, ETAS_TALLY_NAMES);
    assert_int_equal(etas_tally_sum(&s.skipped_types), 100);
    assert_string_equal(s.skipped_types.entry[ETAS_TALLY_NAMES - 1].name, "others");
    etas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quakeml_is_read_whatever_its_prefixes_order_and_encoding),
        cmocka_unit_test(bad_quakeml_is_refused_with_line_and_element),
        cmocka_unit_test(other_formats_are_recognised_and_read_leniently),
        cmocka_unit_test(what_is_wrong_in_them_is_said_with_its_place),
        cmocka_unit_test(bytes_in_memory_give_what_the_file_gives),
        cmocka_unit_test(a_long_file_is_read_in_pieces),
        cmocka_unit_test(a_file_that_is_not_there_says_why),
        cmocka_unit_test(columns_that_a_format_lacks_are_missed_by_who_needs_them),
        cmocka_unit_test(a_format_that_is_given_is_not_guessed),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(a_list_of_types_decides_where_no_magnitude_is_preferred),
        cmocka_unit_test(event_types_are_kept_as_listed),
        cmocka_unit_test(more_types_than_are_counted_are_others),
    };

    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
