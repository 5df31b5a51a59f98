/* The users of docker/users.acl.in: with their rights each role's whole job is done, without any
 * single one of them it is not. */
#include "queue_pool.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AG1  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
#define AG2  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"
#define AG3  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3"
#define RUN1 "00000000000000000000000000000001"
#define RUN2 "00000000000000000000000000000002"
#define RUN3 "00000000000000000000000000000003"
#define RUN4 "00000000000000000000000000000004"
#define SHA  "0000000000000000000000000000000000000000000000000000000000000abc"
#define SUM  "0123456789abcdef"
#define TEN  "4503599627370500" /* tokens go on from here: nothing larger is the time */
#define T1   "4503599627370501"
#define T2   "4503599627370502"
#define T3   "4503599627370503"
#define NONE "0^0^0^0^0^0^0"
#define RUN(id, epoch) \
    "D run " id " " #epoch " a^run 1000 0 77 3 " SHA " 10 30000 3 10 1048576 60000 0.1.0"

/* Who (the administrator, the worker, the driver, the manager), then a function of the library with
 * its arguments or a command in capitals; @ stands for the pool's prefix and ^ for a space. */
static const char *const job[] = {
    "A FLUSHALL",
    /* a manager prepares the server */
    "M INFO",
    "M CLIENT SETNAME etas-default",
    "M FUNCTION LOAD REPLACE library",
    "M revision",
    "M info",
    /* a forecast begins */
    "D INFO",
    "D CLIENT SETNAME etas-default",
    "D revision",
    RUN(RUN1, 1),
    "D model_put " SHA " 0 1 5 model",
    "D submit " RUN1 " 1 1 0 100 200 100",
    "D check " RUN1 " 1 2 100 10 other.host",
    "D ban " RUN1 " 1 bad.host",
    "D BLPOP @wake:" RUN1 " 0.001",
    RUN(RUN1, 1),
    /* a worker works */
    "W INFO",
    "W CLIENT SETNAME etas-default",
    "W revision",
    "W hello " AG1 " node 1 2 0 0.1.0 3 " NONE,
    "W BLPOP @wake @wake:" AG1 " 0.001",
    "W model_get " SHA " 0",
    "A HSET @pool token " TEN,
    "W claim " AG1 " 3 0 1000",
    "W claim " AG1 " 3 0 1000",
    "W beat " AG1 " 1 " NONE " " T2 "^" RUN1 "^0^10^0^0",
    "W commit " AG1 " " T2 "^" RUN1 "^0^10^0^0 5 0 " SUM " frame",
    "W fail " AG1 " " T2 "^" RUN1 "^5^5^0^0 error 5 11 died",
    "W claim " AG1 " 3 0 1000",
    "W fail " AG1 " " T3 "^" RUN1 "^5^5^1^0 hopeless 5 11 died",
    "W fail " AG1 " " T1 "^" RUN1 "^100^10^0^0 drain 100 0 leaves",
    /* everybody looks after the leases of everybody */
    "A ZADD @leases 1 1^" RUN1 "^600^10^0^0^" AG3,
    "A ZADD @leases 1 2^" RUN2 "^600^10^0^0^" AG3,
    "W reap",
    "A HSET @pool reap 99999999999999 swept 0 pruned 0",
    "A HSET @versions " AG3 " 1^0.1.0^3^1",
    "A HSET @marks " AG3 " stop^1",
    "A ZADD @agents 1 " AG3,
    "A ZADD @agents 99999999999999 " AG2,
    "A ZADD @past 1 " RUN3,
    "A HSET @run:" RUN4 " state open beat 1 sha " SHA " full 1 bytes 5",
    "A ZADD @runs 9 " RUN4,
    "A RPUSH @outmeta:" RUN4 " 0^5^" SUM "^5^" AG1,
    "A RPUSH @out:" RUN4 " frame",
    "W reap",
    "A ZADD @leases 1 3^" RUN1 "^600^1^0^9^" AG3, /* the tenth worker that it has lost */
    "W reap",
    "A ZADD @leases 1 4^" RUN1 "^700^10^0^1^" AG3,
    "A HSET @pool swept 0 pruned 0",
    "A HSET @run:" RUN4 " state open beat 1 sha " SHA " full 1 bytes 5",
    "A ZADD @runs 9 " RUN4,
    "A RPUSH @outmeta:" RUN4 " 0^5^" SUM "^5^" AG1,
    "D reap",
    "A HSET @pool reap 99999999999999 swept 0 pruned 0",
    "A HSET @versions " AG3 " 1^0.1.0^3^1",
    "A ZADD @past 1 " RUN3,
    "A ZADD @agents 1 " AG3,
    "D reap",
    "A ZADD @leases 1 5^" RUN1 "^700^1^0^9^" AG3,
    "D reap",
    /* what is missing is shared out */
    "A HSET @summary:" RUN3 " state open",
    "A ZADD @past 99999999999999 " RUN3,
    "W info", /* the health of a container's worker, by etas-redis-manager info */
    "W agents 0 1",
    "W versions",
    "W hello " AG2 " node-2 1 1 0 0.1.0 3 " NONE,
    "A DEL @pending:" RUN1 " @check:" RUN1,
    "A HDEL @pool sought",
    "A ZADD @leases 99999999999999 6^" RUN1 "^800^10^0^0^" AG1,
    "A ZADD @held 0 " AG1 "^6^" RUN1 "^800^10^0^0",
    "W claim " AG2 " 3 0 1000",
    "W beat " AG1 " 1 " NONE " 6^" RUN1 "^800^10^0^0",
    "W bye " AG1,
    "W model_spoiled " AG2 " " SHA
    " 0000000000000000000000000000000000000000000000000000000000000def",
    /* the forecast looks, and ends */
    RUN(RUN1, 1),
    "D collect " RUN1 " 1 8388608",
    "D ackout " RUN1 " 1 5 0 5 " SUM " 0",
    "D agents 0 1",
    "D dead " RUN1 " 0",
    "D audit " RUN1,
    "D mend " RUN1 " 1",
    /* a manager looks and steers */
    "M info",
    "M agents 0 1",
    "M versions",
    "M dead " RUN1 " 0",
    "M audit " RUN1,
    "M control pause",
    "M control resume",
    "M control stop",
    "A ZADD @leases 99999999999999 7^" RUN1 "^800^10^0^0^" AG2,
    "A ZADD @held 0 " AG2 "^7^" RUN1 "^800^10^0^0",
    "A DEL @pending:" RUN1,
    "A RPUSH @pending:" RUN1 " 810^5^0^0",
    "A ZADD @leases 99999999999999 65^" RUN1 "^900^10^0^0^" AG2,
    "M reset",
    "M retry " RUN1,
    "M cancel " RUN1,
    "A ZADD @leases 99999999999999 8^" RUN1 "^800^10^0^0^" AG2,
    "M purge " RUN1,
    RUN(RUN1, 2),
    "A ZADD @leases 99999999999999 9^" RUN1 "^800^10^0^0^" AG2,
    "D finish " RUN1 " 2 1000",
    RUN(RUN2, 1),
    "A HSET @run:" RUN2 " state cancelled",
    "D purge " RUN2,
};

enum { ROLES = 3, MOST_RULES = 128, MOST_WORDS = 40 };
static const char *const roles[ROLES] = {"worker", "driver", "manager"};
static const char letters[ROLES] = {'W', 'D', 'M'};

typedef struct rights {
    redisContext *admin, *as[ROLES];
    char *line[ROLES]; /* of the file, cut into rules */
    const char *rules[ROLES][MOST_RULES];
    size_t n[ROLES];
    char *library;
} rights;

static redisReply *send(redisContext *link, size_t n, const char *argv[])
{
    redisReply *reply = redisCommandArgv(link, (int)n, argv, NULL);

    assert_non_null(reply);
    return reply;
}

/* ---- the users of the file ---- */

/* All rules of the role but the one at @p without. */
static void set_user(rights *self, size_t role, size_t without)
{
    const char *argv[MOST_RULES + 8] = {"ACL", "SETUSER", roles[role], "reset", "on", "nopass"};
    size_t n = 6;
    redisReply *reply;

    for (size_t i = 0; i < self->n[role]; i++)
        if (i != without)
            argv[n++] = self->rules[role][i];
    reply = send(self->admin, n, argv);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", roles[role], reply->str);
    freeReplyObject(reply);
}

static void take_line(rights *self, size_t role, const char *rules)
{
    char *save = NULL;

    self->line[role] = strdup(rules);
    for (char *word = strtok_r(self->line[role], " \n", &save); word != NULL;
         word = strtok_r(NULL, " \n", &save))
        if (strcmp(word, "on") != 0 && word[0] != '#' && self->n[role] < MOST_RULES)
            self->rules[role][self->n[role]++] = word;
}

static void read_users(rights *self)
{
    char path[512], line[8192], head[32];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/../../docker/users.acl.in", getenv("ETAS_TEST_DATA"));
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        for (size_t role = 0; role < ROLES; role++) {
            const int len = snprintf(head, sizeof head, "user %s ", roles[role]);

            if (strncmp(line, head, (size_t)len) == 0)
                take_line(self, role, line + len);
        }
    (void)fclose(file);
    for (size_t role = 0; role < ROLES; role++)
        assert_true(self->n[role] > 20);
}

/* ---- the job ---- */

static redisReply *perform(rights *self, redisContext *link, const char *step)
{
    static const char prefix[] = KEY;
    char text[2048], *save = NULL;
    const char *argv[MOST_WORDS];
    size_t n = 0, at = 0;

    /* @ written out */
    for (const char *c = step; *c != '\0' && at + sizeof prefix < sizeof text; c++)
        at += (size_t)(*c == '@' ? sprintf(text + at, "%s", prefix) : sprintf(text + at, "%c", *c));
    for (char *word = strtok_r(text, " ", &save); word != NULL && n + 4 < MOST_WORDS;
         word = strtok_r(NULL, " ", &save)) {
        for (char *c = word; *c != '\0'; c++)
            *c = (char)(*c == '^' ? ' ' : *c);
        if (n == 0 && islower((unsigned char)*word)) {
            static char name[64];

            (void)snprintf(name, sizeof name, "etas_v1_%s", word);
            argv[n++] = "FCALL";
            argv[n++] = name;
            argv[n++] = "1";
            word = (char *)(uintptr_t)(KEY "pool");
        }
        argv[n++] = strcmp(word, "library") == 0 ? self->library : word;
    }
    return send(link, n, argv);
}

/* The step that was refused to the role that lacks a right; NULL: the whole job was done. */
static const char *do_job(rights *self, size_t reduced)
{
    for (size_t i = 0; i < sizeof job / sizeof job[0]; i++) {
        const char *who = memchr(letters, job[i][0], ROLES);
        redisReply *reply =
            perform(self, who != NULL ? self->as[who - letters] : self->admin, job[i] + 2);
        const bool failed = reply->type == REDIS_REPLY_ERROR;

        if (failed && (who == NULL || (size_t)(who - letters) != reduced))
            fail_msg("%s: %s", job[i], reply->str);
        freeReplyObject(reply);
        if (failed)
            return job[i];
    }
    return NULL;
}

/* The library as the server has it, which a manager may load. */
static char *library_of(pool *p)
{
    redisReply *reply = redisCommand(p->raw, "FUNCTION LIST LIBRARYNAME etas_v1 WITHCODE");
    const redisReply *fields;
    char *code = NULL;

    assert_int_equal(reply->elements, 1);
    fields = reply->element[0];
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, "library_code") == 0)
            code = strdup(fields->element[i + 1]->str);
    freeReplyObject(reply);
    assert_non_null(code);
    return code;
}

/* A new function needs a place in the job. */
static void check_functions(const rights *self)
{
    static const char define[] = "\ndefine('";
    const char *at = self->library;
    unsigned found = 0;

    while ((at = strstr(at, define)) != NULL) {
        const size_t len = strcspn(at += strlen(define), "'");
        bool used = false;

        for (size_t i = 0; i < sizeof job / sizeof job[0]; i++)
            used = used || (strncmp(job[i] + 2, at, len) == 0 &&
                            (job[i][2 + len] == ' ' || job[i][2 + len] == '\0'));
        if (!used)
            fail_msg("nobody calls %.*s in the job", (int)len, at);
        found++;
    }
    assert_true(found > 20);
}

static void every_right_is_needed_and_all_are_enough(void **state)
{
    pool *p = pool_of(state);
    rights self = {.admin = p->raw};
    unsigned idle = 0, tried = 0;

    check_ok(etas_queue_check(p->queue, NULL), NULL);
    self.library = library_of(p);
    check_functions(&self);
    read_users(&self);
    for (size_t role = 0; role < ROLES; role++) {
        set_user(&self, role, SIZE_MAX);
        self.as[role] = redisConnectUnix(p->fx->socket);
        freeReplyObject(redisCommand(self.as[role], "AUTH %s x", roles[role]));
    }
    for (size_t role = 0; role < ROLES; role++) {
        const char *stopped = do_job(&self, role);

        if (stopped != NULL)
            fail_msg("%s lacks a right: %s", roles[role], stopped);
        for (size_t i = 0; i < self.n[role]; i++) {
            if (strchr("+~%", self.rules[role][i][0]) == NULL)
                continue;
            tried++;
            set_user(&self, role, i);
            if (do_job(&self, role) == NULL) {
                print_message("%s does not need %s\n", roles[role], self.rules[role][i]);
                idle++;
            }
        }
        set_user(&self, role, SIZE_MAX);
    }
    for (size_t role = 0; role < ROLES; role++) {
        redisFree(self.as[role]);
        freeReplyObject(redisCommand(p->raw, "ACL DELUSER %s", roles[role]));
        free(self.line[role]);
    }
    free(self.library);
    print_message("%u rights, each taken away in turn\n", tried);
    assert_int_equal(idle, 0);
    assert_true(tried > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        every_right_is_needed_and_all_are_enough, pool_setup, pool_teardown)};

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
