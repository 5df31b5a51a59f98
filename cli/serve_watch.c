/* Looks at the pool and keeps the answers ready, so that any number of clients costs the server one
 * look, and a client never waits for it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve.h"

enum { LOOK_EVERY_S = 2, STUCK_S = 60, STOP_WITHIN_S = 2 };

struct serve_watch {
    const manager *about;
    pthread_t thread;
    pthread_mutex_t lock; /* what follows, up to the next comment */
    pthread_cond_t wake;
    bool stop;
    double looked_s; /* monotonic: the last look's end */
    struct MHD_Response *bodies[SERVE_BODIES];
    unsigned codes[SERVE_BODIES];
    /* the thread's own */
    serve_facts facts;
    serve_history history;
};

static double unix_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- looking ---- */

/* Says it once when the server comes or goes. */
static void note_state(serve_watch *self, bool up, double now)
{
    serve_facts *facts = &self->facts;
    const etas_log *log = &self->about->out.log;

    if (facts->looks > 0 && up == facts->up)
        return;
    facts->since = now;
    if (!up)
        etas_log_write(log, ETAS_LOG_WARN, "the server is away: %s", facts->error);
    else if (facts->looks > 0)
        etas_log_write(log, ETAS_LOG_INFO, "the server is back");
}

static void look(serve_watch *self)
{
    serve_facts *facts = &self->facts;
    const double start = talk_seconds();
    manager_view view;
    etas_error err = {0};
    const etas_status st = manager_view_fetch(self->about, &view, &err);
    const double now = unix_seconds();

    if (st == ETAS_OK) {
        manager_view_free(&facts->view);
        facts->view = view;
        facts->seen = true;
        facts->as_of = now;
    } else {
        if (err.code == ETAS_OK)
            err.code = st;
        (void)etas_error_format(&err, sizeof facts->error, facts->error);
        facts->failures++;
    }
    note_state(self, st == ETAS_OK, now);
    facts->up = st == ETAS_OK;
    facts->looks++;
    facts->took_s = talk_seconds() - start;
}

/* ---- what is handed out ---- */

/* A string whatever the bytes are: paths and names need not be UTF-8. */
static json_t *text_or_mark(const char *text)
{
    json_t *made = json_string(text);

    return made != NULL ? made : json_string("?");
}

static json_t *status_json(const serve_watch *self, const json_t *info)
{
    const serve_facts *facts = &self->facts;

    return json_pack("{s:o,s:o,s:b,s:f,s:f,s:o,s:o,s:o}", "pool",
                     text_or_mark(manager_pool_name(self->about)), "server",
                     text_or_mark(etas_queue_host(self->about->queue)), "up", facts->up, "since",
                     facts->since, "as_of", facts->as_of, "error",
                     facts->up ? json_null() : text_or_mark(facts->error), "info",
                     facts->seen ? json_deep_copy(info) : json_null(), "workers",
                     manager_agents_json(&facts->view.agents));
}

/* Puts a new answer into its place; without memory the old one stays. */
static void publish(serve_watch *self, serve_body which, unsigned code,
                    struct MHD_Response *response)
{
    struct MHD_Response *old;

    if (response == NULL)
        return;
    (void)pthread_mutex_lock(&self->lock);
    old = self->bodies[which];
    self->bodies[which] = response;
    self->codes[which] = code;
    (void)pthread_mutex_unlock(&self->lock);
    if (old != NULL)
        MHD_destroy_response(old); /* once those who are reading it are done */
}

/* Takes @p root. */
static void publish_json(serve_watch *self, serve_body which, unsigned code, json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(14)) : NULL;

    if (text != NULL)
        publish(self, which, code, serve_response("application/json", strlen(text), text));
    free(text);
    json_decref(root);
}

static void publish_all(serve_watch *self)
{
    const serve_facts *facts = &self->facts;
    const double now = unix_seconds();
    json_t *info = facts->seen ? manager_info_json(self->about, &facts->view) : NULL;
    etas_text metrics = {0};

    publish_json(self, SERVE_STATUS, MHD_HTTP_OK, status_json(self, info));
    if (facts->up)
        publish_json(self, SERVE_INFO, MHD_HTTP_OK, json_incref(info));
    else
        publish_json(self, SERVE_INFO, MHD_HTTP_SERVICE_UNAVAILABLE,
                     json_pack("{s:o}", "error", text_or_mark(facts->error)));
    json_decref(info);
    if (serve_history_add(&self->history, facts, now))
        publish_json(self, SERVE_HISTORY, MHD_HTTP_OK, serve_history_json(&self->history, now));
    if (serve_metrics(facts, &metrics) == ETAS_OK)
        publish(
            self, SERVE_METRICS, MHD_HTTP_OK,
            serve_response("text/plain; version=0.0.4; charset=utf-8", metrics.len, metrics.data));
    etas_text_free(&metrics);
}

/* Until the next look is due; true to end. */
static bool rest(serve_watch *self)
{
    struct timespec until;
    bool stop;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_EVERY_S;
    (void)pthread_mutex_lock(&self->lock);
    self->looked_s = talk_seconds();
    while (!self->stop && pthread_cond_timedwait(&self->wake, &self->lock, &until) == 0)
        ;
    stop = self->stop;
    (void)pthread_mutex_unlock(&self->lock);
    return stop;
}

static void *watch(void *argument)
{
    serve_watch *self = argument;

    do {
        look(self);
        publish_all(self);
    } while (!rest(self));
    return NULL;
}

/* ---- its owner's side ---- */

static void release(serve_watch *self)
{
    for (size_t i = 0; i < SERVE_BODIES; i++)
        if (self->bodies[i] != NULL)
            MHD_destroy_response(self->bodies[i]);
    manager_view_free(&self->facts.view);
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

etas_status serve_watch_start(serve_watch **out, const manager *about, etas_error *err)
{
    serve_watch *self = calloc(1, sizeof *self);
    pthread_condattr_t attributes;
    int reason;

    *out = NULL;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    self->about = about;
    self->looked_s = talk_seconds();
    self->facts.since = unix_seconds();
    (void)etas_format(sizeof self->facts.error, self->facts.error, "it has not answered yet");
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    publish_all(self); /* for those who come before the first answer */
    reason = pthread_create(&self->thread, NULL, watch, self);
    if (reason != 0) {
        release(self);
        return etas_fail(err, ETAS_E_IO, "a thread cannot be started: %s", strerror(reason));
    }
    *out = self;
    return ETAS_OK;
}

bool serve_watch_stop(serve_watch *self)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WITHIN_S;
    (void)pthread_mutex_lock(&self->lock);
    self->stop = true;
    (void)pthread_cond_signal(&self->wake);
    (void)pthread_mutex_unlock(&self->lock);
    if (pthread_timedjoin_np(self->thread, NULL, &until) != 0)
        return false;
    release(self);
    return true;
}

enum MHD_Result serve_watch_answer(serve_watch *self, struct MHD_Connection *to, serve_body which)
{
    enum MHD_Result done = MHD_NO;

    (void)pthread_mutex_lock(&self->lock);
    if (self->bodies[which] != NULL)
        done = MHD_queue_response(to, self->codes[which], self->bodies[which]);
    (void)pthread_mutex_unlock(&self->lock);
    return done;
}

bool serve_watch_alive(serve_watch *self)
{
    double silent;

    (void)pthread_mutex_lock(&self->lock);
    silent = talk_seconds() - self->looked_s;
    (void)pthread_mutex_unlock(&self->lock);
    return silent < STUCK_S;
}
