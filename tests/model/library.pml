/* The library: one inline for each function of src/queue/lib_*.lua, named there. Included by pool.pml. */

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
        :: sum != 0 && P.lease[at] == sum && ending[a] != LEAVING -> leased = 0
        :: sum != 0 && P.lease[at] == sum && ending[a] == LEAVING -> /* give_back, then as now */
            i = P.l_lost[at]; end_lease(at); put_back(sum, 0, i); leased = 0
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

/* ---- functions for drivers */

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
