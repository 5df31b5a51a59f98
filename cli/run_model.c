#include "run_model.h"

#include <inttypes.h>
#include <stdio.h>

#include "etas/codec.h"

typedef struct model {
    const run_source *source;
    etas_plan plan;
    etas_export_summary summary;
} model;

static etas_status model_make(void *context, uint8_t **blob, size_t *len, run_phases *phases,
                              etas_error *err)
{
    model *const m = context;
    const etas_status st = m->source->make_plan(m->source->context, &m->plan, phases, err);

    return st == ETAS_OK ? etas_blob_encode(&m->plan, blob, len, err) : st;
}

static etas_status model_take(void *context, size_t len, const uint8_t blob[], etas_error *err)
{
    model *const m = context;

    return etas_blob_decode(len, blob, &m->plan, err);
}

static etas_status model_write(void *context, run_session *s, etas_error *err)
{
    model *const m = context;
    const etas_forecast_spec output = {.path = s->request->output,
                                       .format = s->request->format,
                                       .with_is_background = s->request->with_is_background,
                                       .with_generation = s->request->with_generation};
    const etas_mixture one = {.n = 1, .plan = &m->plan, .period = 1, .turn = (uint8_t[]){0}};
    const etas_export_config how = {.n_outputs = 1,
                                    .outputs = &output,
                                    .model = &one,
                                    .skip_missing = s->options->allow_missing};

    return etas_export(s->store, &how, &m->summary, err);
}

static void model_tell(void *context, const run_session *s)
{
    const model *const m = context;
    char from[32], to[32], sha[65];

    etas_time_format(m->plan.output_start, ' ', from);
    etas_time_format(m->plan.end, ' ', to);
    printf("%s: %" PRIu64 " catalogues, %" PRIu64 " events, %" PRIu64 " catalogues without events\n"
           "window %.19s to %.19s, magnitudes from %g, seed %" PRIu64 "\nmodel %s\n",
           s->request->output, m->summary.n_catalogs, m->summary.n_events, m->summary.n_empty, from,
           to, m->plan.m_threshold, s->seed, etas_hex(32, s->sha256, sha));
}

int run_model(const run_options *options, const run_request *request, const etas_config *cfg,
              const run_source *source, talk *t)
{
    model m = {.source = source};
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

    etas_plan_free(&m.plan);
    return code;
}
