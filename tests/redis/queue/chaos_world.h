/** @file chaos_world.h  Who acts in the model checker, and what its driver does. */
#ifndef ETAS_TESTS_CHAOS_WORLD_H
#define ETAS_TESTS_CHAOS_WORLD_H

#include "queue_pool.h"

enum { RUNS = 2, AGENTS = 5, HELD = 4, SIZE = 240, HOSTS = 3 };

typedef struct sim_agent {
    etas_agent id;
    size_t n;
    etas_lease held[HELD];
    etas_lease late; /**< an old picture of a lease, to be used once more */
} sim_agent;

typedef struct sim_run {
    etas_run_meta meta;
    uint64_t serial;
    uint8_t stored[SIZE], owed[SIZE];
    etas_ack late[64]; /**< names that were acked before, to be acked once more */
    size_t n_late;
} sim_run;

typedef struct world {
    pool *p;
    uint64_t random;
    unsigned next_id;
    sim_run runs[RUNS];
    sim_agent agents[AGENTS];
    bool calm; /**< no more faults */
} world;

uint64_t draw(world *w, uint64_t below); /**< below it, at random */
bool fault(world *w, uint64_t one_in);   /**< should something go wrong now? */

/** A frame says which run and catalogues it is. */
uint64_t frame_name(const char *run, uint64_t first, uint64_t count);

void submit_owed(world *w, sim_run *r);
/** Where each catalogue is in the pool; false when the run is not there. */
bool audit_run(world *w, sim_run *r, uint8_t found[], bool *conserved);
void driver_audit(world *w, sim_run *r);
void driver_beat(world *w, sim_run *r);
void driver_collect(world *w, sim_run *r);
/** Has some of what is stored made again by other hosts, or bans one host or none. */
void driver_checks(world *w, sim_run *r);
void driver_late(world *w, sim_run *r); /**< acks once more what it acked some time ago */

#endif
