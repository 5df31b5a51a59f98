#include <inttypes.h>
#include <math.h>

#include "etas/codec.h"
#include "etas/text.h"
#include "monitor.h"

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* Objects of @p n items as an array. */
static json_t *list(size_t n, json_t *(*item)(const etas_run_view *view, size_t i),
                    const etas_run_view *view)
{
    json_t *const out = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(out, item(view, i)) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static json_t *phase(const etas_run_view *v, size_t i)
{
    return json_pack("{s:s,s:f}", "name", v->phases[i].name, "seconds", v->phases[i].seconds);
}

static json_t *slow_task(const etas_run_view *v, size_t i)
{
    const etas_store_task *const s = &v->tasks.slowest[i];

    return json_pack("{s:f,s:f,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "wall_s", s->wall_s, "cpu_s",
                     s->cpu_s, "host", s->host, "pid", count(s->pid), "first", count(s->first),
                     "count", count(s->count), "events", count(s->n_events), "bytes",
                     count(s->bytes), "peak_memory_bytes", count(s->peak_memory_bytes), "start_ns",
                     json_integer(s->start_ns));
}

static json_t *host(const etas_run_view *v, size_t i)
{
    const etas_run_host *const h = &v->tasks.hosts[i];

    return json_pack("{s:s,s:o,s:o,s:o,s:o,s:f,s:f,s:f,s:o,s:o,s:o}", "host", h->host, "processes",
                     count(h->slots), "tasks", count(h->tasks), "catalogues", count(h->catalogs),
                     "events", count(h->events), "busy_s", h->wall_s, "cpu_s", h->cpu_s, "max_s",
                     h->slowest_s, "peak_memory_bytes", count(h->peak_memory_bytes),
                     "received_bytes", count(h->bytes), "verified", count(h->verified));
}

static json_t *bin(const etas_run_view *v, size_t i)
{
    const etas_run_bin *const b = &v->tasks.bins[i];

    return json_pack("{s:f,s:f,s:o}", "from_s", b->lo_s, "to_s", b->hi_s, "tasks", count(b->tasks));
}

static json_t *death(const etas_run_view *v, size_t i)
{
    const etas_store_death *const d = &v->deaths[i];

    return json_pack("{s:o,s:o,s:s}", "first", count(d->range.first), "count",
                     count(d->range.count), "why", d->why);
}

static json_t *fault(const etas_run_view *v, size_t i)
{
    const etas_store_fault *const f = &v->faults[i];

    return json_pack("{s:s,s:s,s:o,s:o}", "host", f->host, "release", f->release, "example",
                     count(f->index), "removed", count(f->removed));
}

static json_t *tasks_json(const etas_run_view *v)
{
    const etas_run_tasks *const t = &v->tasks;

    return json_pack("{s:o,s:o,s:o,s:f,s:o,s:f,s:f,s:o,s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "number",
                     count(t->total.tasks), "mean_s", real_or_null(t->mean_s), "median_s",
                     real_or_null(t->median_s), "max_s", t->total.slowest_s, "slowfac",
                     real_or_null(t->slowfac), "wall_s", t->total.wall_s, "cpu_s", t->total.cpu_s,
                     "slots", count(t->total.slots), "elapsed_s", t->elapsed_s, "efficiency",
                     real_or_null(t->efficiency), "received_bytes", count(t->total.bytes),
                     "peak_memory_bytes", count(t->total.peak_memory_bytes), "verified",
                     count(t->total.verified), "slowest", list(t->n_slowest, slow_task, v), "hosts",
                     list(t->n_hosts, host, v), "durations", list(t->n_bins, bin, v));
}

json_t *monitor_json(const char *path, const etas_run_view *v)
{
    char id[33], sha[65], seed[24];

    etas_format(sizeof seed, seed, "%" PRIu64, v->run.seed); /* 64 bits: not all readers do */
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "store", path, "run",
        etas_hex(sizeof v->run.id, v->run.id, id), "state", etas_store_state_name(v->state), "seed",
        seed, "model", etas_hex(sizeof v->run.blob_sha256, v->run.blob_sha256, sha), "release",
        v->run.release, "algorithm", count(v->run.algorithm), "total", count(v->run.n_catalogs),
        "stored", count(v->stored), "events", count(v->tasks.total.events), "n_dead",
        count(v->n_dead), "phases", list(v->n_phases, phase, v), "tasks", tasks_json(v), "dead",
        list(v->n_deaths, death, v), "faulty_hosts", list(v->n_faults, fault, v));
}
