/** @file serve.h  The pool's status page: a thread that asks the server and keeps the answers
 * ready, and a small HTTP server that hands them out. */
#ifndef ETAS_CLI_SERVE_H
#define ETAS_CLI_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "etas/text.h"
#include "manager.h"

/** What is known of the pool. Times are seconds since 1970. */
typedef struct serve_facts {
    bool up;         /**< the last look succeeded */
    bool seen;       /**< the view is of `as_of`; else nothing was ever seen */
    double since;    /**< since when it is up, or not */
    double as_of;    /**< of the last look that succeeded */
    double took_s;   /**< the last look */
    char error[512]; /**< why it is not up */
    uint64_t looks, failures;
    manager_view view;
} serve_facts;

/** Prometheus' text format, version 0.0.4. Appends to @p out. */
ETAS_NODISCARD etas_status serve_metrics(const serve_facts *facts, etas_text *out);

/** The last hour, a point every few seconds: starts as {0}. */
enum { SERVE_POINTS = 720, SERVE_STEP_S = 5 };
typedef struct serve_history {
    size_t n, next; /**< a ring; next is the oldest once it is full */
    struct serve_point {
        double unix_s, clock_s; /**< of the wall and of a clock that only goes forward */
        bool up;
        uint64_t simulated, workers;
    } points[SERVE_POINTS];
} serve_history;

/** At most every SERVE_STEP_S seconds; false when it is not yet time. */
bool serve_history_add(serve_history *self, const serve_facts *facts, double unix_s);
/** NULL: out of memory. */
json_t *serve_history_json(const serve_history *self, double unix_s);

/* ---- what is handed out ---- */

typedef enum serve_body {
    SERVE_STATUS,  /**< /api/status */
    SERVE_INFO,    /**< /api/info */
    SERVE_HISTORY, /**< /api/history */
    SERVE_METRICS, /**< /metrics */
    SERVE_BODIES
} serve_body;

typedef struct serve_watch serve_watch;

/** Starts looking, every two seconds, with the manager's queue, which is the thread's from then on.
 */
ETAS_NODISCARD etas_status serve_watch_start(serve_watch **out, const manager *about,
                                             etas_error *err);
/** False when the thread does not end in time: the queue and the watch are still its own then. */
bool serve_watch_stop(serve_watch *self);
/** Answers with what was seen last. */
enum MHD_Result serve_watch_answer(serve_watch *self, struct MHD_Connection *to, serve_body which);
/** It still looks. */
bool serve_watch_alive(serve_watch *self);

/** A body with the headers that all have; @p len bytes are copied. NULL: out of memory. */
struct MHD_Response *serve_response(const char *type, size_t len, const char bytes[]);

typedef struct serve_http serve_http;

/** Listens where @p about says. Keeps @p about and @p watch. */
ETAS_NODISCARD etas_status serve_http_start(serve_http **out, const manager *about,
                                            serve_watch *watch, etas_error *err);
/** Where it listens: "http://127.0.0.1:9464/". */
const char *serve_http_url(const serve_http *self);
/** Only this machine can reach it. */
bool serve_http_is_local(const serve_http *self);
/** Ends the connections of clients that take too long; call it every second. */
void serve_http_sweep(serve_http *self);
void serve_http_stop(serve_http *self);

/* The page's parts, from serve_page/. */
extern const unsigned char serve_page_html[], serve_page_css[], serve_page_js[];
extern const size_t serve_page_html_len, serve_page_css_len, serve_page_js_len;

#endif
