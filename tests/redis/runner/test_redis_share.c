/* One chunk that is far too long is shared out while it is worked on; results that are too large
 * for one frame are cut. */
#include "pool_helpers.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/text.h"
#include "support/check.h"

/* So many that one slot alone works for a while, however fast the machine is. */
#define ALONE_S 10.0
static pool_model model = {.seed = 17, .mean_background = 600};

/* The fastest of some samples: another process may have held up any of them, and what is believed
 * to be slow ends too soon. */
static void measure(const char *path)
{
    enum { SAMPLES = 5, SAMPLE = 300 };
    double best = INFINITY;

    if (model.n_catalogs > 0)
        return;
    model.n_catalogs = SAMPLE;
    for (int i = 0; i < SAMPLES; i++) {
        double start;

        pool_store_create(path, &model);
        start = pool_seconds();
        pool_run_serially(path);
        best = fmin(best, pool_seconds() - start);
    }
    model.n_catalogs = (uint64_t)(ALONE_S / best * SAMPLE);
    print_message("%llu catalogues\n", (unsigned long long)model.n_catalogs);
}

static const char *store_path(const redis_fixture *fx)
{
    static char path[160];

    etas_format(sizeof path, path, "%s/run.store", fx->dir);
    return path;
}

/* What the frames in a store tell. */
typedef struct makers {
    uint32_t pids[64];
    uint64_t made[64]; /**< catalogues */
    size_t n, n_frames, largest, largest_of_several;
} makers;

static etas_status note_maker(void *context, const etas_store_frame *frame, etas_range part,
                              etas_error *err)
{
    makers *const m = context;
    etas_frame_header header;
    size_t i = 0;

    check_ok(etas_frame_peek(frame->len, frame->bytes, &header, err), err);
    while (i < m->n && m->pids[i] != header.task.pid)
        i++;
    assert_true(i < sizeof m->pids / sizeof *m->pids);
    if (i == m->n)
        m->pids[m->n++] = header.task.pid;
    m->made[i] += part.count;
    m->n_frames++;
    if (frame->len > m->largest)
        m->largest = frame->len;
    if (header.count > 1 && frame->len > m->largest_of_several)
        m->largest_of_several = frame->len;
    return ETAS_OK;
}

static makers makers_of(const char *path)
{
    makers m = {0};
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_store_open(&store, path, ETAS_STORE_READ, &err), &err);
    check_ok(etas_store_each(store, note_maker, &m, &err), &err);
    etas_store_close(store);
    return m;
}

static uint64_t repeated(const redis_fixture *fx)
{
    etas_queue *queue = pool_queue_open(fx);
    etas_pool_info info = {0};
    etas_error err = {0};
    uint64_t n;

    check_ok(etas_queue_info(queue, &info, &err), &err);
    assert_int_equal(info.n_runs, 1);
    n = info.runs[0].simulated - info.runs[0].meta.n_catalogs;
    etas_pool_info_free(&info);
    etas_queue_close(queue);
    return n;
}

/* The first worker has claimed everything when the second one comes. */
static void who_comes_late_gets_a_share_of_what_is_being_made(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    double start, took;
    pid_t driver;
    makers m;

    measure(path);
    pool_store_create(path, &model);
    driver =
        pool_driver_start(fx, path, &(pool_driver){.chunk_size = model.n_catalogs, .lease_s = 60});
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_leased(fx);
    start = pool_seconds();
    pool_sleep(1);
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    took = pool_seconds() - start;
    m = makers_of(path);
    print_message("%.1f s, %zu frames, shares %llu and %llu\n", took, m.n_frames,
                  (unsigned long long)m.made[0], (unsigned long long)m.made[1]);
    assert_int_equal(m.n, 2);
    for (size_t i = 0; i < 2; i++) /* half of what the first had not done after a second or two */
        assert_true(m.made[i] > model.n_catalogs / 10);
    /* And it was not torn to pieces: what was given back is claimed by eighths of what is left. */
    assert_true((double)m.n_frames < 60 * log((double)model.n_catalogs));
    assert_int_equal(repeated(fx), 0);
    pool_check_equals_serial(path, &model);
}

/* The other slots of the same worker have nothing to do. */
static void one_chunk_occupies_all_slots_of_a_worker(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    pid_t driver;
    makers m;

    measure(path);
    pool_store_create(path, &model);
    pool_worker_start(fx, &(pool_worker){.slots = 4});
    pool_wait_slots(fx, 4);
    driver =
        pool_driver_start(fx, path, &(pool_driver){.chunk_size = model.n_catalogs, .lease_s = 60});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    m = makers_of(path);
    print_message("%zu frames by %zu slots\n", m.n_frames, m.n);
    assert_int_equal(m.n, 4);
    for (size_t i = 0; i < m.n; i++)
        assert_true(m.made[i] > model.n_catalogs / 20);
    /* Claimed by sixteenths of what is left. */
    assert_true((double)m.n_frames < 60 * log((double)model.n_catalogs));
    assert_int_equal(repeated(fx), 0);
    pool_check_equals_serial(path, &model);
}

static void a_run_that_comes_late_need_not_wait_for_the_end_of_a_long_chunk(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_model small = {.n_catalogs = 50, .seed = 18, .mean_background = 600};
    char second_path[160];
    pid_t first, second;
    makers m;

    measure(path);
    etas_format(sizeof second_path, second_path, "%s.2", path);
    pool_store_create(path, &model);
    pool_store_create(second_path, &small);
    first = pool_driver_start(
        fx, path,
        &(pool_driver){.chunk_size = model.n_catalogs, .lease_s = 3, .task_duration_s = 0.3});
    pool_worker_start(fx, &(pool_worker){.slots = 1});
    pool_wait_leased(fx);
    second = pool_driver_start(fx, second_path, &(pool_driver){.chunk_size = 50, .lease_s = 3});
    assert_int_equal(pool_wait_exit(second, 90), 0);
    m = makers_of(path);
    assert_int_equal(m.n, 1);
    assert_true(m.made[0] < model.n_catalogs);
    pool_kill(first);
}

static void large_catalogues_are_cut_into_frames_of_a_mebibyte(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_model large = {
        .n_catalogs = 24, .seed = 19, .mean_background = 12000, .threshold = 2.5};
    pid_t driver;
    makers m;

    pool_store_create(path, &large);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 12});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    m = makers_of(path);
    print_message("%zu frames, at most %zu bytes\n", m.n_frames, m.largest);
    assert_true(m.n_frames > 2); /* two chunks, and each was cut */
    assert_true(m.largest_of_several > 0 && m.largest <= ETAS_FRAME_TARGET_BYTES);
    pool_check_equals_serial(path, &large);
}

static void a_catalogue_larger_than_that_travels_alone(void **state)
{
    const redis_fixture *fx = *state;
    const char *path = store_path(fx);
    const pool_model huge = {
        .n_catalogs = 4, .seed = 20, .mean_background = 120000, .threshold = 2.5};
    pid_t driver;
    makers m;

    pool_store_create(path, &huge);
    pool_worker_start(fx, &(pool_worker){.slots = 2});
    driver = pool_driver_start(fx, path, &(pool_driver){.chunk_size = 2});
    assert_int_equal(pool_wait_exit(driver, 90), 0);
    m = makers_of(path);
    print_message("%zu frames, at most %zu bytes\n", m.n_frames, m.largest);
    assert_int_equal(m.n_frames, 4);
    assert_true(m.largest > ETAS_FRAME_TARGET_BYTES);
    assert_int_equal(m.largest_of_several, 0);
    pool_check_equals_serial(path, &huge);
}

static const struct CMUnitTest tests[] = {
    pool_test(who_comes_late_gets_a_share_of_what_is_being_made),
    pool_test(one_chunk_occupies_all_slots_of_a_worker),
    pool_test(a_run_that_comes_late_need_not_wait_for_the_end_of_a_long_chunk),
    pool_test(large_catalogues_are_cut_into_frames_of_a_mebibyte),
    pool_test(a_catalogue_larger_than_that_travels_alone)};

POOL_TEST_MAIN(tests)
