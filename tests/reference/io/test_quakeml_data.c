/* A national catalogue in QuakeML, against its text cut into pieces by plain string searches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/io.h"
#include "support/check.h"

static const char path[] = "data/catalog.xml";

static size_t count_of(const etas_tally *tally, const char *name)
{
    for (size_t i = 0; i < tally->n; i++)
        if (strcmp(tally->entry[i].name, name) == 0)
            return tally->entry[i].count;
    return 0;
}

static void load(const char *types, etas_catalog *out, etas_catalog_summary *summary)
{
    const etas_catalog_options options = {.event_types = types};
    etas_error err = {0};

    check_ok(etas_catalog_load(out, path, &options, summary, &err), &err);
}

static void earthquakes_stay_and_the_others_are_counted(void **state)
{
    etas_catalog c = {0};
    etas_catalog_summary s;

    (void)state;
    load(NULL, &c, &s);
    assert_int_equal(s.format, ETAS_CATALOG_QUAKEML);
    assert_int_equal(s.n_events, 1142);
    assert_int_equal(c.n, 1107);
    assert_int_equal(s.skipped_types.n, 4);
    assert_int_equal(count_of(&s.skipped_types, "induced or triggered event"), 16);
    assert_int_equal(count_of(&s.skipped_types, "quarry blast"), 10);
    assert_int_equal(count_of(&s.skipped_types, "explosion"), 6);
    assert_int_equal(count_of(&s.skipped_types, "landslide"), 3);
    assert_int_equal(s.n_no_magnitude + s.n_no_preferred + s.n_no_place, 0);
    etas_catalog_free(&c);
    load("all", &c, &s);
    assert_int_equal(c.n, 1142);
    assert_int_equal(count_of(&s.magnitude_types, "Mw"), 612);
    assert_int_equal(count_of(&s.magnitude_types, "MLh"), 354);
    assert_int_equal(count_of(&s.magnitude_types, "Ml"), 122);
    assert_int_equal(count_of(&s.magnitude_types, "MLhc"), 54);
    assert_int_equal(etas_tally_sum(&s.magnitude_types), 1142);
    etas_catalog_free(&c);
}

/* What stands between the first @p open behind @p at and the next @p close; at most 255 bytes. */
static const char *between(const char *at, const char *open, const char *close, char out[256])
{
    const char *begin = strstr(at, open), *end;

    assert_non_null(begin);
    begin += strlen(open);
    end = strstr(begin, close);
    assert_true(end != NULL && end - begin < 256);
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    return end;
}

/* The element with that id: <TAG publicID="ID">. */
static const char *element(const char *at, const char *tag, const char *id)
{
    char open[400];
    const char *found;

    etas_format(sizeof open, open, "<%s publicID=\"%s\">", tag, id);
    found = strstr(at, open);
    assert_non_null(found);
    return found;
}

/* NAME/value of the element at @p at. */
static double value_of(const char *at, const char *name)
{
    char open[40], text[256];

    etas_format(sizeof open, open, "<%s>", name);
    at = strstr(at, open);
    assert_non_null(at);
    (void)between(at, "<value>", "</value>", text);
    return strtod(text, NULL);
}

static void check_event(const char *event, const etas_event *e)
{
    char id[256], text[256];
    const char *origin, *magnitude;
    etas_time time;
    etas_error err = {0};

    (void)between(event, "publicID=\"", "\"", text);
    assert_true(strlen(text) == e->id_len && memcmp(text, e->id, e->id_len) == 0);
    (void)between(event, "<preferredOriginID>", "<", id);
    origin = element(event, "origin", id);
    (void)between(event, "<preferredMagnitudeID>", "<", id);
    magnitude = element(event, "magnitude", id);
    (void)between(strstr(origin, "<time>"), "<value>", "</value>", text);
    check_ok(etas_time_parse(text, strlen(text), &time, &err), &err);
    assert_int_equal(e->time, time);
    assert_true(e->lat == value_of(origin, "latitude"));
    assert_true(e->lon == value_of(origin, "longitude"));
    assert_true(e->depth == value_of(origin, "depth") / 1000);
    assert_true(e->mag == value_of(magnitude, "mag"));
}

/* The next place of @p what, which begins with '<'; NULL behind the last. */
static char *find(char *at, const char *end, const char *what)
{
    const size_t len = strlen(what);

    for (; at != NULL && (size_t)(end - at) >= len; at++) {
        at = memchr(at, '<', (size_t)(end - at));
        if (at == NULL || ((size_t)(end - at) >= len && memcmp(at, what, len) == 0))
            return at;
    }
    return NULL;
}

static void every_event_has_the_values_of_its_preferred_origin_and_magnitude(void **state)
{
    etas_catalog c = {0};
    etas_catalog_summary s;
    etas_text text = {0};
    etas_error err = {0};
    char *at;

    (void)state;
    check_ok(etas_file_read(path, &text, &err), &err);
    load("all", &c, &s);
    at = text.data;
    for (size_t i = 0; i < c.n; i++) {
        const etas_event e = etas_catalog_row(&c, i);
        char *event = find(at, text.data + text.len, "<event publicID");

        assert_non_null(event);
        at = find(event, text.data + text.len, "</event>");
        assert_non_null(at);
        *at++ = '\0'; /* searches end here */
        check_event(event, &e);
    }
    assert_null(find(at, text.data + text.len, "<event publicID"));
    etas_catalog_free(&c);
    etas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earthquakes_stay_and_the_others_are_counted),
        cmocka_unit_test(every_event_has_the_values_of_its_preferred_origin_and_magnitude),
    };
    const char *shared = getenv("ETAS_SHARED");

    if (shared == NULL || chdir(shared) != 0 || access(path, R_OK) != 0) {
        puts("skipped: ETAS_SHARED names no folder with data/catalog.xml");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
