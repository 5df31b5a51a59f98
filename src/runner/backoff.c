#include "runner/backoff.h"

#include <sys/random.h>

#include "etas/queue.h"

double etas_backoff_random_s(uint32_t tries, double cap_s)
{
    uint64_t bits = 0;

    (void)!getrandom(&bits, sizeof bits, 0);
    return etas_backoff_s(tries, cap_s, bits);
}
