/* Memory that runs out at every single allocation: the store says so, and loses nothing. */
#include "support/exhaust.h"
#include "support/scratch.h"
#include "unit/store/store_fixture.h"

#include "etas/array.h"

static const char *path;

static etas_status open_and_close(void *context, etas_error *err)
{
    etas_store *store = NULL;
    const etas_status st = etas_store_open(&store, path, *(const etas_store_mode *)context, err);

    assert_true(st == ETAS_OK || store == NULL);
    etas_store_close(store);
    return st;
}

/* Reads everything that the getters have. */
static etas_status read_all(void *context, etas_error *err)
{
    etas_store *const store = context;
    etas_ranges dead = {0};
    etas_store_tally tally;
    etas_store_phase *phases = NULL;
    etas_store_death *deaths = NULL;
    etas_store_fault *faults = NULL;
    etas_store_run run;
    char *value = NULL;
    size_t n;
    etas_status st = etas_store_run_get(store, &run, err);

    if (st == ETAS_OK)
        st = etas_store_dead(store, &dead, err);
    if (st == ETAS_OK)
        st = etas_store_tally_get(store, &tally, err);
    if (st == ETAS_OK)
        st = etas_store_phases(store, &phases, &n, err);
    if (st == ETAS_OK)
        st = etas_store_deaths(store, &deaths, &n, err);
    if (st == ETAS_OK)
        st = etas_store_faults(store, &faults, &n, err);
    if (st == ETAS_OK)
        st = etas_store_get(store, "fact", &value, err);
    assert_true(st != ETAS_OK || strcmp(value, "value") == 0);
    etas_ranges_free(&dead);
    etas_array_free((void **)&phases);
    etas_array_free((void **)&deaths);
    etas_array_free((void **)&faults);
    free(value);
    return st;
}

/* A new frame in every attempt: what failed is not there, and what is there is right. */
typedef struct growing {
    etas_store *store;
    uint64_t first;
} growing;

static etas_status add_more(void *context, etas_error *err)
{
    growing *const g = context;
    uint64_t n_new;
    etas_status st;

    g->first += 3; /* with gaps, so that the list of what is covered grows */
    exhaust_pause();
    etas_store_frame frame = make_frame(g->first, 2);
    exhaust_resume();
    const etas_store_task task = {.first = g->first, .count = 2, .host = "here", .wall_s = 0.5};

    st = etas_store_add(g->store, 1, &frame, &task, &n_new, err);
    exhaust_pause();
    if (st != ETAS_OK)
        assert_false(etas_ranges_overlap(etas_store_covered(g->store), (etas_range){g->first, 2}));
    free_frame(&frame);
    exhaust_resume();
    return st;
}

static etas_status begin(void *context, etas_error *err)
{
    static const uint8_t blob[] = "the model";
    const etas_store_run run = {.n_catalogs = 9,
                                .config_text = "{}",
                                .release = "0.1.0",
                                .blob_len = sizeof blob,
                                .blob = blob};
    etas_store *store = NULL;
    etas_status st = etas_store_open(&store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, err);

    (void)context;
    if (st == ETAS_OK)
        st = etas_store_begin(store, &run, err);
    etas_store_close(store);
    return st;
}

static void stores_are_opened(void **state)
{
    static etas_store_mode modes[] = {ETAS_STORE_RESTART, ETAS_STORE_READ, ETAS_STORE_RESUME};
    etas_store *store;

    (void)state;
    exhaust(begin, NULL, 1);
    path = scratch_path("open.store");
    exhaust(open_and_close, &modes[0], 1);
    store = open_store(path, ETAS_STORE_RESTART);
    begin_run(store, 1000);
    etas_store_close(store);
    exhaust(open_and_close, &modes[1], 1);
    exhaust(open_and_close, &modes[2], 1);
}

static void what_is_stored_is_read(void **state)
{
    etas_store *const store = open_store(scratch_path("read.store"), ETAS_STORE_RESTART);
    etas_store_fault fault = {.host = "there", .release = "0.1.0", .index = 3};
    etas_ranges removed = {0};
    uint64_t n_new;
    etas_error err = {0};

    (void)state;
    begin_run(store, 1000);
    for (uint64_t first = 0; first < 200; first += 10)
        check_ok(add_range(store, first, 4, &n_new, &err), &err);
    check_ok(etas_store_add_dead(store, (etas_range){500, 2}, "too large", &err), &err);
    check_ok(etas_store_add_phase(store, "simulate", 1, &err), &err);
    check_ok(etas_store_set(store, "fact", "value", &err), &err);
    check_ok(etas_store_distrust(store, &fault, &removed, &err), &err);
    exhaust(read_all, store, 5);
    etas_ranges_free(&removed);
    etas_store_close(store);
}

static void what_is_added_is_there_or_is_not(void **state)
{
    growing g = {.store = open_store(scratch_path("grow.store"), ETAS_STORE_RESTART)};

    (void)state;
    begin_run(g.store, 1000000);
    for (int i = 0; i < 40; i++) /* the lists grow at one attempt of several */
        exhaust(add_more, &g, 0);
    check_contents(g.store);
    etas_store_close(g.store);
    g.store = open_store(scratch_path("grow.store"), ETAS_STORE_RESUME);
    check_contents(g.store);
    etas_store_close(g.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_are_opened),
        cmocka_unit_test(what_is_stored_is_read),
        cmocka_unit_test(what_is_added_is_there_or_is_not),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
