/* Agents of one slot each, and everybody's reaping (src/runner/agent*.c). Included by pool.pml. */

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
