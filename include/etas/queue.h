/** @file queue.h  The pool on one Redis server: a link that reconnects, and the calls of the Lua
 * function library etas_v1. Knows bytes and ranges, never events. docs/protocol.md is the contract.
 *
 * Every call is one atomic function on the server (models and long beats take several). E_NET and
 * E_TIMEOUT: the link is gone, it is unknown whether the call was done (repeat it, all are safe to
 * repeat), the next call reconnects. E_AWAY: LOADING, BUSY, READONLY, MISCONF, MASTERDOWN, the
 * library cannot be loaded, or the run's keys are gone until its driver beats: hold what you have
 * and try again later. E_REFUSED: memory is full (etas_queue_memory_full() tells) or the request is
 * one that the server can never take. E_CORRUPT: the reply makes no sense; the link is dropped.
 * E_AUTH: give up. Not for several threads at once. Connect after fork, never before.
 */
#ifndef ETAS_QUEUE_H
#define ETAS_QUEUE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/log.h"
#include "etas/range.h"
#include "etas/status.h"

ETAS_API_BEGIN

#define ETAS_PROTOCOL_VERSION 1
enum { ETAS_ID_HEX = 33 }; /**< 128 bits as lower-case hexadecimal, terminated */

/** Which server, as whom, and which pool on it. */
typedef struct etas_redis_options {
    const char *host;        /**< default "localhost" */
    uint16_t port;           /**< default 6379 */
    const char *socket_path; /**< unix socket; wins over host and port when not NULL */
    uint32_t db;
    const char *user;     /**< NULL: the default user */
    const char *password; /**< NULL: no AUTH; stays the caller's, so that it is in one place */
    const char *pool;     /**< default "default"; letters, digits, '-', '_', '.' */
    double connect_timeout_s, command_timeout_s; /**< defaults 5 and 30 */
    /** A count of signals; NULL: none. When it has risen, a call that waits for a silent server
     * gives up within about a second (E_TIMEOUT); one call for each rise, later ones wait again. */
    const volatile sig_atomic_t *signals;
    bool tls; /**< the server's certificate and name are checked, always; not for sockets */
    const char *tls_name; /**< name or address in its certificate; NULL: host */
    const char *ca_file;  /**< PEM, who may vouch for it; NULL: the system's authorities */
    const char *cert_file, *key_file; /**< PEM, of this client, both or none; no passphrase */
    const etas_log *log;
} etas_redis_options;

/** localhost, port 6379, the pool "default". */
etas_redis_options etas_redis_options_default(void);

/** A connection to the pool's server. Not for several threads at once. */
typedef struct etas_queue etas_queue;

/** Copies the options but for the password; connects lazily: succeeds without a server. E_ARG for a
 * bad pool name, E_IO for files of TLS that cannot be used (they are read again for every
 * connection). */
ETAS_NODISCARD etas_status etas_queue_open(etas_queue **out, const etas_redis_options *options,
                                           etas_error *err);
void etas_queue_close(etas_queue *self);
/** "host:port" or the socket path, for messages. */
const char *etas_queue_host(const etas_queue *self);
/** Such as "TLSv1.3"; "" for a connection without TLS, or none. */
const char *etas_queue_tls(const etas_queue *self);
/** Connect now if needed, and check the server: version >= 7, maxmemory-policy noeviction
 * (E_REFUSED with the reason otherwise; E_AWAY when it was good before), library loaded. */
ETAS_NODISCARD etas_status etas_queue_check(etas_queue *self, etas_error *err);
/** Drop the connection; the next call makes a new one (its caller backs off). */
void etas_queue_disconnect(etas_queue *self);
/** From now on wait at most so long for the server's next byte; command_timeout_s is the most. */
void etas_queue_set_patience(etas_queue *self, double seconds);
/** The last call was refused because the server's memory is full (OOM): ack results, try again. */
bool etas_queue_memory_full(const etas_queue *self);

/** Full-jitter exponential back-off: seconds to wait before try number @p attempt (0 first),
 * within [0, min(cap, 0.1 * 2^attempt)]; @p random is any 64 random bits. */
double etas_backoff_s(uint32_t attempt, double cap_s, uint64_t random);

/* A hint that there may be work or results, on a second connection so that a waiting agent or
 * driver can watch its slots meanwhile. Losing one loses nothing. */

/** Ask for a hint within @p seconds (BLPOP, sent but not waited for); harmless when already asked.
 * @p run_id NULL: a worker's hint, there may be work; else the hint for that run's driver: there
 * are results, dead catalogues, or the model is missing (then beat). */
ETAS_NODISCARD etas_status etas_queue_hint_arm(etas_queue *self, const char *run_id, double seconds,
                                               etas_error *err);
/** For an agent: the hint that its leases may be wanted by others (then beat), with @p work also
 * the one for workers. Asked already without @p work: that question is ended, ask again when it is
 * answered. */
ETAS_NODISCARD etas_status etas_queue_hint_arm_agent(etas_queue *self, const char *agent_id,
                                                     bool work, double seconds, etas_error *err);
/** Descriptor that becomes readable when the hint or its timeout is there; -1 when not asked. */
int etas_queue_hint_fd(const etas_queue *self);
/** Whether the last hint that fired was the one for this agent alone. */
bool etas_queue_hint_called(const etas_queue *self);
/** Reads what is there without blocking; *fired: the question was answered, ask again. */
ETAS_NODISCARD etas_status etas_queue_hint_take(etas_queue *self, bool *fired, etas_error *err);

/* ---- runs and drivers ---- */

/** One of a run's slowest tasks. */
typedef struct etas_slow_task {
    double wall_s; /**< 0: there is none */
    uint64_t first;
    uint32_t count;
    char host[64];
} etas_slow_task;

/** What a driver has stored so far, by tasks (one is what one frame tells of its making), over all
 * its epochs. slowfac is slowest[0].wall_s / (wall_s / tasks). */
typedef struct etas_run_tally {
    uint64_t tasks, received_bytes;
    double wall_s, cpu_s;
    etas_slow_task slowest[3]; /**< in falling order of wall_s */
} etas_run_tally;

/** A run as its driver tells it to the pool. */
typedef struct etas_run_meta {
    char id[ETAS_ID_HEX];
    char name[64];
    uint64_t epoch;
    uint64_t n_catalogs; /**< total of the run */
    uint64_t stored;     /**< in the driver's store */
    uint64_t seed;
    uint32_t algorithm;
    char model_sha256[65];
    uint64_t chunk_size;             /**< 0: auto */
    double task_duration_s;          /**< wished length of a chunk with auto */
    uint32_t max_attempts, max_lost; /**< 3 and 10 */
    uint64_t mark_bytes;             /**< 0: the smaller of 256 MiB and a quarter of maxmemory */
    double lease_s;                  /**< 60 */
    etas_run_tally tally;
} etas_run_meta;

/** What the server says to a beating driver. */
typedef struct etas_run_state {
    bool lost;           /**< the run's keys were missing and have been made again: audit, submit */
    bool needs_model;    /**< the blob is missing: publish it again */
    bool cancelled;      /**< somebody cancelled the run: finish it */
    uint64_t n_pending;  /**< entries in the pending list */
    uint64_t n_catalogs; /**< catalogues in the pending list */
    uint64_t n_dead;     /**< entries in the dead list */
    uint64_t live_slots; /**< of the pool */
} etas_run_state;

/** Register or take over a run (keys are made again if they are gone), and the driver's beat: call
 * it at least every 10 s; after 60 s without it nobody claims from the run. E_SUPERSEDED when Redis
 * knows a larger epoch. */
ETAS_NODISCARD etas_status etas_queue_run_beat(etas_queue *self, const etas_run_meta *run,
                                               etas_run_state *state, etas_error *err);
/** Content-addressed, in parts of 4 MiB. Call it after the run's first beat; the beats keep it
 * alive, the end of the last run that uses it deletes it. */
ETAS_NODISCARD etas_status etas_queue_model_put(etas_queue *self, const char *sha256_hex,
                                                size_t len, const uint8_t bytes[], etas_error *err);
/** *out allocated with etas_array; NULL with *len 0 when the server has none or not all of it. The
 * caller checks the digest. */
ETAS_NODISCARD etas_status etas_queue_model_get(etas_queue *self, const char *sha256_hex,
                                                uint8_t **out, size_t *len, etas_error *err);

/** Push ranges to pending; numbered by (epoch, serial), which must rise: a repeat is ignored. Not
 * one range is taken when the list would have more than 1,000 entries: E_LIMIT, which uses up no
 * serial. E_AWAY when the run's keys are gone (beat first). */
ETAS_NODISCARD etas_status etas_queue_submit(etas_queue *self, const etas_run_meta *run,
                                             uint64_t serial, size_t n, const etas_range ranges[],
                                             etas_error *err);

/** A stored range that a host other than its maker shall make again, so that both can be compared.
 */
typedef struct etas_check {
    etas_range range;
    char maker[64];
} etas_check;
/** As etas_queue_submit, for the run's list of checks, which holds at most 256. */
ETAS_NODISCARD etas_status etas_queue_submit_checks(etas_queue *self, const etas_run_meta *run,
                                                    uint64_t serial, size_t n,
                                                    const etas_check checks[], etas_error *err);

/** The hosts, at most 64, that the run gives no work to and takes no results from: these and no
 * others. What they hold goes back to pending as they hear of it. */
ETAS_NODISCARD etas_status etas_queue_ban(etas_queue *self, const etas_run_meta *run, size_t n,
                                          const char *const hosts[], etas_error *err);

/** A result that waits for its driver. */
typedef struct etas_collected {
    uint64_t first; /**< written by the server from the lease: believe it, not the frame */
    uint32_t count;
    uint64_t checksum; /**< the frame's name for ackout, together with the range */
    char agent[ETAS_ID_HEX];
    size_t len;
    uint8_t *bytes; /**< the frame as it lies in Redis */
} etas_collected;

/** Peek at the oldest results, at most @p max_bytes of them (and of 8 MiB) but at least one.
 * *items is an etas_array of *n; free with etas_queue_collected_free. None when the run's keys are
 * gone. */
ETAS_NODISCARD etas_status etas_queue_collect(etas_queue *self, const etas_run_meta *run,
                                              size_t max_bytes, etas_collected **items, size_t *n,
                                              etas_error *err);
void etas_queue_collected_free(etas_collected **items, size_t *n);

/** Names one frame at the head of out, as collect named it: it is removed only while the head
 * equals the next name. discard: its body failed validation, submit the range again. run->stored is
 * written for the manager. At most 4,096 names. */
typedef struct etas_ack {
    uint64_t first;
    uint32_t count;
    uint64_t checksum;
    bool discard;
} etas_ack;
/** Results that are in the store: the server may forget them. Nothing is lost when this fails. */
ETAS_NODISCARD etas_status etas_queue_ackout(etas_queue *self, const etas_run_meta *run, size_t n,
                                             const etas_ack acks[], etas_error *err);

/** Where a run's ranges are, from one atomic call. Each is an etas_array; free with _free. */
typedef struct etas_audit {
    etas_ranges pending, checks, leased, out, dead;
    uint64_t submitted, acked, discarded; /**< counters, in catalogues */
    bool exists;                          /**< the run's keys are there */
    /** catalogues there, duplicates included */
    uint64_t n_pending, n_checks, n_leased, n_out, n_dead;
    /** submitted = n_pending + n_checks + n_leased + n_out + acked + n_dead + discarded */
    bool conserved;
    uint64_t live_slots;
} etas_audit;
/** Everything that the server has of a run, read at one moment, to be held against the law of
 * conservation. */
ETAS_NODISCARD etas_status etas_queue_audit(etas_queue *self, const char *run_id, etas_audit *out,
                                            etas_error *err);
void etas_audit_free(etas_audit *self);
/** For the driver, when its audit is not conserved (part of the run's keys was lost): make the
 * structures consistent and the books agree with them. What is missing must then be submitted. */
ETAS_NODISCARD etas_status etas_queue_mend(etas_queue *self, const etas_run_meta *run,
                                           etas_error *err);

/** A range that is tried no more, and why. */
typedef struct etas_dead {
    etas_range range;
    uint32_t errors, lost;
    int signal;    /**< 0: none */
    char host[64]; /**< of the worker that tried last; "" unknown */
    char why[200]; /**< printable ASCII */
} etas_dead;
/** *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_queue_dead(etas_queue *self, const char *run_id, etas_dead **items,
                                           size_t *n, etas_error *err);

/** Delete a finished run's keys but for a summary with a 1 h lifetime. Repeats are harmless. */
ETAS_NODISCARD etas_status etas_queue_run_finish(etas_queue *self, const etas_run_meta *run,
                                                 etas_error *err);

/* ---- agents ---- */

/** An agent as it tells the pool of itself. */
typedef struct etas_agent {
    char id[ETAS_ID_HEX]; /**< 128 random bits, made at start, never reused */
    char host[64];
    uint32_t pid, slots, busy;
    uint32_t algorithm;
    char release[24];
    /* Totals since its start, told with hello and beats. */
    uint64_t simulated;      /**< catalogues, repeats included */
    uint64_t tasks;          /**< leases ended, in whatever way */
    uint64_t sent_bytes;     /**< frames committed */
    uint64_t received_bytes; /**< models fetched */
    double busy_s, cpu_s;  /**< slot seconds spent on leases; CPU seconds for what was delivered */
    uint64_t memory_bytes; /**< largest peak of one slot */
} etas_agent; /* host and release: characters outside [A-Za-z0-9._:+-] are sent as '_' */

/** A range that an agent has, until the server's clock passes its end. */
typedef struct etas_lease {
    char run[ETAS_ID_HEX];
    uint64_t token, first, count;
    uint32_t errors, lost;
} etas_lease;

/** Register, and reconcile: leases that the server holds for this agent and that are not among
 * @p held go back to pending. E_VERSION when the pool speaks only other protocol versions. */
/* After E_NET or E_TIMEOUT: hello with what is held, repeat the call that failed, then beat. */
ETAS_NODISCARD etas_status etas_queue_hello(etas_queue *self, const etas_agent *agent,
                                            size_t n_held, const etas_lease held[],
                                            etas_error *err);
/** Leave: whatever the agent still holds goes back to pending. */
ETAS_NODISCARD etas_status etas_queue_bye(etas_queue *self, const etas_agent *agent,
                                          etas_error *err);

/** What an agent is told to do. */
typedef enum etas_command {
    ETAS_COMMAND_NONE,
    ETAS_COMMAND_STOP,     /**< finish the current chunks and leave */
    ETAS_COMMAND_STOP_NOW, /**< give back the current chunks and leave */
    ETAS_COMMAND_HELLO     /**< the server does not know this agent: say hello again */
} etas_command;

/** What came of a claim. */
typedef enum etas_claim_kind {
    ETAS_CLAIM_WORK,    /**< lease, seed and model are set */
    ETAS_CLAIM_EMPTY,   /**< nothing to do, or nothing allowed now: wait for a hint */
    ETAS_CLAIM_NOMODEL, /**< the blob is missing; the driver has been told */
    ETAS_CLAIM_COMMAND  /**< no work because of command */
} etas_claim_kind;

/** What an agent wants. */
typedef struct etas_claim_request {
    double rate;        /**< catalogues per second of one slot here, 0 unknown */
    double remaining_s; /**< of the agent's runtime; INFINITY without a limit */
} etas_claim_request;

/** What it got. */
typedef struct etas_claim {
    etas_claim_kind kind;
    etas_command command;
    etas_lease lease;
    uint64_t seed;
    char model_sha256[65];
    double lease_s; /**< beat at least every sixth of it */
    char why[24]; /**< of EMPTY: none, paused, full, silent, algorithm, cancelled, banned, leases */
} etas_claim;
/** One lease, if there is work that fits, else a command or the time after which to ask again. */
ETAS_NODISCARD etas_status etas_queue_claim(etas_queue *self, const etas_agent *agent,
                                            const etas_claim_request *request, etas_claim *out,
                                            etas_error *err);

/** The model that came has another digest, @p got_hex: the server drops it, so that its driver
 * publishes it again, at most once a minute; *dropped says whether it did. */
ETAS_NODISCARD etas_status etas_queue_model_spoiled(etas_queue *self, const etas_agent *agent,
                                                    const char *sha256_hex, const char *got_hex,
                                                    bool *dropped, etas_error *err);

/** What became of a result. */
typedef enum etas_verdict {
    ETAS_VERDICT_OK,
    ETAS_VERDICT_LOST,   /**< the lease is not yours any more: drop the work */
    ETAS_VERDICT_CANCEL, /**< the run is gone: drop the work */
    ETAS_VERDICT_WAIT, /**< commit only: the run is above its mark; keep the result, keep beating */
    ETAS_VERDICT_SPLIT /**< beat only: still yours, but others have nothing to do: hand over what
                          is finished and give back the rest, unless that is soon done */
} etas_verdict;

/** What the server answers to a beat. */
typedef struct etas_beat {
    etas_command command;
    etas_verdict *verdicts; /**< the caller's, one for each lease */
} etas_beat;

/** One call for all slots: out->verdicts[i] answers leases[i]. Extends only what is named. */
ETAS_NODISCARD etas_status etas_queue_beat(etas_queue *self, const etas_agent *agent, size_t n,
                                           const etas_lease leases[], etas_beat *out,
                                           etas_error *err);

/** A frame of the lease's first @p count catalogues. On OK the lease shrinks: *lease is updated,
 * with count 0 when it is used up. give_back: what is left goes back to pending. A server whose
 * memory is full answers WAIT as well. A frame of several catalogues is at most 1 MiB, of one 256
 * MiB: E_LIMIT, nothing is sent. */
typedef struct etas_commit {
    uint32_t count;
    bool give_back;
    uint64_t checksum; /**< as in the frame's header; the driver acks by it */
    size_t len;
    const uint8_t *bytes;
} etas_commit;
/** Hands over a result: the first part of what is left of the lease. */
ETAS_NODISCARD etas_status etas_queue_commit(etas_queue *self, const etas_agent *agent,
                                             etas_lease *lease, const etas_commit *what,
                                             etas_verdict *verdict, etas_error *err);

/** Why a range could not be made. */
typedef enum etas_fail_kind {
    ETAS_FAIL_ERROR,    /**< died or failed at `reached`: counts */
    ETAS_FAIL_HOPELESS, /**< failed there, and would again: dead at once */
    ETAS_FAIL_DRAIN     /**< drain, stop, walltime, reset: counts nothing */
} etas_fail_kind;

/** A range that could not be made. */
typedef struct etas_failure {
    etas_fail_kind kind;
    uint64_t reached; /**< first unfinished catalogue, within the lease */
    int signal;       /**< 0: none */
    const char *message;
} etas_failure;
/** Gives the lease up. Quietly nothing when it is not this agent's any more. */
ETAS_NODISCARD etas_status etas_queue_fail(etas_queue *self, const etas_agent *agent,
                                           const etas_lease *lease, const etas_failure *why,
                                           etas_error *err);

/** Return expired leases to pending; everybody calls it every 5 s (at most a sixth of the lease).
 */
ETAS_NODISCARD etas_status etas_queue_reap(etas_queue *self, etas_error *err);

/* ---- manager ---- */

/** A run as the server sees it. */
typedef struct etas_run_info {
    etas_run_meta meta;
    uint64_t pending, checks, leased, out, dead, repeated, simulated;
    char banned[256]; /**< hosts, parted by spaces; cut to fit */
    uint64_t out_bytes, mark_bytes;
    double rate,
        driver_silent_s; /**< catalogues per second; seconds since the driver's last beat */
    bool conserved;
    bool cancelled;
    bool full;    /**< its results reached the mark: nobody claims from it until they are fetched */
    bool nomodel; /**< somebody missed the blob; its driver publishes it again */
    bool finished; /**< only a summary is left */
} etas_run_info;

/** A pool as the server sees it. */
typedef struct etas_pool_info {
    uint64_t agents, idle, busy; /**< heard of within 60 s */
    uint64_t stale;              /**< registered, but silent for 60 s */
    uint64_t incompatible;       /**< of another protocol, or without any run's algorithm */
    uint64_t live_slots;
    bool paused;
    uint64_t simulated; /**< catalogues, repeats included, of live and past runs known */
    size_t n_runs;
    etas_run_info *runs; /**< etas_array */
    char server_version[24];
} etas_pool_info;

/** An empty pool when library or keys are missing. */
ETAS_NODISCARD etas_status etas_queue_info(etas_queue *self, etas_pool_info *out, etas_error *err);
void etas_pool_info_free(etas_pool_info *self);

/** An agent as the server sees it. */
typedef struct etas_agent_info {
    etas_agent agent;
    double silent_s, age_s;
    etas_command mark; /**< NONE, STOP or STOP_NOW */
} etas_agent_info;
/** Everybody registered; *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_queue_agents(etas_queue *self, etas_agent_info **items, size_t *n,
                                             etas_error *err);

/** Somebody who said which versions it speaks within ten minutes or so, in any protocol. */
typedef struct etas_version_entry {
    char who[48]; /**< an agent's id, or "driver:RUN" */
    uint32_t protocol, algorithm;
    char release[24];
    double age_s;
} etas_version_entry;
/** *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_queue_versions(etas_queue *self, etas_version_entry **items,
                                               size_t *n, etas_error *err);

/** Mark the agents registered now (or the n named ones); *marked counts them. */
ETAS_NODISCARD etas_status etas_queue_stop(etas_queue *self, bool now, size_t n,
                                           const char *const agents[], uint64_t *marked,
                                           etas_error *err);
/** Forget every agent and re-queue what they held; *agents and *catalogs count them. */
ETAS_NODISCARD etas_status etas_queue_reset(etas_queue *self, uint64_t *agents, uint64_t *catalogs,
                                            etas_error *err);

/** A state of the pool: while it is paused nobody claims. */
ETAS_NODISCARD etas_status etas_queue_pause(etas_queue *self, bool paused, etas_error *err);
/** Nobody claims from or commits to the run any more; its driver finishes it. E_ARG: no such run.
 */
ETAS_NODISCARD etas_status etas_queue_cancel(etas_queue *self, const char *run_id, etas_error *err);
/** Dead catalogues go back to pending with a clean record; *catalogs counts them. */
ETAS_NODISCARD etas_status etas_queue_retry(etas_queue *self, const char *run_id,
                                            uint64_t *catalogs, etas_error *err);
/** Delete everything of a run, its summary too. E_REFUSED while its driver is alive and it is not
 * cancelled; E_ARG: no such run. */
ETAS_NODISCARD etas_status etas_queue_purge(etas_queue *self, const char *run_id, etas_error *err);

ETAS_API_END

#endif
