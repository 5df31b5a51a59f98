/* Blobs of runs that keep counts, and records: what is taken can be worked with, and nothing else
 * is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/counts.h"
#include "etas/simulation.h"
#include "work/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What records are read with: a model without region and triggering, cells of ten degrees. */
typedef struct setting {
    etas_mixture model;
    etas_cells cells;
    etas_summary_axes axes;
    etas_counter *counter;
} setting;

static void open_setting(setting *s)
{
    static const etas_region globe;
    static const uint64_t once = 1;
    const etas_plan_input in = {.theta.value = {[ETAS_LOG10_MU] = -3,
                                                [ETAS_LOG10_IOTA] = NAN,
                                                [ETAS_LOG10_K0] = -4,
                                                [ETAS_A] = 1.5,
                                                [ETAS_LOG10_C] = -2,
                                                [ETAS_OMEGA] = 0.1,
                                                [ETAS_LOG10_TAU] = 3,
                                                [ETAS_LOG10_D] = -0.5,
                                                [ETAS_GAMMA] = 0.6,
                                                [ETAS_RHO] = 1.2},
                                .beta = 2.3,
                                .m_ref = 3,
                                .m_max = 7,
                                .m_threshold = NAN,
                                .end = 100 * ETAS_NS_PER_DAY,
                                .output_start = ETAS_TIME_NONE,
                                .region = &globe,
                                .area_km2 = 1,
                                .earth_radius_km = ETAS_EARTH_RADIUS_KM};
    etas_forecast_grid grid = etas_forecast_grid_default();
    etas_counting what = {&s->model, &s->cells, &s->axes};

    grid.dlat = grid.dlon = 10;
    if (etas_mixture_init(&s->model, 1, &once, NULL) != ETAS_OK ||
        etas_plan_build(&in, s->model.plan, NULL) != ETAS_OK ||
        etas_cells_build(&s->cells, &grid, &s->model, NULL) != ETAS_OK ||
        etas_summary_axes_build(&s->axes, 0, NULL, &s->model, NULL) != ETAS_OK ||
        etas_counter_open(&s->counter, &what, NULL) != ETAS_OK)
        abort();
}

static void close_setting(setting *s)
{
    etas_counter_close(s->counter);
    etas_cells_free(&s->cells);
    etas_mixture_free(&s->model);
}

static void take_record(const uint8_t *data, size_t size)
{
    etas_catalog_counts counts = {0};
    setting s = {0};
    etas_error err = {0};
    etas_status st;

    open_setting(&s);
    st = etas_counter_read(s.counter, 0, size, data, &counts, &err);
    if (st == ETAS_OK) {
        const size_t n = s.axes.n_thresholds * s.axes.n_horizons;

        for (size_t i = 0; i < counts.n_cells; i++)
            if (counts.cell[i] >= s.cells.n || counts.count[i] == 0 ||
                (i > 0 && counts.cell[i] <= counts.cell[i - 1]))
                abort();
        for (size_t i = 0; i < n; i++)
            if (counts.number[i] > counts.n_events ||
                !(counts.chance[i] >= 0 && counts.chance[i] <= 1))
                abort();
        if (!etas_counts_is_record(size, data))
            abort();
    } else if (err.text[0] == '\0') {
        abort();
    }
    etas_catalog_counts_free(&counts);
    close_setting(&s);
}

/* Small catalogues of the same model: what matters is that nothing breaks. */
static void work(etas_counts *counts)
{
    const etas_counts_input in = {.grid = &counts->grid, .axes = &counts->axes};
    etas_counts_input with_model = in;
    uint8_t *model = NULL, *blob = NULL;
    size_t len, at = 0;
    etas_work work = {0};
    etas_payload out = {.kind = ETAS_FRAME_RECORDS};

    for (size_t k = 0; k < counts->model.n; k++) {
        etas_plan *const p = &counts->model.plan[k];

        p->max_events = p->max_events < 500 ? p->max_events : 500;
        if (p->background.mean > 2) /* each may need all its tries to find no place */
            p->background.mean = 2;
        if (p->induced.mean > 2)
            p->induced.mean = 2;
    }
    if (etas_mixture_encode(&counts->model, &model, &with_model.model_len, NULL) != ETAS_OK)
        abort();
    with_model.model = model;
    if (etas_counts_encode(&with_model, &blob, &len, NULL) != ETAS_OK ||
        etas_work_open(&work, len, blob, NULL, NULL) != ETAS_OK)
        abort();
    if (work.kind->make(work.self, 1, 0, 2, &out, NULL) == ETAS_OK)
        for (size_t i = 0; i < out.records.n; at += out.records.length[i++])
            if (!work.kind->is_record(out.records.length[i], out.records.bytes + at))
                abort();
    etas_payload_free(&out);
    etas_work_close(&work);
    etas_array_free((void **)&blob);
    etas_array_free((void **)&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_counts counts = {0};
    etas_error err = {0};

    if (!etas_counts_is_blob(size, data))
        take_record(data, size);
    if (etas_counts_decode(size, data, &counts, &err) == ETAS_OK)
        work(&counts);
    else if (err.text[0] == '\0')
        abort();
    etas_counts_free(&counts);
    return 0;
}
