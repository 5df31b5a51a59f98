#include "run_model.h"

#include <inttypes.h>
#include <stdio.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/counts.h"

typedef struct model {
    const run_source *source;
    const run_request *request;
    etas_mixture mixture; /**< all have the same window */
    bool keeps_counts;
    etas_export_summary summary;
} model;

/* What the outputs ask of the model shows before the run, not after it. */
static etas_status check_grid(const model *m, etas_error *err)
{
    const grid_request *const grid = m->request->files.grid;
    etas_summary_axes axes;
    etas_cells cells = {0};
    etas_status st = ETAS_OK;
    bool any = false;

    for (size_t i = 0; i < m->request->files.n; i++)
        any |= etas_forecast_format_from_counts(m->request->files.specs[i].format);
    if (!any)
        return ETAS_OK;
    st = etas_summary_axes_build(&axes, grid->n_thresholds, grid->threshold, &m->mixture, err);
    if (st == ETAS_OK)
        st = etas_cells_build(&cells, &grid->grid, &m->mixture, err);
    etas_cells_free(&cells);
    return st;
}

/* The model's blob within that of a run that keeps counts. */
static etas_status wrap_counts(const model *m, uint8_t **blob, size_t *len, etas_error *err)
{
    const grid_request *const grid = m->request->files.grid;
    uint8_t *inner = *blob;
    etas_summary_axes axes;
    const etas_counts_input in = {&grid->grid, &axes, *len, inner};
    etas_status st =
        etas_summary_axes_build(&axes, grid->n_thresholds, grid->threshold, &m->mixture, err);

    *blob = NULL;
    if (st == ETAS_OK)
        st = etas_counts_encode(&in, blob, len, err);
    etas_array_free((void **)&inner);
    return st;
}

static etas_status model_make(void *context, uint8_t **blob, size_t *len, run_phases *phases,
                              etas_error *err)
{
    model *const m = context;
    etas_status st = m->source->make_models(m->source->context, &m->mixture, phases, err);

    if (st == ETAS_OK)
        st = check_grid(m, err);
    if (st == ETAS_OK)
        st = etas_mixture_encode(&m->mixture, blob, len, err);
    m->keeps_counts = m->request->keeps_counts;
    return st == ETAS_OK && m->keeps_counts ? wrap_counts(m, blob, len, err) : st;
}

/* The options that belong to the run that is stored, not to this call. */
static etas_status check_stored(const model *m, etas_error *err)
{
    const outputs *const files = &m->request->files;

    if (m->request->keep_given && m->request->keeps_counts != m->keeps_counts)
        return etas_fail(err, ETAS_E_ARG, "the stored run keeps %s (leave --keep away)",
                         m->keeps_counts ? "counts" : "events");
    if (!m->keeps_counts)
        return check_grid(m, err);
    if (files->grid->given != NULL)
        return etas_fail(err, ETAS_E_ARG,
                         "the stored run counts on a grid of its own (leave %s away)",
                         files->grid->given);
    for (size_t i = 0; i < files->n; i++)
        if (!etas_forecast_format_from_counts(files->specs[i].format))
            return etas_fail(err, ETAS_E_ARG,
                             "the stored run keeps counts: %s in the format %s needs the events",
                             files->specs[i].path, output_format_name(files->specs[i].format));
    return ETAS_OK;
}

static etas_status model_take(void *context, size_t len, const uint8_t blob[], etas_error *err)
{
    model *const m = context;
    etas_counts counts = {0};
    etas_status st;

    m->keeps_counts = etas_counts_is_blob(len, blob);
    if (m->keeps_counts) {
        st = etas_counts_decode(len, blob, &counts, err);
        m->mixture = counts.model;
        counts.model = (etas_mixture){0};
        etas_counts_free(&counts);
    } else {
        st = etas_mixture_decode(len, blob, &m->mixture, err);
    }
    return st == ETAS_OK ? check_stored(m, err) : st;
}

static etas_status model_write(void *context, run_session *s, etas_error *err)
{
    model *const m = context;
    writing_progress writing = {.t = s->t, .start = talk_seconds()};
    const etas_export_config how = {.n_outputs = s->request->files.n,
                                    .outputs = s->request->files.specs,
                                    .skip_missing = s->options->allow_missing,
                                    .interrupted = run_catch_signals(),
                                    .progress = show_writing,
                                    .progress_context = &writing};
    const etas_status st = etas_export(s->store, &how, &m->summary, err);

    talk_show_end(s->t);
    return st;
}

static void model_tell(void *context, const run_session *s)
{
    const model *const m = context;
    char from[32], to[32], sha[65];

    etas_time_format(m->mixture.plan->output_start, ' ', from);
    etas_time_format(m->mixture.plan->end, ' ', to);
    printf("%s: %" PRIu64 " catalogues, %" PRIu64 " events, %" PRIu64
           " catalogues without events\n",
           s->request->output, m->summary.n_catalogs, m->summary.n_events, m->summary.n_empty);
    for (size_t i = 1; i < s->request->files.n; i++)
        printf("%s: the same catalogues, format %s\n", s->request->files.specs[i].path,
               output_format_name(s->request->files.specs[i].format));
    printf("window %.19s to %.19s, magnitudes from %g, seed %" PRIu64 "\nmodel %s\n", from, to,
           m->mixture.plan->m_threshold, s->seed, etas_hex(32, s->sha256, sha));
}

int run_model(const run_options *options, const run_request *request, const etas_config *cfg,
              const run_source *source, talk *t)
{
    model m = {.source = source, .request = request};
    const run_job job = {.doing = "simulating",
                         .things = "catalogues",
                         .count_hint = "leave -n away to resume it",
                         .context = &m,
                         .make = model_make,
                         .take = model_take,
                         .write = model_write,
                         .tell = model_tell};
    run_session s = {.options = options, .request = request, .cfg = cfg, .job = &job, .t = t};
    const int code = run_session_main(&s);

    etas_mixture_free(&m.mixture);
    return code;
}
