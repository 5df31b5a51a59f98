/* Which pages are asked for: against a service in memory, good and bad. */
#include "support/check.h"

#include <math.h>
#include <string.h>

#include "io/fdsn_index.h"
#include "io/fdsn_walk.h"

enum { N_EVENTS = 997, MOST_REQUESTS = 2000 };

/* Event i happens at i * i milliseconds: dense at the beginning. */
typedef struct service {
    size_t cap;      /* events of a page at most, whatever the limit */
    size_t too_many; /* refuses windows with more; 0: none */
    size_t hole;     /* leaves so many out of every full page */
    bool no_offset, ignores_offset;
    const etas_fdsn_query *query;
    bool got[N_EVENTS];
    size_t n_requests, n_twice;
    etas_fdsn_page asked[MOST_REQUESTS];
} service;

static etas_time time_of(size_t i)
{
    return (etas_time)(i * i) * ETAS_NS_PER_MS;
}

static size_t matches(const etas_fdsn_page *page, size_t *first)
{
    size_t n = 0;

    for (size_t i = N_EVENTS; i-- > 0;)
        if (time_of(i) >= page->start && time_of(i) <= page->end) {
            *first = i;
            n++;
        }
    return n;
}

static etas_status get(void *context, const etas_fdsn_page *page, etas_fdsn_reply *out,
                       etas_error *err)
{
    service *const s = context;
    size_t first = 0, n = matches(page, &first), limit = s->query->page_size;
    const size_t offset = s->ignores_offset ? 1 : (size_t)page->offset;

    if (s->n_requests == MOST_REQUESTS)
        return etas_fail(err, ETAS_E_LIMIT, "too many requests");
    s->asked[s->n_requests++] = *page;
    *out = (etas_fdsn_reply){.answer = ETAS_FDSN_EMPTY};
    if (s->too_many > 0 && n > s->too_many) {
        out->answer = ETAS_FDSN_TOO_MANY;
        return ETAS_OK;
    }
    if (s->no_offset && page->offset > 1) {
        out->answer = ETAS_FDSN_NO_OFFSET;
        return ETAS_OK;
    }
    limit = s->cap < limit ? s->cap : limit;
    if (offset > n)
        return ETAS_OK;
    first += offset - 1;
    n = n - (offset - 1) < limit ? n - (offset - 1) : limit;
    if (n == limit)
        n -= s->hole;
    out->answer = ETAS_FDSN_EVENTS;
    out->first = first + 1;
    for (size_t i = first; i < first + n; i++) {
        out->n++;
        out->n_new += !s->got[i];
        s->n_twice += s->got[i];
        s->got[i] = true;
    }
    return ETAS_OK;
}

/* Walks all of it in pages of @p limit. */
static void walk(service *s, uint32_t limit)
{
    etas_fdsn_query query = {
        .page_size = limit, .end = time_of(N_EVENTS), .area = etas_fdsn_globe()};
    etas_error err = {0};

    s->query = &query;
    s->cap = s->cap == 0 ? SIZE_MAX : s->cap;
    check_ok(etas_fdsn_walk(&query, get, s, &err), &err);
    s->query = NULL;
    for (size_t i = 0; i < N_EVENTS; i++)
        if (!s->got[i])
            fail_msg("event %zu is missing after %zu requests", i, s->n_requests);
}

static void offsets_follow_what_has_come_until_a_page_is_empty(void **state)
{
    service s = {0};

    (void)state;
    walk(&s, 300);
    assert_int_equal(s.n_requests, 5);
    assert_int_equal(s.asked[1].offset, 301);
    assert_int_equal(s.asked[4].offset, N_EVENTS + 1);
    assert_int_equal(s.n_twice, 0);
}

static void a_limit_that_the_service_keeps_to_itself_loses_nothing(void **state)
{
    service s = {.cap = 90}, ignoring = {.cap = 100, .ignores_offset = true};

    (void)state;
    walk(&s, 300);
    assert_int_equal(s.n_requests, (N_EVENTS + 89) / 90 + 1);
    walk(&ignoring, 300);
}

static void pages_with_holes_do_not_end_a_window(void **state)
{
    service s = {.hole = 3};

    (void)state;
    walk(&s, 300);
    assert_true(s.n_requests >= 5);
}

static void windows_are_halved_where_there_are_no_offsets(void **state)
{
    service refusing = {.no_offset = true}, ignoring = {.ignores_offset = true};

    (void)state;
    walk(&refusing, 100);
    walk(&ignoring, 100);
    /* offsets are given up after the first time */
    for (size_t i = 2; i < refusing.n_requests; i++)
        assert_int_equal(refusing.asked[i].offset, 1);
    assert_true(refusing.n_requests < 60);
}

static void windows_that_are_refused_are_halved_in_order(void **state)
{
    service s = {.too_many = 60};
    etas_time reached = 0;

    (void)state;
    walk(&s, 1000);
    for (size_t i = 0; i < s.n_requests; i++)
        if (s.asked[i].offset > 1) { /* of windows that were given */
            assert_true(s.asked[i].start >= reached);
            reached = s.asked[i].end;
        }
    assert_int_equal(reached, time_of(N_EVENTS));
}

static void a_second_that_is_too_full_is_an_error(void **state)
{
    service s = {.too_many = 20, .cap = SIZE_MAX};
    etas_fdsn_query query = {
        .page_size = 1000, .end = time_of(N_EVENTS), .area = etas_fdsn_globe()};
    etas_error err = {0};

    (void)state;
    s.query = &query;
    assert_int_equal(etas_fdsn_walk(&query, get, &s, &err), ETAS_E_LIMIT);
    assert_non_null(strstr(err.text, "1970-01-01T00:00:00"));
}

static void each_box_is_walked(void **state)
{
    service s = {.cap = SIZE_MAX};
    etas_fdsn_query query = {.page_size = 5000, .end = 1, .area = etas_fdsn_globe()};
    etas_error err = {0};

    (void)state;
    s.query = &query;
    check_ok(etas_fdsn_box_set(&query.area, &(etas_fdsn_box){-10, 10, 170, -160}, &err), &err);
    assert_int_equal(query.area.n_boxes, 2);
    check_ok(etas_fdsn_walk(&query, get, &s, &err), &err);
    assert_int_equal(s.asked[0].box, 0);
    assert_int_equal(s.asked[s.n_requests - 1].box, 1);
}

/* ---- areas and URLs ---- */

static void check_box(etas_fdsn_box in, size_t n, etas_fdsn_box first, etas_fdsn_box second)
{
    etas_fdsn_area area = etas_fdsn_globe();
    const etas_fdsn_box want[2] = {first, second};
    etas_error err = {0};

    check_ok(etas_fdsn_box_set(&area, &in, &err), &err);
    assert_int_equal(area.n_boxes, n);
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(&area.boxes[i], &want[i], sizeof want[i]);
}

static void boxes_lie_within_180_degrees(void **state)
{
    const etas_fdsn_box none = {0};
    etas_fdsn_area area = etas_fdsn_globe();

    (void)state;
    check_box((etas_fdsn_box){1, 2, 3, 4}, 1, (etas_fdsn_box){1, 2, 3, 4}, none);
    check_box((etas_fdsn_box){1, 2, 170, 190}, 2, (etas_fdsn_box){1, 2, 170, 180},
              (etas_fdsn_box){1, 2, -180, -170});
    check_box((etas_fdsn_box){1, 2, 170, -170}, 2, (etas_fdsn_box){1, 2, 170, 180},
              (etas_fdsn_box){1, 2, -180, -170});
    check_box((etas_fdsn_box){1, 2, 190, 200}, 1, (etas_fdsn_box){1, 2, -170, -160}, none);
    check_box((etas_fdsn_box){1, 2, -190, -170}, 2, (etas_fdsn_box){1, 2, 170, 180},
              (etas_fdsn_box){1, 2, -180, -170});
    check_box((etas_fdsn_box){-90, 90, -180, 180}, 1, (etas_fdsn_box){-90, 90, -180, 180}, none);
    check_box((etas_fdsn_box){-90, 90, 0, 360}, 1, (etas_fdsn_box){-90, 90, -180, 180}, none);
    assert_int_equal(etas_fdsn_box_set(&area, &(etas_fdsn_box){2, 1, 3, 4}, NULL), ETAS_E_RANGE);
    assert_int_equal(etas_fdsn_box_set(&area, &(etas_fdsn_box){1, 2, 3, 3}, NULL), ETAS_E_RANGE);
    assert_int_equal(etas_fdsn_circle_set(&area, 91, 0, 5, NULL), ETAS_E_RANGE);
}

/* Points at the given distance in all directions, also round a pole and across 180 degrees. */
static void the_box_of_a_circle_holds_all_of_it(void **state)
{
    static const double centres[][3] = {
        {0, 0, 500}, {60, 179, 800}, {-85, 10, 300}, {89, 0, 300}, {45, -120, 5000}};

    (void)state;
    for (size_t k = 0; k < sizeof centres / sizeof *centres; k++) {
        etas_fdsn_area area = etas_fdsn_globe();
        const double *const c = centres[k];
        etas_error err = {0};
        size_t n_inside = 0;

        check_ok(etas_fdsn_circle_set(&area, c[0], c[1], c[2], &err), &err);
        for (int lat = -90; lat <= 90; lat++)
            for (int lon = -180; lon < 180; lon++) {
                bool in_box = false;

                for (size_t b = 0; b < area.n_boxes; b++)
                    in_box |= lat >= area.boxes[b].south && lat <= area.boxes[b].north &&
                              lon >= area.boxes[b].west && lon <= area.boxes[b].east;
                if (!etas_fdsn_area_contains(&area, lat, lon))
                    continue;
                n_inside++;
                assert_true(in_box);
                assert_true(etas_distance_km(c[0], c[1], lat, lon, ETAS_EARTH_RADIUS_KM) <= c[2]);
            }
        assert_true(n_inside > 20);
    }
}

static void check_url(const char *text, const char *want)
{
    etas_text url = {0};
    etas_error err = {0};

    check_ok(etas_fdsn_url(text, &url, &err), &err);
    assert_string_equal(url.data, want);
    etas_text_free(&url);
}

static void urls_are_completed(void **state)
{
    etas_text url = {0};
    static const char *const wrong[] = {"",       "ftp://x",    "https://",    "usgs",
                                        "http:x", "http://a b", "https://u@h", "https://h/x?y=1"};

    (void)state;
    check_url("https://h", "https://h/fdsnws/event/1/query");
    check_url("http://h:80/", "http://h:80/fdsnws/event/1/query");
    check_url("https://h/fdsnws/event/1", "https://h/fdsnws/event/1/query");
    check_url("https://h/x/fdsnws/event/1/", "https://h/x/fdsnws/event/1/query");
    check_url("https://h/fdsnws/event/1/query", "https://h/fdsnws/event/1/query");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(etas_fdsn_url(wrong[i], &url, NULL), ETAS_E_ARG);
    for (size_t i = 0; etas_fdsn_service_at(i) != NULL; i++)
        check_url(etas_fdsn_service_at(i)->url, etas_fdsn_service_at(i)->url);
    assert_string_equal(etas_fdsn_service_find("USGS")->name, "usgs");
    assert_null(etas_fdsn_service_find("nobody"));
}

static void a_page_has_one_url(void **state)
{
    static const char *const extra[] = {"eventtype=a b&c", "catalog="};
    etas_fdsn_query query = {.url = "http://h/query",
                             .format = ETAS_FDSN_XML,
                             .min_magnitude = 2.5,
                             .max_magnitude = NAN,
                             .area = etas_fdsn_globe(),
                             .page_size = 20,
                             .n_extra = 2,
                             .extra = extra};
    const etas_fdsn_page page = {0, 0, ETAS_NS_PER_S / 2, 21};
    etas_text url = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_fdsn_box_set(&query.area, &(etas_fdsn_box){-1, 2.25, 3, 4}, &err), &err);
    check_ok(etas_fdsn_query_url(&query, &page, &url, &err), &err);
    assert_string_equal(url.data,
                        "http://h/query?format=xml&orderby=time-asc&minmagnitude=2.5"
                        "&eventtype=a%20b%26c&catalog=&starttime=1970-01-01T00:00:00"
                        "&endtime=1970-01-01T00:00:00.500000&minlatitude=-1&maxlatitude=2.25"
                        "&minlongitude=3&maxlongitude=4&limit=20&offset=21");
    etas_text_free(&url);
    assert_int_equal(etas_fdsn_check_extra("limit=3", NULL), ETAS_E_ARG);
    assert_int_equal(etas_fdsn_check_extra("=3", NULL), ETAS_E_ARG);
    assert_int_equal(etas_fdsn_check_extra("a b=3", NULL), ETAS_E_ARG);
    check_ok(etas_fdsn_check_extra("catalog=", &err), &err);
}

/* ---- events ---- */

static void read_page(etas_fdsn_events *events, etas_fdsn_format format, const char *text)
{
    const etas_fdsn_body body = {"page", format, true, strlen(text), text};
    etas_error err = {0};

    check_ok(etas_fdsn_events_read(events, &body, &err), &err);
}

static void lines_of_text_are_kept_as_they_are(void **state)
{
    static const char header[] = "# EventID | Time | Latitude | Longitude | Depth/km | Magnitude";
    static const char line[] = " b | 2020-01-02T00:00:00 | 1 | 2 || 3 ";
    etas_fdsn_events events = {0};
    etas_text text = {0};

    (void)state;
    assert_int_equal(etas_text_printf(&text,
                                      "\n# talk\n \n%s\r\n%s\r\n\n# talk|\na|2020-01-01|3|4|5|\n",
                                      header, line),
                     ETAS_OK);
    read_page(&events, ETAS_FDSN_TEXT, text.data);
    assert_int_equal(events.n, 2);
    assert_int_equal(events.event[0].raw_len, strlen(line));
    assert_memory_equal(events.text.data + events.event[0].raw, line, strlen(line));
    assert_int_equal(events.event[0].id_len, 1);
    assert_int_equal(events.text.data[events.event[0].id], 'b');
    assert_true(events.event[1].lat == 3 && events.event[1].lon == 4);
    assert_int_equal(events.header_len, strlen(header));
    assert_true(events.event[0].time - events.event[1].time == ETAS_NS_PER_DAY);
    read_page(&events, ETAS_FDSN_TEXT,
              "Time|EventID|Longitude|Latitude|Magnitude\n2020-01-01|a|1|2|\n");
    assert_int_equal(events.n, 1);
    assert_int_equal(events.text.data[events.event[0].id], 'a');
    assert_true(events.event[0].lat == 2 && events.event[0].lon == 1);
    etas_text_free(&text);
    etas_fdsn_events_free(&events);
}

static void elements_keep_their_namespaces(void **state)
{
    etas_fdsn_events events = {0};
    etas_text raw = {0};

    (void)state;
    read_page(&events, ETAS_FDSN_XML,
              "<?xml version='1.0'?><q:quakeml xmlns:q='http://quakeml.org/xmlns/quakeml/1.2' "
              "xmlns='http://quakeml.org/xmlns/bed/1.2' xmlns:x='urn:x'><eventParameters>"
              "<event publicID='a&amp;b' x:y='1'><origin publicID='o'><time><value> 2020-01-01 "
              "</value></time><latitude><value>1</value></latitude><longitude><value>2</value>"
              "</longitude></origin></event><event publicID='c'/></eventParameters></q:quakeml>");
    assert_int_equal(events.n, 2);
    assert_int_equal(events.event[0].id_len, 3);
    assert_memory_equal(events.text.data + events.event[0].id, "a&b", 3);
    assert_true(events.event[0].lat == 1 && events.event[0].lon == 2);
    assert_true(events.event[1].time == ETAS_TIME_NONE && isnan(events.event[1].lat));
    assert_int_equal(
        etas_text_append(&raw, events.event[0].raw_len, events.text.data + events.event[0].raw),
        ETAS_OK);
    assert_non_null(strstr(raw.data, "xmlns:x=\"urn:x\""));
    assert_non_null(strstr(raw.data, "publicID=\"a&amp;b\""));
    etas_text_free(&raw);
    etas_fdsn_events_free(&events);
}

static void what_is_cut_off_or_another_page_is_refused(void **state)
{
    static const struct {
        etas_fdsn_format format;
        const char *text;
    } wrong[] = {
        {ETAS_FDSN_TEXT, "<html>sorry|</html>\n"},
        {ETAS_FDSN_TEXT, "EventID|Time|Latitude|Longitude|Magnitude\na|2020-01-01|1|2|3"},
        {ETAS_FDSN_TEXT, "EventID|Time|Latitude|Longitude|Magnitude\na|2020-01-01|1\n"},
        {ETAS_FDSN_XML, "<q:quakeml xmlns:q='http://quakeml.org/xmlns/quakeml/1.2'>"},
        {ETAS_FDSN_XML, "EventID|Time|Latitude|Longitude|Magnitude\n"},
        {ETAS_FDSN_XML, "<html/>"},
    };
    etas_fdsn_events events = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const etas_fdsn_body body = {"page", wrong[i].format, false, strlen(wrong[i].text),
                                     wrong[i].text};

        assert_int_equal(etas_fdsn_events_read(&events, &body, NULL), ETAS_E_PARSE);
    }
    etas_fdsn_events_free(&events);
}

static void ids_are_taken_once_and_ordered_by_time(void **state)
{
    enum { N = 3000 };
    const etas_fdsn_area globe = etas_fdsn_globe();
    etas_fdsn_index index = {0};
    etas_fdsn_events events = {0};
    etas_fdsn_page page = {0};
    size_t n_new = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        etas_fdsn_event e = {.id = events.text.len, .time = (etas_time)(N - i)};

        assert_int_equal(etas_text_printf(&events.text, "%zu", i % (N / 2)), ETAS_OK);
        e.id_len = events.text.len - e.id;
        assert_int_equal(etas_fdsn_events_add(&events, &e), ETAS_OK);
    }
    assert_int_equal(etas_fdsn_index_add(&index, &page, &events, &globe, &n_new), ETAS_OK);
    assert_int_equal(n_new, N / 2);
    assert_int_equal(index.n_twice, N / 2);
    assert_int_equal(etas_fdsn_index_add(&index, &page, &events, &globe, &n_new), ETAS_OK);
    assert_int_equal(n_new, 0);
    etas_fdsn_index_sort(&index);
    assert_int_equal(index.n, N / 2);
    for (size_t i = 1; i < index.n; i++)
        assert_true(index.entry[i - 1].time < index.entry[i].time);
    etas_fdsn_index_free(&index);
    etas_fdsn_events_free(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_what_has_come_until_a_page_is_empty),
        cmocka_unit_test(a_limit_that_the_service_keeps_to_itself_loses_nothing),
        cmocka_unit_test(pages_with_holes_do_not_end_a_window),
        cmocka_unit_test(windows_are_halved_where_there_are_no_offsets),
        cmocka_unit_test(windows_that_are_refused_are_halved_in_order),
        cmocka_unit_test(a_second_that_is_too_full_is_an_error),
        cmocka_unit_test(each_box_is_walked),
        cmocka_unit_test(boxes_lie_within_180_degrees),
        cmocka_unit_test(the_box_of_a_circle_holds_all_of_it),
        cmocka_unit_test(urls_are_completed),
        cmocka_unit_test(a_page_has_one_url),
        cmocka_unit_test(lines_of_text_are_kept_as_they_are),
        cmocka_unit_test(elements_keep_their_namespaces),
        cmocka_unit_test(what_is_cut_off_or_another_page_is_refused),
        cmocka_unit_test(ids_are_taken_once_and_ordered_by_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
