/* Model blobs, of one or of several models: what is taken can be written again, and simulated from.
 */
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/simulation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came in may have NaNs of other bits; what is written comes back as it was. */
static void write_again(const etas_mixture *mixture, size_t size)
{
    uint8_t *once = NULL, *twice = NULL;
    size_t once_len, twice_len;
    etas_mixture copy = {0};

    if (etas_mixture_encode(mixture, &once, &once_len, NULL) != ETAS_OK || once_len != size ||
        etas_mixture_decode(once_len, once, &copy, NULL) != ETAS_OK ||
        etas_mixture_encode(&copy, &twice, &twice_len, NULL) != ETAS_OK || once_len != twice_len ||
        memcmp(once, twice, once_len) != 0)
        abort();
    etas_array_free((void **)&once);
    etas_array_free((void **)&twice);
    etas_mixture_free(&copy);
}

/* Two catalogues or a limit, and nothing that a frame could not carry. */
static void simulate(etas_plan *plan)
{
    etas_simulator *sim = NULL;
    etas_events events = {0};
    etas_frame_header header = {.count = 2};
    etas_status st;

    plan->max_events = plan->max_events < 500 ? plan->max_events : 500;
    if (plan->background.mean > 2) /* each may need all its tries to find no place */
        plan->background.mean = 2;
    if (plan->induced.mean > 2)
        plan->induced.mean = 2;
    if (etas_simulator_open(&sim, plan, NULL, NULL) != ETAS_OK)
        abort();
    st = etas_simulator_run(sim, 1, 0, 2, &events, NULL);
    if (st == ETAS_OK) {
        uint8_t *bytes = malloc(etas_frame_bound(&events));
        size_t len;

        if (bytes == NULL || etas_frame_encode(&header, &events, 0, bytes, &len) != ETAS_OK ||
            etas_frame_decode(len, bytes, &header, &events, NULL) != ETAS_OK)
            abort();
        free(bytes);
    } else if (st != ETAS_E_LIMIT) {
        abort();
    }
    etas_events_free(&events);
    etas_simulator_close(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_mixture mixture = {0};
    etas_error err = {0};

    if (etas_mixture_decode(size, data, &mixture, &err) == ETAS_OK) {
        write_again(&mixture, size);
        for (size_t k = 0; k < mixture.n; k++)
            simulate(&mixture.plan[k]);
    } else if (err.text[0] == '\0') {
        abort();
    }
    etas_mixture_free(&mixture);
    return 0;
}
