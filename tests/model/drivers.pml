/* Drivers of one store (src/runner/redis_backend.c). Included by pool.pml. */

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
#ifdef BUG_NO_AUDIT
           !done && ON && name == 0 && miss == 0 && (torn || (NEWS != 0 && store_serial == 0)) ->
#else
           !done && ON && name == 0 && miss == 0 && (torn || NEWS != 0) ->
#endif
           if
#ifdef BUG_NO_MEND
           :: torn -> false
#else
           :: torn -> if
                      :: SUPERSEDED -> break
                      :: else -> d_step { mend(ep) }
                      fi
#endif
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
