#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/catalog.h"
#include "etas/text.h"

static etas_event event_of(size_t i, char id[32])
{
    return (etas_event){.time = (etas_time)i * 1000 - 7,
                        .lat = 46.0 + (double)i,
                        .lon = 7.0 - (double)i,
                        .mag = 0.5 * (double)i,
                        .mc = i % 2 == 0 ? NAN : 2.3,
                        .depth = i % 3 == 0 ? NAN : 10.25,
                        .id = id,
                        .id_len = etas_format(32, id, "event/%zu", i)};
}

static void rows_come_back_as_they_went_in(void **state)
{
    etas_catalog catalog = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        char id[32];
        const etas_event row = event_of(i, id);

        check_ok(etas_catalog_append(&catalog, &row), NULL);
    }
    assert_int_equal(catalog.n, 1000);
    for (size_t i = 0; i < 1000; i++) {
        char id[32];
        const etas_event want = event_of(i, id), got = etas_catalog_row(&catalog, i);

        assert_int_equal(got.time, want.time);
        assert_true(got.lat == want.lat && got.lon == want.lon && got.mag == want.mag);
        assert_true(got.mc == want.mc || (isnan(got.mc) && isnan(want.mc)));
        assert_true(got.depth == want.depth || (isnan(got.depth) && isnan(want.depth)));
        assert_int_equal(got.id_len, want.id_len);
        assert_memory_equal(got.id, want.id, want.id_len);
    }
    etas_catalog_free(&catalog);
    etas_catalog_free(&catalog);
    assert_int_equal(catalog.n, 0);
    assert_null(catalog.time);
}

static void ids_may_be_empty_or_hold_any_byte(void **state)
{
    const char bytes[] = {'a', '\0', ',', '\n'};
    const etas_event none = {.id = NULL, .id_len = 0}, odd = {.id = bytes, .id_len = sizeof bytes};
    etas_catalog catalog = {0};

    (void)state;
    check_ok(etas_catalog_append(&catalog, &none), NULL);
    check_ok(etas_catalog_append(&catalog, &odd), NULL);
    check_ok(etas_catalog_append(&catalog, &none), NULL);
    assert_int_equal(etas_catalog_row(&catalog, 0).id_len, 0);
    assert_int_equal(etas_catalog_row(&catalog, 1).id_len, sizeof bytes);
    assert_memory_equal(etas_catalog_row(&catalog, 1).id, bytes, sizeof bytes);
    assert_int_equal(etas_catalog_row(&catalog, 2).id_len, 0);
    etas_catalog_free(&catalog);
}

static void columns_are_aligned_for_vectors(void **state)
{
    const etas_event row = {0};
    etas_catalog catalog = {0};

    (void)state;
    for (size_t i = 0; i < 100; i++)
        check_ok(etas_catalog_append(&catalog, &row), NULL);
    assert_int_equal((uintptr_t)catalog.time % 64, 0);
    assert_int_equal((uintptr_t)catalog.mag % 64, 0);
    assert_int_equal((uintptr_t)catalog.depth % 64, 0);
    etas_catalog_free(&catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_went_in),
        cmocka_unit_test(ids_may_be_empty_or_hold_any_byte),
        cmocka_unit_test(columns_are_aligned_for_vectors),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
