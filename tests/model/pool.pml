/* The pool's moves, for small sizes and every interleaving. docs/protocol.md says what they mean and
 * which of it is left out here; src/queue/lib_*.lua is what is modelled: each inline of library.pml
 * names the function of the library that it stands for, each d_step is one call of it.
 *
 * A catalogue is a bit, a range a mask. Faults of all kinds share one budget. A move that would change
 * nothing (a beat of a live lease, a claim from an empty list) is not offered, so that nothing but a
 * fault can go round in circles and the end can be asked for without a scheduler's fairness. */

#ifndef N
#define N 2 /* catalogues, at most 3 */
#endif
#ifndef AGENTS
#define AGENTS 2 /* of one slot each */
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef MARK
#define MARK 1 /* frames in out */
#endif
#define ATTEMPTS 2
#define MAX_LOST 2
#define TOKENS   6
#define NONE     TOKENS /* no token */
#define GONE     AGENTS /* an agent that died; its id is never used again */
#define ALL      ((1 << N) - 1)
#define FIRST(m) ((m) & 1 -> 1 : ((m) & 2 -> 2 : (m) & 4))
#define COUNT(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1))
#define INDEX(b) ((b) >> 1) /* of a single bit: 1, 2, 4 -> 0, 1, 2 */

typedef pool {
    bool exists; /* the run's hash */
    byte epoch, serial, submitted, acked, discarded;
    byte pend[N], errors[N], lost[N];                              /* pending, by catalogue */
    byte lease[TOKENS], l_errors[TOKENS], l_lost[TOKENS], owner[TOKENS]; /* range 0: no such lease */
    byte n_out, name[MARK], body[MARK];
    bool closed;
    byte dead;
};
pool P;
#ifdef OLDER
pool Q; /* what the disk has of P */
bool copied;
#endif

/* The driver's store: what outlives its process. */
byte store_epoch, stored, store_serial;
bool done; /* the output has its name */

byte faults = FAULTS;
bool torn;       /* the server has lost part of a run: the law holds again after mend */
bool wiped;      /* it has lost or forgotten something, ever */
byte due;        /* submitted, and not thrown away since */
byte served;     /* how often connections were cut by the server */
byte held[AGENTS] = NONE, range[AGENTS], frame[AGENTS], ending[AGENTS]; /* what agents remember */
bool linked[AGENTS];
byte i, k, sum, at, rest, leased; /* scratch of one move, 0 between moves */

#ifdef BUG_PUSH_LATER
byte late[AGENTS];
#endif

#define RUNNING 0
#define FAILED  1
#define LEAVING 2

#define FAULT atomic { faults > 0 -> faults-- }

/* ---- properties */

inline check()
{
    sum = P.acked + COUNT(P.dead) + P.discarded;
    leased = 0;
    for (i : 0 .. N - 1) {
        sum = sum + P.pend[i];
    }
    for (i : 0 .. TOKENS - 1) {
        sum = sum + COUNT(P.lease[i]);
        assert(wiped || (leased & P.lease[i]) == 0); /* nobody works on what another one has */
        leased = leased | P.lease[i];
    }
    rest = P.dead | leased;
    for (i : 0 .. MARK - 1) {
        if
        :: i < P.n_out -> sum = sum + COUNT(P.name[i]); assert(wiped || (rest & P.name[i]) == 0);
                          rest = rest | P.name[i]
        :: else
        fi
    }
    for (i : 0 .. N - 1) {
        assert(wiped || P.pend[i] + ((rest >> i) & 1) <= 1); /* exactly one place */
        if
        :: P.pend[i] > 0 -> rest = rest | (1 << i)
        :: else
        fi
    }
    assert(torn || P.submitted == sum);                  /* the conservation law */
    assert(wiped || done || (due & ~(rest | stored)) == 0); /* nothing is lost */
    i = 0; k = 0; sum = 0; at = 0; rest = 0; leased = 0
}

#include "library.pml"
#include "agents.pml"
#include "drivers.pml"

/* ---- the server */

proctype Server()
{
end_server:
    do
    :: done -> break
    /* flushed, or restarted without its file */
    :: d_step {
           faults > 0 && P.exists && !done -> faults--; wiped = true; torn = false;
           forget_run(); i = 0; served++;
           for (i : 0 .. AGENTS - 1) { linked[i] = false } i = 0
       }
    /* one key is gone: pending, or leases */
    :: d_step {
           faults > 0 && P.exists && !done -> faults--; wiped = true; torn = true;
           for (i : 0 .. N - 1) { P.pend[i] = 0; P.errors[i] = 0; P.lost[i] = 0 } i = 0
       }
    :: d_step {
           faults > 0 && P.exists && !done -> faults--; wiped = true; torn = true;
           for (i : 0 .. TOKENS - 1) { end_lease(i) } i = 0
       }
#ifdef OLDER
    :: d_step { P.exists && !copied && !torn && !done -> copied = true; COPY(P, Q) }
    :: d_step {
           faults > 0 && copied && !done -> faults--; wiped = true; torn = false;
           COPY(Q, P); served++;
           for (i : 0 .. AGENTS - 1) { linked[i] = false } i = 0;
           check()
       }
#endif
    od
}

init
{
    atomic {
        for (i : 0 .. AGENTS - 1) { run Agent(i) }
        i = 0;
        run Reaper(); run Driver(0); run Driver(1);
#ifdef SERVER
        run Server()
#endif
    }
}

#ifdef LIVE
ltl ends { <> done }
#endif
