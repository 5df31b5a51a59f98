/* faulty_agent SOCKET HOST: an agent of the default pool whose results are wrong. */
#include "pool_helpers.h"

#include <limits.h>

int main(int argc, char *argv[])
{
    etas_redis_options options = etas_redis_options_default();
    etas_queue *queue;

    if (argc != 3)
        return 2;
    options.socket_path = argv[1];
    if (etas_queue_open(&queue, &options, NULL) != ETAS_OK)
        return 1;
    pool_liar_serve(queue, argv[2], UINT_MAX);
    return 1; /* the server is gone */
}
