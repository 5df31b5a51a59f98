/* A server that answers nonsense: no crash, no hang, no value outside its bounds. The real server
 * cannot be made to say these things, so a little one that only knows how to lie does. */
#include "queue_pool.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { MUTATIONS = 400 };

typedef struct liar {
    char path[64];
    int listener;
    pid_t pid;
    etas_queue *queue;
} liar;

/* A command has arrived when as many bulk strings as it announced have; ours are that simple. */
static bool read_command(int fd, size_t capacity, char text[])
{
    size_t len = 0;

    for (;;) {
        const ssize_t n = read(fd, text + len, capacity - 1 - len);
        long want, have = 0;

        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
        want = text[0] == '*' ? 2 * strtol(text + 1, NULL, 10) + 1 : 1;
        for (const char *at = text; (at = strstr(at, "\r\n")) != NULL; at += 2)
            have++;
        if (have >= want)
            return true;
    }
}

static void say(int fd, size_t len, const char text[])
{
    while (len > 0) {
        const ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

/* Polite until the first call, then the lie (its byte at random places another with a seed), then
 * the end of the connection. */
static void serve_one(int fd, size_t len, const char lie[], uint64_t *seed)
{
    char command[8192], spoiled[4096];

    while (read_command(fd, sizeof command, command)) {
        if (strstr(command, "CLIENT") != NULL) {
            say(fd, 5, "+OK\r\n");
            continue;
        }
        if (strstr(command, "INFO") != NULL) {
            say(fd, 27, "$20\r\nredis_version:7.0.15\r\n");
            continue;
        }
        memcpy(spoiled, lie, len);
        for (int i = 0; *seed != 0 && i < 2; i++) {
            *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            spoiled[(*seed >> 33) % len] = "0123456789\r\n*$:-+ aZ\xff"[(*seed >> 20) % 21];
        }
        say(fd, len, spoiled);
        return;
    }
}

static void serve(int listener, size_t len, const char lie[], uint64_t seed)
{
    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            continue;
        serve_one(fd, len, lie, &seed);
        close(fd);
    }
}

static size_t build(const char *what, size_t capacity, char out[]);

static void liar_start(liar *self, const char *what, uint64_t seed)
{
    char lie[4096];
    const size_t len = build(what, sizeof lie, lie);

    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    etas_redis_options o = etas_redis_options_default();
    const pid_t parent = getpid();

    (void)snprintf(self->path, sizeof self->path, "/tmp/etas-liar-%d", (int)parent);
    unlink(self->path);
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", self->path);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->listener, (const struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(self->listener, 8), 0);
    self->pid = fork();
    if (self->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            serve(self->listener, len, lie, seed);
        _exit(0);
    }
    o.socket_path = self->path;
    o.command_timeout_s = 2;
    check_ok(etas_queue_open(&self->queue, &o, NULL), NULL);
}

static void liar_stop(liar *self)
{
    etas_queue_close(self->queue);
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
    close(self->listener);
    unlink(self->path);
}

/* ---- every call once, its results checked against their bounds ---- */

typedef etas_status (*call)(etas_queue *queue, etas_error *err);

static etas_lease some_lease(void)
{
    etas_lease lease = {.token = 5, .first = 10, .count = 20};

    (void)snprintf(lease.run, sizeof lease.run, "%032x", 1);
    return lease;
}

static etas_status call_claim(etas_queue *queue, etas_error *err)
{
    const etas_agent agent = pool_agent(1, 1);
    const etas_claim_request request = {.remaining_s = INFINITY};
    etas_claim c;
    const etas_status st = etas_queue_claim(queue, &agent, &request, &c, err);

    if (st == ETAS_OK && c.kind == ETAS_CLAIM_WORK) {
        assert_true(c.lease.count > 0 && c.lease.first + c.lease.count <= ETAS_MAX_CATALOGS);
        assert_int_equal(strlen(c.lease.run), 32);
        assert_int_equal(strlen(c.model_sha256), 64);
        assert_true(c.lease_s > 0);
    }
    return st;
}

static etas_status call_beat(etas_queue *queue, etas_error *err)
{
    const etas_agent agent = pool_agent(1, 1);
    const etas_lease leases[2] = {some_lease(), some_lease()};
    etas_verdict verdicts[2] = {ETAS_VERDICT_WAIT, ETAS_VERDICT_WAIT};
    etas_beat beat = {.verdicts = verdicts};
    const etas_status st = etas_queue_beat(queue, &agent, 2, leases, &beat, err);

    if (st == ETAS_OK)
        assert_true(verdicts[0] != ETAS_VERDICT_WAIT && verdicts[1] != ETAS_VERDICT_WAIT);
    return st;
}

static etas_status call_commit(etas_queue *queue, etas_error *err)
{
    const etas_agent agent = pool_agent(1, 1);
    const etas_commit what = {.count = 3, .len = 1, .bytes = (const uint8_t *)"x"};
    etas_lease lease = some_lease();
    etas_verdict verdict;
    const etas_status st = etas_queue_commit(queue, &agent, &lease, &what, &verdict, err);

    assert_int_equal(lease.first, st == ETAS_OK && verdict == ETAS_VERDICT_OK ? 13 : 10);
    return st;
}

static etas_status call_hello(etas_queue *queue, etas_error *err)
{
    const etas_agent agent = pool_agent(1, 1);

    return etas_queue_hello(queue, &agent, 0, NULL, err);
}

static etas_status call_run(etas_queue *queue, etas_error *err)
{
    const etas_run_meta run = pool_run(1, 100);
    etas_run_state state;

    return etas_queue_run_beat(queue, &run, &state, err);
}

static etas_status call_submit(etas_queue *queue, etas_error *err)
{
    const etas_run_meta run = pool_run(1, 100);
    const etas_range range = {0, 1};

    return etas_queue_submit(queue, &run, 1, 1, &range, err);
}

static etas_status call_collect(etas_queue *queue, etas_error *err)
{
    const etas_run_meta run = pool_run(1, 100);
    etas_collected *items;
    size_t n;
    const etas_status st = etas_queue_collect(queue, &run, 99, &items, &n, err);

    for (size_t i = 0; i < n; i++)
        assert_true(items[i].count > 0 && items[i].first + items[i].count <= ETAS_MAX_CATALOGS);
    etas_queue_collected_free(&items, &n);
    return st;
}

static etas_status call_checks(etas_queue *queue, etas_error *err)
{
    const etas_run_meta run = pool_run(1, 1);
    const etas_check check = {.range = {0, 1}, .maker = "a"};

    return etas_queue_submit_checks(queue, &run, 1, 1, &check, err);
}

static etas_status call_ban(etas_queue *queue, etas_error *err)
{
    static const char *const host = "a";
    const etas_run_meta run = pool_run(1, 1);

    return etas_queue_ban(queue, &run, 1, &host, err);
}

static etas_status call_audit(etas_queue *queue, etas_error *err)
{
    etas_audit a;
    const etas_status st = etas_queue_audit(queue, pool_run(1, 1).id, &a, err);

    for (size_t i = 0; i < a.out.n; i++)
        assert_true(a.out.items[i].first + a.out.items[i].count <= ETAS_MAX_CATALOGS);
    etas_audit_free(&a);
    return st;
}

static etas_status call_model(etas_queue *queue, etas_error *err)
{
    uint8_t *bytes;
    size_t len;
    const etas_status st =
        etas_queue_model_get(queue, pool_run(1, 1).model_sha256, &bytes, &len, err);

    etas_array_free((void **)&bytes);
    return st;
}

static etas_status call_info(etas_queue *queue, etas_error *err)
{
    etas_pool_info info;
    const etas_status st = etas_queue_info(queue, &info, err);

    etas_pool_info_free(&info);
    return st;
}

/* Pages come until an empty one: the connection ends before, which is an error after good ones. */
static etas_status call_agents(etas_queue *queue, etas_error *err)
{
    etas_agent_info *items;
    size_t n;
    const etas_status st = etas_queue_agents(queue, &items, &n, err);

    etas_array_free((void **)&items);
    return st;
}

static etas_status call_versions(etas_queue *queue, etas_error *err)
{
    etas_version_entry *items;
    size_t n;
    const etas_status st = etas_queue_versions(queue, &items, &n, err);

    etas_array_free((void **)&items);
    return st;
}

#define H32 "00000000000000000000000000000abc"
#define H64 H32 H32

/* "[2|OK|5": an array of the strings OK and 5; "#5" is an integer. build() writes it as RESP. */
static const struct {
    call call;
    const char *good;
    const char *bad[9];
} cases[] = {
    {call_claim,
     "[5|WORK|5 " H32 " 10 20 0 0|17|" H64 "|60000",
     {"[1|WORK", "[5|WORK|5 " H32 " 10 0 0 0|17|" H64 "|60000",
      "[5|WORK|5 " H32 " 10 20 0 0 9|17|" H64 "|60000",
      "[5|WORK|5 " H32 " 281474976710655 20 0 0|17|" H64 "|60000",
      "[5|WORK|5 " H32 " 10  20 0 0|17|" H64 "|60000",
      "[5|WORK|5 " H32 " 10 20 0 0|-7|" H64 "|60000",
      "[5|WORK|5 " H32 " 10 20 0 0|17|" H32 "|60000", "[5|WORK|5 " H32 " 10 20 0 0|17|" H64 "|0"}},
    {call_beat,
     "[3|OK|LOST|CANCEL",
     {"[2|OK|OK", "[4|OK|OK|OK|OK", "[3|OK|OK|#1", "[3|WHAT|OK|OK", "[3|OK|OK|WAIT"}},
    {call_beat, "[3|OK|SPLIT|OK", {"[3|OK|SPLIT|split"}},
    {call_commit, "[1|OK", {"[1|ok", "[1|", "[1|SPLIT"}},
    {call_hello, "[2|OK|0", {"[1|INCOMPATIBLE", "[1|HELLO"}},
    {call_run,
     "[8|OK|1|0|0|4|99|0|7",
     {"[1|OK", "[8|OK|2|0|0|4|99|0|7", "[8|OK|1|0|0|4|18446744073709551616|0|7",
      "[8|OK|1|0|0|-4|99|0|7", "[8|OK|1|0|0|0x4|99|0|7"}},
    {call_submit, "[1|OK", {"[1|MAYBE"}},
    {call_collect,
     "[6|OK|4|2|00000000000000ff|" H32 "|frame",
     {"[5|OK|4|2|00000000000000ff|" H32, "[6|OK|4|0|00000000000000ff|" H32 "|frame",
      "[6|OK|281474976710656|1|00000000000000ff|" H32 "|frame",
      "[6|OK|4|4294967296|00000000000000ff|" H32 "|frame",
      "[6|OK|4|2|00000000000000FF|" H32 "|frame", "[6|OK|4|2|00000000000000ff|abc|frame",
      "[6|OK|4|2|00000000000000ff|" H32 "|#5"}},
    {call_audit,
     "[16|OK|13|0|0|6|0|3|0|2|1|0 4 7 2||4 3||4|0 4",
     {"[1|OK", "[16|OK|9|0|0|6|0|3|0|2|1|0 4 7||||0|", "[16|OK|9|0|0|6|0|3|0|2|1|0 0||||0|",
      "[16|OK|9|0|0|6|0|3|0|2|1|1 281474976710656||||0|", "[16|OK|9|0|0|6|0|3|0|2|1|0 4 ||||0|",
      "[16|OK|9|0|0|6|0|3|0|2|yes|0 4 7 2||4 3||0|", "[15|OK|9|0|0|6|0|3|0|2|1|0 4 7 2||4 3||4",
      "[16|OK|9|0|0|6|0|3|0|2|1|0 4 7 2||4 3||-1|", "[16|OK|9|0|0|6|0|3|0|2|1|0 4 7 2||4 3||4|0"}},
    {call_checks, "[1|OK", {"[1|MAYBE", "[0"}},
    {call_ban, "[1|OK", {"[1|MAYBE", "[0"}},
    {call_model,
     "[4|OK|1|5|model",
     {"[4|OK|1|6|model", "[4|OK|2|5|model", "[4|OK|256|1073741824|model", "[4|OK|0|0|",
      "[4|OK|9999|99999999999999|model"}},
    {call_info,
     "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|rate|12.5|[0",
     {"[1|OK", "[4|OK|[8|1|2|0|0|24|0|500|3|[0|[0", "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[2|id|abc|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|rate|nan|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[3|id|" H32 "|rate|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[2|rate|1|[0", "[4|OK|[8|3|2|0|0|24|0|500|3|#1|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|tally|1 2 3 4 5 6 7|[0"}},
    {call_info,
     "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|tally|9 9 9.5 9 2.5 6 7 h 1 7 7 h|[0",
     {"[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|tally|9 9 9.5 -9|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|tally|9 9 9 9 1 6 7 h 2 7 7 h|[0",
      "[4|OK|[8|3|2|0|0|24|0|500|3|[1|[4|id|" H32 "|tally|9 9 9 9 1 6 7 h 1 6 7 h 1 6 7 h 1|[0"}},
    {call_agents,
     NULL,
     {"[2|OK|0", "[6|OK|" H32 "|h 1 2 3 4|0|0|NONE", "[6|OK|" H32 "|h 1 2 3 r 1 1 1|-1|0|NONE",
      "[6|OK|" H32 "|h 1 2 3 r 1 1 1 1 1 1 1 1 1 1|0|0|NONE",
      "[6|OK|" H32 "|h 1 2 3 r 1 1 1 1 1 nan 1 1 1|0|0|NONE"}},
    {call_versions,
     "[4|OK|someone|1 0.1.0 2|5",
     {"[3|OK|someone|1 0.1.0 2", "[4|OK|someone|1 0.1.0|5", "[4|OK|someone|1 0.1.0 2|-5",
      "[4|OK|someone|4294967296 0.1.0 2|5", "[4|OK|#1|1 0.1.0 2|5"}},
};

static size_t build(const char *what, size_t capacity, char out[])
{
    size_t n = 0;

    if (what[0] != '[') {
        n = (size_t)snprintf(out, capacity, "%s", what);
        return n;
    }
    for (const char *at = what, *end; at != NULL; at = *end == '|' ? end + 1 : NULL) {
        end = strchrnul(at, '|');
        if (*at == '[')
            n += (size_t)snprintf(out + n, capacity - n, "*%.*s\r\n", (int)(end - at - 1), at + 1);
        else if (*at == '#')
            n += (size_t)snprintf(out + n, capacity - n, ":%.*s\r\n", (int)(end - at - 1), at + 1);
        else
            n += (size_t)snprintf(out + n, capacity - n, "$%d\r\n%.*s\r\n", (int)(end - at),
                                  (int)(end - at), at);
    }
    return n;
}

static void answers_that_do_not_fit_are_damage(void **state)
{
    static const char *const always[] = {
        "*0\r\n",       "*-1\r\n",        "$-1\r\n",
        ":5\r\n",       "$2\r\nOK\r\n",   "*1\r\n*1\r\n:1\r\n",
        "nonsense\r\n", "*1\r\n:1\r\n",   "*1\r\n$-1\r\n",
        "\r\n",         "*1\r\n$5\r\nab",
    };
    const size_t n_bad = sizeof cases[0].bad / sizeof *cases[0].bad;
    const size_t n_all = n_bad + sizeof always / sizeof *always;
    const size_t cut = n_all - 1; /* the last one is an answer that just ends */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < n_all; k++) {
            const char *lie = k < n_bad ? cases[i].bad[k] : always[k - n_bad];
            etas_error err = {0};
            etas_status st;
            liar l;

            if (lie == NULL)
                continue;
            liar_start(&l, lie, 0);
            st = cases[i].call(l.queue, &err);
            if (st != (k == cut ? ETAS_E_NET : ETAS_E_CORRUPT))
                fail_msg("case %zu answer %zu: status %d", i, k, st);
            assert_true(err.text[0] != '\0');
            assert_string_equal(err.host, l.path);
            liar_stop(&l);
        }
}

static void good_answers_are_taken_so_that_the_bad_ones_prove_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        etas_error err = {0};
        liar l;

        if (cases[i].good == NULL)
            continue;
        liar_start(&l, cases[i].good, 0);
        check_ok(cases[i].call(l.queue, &err), &err);
        liar_stop(&l);
    }
}

static void spoiled_answers_never_crash_it(void **state)
{
    const char *given = getenv("ETAS_TEST_SEED");
    const uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) | 1;

    (void)state;
    printf("ETAS_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        liar l;

        if (cases[i].good == NULL)
            continue;
        liar_start(&l, cases[i].good, seed + i);
        for (int k = 0; k < MUTATIONS; k++)
            (void)cases[i].call(l.queue, NULL);
        liar_stop(&l);
    }
}

static void errors_are_told_apart(void **state)
{
    static const struct {
        const char *answer;
        etas_status status;
    } table[] = {
        {"-MISCONF Redis is configured to save\r\n", ETAS_E_AWAY},
        {"-LOADING Redis is loading\r\n", ETAS_E_AWAY},
        {"-READONLY You can't write\r\n", ETAS_E_AWAY},
        {"-BUSY Redis is busy\r\n", ETAS_E_AWAY},
        {"-MASTERDOWN Link with MASTER is down\r\n", ETAS_E_AWAY},
        {"-ERR max number of clients reached\r\n", ETAS_E_AWAY},
        {"-NOAUTH Authentication required.\r\n", ETAS_E_AUTH},
        {"-NOPERM this user has no permissions\r\n", ETAS_E_AUTH},
        {"-WRONGPASS invalid\r\n", ETAS_E_AUTH},
        {"-OOM command not allowed\r\n", ETAS_E_REFUSED},
        {"-MOVED 1 127.0.0.1:7001\r\n", ETAS_E_REFUSED},
        {"-ETAS bad lease\r\n", ETAS_E_ARG},
        {"-\r\n", ETAS_E_REFUSED},
        {"-\x1b[31mred\x07\r\n", ETAS_E_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        etas_error err = {0};
        liar l;

        liar_start(&l, table[i].answer, 0);
        assert_int_equal(call_submit(l.queue, &err), table[i].status);
        assert_int_equal(etas_queue_memory_full(l.queue), strstr(table[i].answer, "OOM") != NULL);
        for (const char *c = err.text; *c != '\0'; c++)
            assert_true(*c >= ' ' && *c <= '~');
        liar_stop(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_do_not_fit_are_damage),
        cmocka_unit_test(good_answers_are_taken_so_that_the_bad_ones_prove_something),
        cmocka_unit_test(spoiled_answers_never_crash_it),
        cmocka_unit_test(errors_are_told_apart),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
