/** @file slot_confine.h  What a slot may ask of the system once it is up: to compute, to read and
 * write its one socket, memory, the time, and to end. Anything else ends it (SIGSYS).
 *
 * By seccomp, where the kernel has it and the program was built with it: not under sanitizers and
 * not with coverage, which need more.
 */
#ifndef ETAS_SRC_RUNNER_SLOT_CONFINE_H
#define ETAS_SRC_RUNNER_SLOT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether the program was built with it. */
bool etas_slot_confine_built(void);

/** In the slot, from now on. @p forbidden is called, in a signal handler, with the number of a call
 * that is not allowed and has not been made; then the process dies of SIGSYS. 0, or an errno value
 * when the slot goes on as free as it was. */
int etas_slot_confine(void (*forbidden)(uint64_t number));

/** What such a slot did, after "it ": "asked for openat, which a slot may not". */
void etas_slot_confine_verdict(uint64_t number, size_t capacity, char out[]);

#endif
