/* Memory that runs out at every single allocation of a work: nothing is left behind. */
#include "support/exhaust.h"
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "etas/codec.h"
#include "etas/counts.h"
#include "support/refit_fixture.h"
#include "work/work.h"

typedef struct blob {
    size_t len;
    uint8_t *bytes;
} blob;

/* What a slot does: the blob decoded, an index made, and its frame. */
static etas_status make_one(void *context, etas_error *err)
{
    const blob *const b = context;
    const etas_work_kind *const kind = etas_work_kind_of(b->len, b->bytes);
    etas_payload out = {.kind = kind->frames};
    etas_work work = {0};
    etas_status st = etas_work_open(&work, b->len, b->bytes, NULL, err);

    assert_true(st == ETAS_OK || work.self == NULL);
    if (st == ETAS_OK)
        st = kind->make(work.self, 7, 3, 1, &out, err);
    assert_true(st != ETAS_OK || etas_payload_count(&out) == 1);
    etas_payload_free(&out);
    etas_work_close(&work);
    return st;
}

/* Background and triggering in two by two degrees. */
static void make_plan(etas_region *region, etas_plan *plan)
{
    etas_plan_input in = bare_input();

    set_rectangle(region, 46, 48, 7, 9);
    in.region = region;
    in.filter_region = true;
    in.delta_m = 0.1;
    in.theta.value[ETAS_LOG10_MU] = log10(20.0 / 100);
    set_branching(&in, 0.5);
    *plan = build_plan(&in);
}

static void catalogues(void **state)
{
    etas_region region = {0};
    etas_plan plan;
    blob b = {0};
    etas_error err = {0};

    (void)state;
    make_plan(&region, &plan);
    check_ok(etas_blob_encode(&plan, &b.bytes, &b.len, &err), &err);
    exhaust(make_one, &b, 10);
    etas_array_free((void **)&b.bytes);
    etas_plan_free(&plan);
    etas_region_free(&region);
}

/* A model, and what is kept of a catalogue of it. */
typedef struct setting {
    etas_region region;
    etas_plan plan;
    uint8_t turn;
    etas_mixture model;
    etas_forecast_grid grid;
    etas_summary_axes axes;
    blob model_blob, counts_blob;
    etas_events events;
} setting;

static etas_status encode_counts(void *context, etas_error *err)
{
    const setting *const s = context;
    const etas_counts_input in = {&s->grid, &s->axes, s->model_blob.len, s->model_blob.bytes};
    uint8_t *bytes = NULL;
    size_t len;
    const etas_status st = etas_counts_encode(&in, &bytes, &len, err);

    assert_true(st == ETAS_OK || bytes == NULL);
    etas_array_free((void **)&bytes);
    return st;
}

static etas_status decode_counts(void *context, etas_error *err)
{
    const setting *const s = context;
    etas_counts counts = {0};
    const etas_status st =
        etas_counts_decode(s->counts_blob.len, s->counts_blob.bytes, &counts, err);

    etas_counts_free(&counts);
    return st;
}

/* A record written and read. */
static etas_status count(void *context, etas_error *err)
{
    const setting *const s = context;
    const etas_counted catalog = {&s->events, 0, s->events.count[0], 0};
    etas_cells cells = {0};
    const etas_counting what = {&s->model, &cells, &s->axes};
    etas_counter *counter = NULL;
    etas_catalog_counts tally = {0};
    etas_records records = {0};
    etas_status st = etas_cells_build(&cells, &s->grid, &s->model, err);

    if (st == ETAS_OK)
        st = etas_counter_open(&counter, &what, err);
    if (st == ETAS_OK)
        st = etas_counter_count(counter, &catalog, &tally, err);
    if (st == ETAS_OK)
        st = etas_counter_record(counter, &catalog, &records, err);
    if (st == ETAS_OK)
        st = etas_counter_read(counter, 0, records.length[0], records.bytes, &tally, err);
    assert_true(st != ETAS_OK || tally.n_events == s->events.n);
    etas_catalog_counts_free(&tally);
    etas_records_free(&records);
    etas_counter_close(counter);
    etas_cells_free(&cells);
    return st;
}

static void counts(void **state)
{
    setting s = {.grid = etas_forecast_grid_default()};
    etas_error err = {0};

    (void)state;
    make_plan(&s.region, &s.plan);
    s.model = (etas_mixture){.n = 1, .plan = &s.plan, .period = 1, .turn = &s.turn};
    check_ok(etas_summary_axes_build(&s.axes, 0, NULL, &s.model, &err), &err);
    check_ok(etas_blob_encode(&s.plan, &s.model_blob.bytes, &s.model_blob.len, &err), &err);
    s.events = simulate_range(&s.plan, NULL, 1, 0, 1);
    assert_true(s.events.n > 0);
    const etas_counts_input in = {&s.grid, &s.axes, s.model_blob.len, s.model_blob.bytes};

    check_ok(etas_counts_encode(&in, &s.counts_blob.bytes, &s.counts_blob.len, &err), &err);
    exhaust(encode_counts, &s, 1);
    exhaust(decode_counts, &s, 10);
    exhaust(count, &s, 10);
    exhaust(make_one, &s.counts_blob, 20);
    etas_events_free(&s.events);
    etas_array_free((void **)&s.model_blob.bytes);
    etas_array_free((void **)&s.counts_blob.bytes);
    etas_plan_free(&s.plan);
    etas_region_free(&s.region);
}

static etas_status encode_refit(void *context, etas_error *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    const etas_status st = etas_refit_encode(context, &bytes, &len, err);

    assert_true(st == ETAS_OK || bytes == NULL);
    etas_array_free((void **)&bytes);
    return st;
}

static etas_status decode_refit(void *context, etas_error *err)
{
    const blob *const b = context;
    etas_refit refit = {0};
    const etas_status st = etas_refit_decode(b->len, b->bytes, &refit, err);

    etas_refit_free(&refit);
    return st;
}

static etas_status build_refit(void *context, etas_error *err)
{
    const etas_refit_input in = fitted_input(context);
    etas_refit refit = {0};
    const etas_status st = etas_refit_build(&in, &refit, err);

    etas_refit_free(&refit);
    return st;
}

static void refits(void **state)
{
    etas_refit refit = {0};
    fitted fit;
    blob b = {0};
    etas_error err = {0};

    (void)state;
    fitted_make(&fit);
    exhaust(build_refit, &fit, 10);
    fitted_free(&fit);
    refit_make(&refit);
    exhaust(encode_refit, &refit, 1);
    check_ok(etas_refit_encode(&refit, &b.bytes, &b.len, &err), &err);
    exhaust(decode_refit, &b, 10);
    etas_array_free((void **)&b.bytes);
    etas_refit_free(&refit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogues),
        cmocka_unit_test(counts),
        cmocka_unit_test(refits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
