#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "support/check.h"
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

static void a_compressed_file_is_refused_with_what_to_do(void **state)
{
    (void)state;
    golden_check("catalog/invalid", 1, show_catalog);
}

/* ---- options ---- */

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
        cmocka_unit_test(a_compressed_file_is_refused_with_what_to_do),
        cmocka_unit_test(a_list_of_types_decides_where_no_magnitude_is_preferred),
        cmocka_unit_test(event_types_are_kept_as_listed),
        cmocka_unit_test(more_types_than_are_counted_are_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
