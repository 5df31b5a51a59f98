/* What is left when memory runs out in the middle: the n-th allocation fails, for every n. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "etas/catalog.h"
#include "etas/events.h"
#include "etas/grid.h"

static int allocations_left = -1; /* -1: no limit */

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (allocations_left == 0)
        return 12;
    if (allocations_left > 0)
        allocations_left--;
    return __real_posix_memalign(out, alignment, size);
}

static void append_some(etas_catalog *catalog, size_t n)
{
    while (catalog->n < n) {
        const etas_event row = {.time = (etas_time)catalog->n,
                                .mag = (double)catalog->n,
                                .id = "0123456789",
                                .id_len = 1 + catalog->n % 10};

        check_ok(etas_catalog_append(catalog, &row), NULL);
    }
}

static void check_rows(const etas_catalog *catalog, size_t n)
{
    assert_int_equal(catalog->n, n);
    for (size_t i = 0; i < n; i++) {
        const etas_event row = etas_catalog_row(catalog, i);

        assert_int_equal(row.time, i);
        assert_true(row.mag == (double)i);
        assert_int_equal(row.id_len, 1 + i % 10);
        assert_memory_equal(row.id, "0123456789", row.id_len);
    }
}

static void a_failed_append_changes_nothing_and_can_be_repeated(void **state)
{
    const etas_event row = {.time = 16, .mag = 16, .id = "0123456789", .id_len = 7};

    (void)state;
    for (int budget = 0;; budget++) {
        etas_catalog catalog = {0};
        etas_status st;

        append_some(&catalog, 16); /* the next one grows every column */
        allocations_left = budget;
        st = etas_catalog_append(&catalog, &row);
        allocations_left = -1;
        if (st == ETAS_OK) {
            assert_true(budget >= 6);
            etas_catalog_free(&catalog);
            return;
        }
        assert_int_equal(st, ETAS_E_NOMEM);
        check_rows(&catalog, 16);
        check_ok(etas_catalog_append(&catalog, &row), NULL);
        check_rows(&catalog, 17);
        append_some(&catalog, 100);
        check_rows(&catalog, 100);
        etas_catalog_free(&catalog);
    }
}

static void a_selection_without_memory_leaves_nothing_behind(void **state)
{
    const etas_region globe = {0};
    const etas_selection all = {.start = INT64_MIN, .end = INT64_MAX, .region = &globe};
    etas_catalog catalog = {0};
    etas_status st = ETAS_E_NOMEM;

    (void)state;
    append_some(&catalog, 40);
    for (int budget = 0; st != ETAS_OK; budget++) {
        etas_catalog out = {0};
        etas_error err = {0};

        allocations_left = budget;
        st = etas_catalog_select(&catalog, &all, &out, &err);
        allocations_left = -1;
        if (st == ETAS_OK) {
            assert_true(budget >= 8);
            check_rows(&out, 40);
        } else {
            assert_int_equal(st, ETAS_E_NOMEM);
            assert_int_equal(err.code, ETAS_E_NOMEM);
            assert_int_equal(out.n, 0);
            assert_null(out.time);
        }
        etas_catalog_free(&out);
    }
    etas_catalog_free(&catalog);
}

static void a_failed_reserve_keeps_the_simulated_events(void **state)
{
    etas_status st = ETAS_E_NOMEM;

    (void)state;
    for (int budget = 0; st != ETAS_OK; budget++) {
        etas_events events = {0};

        check_ok(etas_events_reserve(&events, 16, 16), NULL);
        for (size_t i = 0; i < 16; i++) {
            events.time_ms[i] = i;
            events.generation[i] = (uint16_t)i;
        }
        allocations_left = budget;
        st = etas_events_reserve(&events, 17, 1000);
        allocations_left = -1;
        if (st != ETAS_OK)
            check_ok(etas_events_reserve(&events, 17, 1000), NULL);
        assert_true(events.event_capacity >= 1000 && events.catalog_capacity >= 17);
        memset(events.mag, 0, 1000 * sizeof *events.mag);
        for (size_t i = 0; i < 16; i++) {
            assert_int_equal(events.time_ms[i], i);
            assert_int_equal(events.generation[i], i);
        }
        etas_events_free(&events);
    }
}

static void a_grid_without_memory_is_not_checked(void **state)
{
    double lat[] = {1, 1, 2, 2}, lon[] = {5, 6, 5, 6};
    etas_status st = ETAS_E_NOMEM;
    int budget = 0;

    (void)state;
    for (; st != ETAS_OK; budget++) {
        etas_rate_grid grid = {.n = 4, .lat = lat, .lon = lon};
        etas_error err = {0};

        allocations_left = budget;
        st = etas_rate_grid_check(&grid, &err);
        allocations_left = -1;
        assert_int_equal(st, err.code);
        assert_true(st == ETAS_OK ? grid.dlat > 0 : st == ETAS_E_NOMEM && grid.dlat == 0);
    }
    assert_int_equal(budget, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_append_changes_nothing_and_can_be_repeated),
        cmocka_unit_test(a_selection_without_memory_leaves_nothing_behind),
        cmocka_unit_test(a_failed_reserve_keeps_the_simulated_events),
        cmocka_unit_test(a_grid_without_memory_is_not_checked),
    };
    return cmocka_run_group_tests_name("catalog memory", tests, NULL, NULL);
}
