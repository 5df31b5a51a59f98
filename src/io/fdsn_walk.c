#include "io/fdsn_walk.h"

typedef struct walk {
    const etas_fdsn_query *query;
    etas_fdsn_get *get;
    void *context;
    bool no_offset; /* the service has shown that it knows none */
    etas_error *err;
} walk;

/* A first page with nothing to be asked for behind it: all there is, unless it is full. Limits that
 * services have and do not tell are round numbers. */
static bool may_be_cut(const walk *w, size_t n)
{
    return n >= w->query->page_size || (n > 0 && n % 100 == 0);
}

/* The window page by page; *split: it has to be halved. */
static etas_status walk_pages(walk *w, etas_fdsn_page page, bool *split)
{
    etas_fdsn_reply first = {0}, reply = {0};
    etas_status st;

    *split = false;
    st = w->get(w->context, &page, &first, w->err);
    if (st != ETAS_OK || first.answer == ETAS_FDSN_EMPTY)
        return st;
    *split = first.answer != ETAS_FDSN_EVENTS || (w->no_offset && may_be_cut(w, first.n));
    reply = first;
    while (!*split && !w->no_offset) {
        page.offset += reply.n;
        st = w->get(w->context, &page, &reply, w->err);
        if (st != ETAS_OK || reply.answer == ETAS_FDSN_EMPTY)
            return st;
        w->no_offset = reply.answer == ETAS_FDSN_NO_OFFSET ||
                       (reply.answer == ETAS_FDSN_EVENTS && reply.first == first.first);
        *split = reply.answer == ETAS_FDSN_TOO_MANY || (w->no_offset && may_be_cut(w, first.n));
        if (!w->no_offset && !*split && reply.n_new == 0)
            return ETAS_OK;
    }
    return ETAS_OK;
}

/* Both halves have the events of the second between them. */
static etas_time middle(etas_time start, etas_time end)
{
    const etas_time half = start + (etas_time)(((uint64_t)end - (uint64_t)start) / 2);
    const etas_time whole = half - (half % ETAS_NS_PER_S + ETAS_NS_PER_S) % ETAS_NS_PER_S;

    return whole > start ? whole : half;
}

static etas_status walk_window(walk *w, etas_fdsn_page page)
{
    bool split;
    char from[32];
    etas_fdsn_page half = page;
    etas_status st = walk_pages(w, page, &split);

    if (st != ETAS_OK || !split)
        return st;
    if ((uint64_t)page.end - (uint64_t)page.start <= (uint64_t)ETAS_NS_PER_S) {
        etas_time_format(page.start, 'T', from);
        return etas_fail(w->err, ETAS_E_LIMIT,
                         "the second from %s on has more events than the service gives at once",
                         from);
    }
    half.end = middle(page.start, page.end);
    st = walk_window(w, half);
    half = page;
    half.start = middle(page.start, page.end);
    return st == ETAS_OK ? walk_window(w, half) : st;
}

etas_status etas_fdsn_walk(const etas_fdsn_query *query, etas_fdsn_get *get, void *context,
                           etas_error *err)
{
    walk w = {.query = query, .get = get, .context = context, .err = err};
    size_t box = 0;
    etas_status st;

    do
        st = walk_window(&w, (etas_fdsn_page){box, query->start, query->end, 1});
    while (st == ETAS_OK && ++box < query->area.n_boxes);
    return st;
}
