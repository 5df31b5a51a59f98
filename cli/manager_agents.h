/** @file manager_agents.h  The pool's agents, one by one, by host and all together. */
#ifndef ETAS_CLI_MANAGER_AGENTS_H
#define ETAS_CLI_MANAGER_AGENTS_H

#include <jansson.h>

#include "etas/queue.h"

/** Sums over agents; memory and silence are the largest of them. */
typedef struct agent_group {
    char host[64];
    uint64_t agents, slots, busy, simulated, tasks, sent_bytes, received_bytes, memory_bytes;
    double busy_s, cpu_s;
    double slot_s; /**< what busy_s could have been: slots times age when it was told */
    double silent_s;
} agent_group;

typedef struct pool_agent {
    etas_agent_info info;
    double told_s; /**< since it told its totals, with its last beat */
} pool_agent;

typedef struct pool_agents {
    size_t n, n_versions;
    pool_agent *items; /**< sorted by host and id */
    etas_version_entry *versions;
} pool_agents;

/** Everybody registered. @p out starts as {0} and is left so on failure; agents_free. */
ETAS_NODISCARD etas_status agents_fetch(etas_queue *queue, pool_agents *out, etas_error *err);
void agents_free(pool_agents *self); /**< idempotent */
/** All of them as one group without a host. */
agent_group agents_total(size_t n, const pool_agent agents[]);
/** One group per host; *groups is an etas_array of *n_groups. */
ETAS_NODISCARD etas_status agents_by_host(const pool_agents *agents, agent_group **groups,
                                          size_t *n_groups, etas_error *err);
/** Catalogues a second that one slot makes while it is busy; NaN unknown. */
double agents_rate(const agent_group *group);

/** Prints the first @p most groups as a table, those with the most catalogues first when there are
 * more. */
ETAS_NODISCARD etas_status agents_print_hosts(size_t n, agent_group groups[], size_t most,
                                              int indent, etas_error *err);
/** As an object; host only where there is one. NULL: out of memory. */
json_t *agents_group_json(const agent_group *group);
json_t *agents_groups_json(size_t n, const agent_group groups[]);

/** Somebody whom the pool's runs cannot use, and why. */
typedef struct agent_misfit {
    char who[48], host[64], why[128];
    etas_version_entry versions;
} agent_misfit;
/** *items is an etas_array of *n. */
ETAS_NODISCARD etas_status agents_misfits(const pool_agents *agents, const etas_pool_info *pool,
                                          agent_misfit **items, size_t *n, etas_error *err);

#endif
