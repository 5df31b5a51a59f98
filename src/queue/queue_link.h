/** @file queue_link.h  One connection that is made when it is needed, arguments and replies. */
#ifndef ETAS_QUEUE_LINK_H
#define ETAS_QUEUE_LINK_H

#include <hiredis/hiredis.h>

#include "etas/array.h"
#include "etas/queue.h"
#include "queue/queue_wire.h"

/** Arguments of one command; numbers live in the arena, bytes stay the caller's. */
typedef struct queue_args {
    etas_arena arena;
    const char **argv;
    size_t *lens;
    size_t n, argv_capacity, lens_capacity;
    bool failed; /**< memory ran out */
} queue_args;

/** What is listed page by page has at most so many entries (docs/protocol.md: 100,000). */
enum { QUEUE_LISTED = 1 << 17 };

struct etas_queue {
    etas_redis_options options; /**< strings are own copies */
    char key[96];               /**< the declared key; its prefix is the pool's */
    char place[128];            /**< host:port or socket path */
    queue_wire link, hint;
    double patience_s; /**< for the server's next byte */
    sig_atomic_t
        signals_heard;    /**< so many have cut a call short, or came before one that failed */
    double hint_deadline; /**< monotonic seconds; the question is lost when it passes */
    bool hint_for_work;   /**< it is about work too */
    bool hint_called;     /**< the last answer came for hint_agent */
    char hint_agent[ETAS_ID_HEX];
    queue_args args;
    uint64_t reply_bytes; /**< the most that the call at hand may answer */
    bool memory_full, denied_said;
    bool approved;      /**< a check has found the server good */
    uint64_t revision;  /**< of the server's library at the last check; 0 unknown */
    uint64_t maxmemory; /**< of the server; 0 unlimited or unknown */
    char policy[32];    /**< maxmemory-policy, "" unknown */
    char version[24];   /**< of the server, "" unknown */
};

/** Begin a call of etas_v1_<name>; then add arguments; then queue_call. */
void queue_begin(etas_queue *self, const char *name);
void queue_arg(etas_queue *self, const char *text);
void queue_arg_bytes(etas_queue *self, size_t len, const void *bytes);
void queue_arg_u64(etas_queue *self, uint64_t value);
void queue_arg_format(etas_queue *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** As one argument, with what an agent may not send replaced by '_'. */
void queue_arg_word(etas_queue *self, const char *text);
/** What may not travel as a word replaced by '_', cut to fit; "_" when there is nothing. */
const char *queue_word(const char *text, size_t capacity, char out[]);
/** What an agent tells of itself; what a driver tells of its tasks. */
void queue_arg_statistics(etas_queue *self, const etas_agent *agent);
void queue_arg_tally(etas_queue *self, const etas_run_tally *tally);
/** Whether the server is known to keep a library older than that. */
bool queue_older_than(const etas_queue *self, uint64_t revision);
/** TOKEN RUN FIRST COUNT ERRORS LOST */
void queue_arg_lease(etas_queue *self, const etas_lease *lease);

typedef enum queue_mode {
    QUEUE_LOAD, /**< load the library when it is missing */
    QUEUE_READ  /**< a missing library is an empty pool: *out is NULL */
} queue_mode;

/** Send it; *out is an array that starts with a string, to be freed with freeReplyObject. */
ETAS_NODISCARD etas_status queue_call(etas_queue *self, queue_mode mode, redisReply **out,
                                      etas_error *err);

/** Makes the connection unless it is there; past AUTH and SELECT. */
ETAS_NODISCARD etas_status queue_connect(etas_queue *self, queue_wire *wire, etas_error *err);
/** What an error reply means; never ETAS_OK. */
etas_status queue_classify(const etas_queue *self, const redisReply *reply, etas_error *err);
/** The reply does not fit the protocol: drops the link, E_CORRUPT. */
etas_status queue_damaged(etas_queue *self, const char *call, etas_error *err);
/** Drivers and agents only enter a server that keeps what it is given. */
ETAS_NODISCARD etas_status queue_check_policy(const etas_queue *self, etas_error *err);

#endif
