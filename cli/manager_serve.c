/* serve: the pool as a web page, and for Prometheus. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "serve.h"

/* Until a signal says so. */
static void wait_for_end(serve_http *http, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};

    while (sigtimedwait(signals, NULL, &second) < 0)
        serve_http_sweep(http);
}

static void say_where(const manager *self, const serve_http *http)
{
    etas_log_write(&self->out.log, ETAS_LOG_INFO, "status page of pool \"%s\" on %s",
                   manager_pool_name(self), etas_queue_host(self->queue));
    if (!serve_http_is_local(http))
        etas_log_write(&self->out.log, ETAS_LOG_WARN,
                       "the page has no password: whoever reaches %s sees the pool",
                       serve_http_url(http));
    (void)printf("%s\n", serve_http_url(http));
    (void)fflush(stdout);
}

int manager_serve(manager *self)
{
    serve_watch *watch;
    serve_http *http;
    etas_error err = {0};
    etas_status st;
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* the threads inherit it */
    st = serve_watch_start(&watch, self, &err);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    st = serve_http_start(&http, self, watch, &err);
    if (st == ETAS_OK) {
        say_where(self, http);
        wait_for_end(http, &signals);
        serve_http_stop(http);
    }
    if (!serve_watch_stop(watch)) { /* it waits for a server that does not answer */
        (void)fflush(stdout);
        _Exit(st == ETAS_OK ? 0 : talk_fail(&self->out, st, &err));
    }
    return st == ETAS_OK ? 0 : talk_fail(&self->out, st, &err);
}
