/* doctor: is the server fit for a pool, and is the pool well? */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "etas/text.h"
#include "table.h"

enum { PINGS = 100 };

void doctor_say(doctor *self, doctor_verdict verdict, const char *check, const char *fmt, ...)
{
    static const char *const names[] = {"ok", "note", "warn", "FAIL"};
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)etas_vformat(sizeof text, text, fmt, ap);
    va_end(ap);
    if (verdict > self->worst)
        self->worst = verdict;
    if (!self->manager->json)
        (void)printf("%-4s  %-11s  %s\n", names[verdict], check, text);
    else if (json_array_append_new(self->checks,
                                   json_pack("{s:s,s:s,s:s}", "check", check, "verdict",
                                             names[verdict], "text", text)) != 0)
        self->out_of_memory = true;
}

/* ---- the server ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static etas_status check_time(doctor *self, etas_error *err)
{
    double seconds[PINGS], ahead = 0, median;
    char a[TABLE_NUMBER], b[TABLE_NUMBER];
    etas_error denied = {0};
    const etas_status st = etas_server_time(self->manager->queue, PINGS, seconds, &ahead, &denied);

    if (st == ETAS_E_AUTH) {
        doctor_say(self, DOCTOR_NOTE, "latency", "unknown: this user lacks +time");
        return ETAS_OK;
    }
    if (st != ETAS_OK) {
        *err = denied;
        return st;
    }
    qsort(seconds, PINGS, sizeof seconds[0], by_value);
    median = (seconds[PINGS / 2 - 1] + seconds[PINGS / 2]) / 2;
    doctor_say(self, median > 0.05 || seconds[PINGS - 1] > 1 ? DOCTOR_WARN : DOCTOR_OK, "latency",
               "%s median, %s worst of %d%s", table_seconds(median, a),
               table_seconds(seconds[PINGS - 1], b), PINGS,
               median > 0.05 || seconds[PINGS - 1] > 1
                   ? ": the server is far away or busy with something else"
                   : "");
    doctor_say(self, fabs(ahead) > 5 ? DOCTOR_WARN : DOCTOR_OK, "clock",
               "the server's is %s %s ours%s", table_seconds(fabs(ahead), a),
               ahead < 0 ? "behind" : "ahead of",
               fabs(ahead) > 5 ? ": harmless for the pool, but reports mix both; run NTP" : "");
    return ETAS_OK;
}

static void check_version(doctor *self, const etas_server *s)
{
    uint64_t major = 0;

    if (s->version[0] == '\0')
        doctor_say(self, DOCTOR_NOTE, "version", "unknown: this user lacks +info");
    else if (!etas_parse_u64(s->version, strcspn(s->version, "."), &major) || major < 7)
        doctor_say(self, DOCTOR_FAIL, "version", "Redis %s: 7.0 or newer is needed", s->version);
    else
        doctor_say(self, DOCTOR_OK, "version", "Redis %s, up for %.1f h", s->version,
                   (double)s->uptime_s / 3600);
}

static void check_state(doctor *self, const etas_server *s)
{
    if (s->loading == 1)
        doctor_say(self, DOCTOR_FAIL, "role", "the server is still loading its data: wait");
    else if (strcmp(s->role, "slave") == 0)
        doctor_say(self, DOCTOR_FAIL, "role", "a replica takes no work: name its primary instead");
    else if (s->role[0] != '\0')
        doctor_say(self, DOCTOR_OK, "role", "primary");
}

static void check_policy(doctor *self, const etas_server *s)
{
    if (s->policy[0] == '\0')
        doctor_say(self, DOCTOR_NOTE, "policy", "maxmemory-policy unknown: this user lacks +info");
    else if (strcmp(s->policy, "noeviction") != 0)
        doctor_say(self, DOCTOR_FAIL, "policy",
                   "maxmemory-policy %s may drop pieces of the pool: CONFIG SET maxmemory-policy "
                   "noeviction",
                   s->policy);
    else
        doctor_say(self, DOCTOR_OK, "policy", "maxmemory-policy noeviction");
}

/* Room for what is there and for what the runs may leave there at once. */
static void check_memory(doctor *self, const etas_server *s, uint64_t marks)
{
    const uint64_t limit = s->max_memory == 0 ? s->total_memory : s->max_memory;
    const double used = (double)s->used_memory, room = (double)limit;
    const char *const name = s->max_memory == 0 ? "the machine (no maxmemory)" : "maxmemory";
    char a[TABLE_NUMBER], b[TABLE_NUMBER], c[TABLE_NUMBER];

    if (limit == ETAS_SERVER_UNKNOWN || s->used_memory == ETAS_SERVER_UNKNOWN) {
        doctor_say(self, DOCTOR_NOTE, "memory", "unknown: this user lacks +info");
        return;
    }
    table_bytes(s->used_memory, a);
    table_bytes(limit, b);
    table_bytes(marks, c);
    if (used >= 0.95 * room)
        doctor_say(
            self, DOCTOR_FAIL, "memory",
            "%s of %s of %s are used: nothing can be submitted or handed in; raise maxmemory "
            "or find what fills it",
            a, b, name);
    else if (used >= 0.8 * room)
        doctor_say(self, DOCTOR_WARN, "memory", "%s of %s of %s are used: raise maxmemory", a, b,
                   name);
    else if ((double)marks > 0.5 * room)
        doctor_say(
            self, DOCTOR_WARN, "memory",
            "the runs may leave %s of results, more than half of the %s of %s: raise maxmemory "
            "or run fewer at once",
            c, b, name);
    else
        doctor_say(self, DOCTOR_OK, "memory", "%s of %s of %s are used; runs may leave %s there", a,
                   b, name, c);
}

static void check_clients(doctor *self, const etas_server *s, uint64_t agents)
{
    const double share = (double)s->clients / (double)s->max_clients;

    if (s->clients == ETAS_SERVER_UNKNOWN || s->max_clients == ETAS_SERVER_UNKNOWN)
        doctor_say(self, DOCTOR_NOTE, "clients", "unknown: this user lacks +info");
    else if (share > 0.8)
        doctor_say(self, share > 0.98 ? DOCTOR_FAIL : DOCTOR_WARN, "clients",
                   "%" PRIu64 " of %" PRIu64 " connections are taken (two by each of %" PRIu64
                   " workers): raise maxclients",
                   s->clients, s->max_clients, agents);
    else
        doctor_say(self, s->rejected_clients > 0 ? DOCTOR_WARN : DOCTOR_OK, "clients",
                   "%" PRIu64 " of %" PRIu64 " connections; %" PRIu64 " were turned away so far",
                   s->clients, s->max_clients, s->rejected_clients);
}

static void check_persistence(doctor *self, const etas_server *s)
{
    const bool failed = strcmp(s->write_status, "err") == 0;

    if (s->append_only == ETAS_SERVER_UNKNOWN)
        doctor_say(self, DOCTOR_NOTE, "persistence", "unknown: this user lacks +info");
    else if (s->append_only == 1 && failed)
        doctor_say(
            self, DOCTOR_FAIL, "persistence",
            "the append-only file cannot be written, so nothing is taken: is the disk full?");
    else if (s->snapshots != 0 && strcmp(s->snapshot_status, "err") == 0)
        doctor_say(
            self, DOCTOR_FAIL, "persistence",
            "the last snapshot failed, and the server may refuse writes: is the disk full, or "
            "memory too short to fork (vm.overcommit_memory)?");
    else if (s->append_only == 1 && strcmp(s->rewrite_status, "err") == 0)
        doctor_say(self, DOCTOR_WARN, "persistence",
                   "the append-only file could not be rewritten and only grows: is the disk full?");
    else if (s->append_only == 1)
        doctor_say(self, DOCTOR_OK, "persistence", "append-only file%s%s",
                   s->append_fsync[0] != '\0' ? ", fsync " : "", s->append_fsync);
    else
        doctor_say(self, DOCTOR_WARN, "persistence",
                   "%s: after a crash of the server what it was given since is made again; set "
                   "appendonly yes",
                   s->snapshots == 1 ? "snapshots only" : "no append-only file");
}

static void check_connections(doctor *self, const etas_server *s)
{
    if (s->idle_timeout_s == ETAS_SERVER_UNKNOWN) {
        doctor_say(self, DOCTOR_NOTE, "timeouts", "unknown: this user lacks +config|get");
        return;
    }
    if (s->idle_timeout_s > 0 && s->idle_timeout_s < 30)
        doctor_say(self, DOCTOR_WARN, "timeouts",
                   "the server closes connections idle for %" PRIu64
                   " s, workers speak every 10 s: set timeout 0",
                   s->idle_timeout_s);
    else if (s->keepalive_s == 0)
        doctor_say(self, DOCTOR_WARN, "timeouts",
                   "tcp-keepalive 0: connections of machines that vanished stay until the server "
                   "restarts; set 300");
    else
        doctor_say(self, DOCTOR_OK, "timeouts",
                   "timeout %" PRIu64 " s, tcp-keepalive %" PRIu64 " s", s->idle_timeout_s,
                   s->keepalive_s);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

static void check_transport(doctor *self)
{
    const etas_redis_options *const o = &self->manager->redis.queue;
    const char *const tls = etas_queue_tls(self->manager->queue);

    if (o->socket_path != NULL)
        doctor_say(self, DOCTOR_OK, "transport", "unix socket");
    else if (tls[0] != '\0')
        doctor_say(self, DOCTOR_OK, "transport", "%s, certificate and name checked", tls);
    else if (is_loopback(o->host))
        doctor_say(self, DOCTOR_OK, "transport", "this machine, without TLS");
    else
        doctor_say(self, DOCTOR_WARN, "transport",
                   "no TLS: whoever can listen on the network sees the password and the results");
}

static etas_status check_library(doctor *self, etas_error *err)
{
    uint64_t loaded, own;
    etas_error denied = {0};
    const etas_status st = etas_server_library(self->manager->queue, &loaded, &own, &denied);

    if (st == ETAS_E_AUTH)
        doctor_say(self, DOCTOR_FAIL, "library", "this user may not call it: %s", denied.text);
    else if (st != ETAS_OK)
        *err = denied;
    else if (loaded == 0)
        doctor_say(self, DOCTOR_WARN, "library",
                   "not loaded: the first program that may loads it, or: etas-redis-manager init");
    else if (loaded < own)
        doctor_say(self, DOCTOR_WARN, "library",
                   "revision %" PRIu64 ", this program brings %" PRIu64 ": etas-redis-manager init",
                   loaded, own);
    else
        doctor_say(self, DOCTOR_OK, "library", "etas_v%d, revision %" PRIu64 "%s",
                   ETAS_PROTOCOL_VERSION, loaded,
                   loaded > own ? ", newer than this program's" : "");
    return st == ETAS_E_AUTH ? ETAS_OK : st;
}

/* A user made for one role need not have the rights of the others. */
static etas_status check_rights(doctor *self, etas_error *err)
{
    static const char *const checks[] = {"as worker", "as driver", "as manager"};
    etas_rights rights[3];
    bool whole = false;

    for (size_t i = 0; i < 3; i++) {
        const etas_status st =
            etas_server_rights(self->manager->queue, (etas_role)i, &rights[i], err);

        if (st != ETAS_OK)
            return st;
        whole = whole || rights[i].n_missing == 0;
    }
    for (size_t i = 0; i < 3; i++)
        if (rights[i].n_missing == 0)
            doctor_say(self, DOCTOR_OK, checks[i], "this user has all %zu rights%s",
                       rights[i].n_needed, rights[i].tried ? " (tried)" : "");
        else
            doctor_say(self, whole ? DOCTOR_NOTE : DOCTOR_WARN, checks[i],
                       "this user lacks %zu of %zu: %s", rights[i].n_missing, rights[i].n_needed,
                       rights[i].missing);
    return ETAS_OK;
}

/* ---- all of it ---- */

static etas_status look_at_pool(doctor *self, manager_view *out, bool *visible, etas_error *err)
{
    etas_error denied = {0};
    const etas_status st = manager_view_fetch(self->manager, out, &denied);

    *visible = st == ETAS_OK;
    if (st == ETAS_E_AUTH)
        doctor_say(self, DOCTOR_NOTE, "pool", "this user may not look at it");
    else if (st != ETAS_OK)
        *err = denied;
    return st == ETAS_E_AUTH ? ETAS_OK : st;
}

static etas_status examine(doctor *self, const etas_server *server, etas_error *err)
{
    manager_view view = {0};
    uint64_t marks = 0;
    bool visible = false;
    etas_status st = check_time(self, err);

    check_version(self, server);
    check_state(self, server);
    check_policy(self, server);
    if (st == ETAS_OK)
        st = check_library(self, err);
    if (st == ETAS_OK)
        st = check_rights(self, err);
    if (st == ETAS_OK)
        st = look_at_pool(self, &view, &visible, err);
    for (size_t i = 0; i < view.pool.n_runs; i++)
        marks += view.pool.runs[i].finished ? 0 : view.pool.runs[i].mark_bytes;
    check_memory(self, server, marks);
    check_clients(self, server, view.pool.agents + view.pool.stale);
    check_persistence(self, server);
    check_connections(self, server);
    check_transport(self);
    if (visible)
        doctor_check_pool(self, &view);
    manager_view_free(&view);
    return st;
}

int manager_doctor(manager *self)
{
    doctor d = {.manager = self, .checks = self->json ? json_array() : NULL};
    etas_server server;
    etas_error err = {0};
    char line[512];
    etas_status st = etas_server_look(self->queue, &server, &err);

    if (st == ETAS_OK) {
        doctor_say(&d, DOCTOR_OK, "reachable", "%s", etas_queue_host(self->queue));
        st = examine(&d, &server, &err);
    }
    if (st != ETAS_OK)
        doctor_say(&d, DOCTOR_FAIL, "reachable", "%s", etas_error_format(&err, sizeof line, line));
    if (self->json) {
        err = (etas_error){0};
        st = watch_print_json(self->watch_s,
                              d.out_of_memory
                                  ? NULL
                                  : json_pack("{s:s,s:s,s:b,s:O}", "pool", manager_pool_name(self),
                                              "server", etas_queue_host(self->queue), "ok",
                                              d.worst < DOCTOR_FAIL, "checks", d.checks),
                              &err);
        json_decref(d.checks);
        if (st != ETAS_OK)
            return talk_fail(&self->out, st, &err);
    }
    return d.worst == DOCTOR_FAIL ? 1 : 0;
}
