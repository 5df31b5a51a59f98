/** @file server.h  Looking at the Redis server itself rather than at the pool on it: what a
 * check-up wants to know. Each call works on a server that etas_queue_check would refuse, and loads
 * nothing. Errors as in queue.h; what the user may not ask is left unknown and is no error.
 */
#ifndef ETAS_SERVER_H
#define ETAS_SERVER_H

#include "etas/api.h"
#include "etas/queue.h"

ETAS_API_BEGIN

#define ETAS_SERVER_UNKNOWN UINT64_MAX

/** Numbers are ETAS_SERVER_UNKNOWN, texts "" where the user may not ask. */
typedef struct etas_server {
    char version[24], role[16], policy[32], append_fsync[16];
    char write_status[16], rewrite_status[16], snapshot_status[16]; /**< "ok" or "err" */
    uint64_t uptime_s, max_memory, used_memory, total_memory; /**< bytes; max_memory 0: no limit */
    uint64_t max_clients, clients, rejected_clients, evicted_keys;
    uint64_t loading, append_only, snapshots; /**< 0 or 1 */
    uint64_t idle_timeout_s, keepalive_s;     /**< of client connections; 0: none */
} etas_server;

/** What the server says of itself; what a user may not see is 0 or empty. */
ETAS_NODISCARD etas_status etas_server_look(etas_queue *self, etas_server *out, etas_error *err);

/** Seconds of @p n round trips, and the server's clock less ours at the fastest of them. E_AUTH
 * when the user may not ask for the time. */
ETAS_NODISCARD etas_status etas_server_time(etas_queue *self, size_t n, double seconds[],
                                            double *ahead_s, etas_error *err);

/** Revision of the library on the server, 0 when it has none, and of this program's. */
ETAS_NODISCARD etas_status etas_server_library(etas_queue *self, uint64_t *loaded, uint64_t *own,
                                               etas_error *err);

/** What a user of the server is for. */
typedef enum etas_role { ETAS_ROLE_WORKER, ETAS_ROLE_DRIVER, ETAS_ROLE_MANAGER } etas_role;

/** Which of the rights that a role needs a user has. */
typedef struct etas_rights {
    size_t n_needed, n_missing;
    char missing[240]; /**< as rules of an ACL, "+hget +fcall|etas_v1_claim"; cut with "..." */
    bool tried;        /**< by harmless calls, because the user may not use ACL DRYRUN */
} etas_rights;

/** What the connection's user may do of what a role must. */
ETAS_NODISCARD etas_status etas_server_rights(etas_queue *self, etas_role role, etas_rights *out,
                                              etas_error *err);

ETAS_API_END

#endif
