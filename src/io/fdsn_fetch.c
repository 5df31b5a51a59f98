#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/fdsn_ask.h"
#include "io/fdsn_index.h"
#include "io/fdsn_pieces.h"

struct etas_fdsn_fetched {
    etas_fdsn_query query;
    etas_fdsn_index index;
    etas_fdsn_pieces pieces;
    etas_text header; /* of text: the first page's */
};

typedef struct fetch {
    const etas_fdsn_fetch_config *cfg;
    struct etas_fdsn_fetched *to;
    etas_fdsn_asker asker;
    etas_fdsn_events events; /* of the current page */
    etas_text piece;
    etas_fdsn_progress progress;
} fetch;

etas_fdsn_manners etas_fdsn_manners_default(void)
{
    return (etas_fdsn_manners){.user_agent = "etas/" ETAS_RELEASE,
                               .stall_s = 120,
                               .first_wait_s = 1,
                               .retries = 8,
                               .patience_s = 900};
}

/* ---- pages ---- */

static etas_status read_piece(fetch *f, etas_error *err)
{
    const etas_fdsn_body body = {.name = f->to->pieces.folder,
                                 .format = f->to->query.format,
                                 .complete = true,
                                 .len = f->piece.len,
                                 .bytes = f->piece.data};

    return etas_fdsn_events_read(&f->events, &body, err);
}

static etas_status get_answer(fetch *f, const etas_fdsn_page *page, etas_fdsn_answer *answer,
                              etas_error *err)
{
    bool found;
    etas_status st = etas_fdsn_pieces_find(&f->to->pieces, page, &found, answer, &f->piece, err);

    if (st != ETAS_OK)
        return st;
    f->progress.n_pieces += found;
    if (found)
        return *answer == ETAS_FDSN_EVENTS ? read_piece(f, err) : ETAS_OK;
    st = etas_fdsn_ask(&f->asker, page, answer, &f->events, err);
    if (st == ETAS_OK)
        st = etas_fdsn_pieces_keep(&f->to->pieces, page, *answer, &f->asker.reply.body, err);
    f->progress.n_requests += st == ETAS_OK;
    return st;
}

/* How much of the time is behind this page, which is right while events come in order. */
static void tell(fetch *f, const etas_fdsn_page *page, const etas_fdsn_reply *reply)
{
    const etas_fdsn_query *const q = &f->to->query;
    const double span = etas_days_between(q->start, q->end);
    etas_time reached = page->start;

    for (size_t i = 0; reply->answer == ETAS_FDSN_EVENTS && i < f->events.n; i++)
        if (f->events.event[i].time > reached && f->events.event[i].time < page->end)
            reached = f->events.event[i].time;
    if (reply->answer == ETAS_FDSN_EMPTY)
        reached = page->end;
    f->progress.n_events = f->to->index.n;
    f->progress.days = (double)page->box * span + etas_days_between(q->start, reached);
    f->progress.days_in_all = span * (q->area.n_boxes > 1 ? (double)q->area.n_boxes : 1);
    if (f->cfg->progress != NULL)
        f->cfg->progress(f->cfg->context, &f->progress);
}

static etas_status get_page(void *context, const etas_fdsn_page *page, etas_fdsn_reply *out,
                            etas_error *err)
{
    fetch *const f = context;
    etas_fdsn_answer answer = ETAS_FDSN_EMPTY;
    etas_status st;

    if (f->cfg->stop != NULL && *f->cfg->stop != 0)
        return etas_fail(err, ETAS_E_INTERRUPTED, "interrupted");
    st = get_answer(f, page, &answer, err);
    *out = (etas_fdsn_reply){.answer = answer};
    if (st == ETAS_OK && answer == ETAS_FDSN_EVENTS) {
        const etas_fdsn_event *const first = &f->events.event[0];

        if (f->to->header.len == 0 && f->events.header_len > 0)
            st = etas_text_append(&f->to->header, f->events.header_len,
                                  f->events.text.data + f->events.header);
        out->n = f->events.n;
        out->first = etas_fdsn_hash(first->raw_len, f->events.text.data + first->raw);
        if (st == ETAS_OK)
            st = etas_fdsn_index_add(&f->to->index, page, &f->events, &f->to->query.area,
                                     &out->n_new);
        if (st != ETAS_OK)
            return etas_fail(err, st, "out of memory after %zu events", f->to->index.n);
    }
    if (st == ETAS_OK)
        tell(f, page, out);
    return st;
}

/* A folder without answers helps nobody; whether it goes does not matter beside @p why. */
static etas_status leave_nothing(struct etas_fdsn_fetched *to, etas_status why)
{
    etas_error unimportant = {0};

    if (etas_fdsn_pieces_remove(&to->pieces, &unimportant) != ETAS_OK)
        etas_fdsn_pieces_close(&to->pieces);
    return why;
}

etas_status etas_fdsn_fetch(etas_fdsn_result *self, const etas_fdsn_query *query,
                            const etas_fdsn_fetch_config *cfg, etas_error *err)
{
    const etas_http_config http = {.user_agent = cfg->manners.user_agent,
                                   .ca_file = cfg->manners.ca_file,
                                   .stall_s = cfg->manners.stall_s,
                                   .stop = cfg->stop};
    struct etas_fdsn_fetched *const to = calloc(1, sizeof *to);
    fetch f = {.cfg = cfg, .to = to};
    etas_status st;

    *self = (etas_fdsn_result){.fetched = to};
    if (to == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    to->query = *query;
    f.asker = (etas_fdsn_asker){
        .query = &to->query, .manners = &cfg->manners, .log = cfg->log, .stop = cfg->stop};
    st = etas_fdsn_pieces_open(&to->pieces, &to->query, cfg, err);
    if (st == ETAS_OK)
        st = etas_http_open(&f.asker.http, &http, err);
    if (st == ETAS_OK)
        st = etas_fdsn_walk(&to->query, get_page, &f, err);
    if (st == ETAS_OK)
        etas_fdsn_index_sort(&to->index);
    else if (to->pieces.folder != NULL && f.progress.n_requests + f.progress.n_pieces == 0)
        st = leave_nothing(to, st);
    self->n_events = to->index.n;
    self->n_twice = to->index.n_twice;
    self->n_outside = to->index.n_outside;
    self->n_requests = f.progress.n_requests;
    self->n_pieces = f.progress.n_pieces;
    self->end = to->query.end;
    etas_http_close(&f.asker.http);
    etas_text_free(&f.asker.reply.body);
    etas_text_free(&f.piece);
    etas_fdsn_events_free(&f.events);
    return st;
}

/* ---- the document ---- */

static etas_status load_page(const struct etas_fdsn_fetched *from, size_t i, etas_text *piece,
                             etas_fdsn_events *events, etas_error *err)
{
    bool found;
    etas_fdsn_answer answer;
    etas_fdsn_body body = {
        .name = from->pieces.folder, .format = from->query.format, .complete = true};
    etas_status st =
        etas_fdsn_pieces_find(&from->pieces, &from->index.page[i], &found, &answer, piece, err);

    if (st != ETAS_OK)
        return st;
    body.len = piece->len;
    body.bytes = piece->data;
    if (!found || answer != ETAS_FDSN_EVENTS)
        return etas_fail(err, ETAS_E_CORRUPT, "%s: a piece has gone", from->pieces.folder);
    return etas_fdsn_events_read(events, &body, err);
}

/* Where pages overlap in time they are read in turns: rare, and small then. */
static etas_status write_events(const struct etas_fdsn_fetched *from, FILE *out, etas_error *err)
{
    const etas_fdsn_index *const index = &from->index;
    etas_text piece = {0};
    etas_fdsn_events events = {0};
    size_t page = SIZE_MAX;
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < index->n; i++) {
        const etas_fdsn_entry *const e = &index->entry[i];

        if (e->page != page)
            st = load_page(from, e->page, &piece, &events, err);
        page = e->page;
        if (st == ETAS_OK && e->event >= events.n)
            st = etas_fail(err, ETAS_E_CORRUPT, "%s: a piece has changed", from->pieces.folder);
        if (st == ETAS_OK) {
            const etas_fdsn_event *const event = &events.event[e->event];

            (void)fwrite(events.text.data + event->raw, 1, event->raw_len, out);
            (void)fputc('\n', out);
        }
    }
    etas_text_free(&piece);
    etas_fdsn_events_free(&events);
    return st;
}

/* A comment must not hold "--". */
static void write_comment(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        (void)(text[0] == '-' && text[1] == '-' ? fputs("%2D", out) : fputc(*text, out));
}

static etas_status write_xml(const struct etas_fdsn_fetched *from, FILE *out, etas_error *err)
{
    etas_text url = {0};
    char start[32], end[32];
    etas_status st = etas_fdsn_query_url(&from->query, NULL, &url, err);

    if (st == ETAS_OK) {
        etas_time_format(from->query.start, 'T', start);
        etas_time_format(from->query.end, 'T', end);
        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- ", out);
        write_comment(out, url.data);
        (void)fprintf(out,
                      "&starttime=%s&endtime=%s -->\n"
                      "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" "
                      "xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n"
                      "<eventParameters publicID=\"smi:local/%016llx\">\n",
                      start, end, (unsigned long long)etas_fdsn_hash(url.len, url.data));
        st = write_events(from, out, err);
        (void)fputs("</eventParameters>\n</q:quakeml>\n", out);
    }
    etas_text_free(&url);
    return st;
}

etas_status etas_fdsn_write(const etas_fdsn_result *self, FILE *out, etas_error *err)
{
    const struct etas_fdsn_fetched *const from = self->fetched;
    etas_status st;

    if (from->query.format == ETAS_FDSN_XML) {
        st = write_xml(from, out, err);
    } else {
        if (from->header.len > 0)
            (void)fwrite(from->header.data, 1, from->header.len, out);
        else
            (void)fputs("#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|"
                        "ContributorID|MagType|Magnitude|MagAuthor|EventLocationName",
                        out);
        (void)fputc('\n', out);
        st = write_events(from, out, err);
    }
    return st == ETAS_OK && ferror(out) ? etas_fail(err, ETAS_E_IO, "the events cannot be written")
                                        : st;
}

etas_status etas_fdsn_forget(etas_fdsn_result *self, etas_error *err)
{
    return etas_fdsn_pieces_remove(&self->fetched->pieces, err);
}

void etas_fdsn_free(etas_fdsn_result *self)
{
    if (self->fetched != NULL) {
        etas_fdsn_index_free(&self->fetched->index);
        etas_fdsn_pieces_close(&self->fetched->pieces);
        etas_text_free(&self->fetched->header);
    }
    free(self->fetched);
    *self = (etas_fdsn_result){0};
}
