#include "support/check.h"

#include "etas/events.h"

static void reserving_keeps_the_contents(void **state)
{
    etas_events events = {0};

    (void)state;
    check_ok(etas_events_reserve(&events, 1, 1), NULL);
    events.count[0] = 5;
    events.time_ms[0] = UINT64_C(1) << 40;
    events.lat[0] = -90000000;
    events.lon[0] = 179999999;
    events.mag[0] = 23000;
    events.generation[0] = 65535;
    events.flags[0] = ETAS_EVENT_CHILDLESS;
    check_ok(etas_events_reserve(&events, 100000, 1000000), NULL);
    assert_int_equal(events.count[0], 5);
    assert_int_equal(events.time_ms[0], UINT64_C(1) << 40);
    assert_int_equal(events.lat[0], -90000000);
    assert_int_equal(events.lon[0], 179999999);
    assert_int_equal(events.mag[0], 23000);
    assert_int_equal(events.generation[0], 65535);
    assert_int_equal(events.flags[0], ETAS_EVENT_CHILDLESS);
    assert_null(events.parent);
    events.generation[999999] = 1;
    events.flags[999999] = ETAS_EVENT_INDUCED;
    events.count[99999] = 1;
    etas_events_free(&events);
    etas_events_free(&events);
    assert_int_equal(events.event_capacity, 0);
}

static void parents_come_and_go(void **state)
{
    etas_events events = {.with_parents = true};

    (void)state;
    check_ok(etas_events_reserve(&events, 1, 100), NULL);
    events.n = 100;
    for (size_t i = 0; i < events.n; i++)
        events.parent[i] = (int32_t)i - 1;
    check_ok(etas_events_reserve(&events, 1, 1000), NULL);
    assert_int_equal(events.parent[99], 98);
    events.with_parents = false;
    check_ok(etas_events_reserve(&events, 1, 100000), NULL);
    assert_null(events.parent);
    events.with_parents = true;
    check_ok(etas_events_reserve(&events, 1, 100000), NULL);
    for (size_t i = 0; i < events.n; i++)
        assert_int_equal(events.parent[i], -1);
    events.parent[99999] = 5;
    etas_events_free(&events);
}

static void reserving_nothing_and_too_much_are_told_apart(void **state)
{
    etas_events events = {0};

    (void)state;
    check_ok(etas_events_reserve(&events, 0, 0), NULL);
    assert_int_equal(etas_events_reserve(&events, 1, SIZE_MAX / 4), ETAS_E_NOMEM);
    assert_int_equal(events.n, 0);
    etas_events_free(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserving_keeps_the_contents),
        cmocka_unit_test(parents_come_and_go),
        cmocka_unit_test(reserving_nothing_and_too_much_are_told_apart),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
