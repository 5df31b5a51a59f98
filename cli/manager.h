/** @file manager.h  The commands of etas-redis-manager. Each prints its answer on stdout and
 * returns an exit code; what goes wrong is said on stderr. */
#ifndef ETAS_CLI_MANAGER_H
#define ETAS_CLI_MANAGER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "etas/queue.h"
#include "manager_agents.h"
#include "redis_options.h"
#include "talk.h"
#include "watch.h"

enum {
    MANAGER_ARGUMENTS = 1024,
    MANAGER_PATIENCE_S = 10, /**< for an answer: somebody watches */
    MANAGER_DRIVER_GONE_S = 60
};

typedef struct manager {
    talk out;
    redis_options redis;
    etas_queue *queue;
    bool json, check, now, hosts, version;
    double watch_s;       /**< 0: look once */
    const char *bind;     /**< serve: numeric address of the page */
    uint16_t listen_port; /**< serve: port of the page; 0: any */
    uint64_t redis_port;  /**< serve: --redis-port */
    size_t n;
    const char *arguments[MANAGER_ARGUMENTS]; /**< after the command */
} manager;

int manager_info(manager *self);
int manager_workers(manager *self);
int manager_runs(manager *self);
int manager_stop(manager *self);
int manager_reset_workers(manager *self);
int manager_init_server(manager *self);
int manager_doctor(manager *self);
int manager_pause(manager *self);
int manager_resume(manager *self);
int manager_cancel(manager *self);
int manager_dead(manager *self);
int manager_retry(manager *self);
int manager_purge(manager *self);
int manager_serve(manager *self);

/** Shows it once, or again and again with --watch. */
int manager_look(manager *self, watch_show show);

/** The pool's name, for people. */
const char *manager_pool_name(const manager *self);
/** "open", "cancelled" or "finished". */
const char *manager_run_state(const etas_run_info *run);
/** What is wrong with a run, in one word: "broken" books, "silent" driver, "nomodel", "full"; else
 * "". */
const char *manager_run_trouble(const etas_run_info *run);
/** Seconds until the run is complete at its present rate; NaN unknown. */
double manager_run_eta_s(const etas_run_info *run);
/** The slowest task in units of the mean one; NaN without tasks. */
double manager_slowfac(const etas_run_tally *tally);

/** All that info knows. */
typedef struct manager_view {
    etas_pool_info pool;
    pool_agents agents;
    size_t n_hosts, n_misfits;
    agent_group *hosts;
    agent_misfit *misfits;
} manager_view;

ETAS_NODISCARD etas_status manager_view_fetch(const manager *self, manager_view *out,
                                              etas_error *err);
void manager_view_free(manager_view *self); /**< idempotent */

/* Each is NULL when memory is out. */
json_t *manager_json_real(double x); /**< null when it is not finite */
json_t *manager_runs_json(const etas_pool_info *pool);
json_t *manager_agents_json(const pool_agents *agents);
json_t *manager_info_json(const manager *self, const manager_view *view); /**< info --json */

#endif
