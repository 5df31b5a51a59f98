/* etas-redis-manager: looks at a pool and steers it. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <microhttpd.h>
#include <openssl/crypto.h>

#include "describe.h"
#include "manager.h"
#include "version.h"

enum { OWN_OPTIONS = 8, PAGE_PORT = 9464 };

static const command_usage usage = {
    .name = "etas-redis-manager",
    .synopsis = "COMMAND [AGENT...|RUN] [OPTIONS]",
    .about =
        "Commands:\n"
        "  info              who works, and how far the runs are\n"
        "  workers           a table of the workers; --hosts: of their hosts\n"
        "  runs              a table of the runs\n"
        "  stop [AGENT...]   the agents registered now (or those named, by id or the start of\n"
        "                    it) finish their current chunks and leave; --now: give them back\n"
        "  pause, resume     nobody claims work while the pool is paused\n"
        "  cancel RUN        end a run (by id or the start of it); its driver keeps what is\n"
        "                    stored and leaves\n"
        "  dead RUN          the catalogues that failed too often to be tried again, and why\n"
        "  retry RUN         try the dead catalogues of a run again\n"
        "  purge RUN         delete everything that the server has of a run\n"
        "  reset-workers     forget every agent and queue again what they held; safe at any time\n"
        "  init              load the function library into the server\n"
        "  doctor            is the server fit for a pool, and is the pool well? Exit code 1 when\n"
        "                    something has to be done\n"
        "  serve             the pool as a web page (http://127.0.0.1:9464/), and /metrics for\n"
        "                    Prometheus, until SIGINT or SIGTERM",
    .max_arguments = MANAGER_ARGUMENTS};

typedef struct command {
    const char *name;
    int (*run)(manager *self);
    const char *arguments; /* NULL: none; "AGENT..." may be left out, "RUN" may not */
    const char *options;   /* those of its own */
} command;

static const command commands[] = {{"info", manager_info, NULL, "json check watch"},
                                   {"stop", manager_stop, "AGENT...", "now"},
                                   {"reset-workers", manager_reset_workers, NULL, ""},
                                   {"init", manager_init_server, NULL, ""},
                                   {"pause", manager_pause, NULL, ""},
                                   {"resume", manager_resume, NULL, ""},
                                   {"cancel", manager_cancel, "RUN", ""},
                                   {"retry", manager_retry, "RUN", ""},
                                   {"purge", manager_purge, "RUN", ""},
                                   {"workers", manager_workers, NULL, "json hosts watch"},
                                   {"runs", manager_runs, NULL, "json watch"},
                                   {"dead", manager_dead, "RUN", "json"},
                                   {"serve", manager_serve, NULL, "bind redis-port"},
                                   {"doctor", manager_doctor, NULL, "json"}};

static options_outcome check_arguments(const manager *self, const command *c)
{
    if (c->arguments == NULL && self->n > 0)
        return options_complain(&usage, "%s takes no argument (\"%s\")", c->name,
                                self->arguments[0]);
    if (c->arguments == NULL || strcmp(c->arguments, "RUN") != 0)
        return OPTIONS_RUN;
    if (self->n == 0)
        return options_complain(&usage, "%s: which run?", c->name);
    if (self->n > 1)
        return options_complain(&usage, "%s takes one run (\"%s\")", c->name, self->arguments[1]);
    return OPTIONS_RUN;
}

static options_outcome check_options(const manager *self, const command *c)
{
    const struct {
        const char *name;
        bool given;
    } own[] = {{"json", self->json},
               {"check", self->check},
               {"now", self->now},
               {"hosts", self->hosts},
               {"watch", self->watch_s > 0},
               {"bind", self->bind != NULL},
               {"redis-port", self->redis_port != OPTION_UNSET}};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i].given && strstr(c->options, own[i].name) == NULL)
            return options_complain(&usage, "%s has no --%s", c->name, own[i].name);
    if (self->check && self->watch_s > 0)
        return options_complain(&usage, "--check and --watch exclude each other");
    return OPTIONS_RUN;
}

static options_outcome find_command(const manager *self, const char *name, const command **out)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const command *c = &commands[i];
        options_outcome outcome;

        if (strcmp(c->name, name) != 0)
            continue;
        outcome = check_arguments(self, c);
        *out = c;
        return outcome == OPTIONS_RUN ? check_options(self, c) : outcome;
    }
    return options_complain(&usage, "unknown command \"%s\"", name);
}

/* serve has two ports: --port is the page's, --redis-port the server's. */
static options_outcome take_page_options(manager *self)
{
    const uint64_t port = self->redis.port == OPTION_UNSET ? PAGE_PORT : self->redis.port;
    unsigned char address[sizeof(struct in6_addr)];

    if (port > UINT16_MAX)
        return options_complain(&usage, "--port is not within 0 .. %d", UINT16_MAX);
    if (self->redis_port != OPTION_UNSET && self->redis_port > UINT16_MAX)
        return options_complain(&usage, "--redis-port is not within 1 .. %d", UINT16_MAX);
    if (self->bind == NULL || strcmp(self->bind, "localhost") == 0)
        self->bind = "127.0.0.1";
    if (inet_pton(AF_INET, self->bind, address) != 1 &&
        inet_pton(AF_INET6, self->bind, address) != 1)
        return options_complain(&usage, "--bind: \"%s\" is no IPv4 or IPv6 address", self->bind);
    self->listen_port = (uint16_t)port;
    self->redis.port = self->redis_port;
    return OPTIONS_RUN;
}

static void print_version(void)
{
    const version_library libraries[] = {{"libmicrohttpd", MHD_get_version()},
                                         {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}};

    version_print(usage.name, sizeof libraries / sizeof *libraries, libraries);
}

/* Parses everything; what is left to do is *run, or nothing. */
static options_outcome start(manager *self, int argc, char *argv[], const command **run)
{
    const option_spec own[OWN_OPTIONS] = {
        {"json", 0, OPTION_FLAG, &self->json, NULL, "info, workers, runs, dead, doctor: as JSON"},
        {"check", 0, OPTION_FLAG, &self->check, NULL,
         "info: exit 1 when a run's catalogues do not add up"},
        {"now", 0, OPTION_FLAG, &self->now, NULL, "stop: give back the current chunks"},
        {"watch", 0, OPTION_EVERY, &self->watch_s, "[SECONDS]",
         "info, workers, runs: look again every so many seconds (2), until ^C"},
        {"hosts", 0, OPTION_FLAG, &self->hosts, NULL, "workers: summed by host"},
        {"bind", 0, OPTION_TEXT, &self->bind, "ADDRESS",
         "serve: listen here and not on 127.0.0.1; the page has no password"},
        {"redis-port", 0, OPTION_COUNT, &self->redis_port, "PORT",
         "serve: the server's port, for --port is the page's\n(default 9464; 0: any)"},
        {"version", 0, OPTION_FLAG, &self->version, NULL, "print the version and exit"}};
    option_spec redis[REDIS_OPTIONS], talking[TALK_OPTIONS];
    const option_table tables[] = {
        {OWN_OPTIONS, own}, {REDIS_OPTIONS, redis}, {TALK_OPTIONS - 1, talking + 1}, {0, NULL}};
    const char *arguments[MANAGER_ARGUMENTS];
    options_outcome outcome;

    self->redis_port = OPTION_UNSET;
    talk_init(&self->out, usage.name);
    talk_options(&self->out, talking);
    redis_options_init(&self->redis);
    redis_options_table(&self->redis, redis);
    if (argc == 2 && strcmp(argv[1], DESCRIBE_COMPLETE) == 0)
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
            describe_command(commands[i].name, "", false);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &self->n);
    if (outcome == OPTIONS_RUN && self->version) {
        print_version();
        return OPTIONS_DONE;
    }
    if (outcome == OPTIONS_RUN && self->n > 0 && strcmp(arguments[0], "serve") == 0)
        outcome = take_page_options(self);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->out, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = redis_options_start(&self->redis, &usage, argc, argv, &self->out.log);
    if (outcome != OPTIONS_RUN)
        return outcome;
    if (self->n == 0) {
        (void)options_complain(&usage, "which command?");
        return OPTIONS_USAGE;
    }
    self->n--;
    memcpy(self->arguments, arguments + 1, self->n * sizeof arguments[0]);
    return find_command(self, arguments[0], run);
}

static int manage(int argc, char *argv[])
{
    static manager self;
    const command *run = NULL;
    etas_error err = {0};
    etas_status st;
    const options_outcome outcome = start(&self, argc, argv, &run);
    int code;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    self.redis.queue.command_timeout_s = MANAGER_PATIENCE_S;
    st = etas_queue_open(&self.queue, &self.redis.queue, &err);
    if (st == ETAS_E_ARG) {
        (void)options_complain(&usage, "%s", err.text);
        return EXIT_USAGE;
    }
    code = st == ETAS_OK ? run->run(&self) : talk_fail(&self.out, st, &err);
    etas_queue_close(self.queue);
    return code;
}

int main(int argc, char *argv[])
{
    (void)signal(SIGPIPE, SIG_IGN);
    talk_open_standard();
    return talk_close_stdout(usage.name, manage(argc, argv));
}
