/* Linked into etas-redis-worker in place of etas_simulator_run: the program as it is, but some
 * catalogues are poison. A seed of 0x7a11BBBB******** puts one of each kind below at the catalogues
 * BBBB, BBBB + 10, BBBB + 20 ...; what it does not spoil is made with the whole seed, as ever. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/simulation.h"
#include "runner/slot_message.h"

enum { MARK = 0x7a11, STEP = 10, HUGE_EVENTS = 15000000, SOME_BYTES = 1 << 24 };

typedef etas_status poison(etas_events *out, etas_error *err);

static etas_status violate(etas_events *out, etas_error *err)
{
    (void)out;
    (void)kill(getpid(), SIGSEGV);
    return etas_fail(err, ETAS_E_IO, "it lives");
}

static etas_status give_up(etas_events *out, etas_error *err)
{
    (void)out;
    (void)err;
    abort();
}

static etas_status hang(etas_events *out, etas_error *err)
{
    volatile uint64_t turns = 0;

    (void)out;
    do
        turns++;
    while (turns > 0);
    return etas_fail(err, ETAS_E_IO, "it ends");
}

/* Until the limit of --slot-memory; a sixteenth of it is really used. */
static etas_status eat(etas_events *out, etas_error *err)
{
    char *bytes;

    (void)out;
    while ((bytes = malloc(SOME_BYTES)) != NULL)
        memset(bytes, 1, SOME_BYTES / 16); /* never freed */
    return etas_fail(err, ETAS_E_NOMEM, "out of memory for a catalogue");
}

/* What the kernel does to it when the machine has no memory left. */
static etas_status be_killed(etas_events *out, etas_error *err)
{
    (void)out;
    (void)kill(getpid(), SIGKILL);
    return etas_fail(err, ETAS_E_IO, "it lives");
}

static etas_status leave(etas_events *out, etas_error *err)
{
    (void)out;
    (void)err;
    _exit(3);
}

static etas_status complain(etas_events *out, etas_error *err)
{
    (void)out;
    return etas_fail(err, ETAS_E_LIMIT, "this catalogue is poison");
}

/* Too large for the server, and it cannot be compressed. */
static etas_status swell(etas_events *out, etas_error *err)
{
    const size_t n = HUGE_EVENTS;
    uint64_t random = 1;

    if (etas_events_reserve(out, 1, n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a huge catalogue");
    for (size_t i = 0; i < n; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out->time_ms[i] = random >> 8;
        out->lat[i] = (int32_t)(random >> 32);
        out->lon[i] = (int32_t)(random >> 17);
        out->mag[i] = (int32_t)(random >> 24);
        out->generation[i] = (uint16_t)(random >> 40);
        out->flags[i] = 0;
    }
    out->n_catalogs = 1;
    out->n = n;
    out->count[0] = (uint32_t)n;
    return ETAS_OK;
}

static etas_status babble(etas_events *out, etas_error *err)
{
    char bytes[4096];

    (void)out;
    memset(bytes, 0xb5, sizeof bytes);
    (void)!write(ETAS_SLOT_FD, bytes, sizeof bytes);
    (void)pause();
    return etas_fail(err, ETAS_E_IO, "it lives");
}

static etas_status stop(etas_events *out, etas_error *err)
{
    (void)out;
    (void)kill(getpid(), SIGSTOP);
    return etas_fail(err, ETAS_E_IO, "it lives");
}

static poison *const kinds[] = {violate, give_up,  hang,  eat,    be_killed,
                                leave,   complain, swell, babble, stop};

etas_status __real_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);
etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);

etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err)
{
    const uint64_t base = seed >> 32 & 0xffff;

    for (size_t k = 0; seed >> 48 == MARK && k < sizeof kinds / sizeof kinds[0]; k++)
        if (base + STEP * k >= first && base + STEP * k < first + count)
            return kinds[k] == swell && count > 1
                       ? etas_fail(err, ETAS_E_NOMEM, "it is made alone") /* the others are well */
                       : kinds[k](out, err);
    return __real_etas_simulator_run(self, seed, first, count, out, err);
}
