/* Slot processes: what they deliver, and what happens when they die, hang or are killed. */
#include "unit/runner/slots_fixture.h"

#include <errno.h>
#include <signal.h>

static void a_task_comes_back_whole_and_in_order(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 1000;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, SEED, (etas_range){1000, N});
    assert_true(etas_slots_busy(slots, 0));
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(e.reached, 1000 + N);
    assert_int_equal(at, 1000 + N);
    assert_false(etas_slots_busy(slots, 0));
    etas_slots_close(slots);
}

static void frames_of_large_tasks_stay_below_their_target(void **state)
{
    etas_slots *slots;
    const etas_slots_config cfg = {.n = 1, .frame_s = 100};
    etas_error err = {0};
    uint64_t at = 0;
    size_t largest = 0, n_frames = 0;

    (void)state;
    check_ok(etas_slots_open(&slots, &cfg, &err), &err);
    check_ok(etas_slots_model_add(slots, small.hex, small.len, small.blob, &err), &err);
    assign(slots, 0, SEED, (etas_range){0, 40000});
    for (;;) {
        const etas_slot_event e = next_event(slots, 20);

        if (e.kind != ETAS_SLOT_FRAME) {
            assert_int_equal(e.kind, ETAS_SLOT_IDLE);
            break;
        }
        assert_int_equal(e.first, at);
        at += e.count;
        n_frames++;
        if (e.len > largest)
            largest = e.len;
    }
    assert_int_equal(at, 40000);
    assert_true(n_frames >= 2);
    assert_in_range(largest, ETAS_FRAME_TARGET_BYTES / 2, ETAS_FRAME_TARGET_BYTES);
    etas_slots_close(slots);
}

/* Whoever is killed between two frames loses neither what was delivered nor the rest. When the
 * process had only one catalogue in hand the caller is told, and gives the rest out again. */
static void a_slot_killed_within_a_task_is_replaced_and_the_task_goes_on(void **state)
{
    const uint64_t seed = seed_with(TROUBLE_SLOW, 0, SEED);
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    int kills = 0;

    (void)state;
    assign(slots, 0, seed, (etas_range){0, N});
    while (at < N || etas_slots_busy(slots, 0)) {
        const etas_slot_event e = next_event(slots, 5);
        const int64_t pid = etas_slots_pid(slots, 0);

        if (e.kind == ETAS_SLOT_FRAME) {
            check_frame(&e, &at);
            if (kills++ < 4)
                assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
        } else if (e.kind == ETAS_SLOT_DIED) {
            assert_int_equal(e.reached, at);
            assert_int_equal(e.signal, SIGKILL);
            assign(slots, 0, seed, (etas_range){at, N - at});
        } else {
            assert_int_equal(e.kind, ETAS_SLOT_IDLE);
            assert_int_equal(e.reached, N);
        }
    }
    assert_int_equal(at, N);
    assert_true(kills >= 4);
    etas_slots_close(slots);
}

/* One slot dies while the other has something to say: both are heard, whoever is asked first. */
static void a_death_hides_no_event_of_another_slot(void **state)
{
    const uint64_t seed = seed_with(TROUBLE_SLOW, 0, SEED);
    etas_slots *const slots = open_slots(2, 0);
    uint64_t at[2] = {0, 5000};
    int kills = 0;

    (void)state;
    assign(slots, 0, seed, (etas_range){0, 600});
    assign(slots, 1, seed, (etas_range){5000, 600});
    while (etas_slots_busy(slots, 0) || etas_slots_busy(slots, 1)) {
        const etas_slot_event e = next_event(slots, 5);

        assert_int_not_equal(e.kind, ETAS_SLOT_NONE);
        if (e.kind == ETAS_SLOT_FRAME)
            check_frame(&e, &at[e.slot]);
        if (e.kind == ETAS_SLOT_DIED)
            assign(slots, e.slot, seed, (etas_range){at[e.slot], e.slot * 5000 + 600 - at[e.slot]});
        if (kills < 8 && e.kind == ETAS_SLOT_FRAME) {
            kill((pid_t)etas_slots_pid(slots, (uint32_t)kills++ % 2), SIGKILL);
            wait_ms(70);
        }
    }
    assert_int_equal(at[0], 600);
    assert_int_equal(at[1], 5600);
    etas_slots_close(slots);
}

static void a_poisonous_catalogue_is_named_and_takes_no_other_with_it(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_CRASH, 333, SEED), (etas_range){0, N});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.reached, 333);
    assert_int_equal(at, 333);
    assert_int_equal(e.signal, SIGABRT);
    assert_non_null(strstr(e.message, "signal 6"));
    assert_false(etas_slots_busy(slots, 0));
    at = 334;
    assign(slots, 0, seed_with(TROUBLE_CRASH, 333, SEED), (etas_range){334, N - 334});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    etas_slots_close(slots);
}

/* A death after which the task goes on by itself is no event, also when the caller does not wait.
 */
static void a_caller_that_does_not_wait_hears_of_a_death_only_when_it_is_final(void **state)
{
    const uint64_t seed = seed_with(TROUBLE_CRASH, 333, SEED);
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e = {.kind = ETAS_SLOT_NONE};

    (void)state;
    assign(slots, 0, seed, (etas_range){0, N});
    while (e.kind == ETAS_SLOT_NONE || e.kind == ETAS_SLOT_FRAME) {
        e = next_event(slots, 0);
        if (e.kind == ETAS_SLOT_FRAME)
            check_frame(&e, &at);
        if (e.kind == ETAS_SLOT_NONE)
            wait_ms(1);
    }
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_false(etas_slots_busy(slots, 0));
    assert_int_equal(e.reached, 333);
    assert_int_equal(at, 333);
    etas_slots_close(slots);
}

static void a_hanging_catalogue_is_killed_and_named(void **state)
{
    etas_slots *const slots = open_slots(1, 1); /* more than a start takes on a busy machine */
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_HANG, 20, SEED), (etas_range){0, 50});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.reached, 20);
    assert_int_equal(at, 20);
    assert_int_equal(e.signal, SIGKILL);
    assert_non_null(strstr(e.message, "no progress for 1 s"));
    etas_slots_close(slots);
}

static void a_frozen_slot_is_replaced(void **state)
{
    etas_slots *const slots = open_slots(1, 2);
    uint64_t at = 0;
    int64_t pid;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    do
        e = next_event(slots, 5);
    while (e.kind == ETAS_SLOT_NONE);
    assert_int_equal(e.kind, ETAS_SLOT_FRAME);
    check_frame(&e, &at);
    pid = etas_slots_pid(slots, 0); /* a slow machine may have replaced the first */
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    e = take_frames(slots, &at);
    if (e.kind == ETAS_SLOT_DIED) { /* it had one catalogue in hand */
        assert_int_equal(e.reached, at);
        assign(slots, 0, SEED, (etas_range){at, N - at});
        e = take_frames(slots, &at);
    }
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    assert_true(etas_slots_pid(slots, 0) != pid);
    assert_true(kill((pid_t)pid, 0) != 0 && errno == ESRCH);
    etas_slots_close(slots);
}

static void a_failing_catalogue_is_an_error_with_its_index_and_reason(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;
    etas_slot_event e;

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_LIMIT, 250, SEED), (etas_range){0, N});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_ERROR);
    assert_int_equal(e.reached, 250);
    assert_int_equal(at, 250);
    assert_string_equal(e.message, "catalogue 250 is too large");
    assert_int_equal(etas_slots_pid(slots, 0), pid);
    at = 251;
    assign(slots, 0, SEED, (etas_range){251, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    etas_slots_close(slots);
}

static void a_slot_that_dies_idle_is_replaced_and_works(void **state)
{
    etas_slots *const slots = open_slots(2, 0);
    etas_slot_event e;
    uint64_t at = 5;

    (void)state;
    assert_int_equal(next_event(slots, 0.2).kind, ETAS_SLOT_NONE);
    assert_int_equal(kill((pid_t)etas_slots_pid(slots, 1), SIGKILL), 0);
    e = next_event(slots, 5);
    assert_int_equal(e.kind, ETAS_SLOT_DIED);
    assert_int_equal(e.slot, 1);
    assert_true(e.reached == UINT64_MAX);
    assign(slots, 1, SEED, (etas_range){5, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, 15);
    etas_slots_close(slots);
}

static void halting_hands_over_what_is_finished(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    uint64_t at = 0;
    etas_slot_event e;
    etas_error err = {0};

    (void)state;
    check_ok(etas_slots_halt(slots, 0, &err), &err);
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, 100000});
    wait_ms(120);
    check_ok(etas_slots_halt(slots, 0, &err), &err);
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(e.reached, at);
    assert_in_range(at, 1, 2000);
    assign(slots, 0, SEED, (etas_range){at, 10});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    etas_slots_close(slots);
}

static void an_aborted_task_is_never_heard_of_again(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    const int64_t pid = etas_slots_pid(slots, 0);
    uint64_t at = 0;
    etas_slot_event e;
    etas_error err = {0};

    (void)state;
    assign(slots, 0, seed_with(TROUBLE_SLOW, 0, SEED), (etas_range){0, N});
    assert_int_equal(next_event(slots, 60).kind, ETAS_SLOT_FRAME);
    check_ok(etas_slots_abort(slots, 0, &err), &err);
    assert_false(etas_slots_busy(slots, 0));
    assert_true(etas_slots_pid(slots, 0) != pid);
    assert_int_equal(next_event(slots, 0.2).kind, ETAS_SLOT_NONE);
    at = 7000;
    assign(slots, 0, SEED, (etas_range){7000, 20});
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, 7020);
    etas_slots_close(slots);
}

static void a_paused_slot_keeps_its_results(void **state)
{
    etas_slots *const slots = open_slots(1, 1);
    uint64_t at = 0;

    (void)state;
    assign(slots, 0, SEED, (etas_range){0, N});
    etas_slots_pause(slots, 0, true);
    for (int i = 0; i < 15; i++)
        assert_int_equal(next_event(slots, 0.1).kind, ETAS_SLOT_NONE);
    etas_slots_pause(slots, 0, false);
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    assert_int_equal(at, N);
    etas_slots_close(slots);
}

static void a_ready_descriptor_ends_the_wait(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_slot_event e;
    etas_error err = {0};
    double start;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    start = now_s();
    check_ok(etas_slots_next(slots, 10, 1, fds, &e, &err), &err);
    assert_int_equal(e.kind, ETAS_SLOT_NONE);
    assert_true(now_s() - start < 5);
    close(fds[0]);
    close(fds[1]);
    etas_slots_close(slots);
}

static void the_fifth_model_drops_the_one_used_longest_ago(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_error err = {0};
    char key[65];
    uint64_t at = 0;

    (void)state;
    memset(key, 'a', 64);
    key[64] = '\0';
    for (size_t i = 0; i < 3; i++) {
        key[0] = "abc"[i];
        check_ok(etas_slots_model_add(slots, key, small.len, small.blob, &err), &err);
    }
    assign(slots, 0, SEED, (etas_range){0, 5}); /* small is in use again */
    assert_int_equal(take_frames(slots, &at).kind, ETAS_SLOT_IDLE);
    key[0] = 'd';
    check_ok(etas_slots_model_add(slots, key, small.len, small.blob, &err), &err);
    assert_non_null(etas_slots_model(slots, small.hex));
    assert_non_null(etas_slots_model(slots, key));
    key[0] = 'a';
    assert_null(etas_slots_model(slots, key));
    etas_slots_close(slots);
}

static void a_model_that_is_none_is_an_error_of_the_task(void **state)
{
    etas_slots *const slots = open_slots(1, 0);
    etas_slot_task task = {.seed = 1, .first = 9, .count = 3};
    etas_slot_event e;
    etas_error err = {0};
    char key[65];
    uint64_t at = 0;

    (void)state;
    memset(key, 'f', 64);
    key[64] = '\0';
    check_ok(etas_slots_model_add(slots, key, 9, (const uint8_t *)"no model", &err), &err);
    check_ok(etas_slots_assign(slots, 0, key, &task, &err), &err);
    e = take_frames(slots, &at);
    assert_int_equal(e.kind, ETAS_SLOT_ERROR);
    assert_int_equal(e.reached, 9);
    assert_true(e.message[0] != '\0');
    etas_slots_close(slots);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_comes_back_whole_and_in_order),
        cmocka_unit_test(frames_of_large_tasks_stay_below_their_target),
        cmocka_unit_test(a_slot_killed_within_a_task_is_replaced_and_the_task_goes_on),
        cmocka_unit_test(a_death_hides_no_event_of_another_slot),
        cmocka_unit_test(a_poisonous_catalogue_is_named_and_takes_no_other_with_it),
        cmocka_unit_test(a_caller_that_does_not_wait_hears_of_a_death_only_when_it_is_final),
        cmocka_unit_test(a_hanging_catalogue_is_killed_and_named),
        cmocka_unit_test(a_frozen_slot_is_replaced),
        cmocka_unit_test(a_failing_catalogue_is_an_error_with_its_index_and_reason),
        cmocka_unit_test(a_slot_that_dies_idle_is_replaced_and_works),
        cmocka_unit_test(halting_hands_over_what_is_finished),
        cmocka_unit_test(an_aborted_task_is_never_heard_of_again),
        cmocka_unit_test(a_paused_slot_keeps_its_results),
        cmocka_unit_test(a_ready_descriptor_ends_the_wait),
        cmocka_unit_test(the_fifth_model_drops_the_one_used_longest_ago),
        cmocka_unit_test(a_model_that_is_none_is_an_error_of_the_task),
    };
    int code;

    if (etas_slot_main(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, make_model, free_model);
}
