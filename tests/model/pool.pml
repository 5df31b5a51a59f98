/* The pool's moves, for small sizes and every interleaving. docs/protocol.md says what they mean and
 * which of it is left out here; src/queue/lib_*.lua is what is modelled: each inline names the
 * function of the library that it stands for, each d_step is one call of it.
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

/* ---- the library */

/* put_back */
inline put_back(what, clean, losses)
{
    rest = what;
    for (k : 0 .. N - 1) {
        if
        :: (rest >> k) & 1 ->
            P.pend[k]++;
            P.errors[k] = (rest == (what) -> clean : 0);
            P.lost[k] = losses;
            rest = rest & ~(1 << k)
        :: else
        fi
    }
}

#ifdef OLDER
#define COPY(from, to)                                                                             \
    to.exists = from.exists; to.epoch = from.epoch; to.serial = from.serial;                       \
    to.submitted = from.submitted; to.acked = from.acked; to.discarded = from.discarded;           \
    for (i : 0 .. N - 1) {                                                                         \
        to.pend[i] = from.pend[i]; to.errors[i] = from.errors[i]; to.lost[i] = from.lost[i]        \
    }                                                                                              \
    for (i : 0 .. TOKENS - 1) {                                                                    \
        to.lease[i] = from.lease[i]; to.owner[i] = from.owner[i];                                  \
        to.l_errors[i] = from.l_errors[i]; to.l_lost[i] = from.l_lost[i]                           \
    }                                                                                              \
    for (i : 0 .. MARK - 1) { to.name[i] = from.name[i]; to.body[i] = from.body[i] }               \
    to.n_out = from.n_out; to.closed = from.closed; to.dead = from.dead;                           \
    i = 0
#endif

inline end_lease(t)
{
    P.lease[t] = 0; P.l_errors[t] = 0; P.l_lost[t] = 0; P.owner[t] = 0
}

/* bury */
inline bury(b)
{
    if
    :: (P.dead & (b)) == 0 -> P.dead = P.dead | (b)
    :: else -> P.discarded++
    fi
}

inline forget(a)
{
    held[a] = NONE; range[a] = 0; frame[a] = 0; ending[a] = RUNNING
}

/* forget_run */
inline forget_run()
{
    P.exists = false; P.epoch = 0; P.serial = 0; P.submitted = 0; P.acked = 0; P.discarded = 0;
    for (i : 0 .. N - 1) { P.pend[i] = 0; P.errors[i] = 0; P.lost[i] = 0 }
    for (i : 0 .. TOKENS - 1) { end_lease(i) }
    for (i : 0 .. MARK - 1) { P.name[i] = 0; P.body[i] = 0 }
    P.n_out = 0; P.closed = false; P.dead = 0
}

/* etas_v1_hello: leases of this agent that it does not hold go back. */
inline hello(a)
{
    for (i : 0 .. TOKENS - 1) {
        if
        :: P.lease[i] != 0 && P.owner[i] == a && held[a] != i ->
            put_back(P.lease[i], P.l_errors[i], P.l_lost[i]); end_lease(i)
        :: else
        fi
    }
    linked[a] = true;
    check()
}

/* A token that nobody remembers is as good as one that was never given. */
inline fresh_token()
{
    at = NONE;
    for (i : 0 .. TOKENS - 1) {
        k = 0;
        for (rest : 0 .. AGENTS - 1) {
            if
            :: held[rest] == i -> k = 1
            :: else
            fi
        }
#ifdef OLDER
        if
        :: Q.lease[i] != 0 -> k = 1
        :: else
        fi;
#endif
        if
        :: P.lease[i] == 0 && k == 0 && at == NONE -> at = i
        :: else
        fi
    }
    assert(at != NONE)
}

#define OPEN (P.exists && !P.closed && P.n_out < MARK)

/* etas_v1_claim: m is the head of pending or a piece of it. */
inline claim(a, m, heard)
{
    fresh_token();
    P.lease[at] = m; P.owner[at] = a;
    P.l_errors[at] = P.errors[INDEX(FIRST(m))]; P.l_lost[at] = P.lost[INDEX(FIRST(m))];
    for (i : 0 .. N - 1) {
        if
        :: ((m) >> i) & 1 -> P.pend[i]--; P.errors[i] = 0; P.lost[i] = 0
        :: else
        fi
    }
    if
    :: heard -> held[a] = at; range[a] = m
    :: else -> linked[a] = false
    fi;
    check()
}

inline push(m, b)
{
    P.name[P.n_out] = m; P.body[P.n_out] = b; P.n_out++
}

/* etas_v1_commit of frame[a], the beginning of range[a]. */
inline commit(a, heard)
{
    sum = range[a] & ~frame[a]; /* what the lease keeps */
    at = held[a];
    leased = 0; /* 0: OK, 1: LOST or CANCEL, 2: WAIT */
    if
    :: !P.exists -> end_lease(at); leased = 1
#ifdef BUG_TOKEN_ALONE /* the token names the lease, whatever its range has become */
    :: P.exists && P.lease[at] != 0 && P.n_out < MARK ->
        rest = (P.lease[at] == range[a] -> frame[a] : FIRST(P.lease[at]));
        push(rest, frame[a]); assert(rest == frame[a]);
        P.lease[at] = P.lease[at] & ~rest; P.l_errors[at] = 0
    :: P.exists && P.lease[at] == 0 -> leased = 1
    :: P.exists && P.lease[at] != 0 && P.n_out == MARK -> P.closed = true; leased = 2
#else
    :: P.exists && P.lease[at] != range[a] ->
        if
        :: sum != 0 && P.lease[at] == sum -> leased = 0
        :: else -> leased = 1
#ifdef BUG_NO_FENCE /* a late result is taken all the same */
            ; if
            :: P.n_out < MARK -> push(frame[a], frame[a])
            :: else
            fi
#endif
        fi
    :: P.exists && P.lease[at] == range[a] && P.n_out == MARK -> P.closed = true; leased = 2
    :: P.exists && P.lease[at] == range[a] && P.n_out < MARK ->
#ifdef BUG_PUSH_LATER /* in two moves: the lease ends, the result comes later */
        late[a] = frame[a];
#else
        push(frame[a], frame[a]);
#endif
        if
        :: sum == 0 || ending[a] == LEAVING -> /* give_back */
            k = P.l_lost[at]; end_lease(at);
            if
            :: sum != 0 -> i = k; put_back(sum, 0, i)
            :: else
            fi
        :: else -> P.lease[at] = sum; P.l_errors[at] = 0
        fi
#endif
    fi;
    if
    :: !heard -> linked[a] = false
    :: heard && (leased == 1 || (leased == 0 && (sum == 0 || ending[a] == LEAVING))) -> forget(a)
    :: heard && leased == 0 && sum != 0 && ending[a] != LEAVING -> range[a] = sum; frame[a] = 0
    :: else
    fi;
    check()
}

/* etas_v1_fail: error at the first catalogue of the rest, or drain. */
inline fail(a, heard)
{
    at = held[a];
    if
    :: P.lease[at] == range[a] && P.exists ->
        if
        :: ending[a] == FAILED && P.l_errors[at] + 1 >= ATTEMPTS ->
            bury(FIRST(range[a]));
            i = P.l_lost[at]; put_back(range[a] & ~FIRST(range[a]), 0, i)
        :: ending[a] == FAILED && P.l_errors[at] + 1 < ATTEMPTS ->
            i = P.l_lost[at]; sum = P.l_errors[at] + 1; put_back(range[a], sum, i)
        :: else -> i = P.l_lost[at]; sum = P.l_errors[at]; put_back(range[a], sum, i)
        fi;
        end_lease(at)
    :: else /* LOST */
    fi;
    if
    :: heard -> forget(a)
    :: else -> linked[a] = false
    fi;
    check()
}

/* lose, for one lease of etas_v1_reap */
inline lose(t)
{
    if
    :: P.l_lost[t] + 1 >= MAX_LOST && COUNT(P.lease[t]) == 1 -> bury(P.lease[t])
    :: else -> i = P.l_lost[t] + 1; sum = P.l_errors[t]; put_back(P.lease[t], sum, i)
    fi;
    end_lease(t);
    check()
}

/* out_to_pending: the sweep of a run whose driver is silent and whose out is full */
inline out_to_pending()
{
    for (i : 0 .. MARK - 1) {
        if
        :: i < P.n_out -> put_back(P.name[i], 0, 0)
        :: else
        fi;
        P.name[i] = 0; P.body[i] = 0
    }
    P.n_out = 0; P.closed = false;
    check()
}

/* ---- agents, each with one slot */

proctype Agent(byte a)
{
    byte m;

end_agent:
    do
    /* agent_connect, and a first or a new start */
    :: d_step { !linked[a] && !done -> hello(a) }
    /* agent_claim: one catalogue, or two neighbours of one descriptor */
    :: atomic {
           linked[a] && held[a] == NONE && OPEN && !done ->
           if
           :: P.pend[0] > 0 -> m = 1
           :: P.pend[1] > 0 -> m = 2
           :: P.pend[0] > 0 && P.pend[1] > 0 && P.errors[1] == 0 && P.lost[0] == P.lost[1] -> m = 3
#if N > 2
           :: P.pend[2] > 0 -> m = 4
           :: P.pend[1] > 0 && P.pend[2] > 0 && P.errors[2] == 0 && P.lost[1] == P.lost[2] -> m = 6
#endif
           fi;
           if
           :: d_step { claim(a, m, true) }
           :: faults > 0 -> d_step { faults--; claim(a, m, false) } /* the reply is lost */
           fi;
           m = 0
       }
    /* the slot delivers its first catalogue, or all of the rest */
    :: atomic {
           held[a] != NONE && frame[a] == 0 && ending[a] == RUNNING && !done ->
           if
           :: frame[a] = FIRST(range[a])
           :: range[a] != FIRST(range[a]) -> frame[a] = range[a]
           fi
       }
    /* agent_flush: commit_one */
    :: atomic {
           linked[a] && frame[a] != 0 && !done && !(P.closed && P.n_out == MARK && P.lease[held[a]] == range[a]) ->
           if
           :: d_step { commit(a, true) }
           :: faults > 0 -> d_step { faults--; commit(a, false) }
           fi
       }
#ifdef BUG_PUSH_LATER
    :: d_step { late[a] != 0 && P.n_out < MARK -> push(late[a], late[a]); late[a] = 0; check() }
#endif
    /* agent_flush: settle */
    :: atomic {
           linked[a] && held[a] != NONE && frame[a] == 0 && ending[a] != RUNNING && !done ->
           if
           :: d_step { fail(a, true) }
           :: faults > 0 -> d_step { faults--; fail(a, false) }
           fi
       }
    /* etas_v1_beat says LOST, or CANCEL: agent_drop */
    :: d_step {
           linked[a] && held[a] != NONE && frame[a] == 0 && P.lease[held[a]] != range[a] && !done ->
           forget(a)
       }
    /* the slot dies in the rest; the agent is told to leave; its connection is cut before a call */
    :: atomic { faults > 0 && held[a] != NONE && ending[a] == RUNNING && !done -> faults--; ending[a] = FAILED }
    :: atomic { faults > 0 && held[a] != NONE && ending[a] == RUNNING && !done -> faults--; ending[a] = LEAVING }
    :: atomic { faults > 0 && linked[a] && !done -> faults--; linked[a] = false }
    /* the agent dies: another one, with another id, comes in its place */
    :: d_step {
           faults > 0 && linked[a] && !done ->
           faults--;
           for (i : 0 .. TOKENS - 1) {
               if
               :: P.lease[i] != 0 && P.owner[i] == a -> P.owner[i] = GONE
               :: else
               fi;
#ifdef OLDER
               if
               :: Q.lease[i] != 0 && Q.owner[i] == a -> Q.owner[i] = GONE
               :: else
               fi
#endif
           }
           i = 0; forget(a); linked[a] = false
       }
    :: done -> break
    od
}

/* Everybody's etas_v1_reap. A lease that nobody beats for runs out; one that is beaten for does so
 * when its agent is frozen, which is a fault. */
#define BEATEN(t) (P.owner[t] != GONE && held[P.owner[t]] == t)
#ifdef BUG_NO_REAP
#define EXPIRE(t)
#else
#define EXPIRE(t)                                                                                  \
    :: d_step { !done && P.lease[t] != 0 && !BEATEN(t) -> lose(t) }                                \
    :: d_step { !done && P.lease[t] != 0 && BEATEN(t) && faults > 0 -> faults--; lose(t) }
#endif

proctype Reaper()
{
end_reaper:
    do
    EXPIRE(0)
    EXPIRE(1)
    EXPIRE(2)
    EXPIRE(3)
    EXPIRE(4)
    EXPIRE(5)
    :: d_step { faults > 0 && P.exists && (P.closed || P.n_out == MARK) && !done -> faults--; out_to_pending() }
    :: done -> break
    od
}

/* ---- drivers */

#define SUPERSEDED (P.exists && P.epoch > ep)

/* fence, of the functions that adopt */
inline adopt(ep)
{
    if
    :: P.epoch < ep -> P.epoch = ep; P.serial = 0
    :: else
    fi
}

/* etas_v1_submit */
inline submit(ep, s, m)
{
#ifndef BUG_SUBMIT_NO_EPOCH
    adopt(ep);
#endif
    if
#ifndef BUG_SUBMIT_REPEATS
    :: s <= P.serial /* REPEAT */
#endif
    :: else ->
        sum = 0; put_back(m, 0, 0);
        P.submitted = P.submitted + COUNT(m); P.serial = s; due = due | (m)
    fi;
    check()
}

/* etas_v1_ackout of one name */
inline ackout(ep, m, discard)
{
    adopt(ep);
    if
#ifdef BUG_ACK_BLIND
    :: P.n_out > 0 ->
#else
    :: P.n_out > 0 && P.name[0] == (m) ->
#endif
        assert(discard || (P.name[0] & ~stored) == 0); /* what is acknowledged is in the store */
        if
        :: discard -> P.discarded = P.discarded + COUNT(m); due = due & ~(m)
        :: else -> P.acked = P.acked + COUNT(P.name[0])
        fi;
        P.n_out--;
        for (i : 0 .. MARK - 2) { P.name[i] = P.name[i + 1]; P.body[i] = P.body[i + 1] }
        P.name[MARK - 1] = 0; P.body[MARK - 1] = 0
    :: else
    fi;
#ifndef BUG_STAYS_FULL
    if
    :: P.n_out == 0 -> P.closed = false
    :: else
    fi;
#endif
    check()
}

/* etas_v1_mend */
inline mend(ep)
{
    adopt(ep);
    sum = P.acked + COUNT(P.dead) + P.discarded;
    for (i : 0 .. N - 1) { sum = sum + P.pend[i] }
    for (i : 0 .. TOKENS - 1) { sum = sum + COUNT(P.lease[i]) }
    for (i : 0 .. MARK - 1) { sum = sum + COUNT(P.name[i]) }
    P.submitted = sum; P.closed = false; torn = false;
    check()
}

/* etas_v1_audit and find_missing */
#if N > 2
#define PENDING ((P.pend[0] > 0) | ((P.pend[1] > 0) << 1) | ((P.pend[2] > 0) << 2))
#else
#define PENDING ((P.pend[0] > 0) | ((P.pend[1] > 0) << 1))
#endif
#define LEASED (P.lease[0] | P.lease[1] | P.lease[2] | P.lease[3] | P.lease[4] | P.lease[5])
#if MARK > 1
#define OUT (P.name[0] | P.name[1])
#else
#define OUT P.name[0]
#endif
#define MISSING (ALL & ~(stored | dead | P.dead | PENDING | LEASED | OUT))
#define NEWS    (MISSING | (P.dead & ~(dead | stored)))

#define ON (known && P.exists && cut == served)

proctype Driver(byte d)
{
    byte ep, miss, serial, name, body, dead, cut;
    bool known, saved;

    if
    :: d == 0
    :: d == 1 -> atomic { faults > 0 && !done -> faults-- } /* resumed while the first one lives */
    fi;
start: skip;
    /* take_epoch, when the store opens */
    d_step { store_epoch++; ep = store_epoch; known = false; miss = 0; name = 0; body = 0; dead = 0; saved = false; serial = 0 }
end_driver:
    do
    :: done -> break
    /* etas_v1_run: registers, takes over */
    :: atomic {
           !done && (!known || !P.exists || P.epoch > ep || cut != served) && name == 0 ->
           if
           :: SUPERSEDED -> break
           :: else -> d_step {
                  if
                  :: !P.exists -> forget_run(); P.exists = true; torn = false; due = 0
                  :: else
                  fi;
                  adopt(ep);
                  if
                  :: cut != served -> miss = 0; serial = 0
                  :: else
                  fi;
                  known = true; cut = served;
                  check()
              }
           fi
       }
    /* audit_now; mend, or what is missing and what is dead */
    :: atomic {
           !done && ON && name == 0 && miss == 0 && (torn || NEWS != 0) ->
           if
           :: torn -> if
                      :: SUPERSEDED -> break
                      :: else -> d_step { mend(ep) }
                      fi
           :: !torn && NEWS != 0 -> d_step {
                  miss = MISSING;
                  dead = dead | (P.dead & ~stored);
                  if
                  :: miss != 0 -> store_serial++; serial = store_serial
                  :: else
                  fi
              }
           fi
       }
    /* submit, once; or again after a lost reply */
    :: atomic {
           !done && ON && miss != 0 ->
           if
#ifndef BUG_SUBMIT_NO_EPOCH
           :: SUPERSEDED -> break
#endif
           :: else -> d_step { submit(ep, serial, miss) };
               if
               :: miss = 0; serial = 0
               :: faults > 0 -> faults--; known = false /* and it is repeated */
               :: faults > 0 -> faults--; known = false; miss = 0; serial = 0
               fi
           fi
       }
    /* collect: looks at the head */
    :: atomic {
           !done && ON && name == 0 && miss == 0 && P.n_out > 0 && !SUPERSEDED ->
           name = P.name[0]; body = P.body[0]; saved = false;
           if
           :: true
           :: faults > 0 -> faults--; body = 0 /* damaged */
           fi
       }
    /* etas_sink_flush: a transaction that checks the epoch and skips what is there */
    :: atomic {
           !done && name != 0 && body == name && !saved ->
           if
#ifndef BUG_STORE_NO_EPOCH
           :: store_epoch != ep -> break
#endif
           :: else -> d_step {
                  assert(store_epoch == ep && body == name); /* a superseded driver stores nothing */
#ifdef BUG_STORE_TWICE
                  assert((stored & body) == 0);
#endif
                  stored = stored | body; saved = true
              }
           fi
       }
    /* etas_v1_ackout */
    :: atomic {
#ifdef BUG_ACK_FIRST
           !done && name != 0 ->
#else
           !done && name != 0 && (saved || body != name) ->
#endif
           if
           :: !ON -> known = false
           :: ON && SUPERSEDED -> break
           :: ON && !SUPERSEDED -> d_step { ackout(ep, name, (body != name)) };
               if
               :: true
               :: faults > 0 -> faults--; known = false /* the reply is lost, so it collects again */
               fi
           fi;
           name = 0; body = 0; saved = false
       }
    /* the final rename, then etas_v1_finish */
    :: atomic {
           !done && name == 0 && miss == 0 && (stored | dead) == ALL ->
           if
           :: store_epoch != ep -> break
           :: else -> done = true
           fi
       }
    /* the driver is killed, and resumed */
    :: atomic { faults > 0 && !done && known -> faults--; goto start }
    od
}

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
