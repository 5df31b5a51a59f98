#include "io/fdsn_ask.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { BAD_ANSWERS = 3, LONGEST_WAIT = 60 };

/* What a reply means. */
typedef enum verdict { ANSWERED, FAILED, PASSING, BAD } verdict;

/* ---- what the service says in words ---- */

/* The beginning of the body without tags and line breaks. */
static const char *excerpt(const etas_text *body, size_t capacity, char out[])
{
    size_t used = 0;
    bool tag = false, space = true;

    for (size_t i = 0; i < body->len && used + 4 < capacity; i++) {
        const unsigned char c = (unsigned char)body->data[i];

        tag |= c == '<';
        if (!tag && c > ' ' && c != 0x7f) {
            out[used++] = (char)c;
            space = false;
        } else if (!space) {
            out[used++] = ' ';
            space = true;
        }
        tag &= c != '>';
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    return out;
}

static bool mentions(const etas_text *body, const char *const words[])
{
    for (; *words != NULL; words++)
        for (size_t i = 0, n = strlen(*words); i + n <= body->len; i++)
            if (strncasecmp(body->data + i, *words, n) == 0)
                return true;
    return false;
}

static etas_status refuse(const etas_http_reply *reply, etas_status code, etas_error *err)
{
    char words[160];

    (void)excerpt(&reply->body, sizeof words, words);
    return etas_fail(err, code, "HTTP status %ld%s%s", reply->status, words[0] != '\0' ? ": " : "",
                     words);
}

/* ---- one reply ---- */

/* A body without a byte is no data where others have been before, and else a mishap. */
static verdict take_page(etas_fdsn_asker *self, const etas_fdsn_page *page,
                         etas_fdsn_answer *answer, etas_fdsn_events *events, etas_error *err)
{
    const etas_http_reply *const reply = &self->reply;
    const etas_fdsn_body body = {.name = "the answer",
                                 .format = self->query->format,
                                 .complete = reply->complete,
                                 .len = reply->body.len,
                                 .bytes = reply->body.data};

    *answer = ETAS_FDSN_EMPTY;
    if (reply->body.len == 0 && reply->complete && page->offset > 1)
        return ANSWERED;
    if (reply->body.len == 0) {
        etas_fail(err, ETAS_E_PARSE, "the answer is empty");
        return BAD;
    }
    if (etas_fdsn_events_read(events, &body, err) != ETAS_OK) {
        char words[120];

        etas_log_write(self->log, ETAS_LOG_DEBUG, "the answer begins with: %s",
                       excerpt(&reply->body, sizeof words, words));
        return BAD;
    }
    if (events->n > 0)
        *answer = ETAS_FDSN_EVENTS;
    return ANSWERED;
}

/* Statuses as the FDSN's common rules have them, and what services do beside these. */
static verdict judge(etas_fdsn_asker *self, const etas_fdsn_page *page, etas_fdsn_answer *answer,
                     etas_fdsn_events *events, etas_error *err)
{
    static const char *const none[] = {"no data", "nodata", "no events", "no matching", NULL};
    static const char *const large[] = {"exceed", "too many", "too large", "too much", NULL};
    const etas_http_reply *const reply = &self->reply;

    switch (reply->status) {
    case 200:
        return take_page(self, page, answer, events, err);
    case 204:
        *answer = ETAS_FDSN_EMPTY;
        return ANSWERED;
    case 404:
        *answer = ETAS_FDSN_EMPTY;
        if (mentions(&reply->body, none))
            return ANSWERED;
        break;
    case 413:
        *answer = ETAS_FDSN_TOO_MANY;
        return ANSWERED;
    case 400:
    case 501:
        *answer = mentions(&reply->body, large) ? ETAS_FDSN_TOO_MANY : ETAS_FDSN_NO_OFFSET;
        if (*answer == ETAS_FDSN_TOO_MANY || page->offset > 1)
            return ANSWERED;
        break;
    case 401:
    case 403:
        (void)refuse(reply, ETAS_E_AUTH, err);
        return FAILED;
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        (void)refuse(reply, ETAS_E_AWAY, err);
        return PASSING;
    default:
        break;
    }
    (void)refuse(reply, ETAS_E_REFUSED, err);
    return FAILED;
}

/* ---- again and again ---- */

static etas_status wait_for(const etas_fdsn_asker *self, double seconds, etas_error *err)
{
    const struct timespec tick = {.tv_nsec = 50000000};

    for (double waited = 0; waited < seconds; waited += 0.05) {
        if (self->stop != NULL && *self->stop != 0)
            return etas_fail(err, ETAS_E_INTERRUPTED, "interrupted");
        if (seconds - waited < 0.05)
            (void)nanosleep(&(struct timespec){.tv_nsec = (long)((seconds - waited) * 1e9)}, NULL);
        else
            (void)nanosleep(&tick, NULL);
    }
    return ETAS_OK;
}

static etas_status give_up(const etas_fdsn_asker *self, uint32_t tries, const etas_error *why,
                           etas_error *err)
{
    const double later = self->reply.retry_after_s;

    if (later > 0 && self->reply.status != 200)
        etas_fail(err, why->code, "%.200s; it asks to be left alone for %.0f s", why->text, later);
    else if (tries > 1)
        etas_fail(err, why->code, "%.200s (after %u tries)", why->text, tries);
    else
        etas_fail(err, why->code, "%s", why->text);
    etas_error_in_file(err, why->file);
    etas_error_at_line(err, why->line, why->column);
    etas_error_in_key(err, why->key);
    etas_error_on_host(err, self->query->url);
    return why->code;
}

/* Seconds before the next try: what the service asks for, else twice as many as the last time. */
static double next_wait(const etas_fdsn_asker *self, uint32_t tries)
{
    const double own = self->manners->first_wait_s * ldexp(1, tries < 20 ? (int)tries - 1 : 20);

    return fmax(fmin(own, LONGEST_WAIT), self->reply.retry_after_s);
}

etas_status etas_fdsn_ask(etas_fdsn_asker *self, const etas_fdsn_page *page,
                          etas_fdsn_answer *answer, etas_fdsn_events *events, etas_error *err)
{
    etas_text url = {0};
    double waited = 0;
    uint32_t n_bad = 0;
    etas_status st = etas_fdsn_query_url(self->query, page, &url, err);

    if (st == ETAS_OK)
        etas_log_write(self->log, ETAS_LOG_DEBUG, "GET %s", url.data);
    for (uint32_t tries = 1; st == ETAS_OK; tries++) {
        etas_error why = {0};
        double wait;
        verdict v;

        self->reply.retry_after_s = 0;
        if (etas_http_get(&self->http, url.data, &self->reply, &why) == ETAS_OK)
            v = judge(self, page, answer, events, &why);
        else
            v = self->reply.passing ? PASSING : FAILED;
        if (v == ANSWERED)
            break;
        n_bad += v == BAD;
        wait = next_wait(self, tries);
        if (v == FAILED || n_bad == BAD_ANSWERS || tries > self->manners->retries ||
            waited + wait > self->manners->patience_s) {
            st = give_up(self, tries, &why, err);
            break;
        }
        etas_log_write(self->log, ETAS_LOG_WARN, "%.200s; trying again in %.3g s", why.text, wait);
        waited += wait;
        st = wait_for(self, wait, err);
    }
    etas_text_free(&url);
    return st;
}
