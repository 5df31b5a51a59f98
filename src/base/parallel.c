#include "etas/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_THREADS = 256 };

typedef struct team {
    atomic_size_t next;
    size_t n_blocks;
    void (*work)(void *context, size_t block);
    void *context;
} team;

static void *member(void *arg)
{
    team *t = arg;

    for (size_t block = atomic_fetch_add(&t->next, 1); block < t->n_blocks;
         block = atomic_fetch_add(&t->next, 1))
        t->work(t->context, block);
    return NULL;
}

void etas_parallel_for(size_t n_threads, size_t n_blocks, void (*work)(void *context, size_t block),
                       void *context)
{
    team t = {.n_blocks = n_blocks, .work = work, .context = context};
    pthread_t helpers[MAX_THREADS];
    size_t started = 0;

    if (n_threads > n_blocks)
        n_threads = n_blocks;
    while (started + 1 < n_threads && started < MAX_THREADS &&
           pthread_create(&helpers[started], NULL, member, &t) == 0)
        started++;
    (void)member(&t);
    while (started > 0)
        (void)pthread_join(helpers[--started], NULL);
}
