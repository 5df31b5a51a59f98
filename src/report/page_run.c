/* How the run went, and where everything comes from. */
#include <math.h>

#include "etas/codec.h"
#include "report/page.h"

enum { MOST_HOSTS = 40, MOST_DEATHS = 20 };

static void put_item(etas_page *p, const char *name, const char *value)
{
    etas_page_put(p, "<dt>%s</dt><dd>", name);
    etas_page_text(p, value);
    etas_page_put(p, "</dd>\n");
}

/* ---- how it went ---- */

static void put_totals(etas_page *p, const etas_run_view *v)
{
    const etas_run_tasks *const t = &v->tasks;
    char a[ETAS_WORDS], b[ETAS_WORDS], c[ETAS_WORDS];

    etas_page_put(p, "<p>%s of %s catalogues were made%s in %s tasks",
                  etas_words_count(v->stored, a), etas_words_count(v->run.n_catalogs, b),
                  v->n_dead > 0 ? " (not all can be)" : "", etas_words_count(t->total.tasks, c));
    etas_page_put(p, " by up to %s processes at once on %zu %s, which took %s",
                  etas_words_count(t->total.slots, a), t->n_hosts,
                  t->n_hosts == 1 ? "host" : "hosts", etas_words_seconds(t->elapsed_s, b));
    etas_page_put(p,
                  " (%s of processor time). They were at work for %s of that time; the slowest "
                  "task took %s, ",
                  etas_words_seconds(t->total.cpu_s, a), etas_words_probability(t->efficiency, b),
                  etas_words_seconds(t->total.slowest_s, c));
    etas_page_put(p, "%s times the mean.</p>\n", etas_words_number(t->slowfac, a));
}

static void put_hosts(etas_page *p, const etas_run_tasks *t)
{
    etas_page_table(p, "Hosts",
                    "<Host|processes|tasks|catalogues|events|work|slowest task|peak memory");
    for (size_t i = 0; i < t->n_hosts && i < MOST_HOSTS; i++) {
        const etas_run_host *const h = &t->hosts[i];
        char a[ETAS_WORDS], b[ETAS_WORDS], c[ETAS_WORDS], d[ETAS_WORDS];

        etas_page_put(p, "<tr><th scope=\"row\">");
        etas_page_text(p, h->host);
        etas_page_put(p, "</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td>",
                      etas_words_count(h->slots, a), etas_words_count(h->tasks, b),
                      etas_words_count(h->catalogs, c), etas_words_count(h->events, d));
        etas_page_put(p, "<td>%s</td><td>%s</td><td>%s</td></tr>\n",
                      etas_words_seconds(h->wall_s, a), etas_words_seconds(h->slowest_s, b),
                      etas_words_bytes((double)h->peak_memory_bytes, c));
    }
    etas_page_table_end(p);
    if (t->n_hosts > MOST_HOSTS)
        etas_page_put(p, "<p class=\"quiet\">And %zu more hosts.</p>\n", t->n_hosts - MOST_HOSTS);
}

static void put_slowest(etas_page *p, const etas_run_tasks *t)
{
    etas_page_table(p, "Slowest tasks", "<Host|first catalogue|catalogues|events|took|processor");
    for (size_t i = 0; i < t->n_slowest; i++) {
        const etas_store_task *const s = &t->slowest[i];
        char a[ETAS_WORDS], b[ETAS_WORDS], c[ETAS_WORDS], d[ETAS_WORDS], e[ETAS_WORDS];

        etas_page_put(p, "<tr><th scope=\"row\">");
        etas_page_text(p, s->host);
        etas_page_put(p, "</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                      etas_words_count(s->first, a), etas_words_count(s->count, b),
                      etas_words_count(s->n_events, c), etas_words_seconds(s->wall_s, d),
                      etas_words_seconds(s->cpu_s, e));
    }
    etas_page_table_end(p);
}

static void put_phases(etas_page *p, const etas_run_view *v)
{
    etas_page_put(p, "<dl>\n");
    for (size_t i = 0; i < v->n_phases; i++) {
        char took[ETAS_WORDS];

        etas_page_put(p, "<dt>");
        etas_page_text(p, v->phases[i].name);
        etas_page_put(p, "</dt><dd>%s</dd>\n", etas_words_seconds(v->phases[i].seconds, took));
    }
    etas_page_put(p, "</dl>\n");
}

static void put_deaths(etas_page *p, const etas_run_view *v)
{
    etas_page_table(p, "Catalogues that could not be made", "<First|number|<why");
    for (size_t i = 0; i < v->n_deaths && i < MOST_DEATHS; i++) {
        char a[ETAS_WORDS], b[ETAS_WORDS];

        etas_page_put(p, "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"words\">",
                      etas_words_count(v->deaths[i].range.first, a),
                      etas_words_count(v->deaths[i].range.count, b));
        etas_page_text(p, v->deaths[i].why);
        etas_page_put(p, "</td></tr>\n");
    }
    etas_page_table_end(p);
    if (v->n_deaths > MOST_DEATHS)
        etas_page_put(p, "<p class=\"quiet\">And %zu more.</p>\n", v->n_deaths - MOST_DEATHS);
}

static void put_faults(etas_page *p, const etas_run_view *v)
{
    etas_page_put(p, "<p>Results of these hosts were found to be wrong, thrown away and made "
                     "again by others:");
    for (size_t i = 0; i < v->n_faults; i++) {
        etas_page_put(p, "%s ", i > 0 ? "," : "");
        etas_page_text(p, v->faults[i].host);
    }
    etas_page_put(p, ".</p>\n");
}

void etas_page_run(etas_page *p, const etas_report_page *in)
{
    const etas_run_view *const v = in->run;

    etas_page_section(p, "run", "How the run went");
    if (v->tasks.total.tasks > 0)
        put_totals(p, v);
    if (v->n_faults > 0)
        put_faults(p, v);
    if (v->n_deaths > 0)
        put_deaths(p, v);
    if (v->n_phases > 0) {
        etas_page_put(p, "<h3>Time by phase</h3>\n");
        put_phases(p, v);
    }
    if (v->tasks.total.tasks > 0) {
        put_hosts(p, &v->tasks);
        put_slowest(p, &v->tasks);
    }
    etas_page_section_end(p);
}

/* ---- provenance ---- */

void etas_page_provenance(etas_page *p, const etas_report_page *in)
{
    const etas_store_run *const run = &in->run->run;
    char id[33], sha[65], number[32], time[32];

    etas_page_section(p, "provenance", "Where it comes from");
    etas_page_put(p, "<dl>\n");
    put_item(p, "Store", in->store_path);
    put_item(p, "Run", etas_hex(sizeof run->id, run->id, id));
    put_item(p, "Model", etas_hex(sizeof run->blob_sha256, run->blob_sha256, sha));
    (void)etas_format(sizeof number, number, "%llu", (unsigned long long)run->seed);
    put_item(p, "Seed", number);
    (void)etas_format(sizeof number, number, "%llu from %llu on",
                      (unsigned long long)run->n_catalogs, (unsigned long long)run->first_catalog);
    put_item(p, "Catalogues", number);
    put_item(p, "Run made by", run->release);
    (void)etas_format(sizeof number, number, "%u", (unsigned)run->algorithm);
    put_item(p, "Algorithm", number);
    (void)etas_time_format(in->now, ' ', time);
    time[16] = '\0';
    etas_page_put(p, "<dt>This page</dt><dd>etas " ETAS_RELEASE ", %s UTC</dd>\n", time);
    etas_page_put(p, "</dl>\n<p>The model (SHA-256) and the seed decide every simulated event. The "
                     "same page again:</p>\n<pre tabindex=\"0\"><code>");
    etas_page_text(p, in->again);
    etas_page_put(p, "</code></pre>\n");
    if (run->config_text != NULL && run->config_text[0] != '\0') {
        etas_page_put(p, "<details><summary>Configuration of the run</summary>\n"
                         "<pre tabindex=\"0\"><code>");
        etas_page_text(p, run->config_text);
        etas_page_put(p, "</code></pre></details>\n");
    }
    etas_page_section_end(p);
}
