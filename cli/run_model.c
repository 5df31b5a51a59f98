#include "run_model.h"

#include <inttypes.h>
#include <stdio.h>

#include "etas/codec.h"

typedef struct model {
    const run_source *source;
    etas_mixture mixture; /**< all have the same window */
    etas_export_summary summary;
} model;

static etas_status model_make(void *context, uint8_t **blob, size_t *len, run_phases *phases,
                              etas_error *err)
{
    model *const m = context;
    const etas_status st = m->source->make_models(m->source->context, &m->mixture, phases, err);

    return st == ETAS_OK ? etas_mixture_encode(&m->mixture, blob, len, err) : st;
}

static etas_status model_take(void *context, size_t len, const uint8_t blob[], etas_error *err)
{
    model *const m = context;

    return etas_mixture_decode(len, blob, &m->mixture, err);
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

    etas_mixture_free(&m.mixture);
    return code;
}
