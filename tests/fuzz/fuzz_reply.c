/* What a server answers, through the real client: the first byte chooses the call, the rest is all
 * that the server says. A call ends with a status; what it takes for good is within its bounds. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static const char run_id[] = "0123456789abcdef0123456789abcdef";
static const char model_id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* ---- the server: says it all at once, reads what it is asked, and leaves ---- */

static struct {
    pthread_mutex_t lock;
    size_t len;
    char text[MOST];
    char path[64];
    int listener;
} liar = {.lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1};

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

static void *serve(void *unused)
{
    static const char greeting[] = "+OK\r\n$20\r\nredis_version:7.0.15\r\n";
    static char text[MOST], question[1 << 16];

    (void)unused;
    for (;;) {
        const int fd = accept(liar.listener, NULL, NULL);
        size_t len;

        if (fd < 0)
            continue;
        (void)pthread_mutex_lock(&liar.lock);
        len = liar.len;
        memcpy(text, liar.text, len);
        (void)pthread_mutex_unlock(&liar.lock);
        say(fd, sizeof greeting - 1, greeting);
        say(fd, len, text);
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, question, sizeof question, 0) > 0)
            ;
        (void)close(fd);
    }
    return NULL;
}

static void clean_up(void)
{
    (void)unlink(liar.path);
}

static void start(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    pthread_t thread;

    (void)snprintf(liar.path, sizeof liar.path, "/tmp/etas-fuzz-reply-%d", (int)getpid());
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", liar.path);
    (void)unlink(liar.path);
    liar.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (liar.listener < 0 ||
        bind(liar.listener, (const struct sockaddr *)&addr, sizeof addr) != 0 ||
        listen(liar.listener, 64) != 0 || pthread_create(&thread, NULL, serve, NULL) != 0 ||
        atexit(clean_up) != 0)
        abort();
}

/* ---- the calls ---- */

static void must(bool good)
{
    if (!good)
        abort();
}

static bool is_id(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static bool is_range(uint64_t first, uint64_t count)
{
    return count > 0 && first < ETAS_MAX_CATALOGS && count <= ETAS_MAX_CATALOGS - first;
}

static void must_be_ranges(const etas_ranges *ranges)
{
    for (size_t i = 0; i < ranges->n; i++)
        must(is_range(ranges->items[i].first, ranges->items[i].count));
}

static etas_agent agent(void)
{
    etas_agent self = {.host = "here", .pid = 1, .slots = 2, .release = "1"};

    memcpy(self.id, run_id, sizeof run_id);
    return self;
}

static etas_run_meta run(void)
{
    etas_run_meta self = {.name = "fuzz",
                          .epoch = 1,
                          .n_catalogs = 100,
                          .seed = 7,
                          .algorithm = 1,
                          .task_duration_s = 30,
                          .max_attempts = 3,
                          .max_lost = 10,
                          .lease_s = 60};

    memcpy(self.id, run_id, sizeof run_id);
    memcpy(self.model_sha256, model_id, sizeof model_id);
    return self;
}

static etas_lease lease(void)
{
    etas_lease self = {.token = 5, .first = 10, .count = 20};

    memcpy(self.run, run_id, sizeof run_id);
    return self;
}

static etas_status claim(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();
    const etas_claim_request request = {.remaining_s = INFINITY};
    etas_claim c;
    const etas_status st = etas_queue_claim(queue, &self, &request, &c, err);

    if (st == ETAS_OK && c.kind == ETAS_CLAIM_WORK)
        must(is_range(c.lease.first, c.lease.count) && is_id(c.lease.run) &&
             strlen(c.model_sha256) == 64 && c.lease_s > 0);
    return st;
}

static etas_status beat(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();
    const etas_lease leases[2] = {lease(), lease()};
    etas_verdict verdicts[2] = {ETAS_VERDICT_WAIT, ETAS_VERDICT_WAIT};
    etas_beat out = {.verdicts = verdicts};
    const etas_status st = etas_queue_beat(queue, &self, 2, leases, &out, err);

    must(st != ETAS_OK || (verdicts[0] < ETAS_VERDICT_WAIT && verdicts[1] < ETAS_VERDICT_WAIT));
    return st;
}

static etas_status commit(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();
    const etas_commit what = {.count = 3, .len = 1, .bytes = (const uint8_t *)"x"};
    etas_lease held = lease();
    etas_verdict verdict;
    const etas_status st = etas_queue_commit(queue, &self, &held, &what, &verdict, err);

    must(held.first == (st == ETAS_OK && verdict == ETAS_VERDICT_OK ? 13u : 10u));
    return st;
}

static etas_status fail(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();
    const etas_lease held = lease();
    const etas_failure why = {.kind = ETAS_FAIL_ERROR, .reached = 12, .message = "m"};

    return etas_queue_fail(queue, &self, &held, &why, err);
}

static etas_status hello(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();

    return etas_queue_hello(queue, &self, 0, NULL, err);
}

static etas_status bye(etas_queue *queue, etas_error *err)
{
    const etas_agent self = agent();

    return etas_queue_bye(queue, &self, err);
}

static etas_status run_beat(etas_queue *queue, etas_error *err)
{
    const etas_run_meta meta = run();
    etas_run_state state;

    return etas_queue_run_beat(queue, &meta, &state, err);
}

static etas_status submit(etas_queue *queue, etas_error *err)
{
    const etas_run_meta meta = run();
    const etas_range range = {0, 1};

    return etas_queue_submit(queue, &meta, 1, 1, &range, err);
}

static etas_status collect(etas_queue *queue, etas_error *err)
{
    const etas_run_meta meta = run();
    etas_collected *items;
    size_t n;
    const etas_status st = etas_queue_collect(queue, &meta, 99, &items, &n, err);

    must(st == ETAS_OK || (items == NULL && n == 0));
    for (size_t i = 0; i < n; i++)
        must(is_range(items[i].first, items[i].count) && is_id(items[i].agent));
    etas_queue_collected_free(&items, &n);
    return st;
}

static etas_status ackout(etas_queue *queue, etas_error *err)
{
    const etas_run_meta meta = run();
    const etas_ack ack = {.first = 1, .count = 2, .checksum = 3};

    return etas_queue_ackout(queue, &meta, 1, &ack, err);
}

static etas_status audit(etas_queue *queue, etas_error *err)
{
    etas_audit a;
    const etas_status st = etas_queue_audit(queue, run_id, &a, err);

    must_be_ranges(&a.pending);
    must_be_ranges(&a.leased);
    must_be_ranges(&a.out);
    must_be_ranges(&a.dead);
    etas_audit_free(&a);
    return st;
}

static etas_status model(etas_queue *queue, etas_error *err)
{
    uint8_t *bytes;
    size_t len;
    const etas_status st = etas_queue_model_get(queue, model_id, &bytes, &len, err);

    must(st == ETAS_OK || (bytes == NULL && len == 0));
    etas_array_free((void **)&bytes);
    return st;
}

static etas_status dead(etas_queue *queue, etas_error *err)
{
    etas_dead *items;
    size_t n;
    const etas_status st = etas_queue_dead(queue, run_id, &items, &n, err);

    for (size_t i = 0; i < n; i++) {
        must(is_range(items[i].range.first, items[i].range.count));
        for (const char *c = items[i].why; *c != '\0'; c++)
            must(*c >= ' ' && *c <= '~');
    }
    etas_array_free((void **)&items);
    return st;
}

static etas_status info(etas_queue *queue, etas_error *err)
{
    etas_pool_info pool;
    const etas_status st = etas_queue_info(queue, &pool, err);

    for (size_t i = 0; i < pool.n_runs; i++)
        must(is_id(pool.runs[i].meta.id) && isfinite(pool.runs[i].rate));
    etas_pool_info_free(&pool);
    return st;
}

static etas_status agents(etas_queue *queue, etas_error *err)
{
    etas_agent_info *items;
    size_t n;
    const etas_status st = etas_queue_agents(queue, &items, &n, err);

    for (size_t i = 0; i < n; i++)
        must(is_id(items[i].agent.id) && items[i].silent_s >= 0 && items[i].age_s >= 0);
    etas_array_free((void **)&items);
    return st;
}

static etas_status versions(etas_queue *queue, etas_error *err)
{
    etas_version_entry *items;
    size_t n;
    const etas_status st = etas_queue_versions(queue, &items, &n, err);

    etas_array_free((void **)&items);
    return st;
}

static etas_status retry(etas_queue *queue, etas_error *err)
{
    uint64_t n;

    return etas_queue_retry(queue, run_id, &n, err);
}

static etas_status stop(etas_queue *queue, etas_error *err)
{
    uint64_t n;

    return etas_queue_stop(queue, true, 0, NULL, &n, err);
}

static etas_status check(etas_queue *queue, etas_error *err)
{
    return etas_queue_check(queue, err);
}

/* The order is that of the corpus: add at the end. */
static etas_status (*const calls[])(etas_queue *queue, etas_error *err) = {
    claim, beat,  commit, fail, hello,  bye,      run_beat, submit, collect, ackout,
    audit, model, dead,   info, agents, versions, retry,    stop,   check};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_redis_options options = etas_redis_options_default();
    etas_error err = {0};
    etas_queue *queue;
    etas_status st;

    if (size == 0 || size > MOST)
        return 0;
    if (liar.listener < 0)
        start();
    (void)pthread_mutex_lock(&liar.lock);
    liar.len = size - 1;
    memcpy(liar.text, data + 1, size - 1);
    (void)pthread_mutex_unlock(&liar.lock);
    options.socket_path = liar.path;
    options.command_timeout_s = 5;
    if (etas_queue_open(&queue, &options, NULL) != ETAS_OK)
        abort();
    st = calls[data[0] % (sizeof calls / sizeof *calls)](queue, &err);
    must(st == ETAS_OK || (err.text[0] != '\0' && st != ETAS_E_TIMEOUT));
    etas_queue_close(queue);
    return 0;
}
