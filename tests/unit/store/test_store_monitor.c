/* What others than the driver read: states, phases, tasks, the dead; also beside a writer. */
#include "unit/store/store_fixture.h"

#include "etas/array.h"
#include "support/scratch.h"

static etas_store_state state_of(etas_store *store)
{
    etas_store_state out;
    etas_error err = {0};

    check_ok(etas_store_state_get(store, &out, &err), &err);
    return out;
}

static void begin(etas_store *store)
{
    static const uint8_t blob[4] = {1, 2, 3, 4};
    const etas_store_run run = {.n_catalogs = 100,
                                .seed = 1,
                                .config_text = "{}",
                                .release = "0",
                                .blob_len = sizeof blob,
                                .blob = blob};
    etas_error err = {0};

    check_ok(etas_store_begin(store, &run, &err), &err);
}

static void the_state_is_told_from_begin_to_end(void **state)
{
    etas_store *store;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_open(&store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, &err), &err);
    assert_int_equal(state_of(store), ETAS_STORE_NEW);
    begin(store);
    assert_int_equal(state_of(store), ETAS_STORE_RUNNING);
    check_ok(etas_store_finish(store, "incomplete", &err), &err);
    assert_int_equal(state_of(store), ETAS_STORE_INCOMPLETE);
    check_ok(etas_store_finish(store, "complete", &err), &err);
    assert_int_equal(state_of(store), ETAS_STORE_COMPLETE);
    etas_store_close(store);
}

static void phases_come_in_the_order_of_a_run(void **state)
{
    static const char *const added[] = {"write", "simulate", "load", "another", "simulate"};
    static const char *const wanted[] = {"load", "simulate", "write", "another"};
    etas_store_phase *items;
    size_t n;
    etas_store *store;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_open(&store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, &err), &err);
    for (size_t i = 0; i < 5; i++)
        check_ok(etas_store_add_phase(store, added[i], 1.5, &err), &err);
    check_ok(etas_store_phases(store, &items, &n, &err), &err);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(items[i].name, wanted[i]);
    check_abs(items[1].seconds, 3, 0);
    etas_array_free((void **)&items);
    etas_store_close(store);
}

static void the_dead_are_those_that_were_not_made_since(void **state)
{
    etas_store_death *items;
    size_t n;
    uint64_t n_new;
    etas_store *store;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_open(&store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, &err), &err);
    check_ok(etas_store_add_dead(store, (etas_range){7, 1}, "fell over (on there)", &err), &err);
    check_ok(etas_store_add_dead(store, (etas_range){20, 3}, "lost", &err), &err);
    check_ok(add_range(store, 0, 10, &n_new, &err), &err);
    check_ok(add_range(store, 21, 1, &n_new, &err), &err);
    check_ok(etas_store_deaths(store, &items, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_int_equal(items[0].range.first, 20);
    assert_string_equal(items[0].why, "lost");
    etas_array_free((void **)&items);
    etas_store_close(store);
}

typedef struct seen {
    size_t n;
    uint64_t stop_after;
    etas_store_task last;
    char verified_by[64];
} seen;

static etas_status look(void *context, const etas_store_task *task, const char *verified_by,
                        etas_error *err)
{
    seen *const s = context;

    s->last = *task;
    memcpy(s->verified_by, verified_by, strlen(verified_by) + 1);
    return ++s->n == s->stop_after ? etas_fail(err, ETAS_E_INTERRUPTED, "enough") : ETAS_OK;
}

static void tasks_are_read_whole_also_while_somebody_writes(void **state)
{
    const char *const path = scratch_path("monitor.store");
    etas_store_frame frame = make_frame(30, 5);
    const etas_store_task task = {.first = 30,
                                  .count = 5,
                                  .n_events = 77,
                                  .bytes = 40,
                                  .host = "a-host",
                                  .pid = 4000000000U,
                                  .start_ns = INT64_C(1795338150123456789),
                                  .wall_s = 1.25,
                                  .cpu_s = 1.125,
                                  .peak_memory_bytes = UINT64_C(1) << 33};
    etas_store_made made[4];
    size_t n_made;
    uint64_t n_new;
    seen s = {0};
    etas_store *writer, *reader;
    etas_error err = {0};

    (void)state;
    check_ok(etas_store_open(&writer, path, ETAS_STORE_RESTART, &err), &err);
    begin(writer);
    check_ok(add_range(writer, 0, 10, &n_new, &err), &err);
    check_ok(etas_store_open(&reader, path, ETAS_STORE_READ, &err), &err);
    check_ok(etas_store_add(writer, 1, &frame, &task, &n_new, &err), &err);
    check_ok(etas_store_made_after(writer, 0, 4, made, &n_made, &err), &err);
    memcpy(made[1].verified_by, "other", 6);
    check_ok(etas_store_verified(writer, 1, &made[1], &err), &err);
    check_ok(etas_store_each_task(reader, look, &s, &err), &err);
    assert_int_equal(s.n, 2);
    assert_memory_equal(&s.last, &task, sizeof task);
    assert_string_equal(s.verified_by, "other");
    s = (seen){.stop_after = 1};
    assert_int_equal(etas_store_each_task(reader, look, &s, &err), ETAS_E_INTERRUPTED);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.verified_by, "");
    etas_store_close(reader);
    etas_store_close(writer);
    free_frame(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_told_from_begin_to_end),
        cmocka_unit_test(phases_come_in_the_order_of_a_run),
        cmocka_unit_test(the_dead_are_those_that_were_not_made_since),
        cmocka_unit_test(tasks_are_read_whole_also_while_somebody_writes),
    };

    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
