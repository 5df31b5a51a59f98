/* fault_proxy SOCKET [SEED]: a bad network between a client and the Redis server on a unix socket.
 *
 * Listens on a port of 127.0.0.1 that it prints first. Lines on stdin steer it:
 *
 *   delay UP DOWN      bytes to the server and back arrive so many ms later, half to half as much
 * again rate BYTES         so many bytes a second in each direction; 0: no limit mute
 * up|down|both|none   bytes of that direction are held: the connection is half open cut rst|fin
 * every connection half client|server its end hears that nothing will come any more, the other way
 * stays refuse 1|0         nobody listens any more | somebody does again request NAME N     the Nth
 * call of etas_v1_NAME from now on does not leave, until "clear" reply NAME N       its answer is
 * held, until "clear" drop NAME N        it is made, its answer is swallowed and the connection cut
 *   late NAME N MS     the client is cut off at once, the server gets the call so much later
 *   clear              all that is over
 *
 * "caught NAME" on stdout says that one of the last five has struck. It ends with its stdin. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fault_commands.h"

enum { MAX_LINKS = 64, READ_BYTES = 65536, QUEUE_BYTES = 1 << 20, LATE_CLIENT = -2 };

typedef enum snare_kind { NO_SNARE, SNARE_REQUEST, SNARE_REPLY, SNARE_DROP, SNARE_LATE } snare_kind;

typedef struct piece {
    struct piece *next;
    double due;
    size_t at, len;
    char bytes[];
} piece;

/* One direction of a connection. */
typedef struct way {
    piece *head, *tail;
    size_t queued;
    double free_at; /* when the rate allows more */
    bool ended;     /* nothing more comes */
    bool shut;      /* and its receiver knows */
    bool held;
} way;

typedef struct link_pair {
    int client, server;
    way up, down;
    fault_commands commands;
    snare_kind snare; /* has struck here */
    bool complete;    /* the call that was caught is here as a whole */
} link_pair;

static struct {
    const char *path;
    uint16_t port;
    int listener;
    double delay_up_s, delay_down_s, rate;
    bool mute_up, mute_down;
    snare_kind snare;
    char name[64];
    long count;
    double late_s;
    uint64_t random;
    link_pair links[MAX_LINKS];
    size_t n_links;
} self;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double jitter(void)
{
    self.random = self.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return 0.5 + (double)(self.random >> 11) * 0x1p-53;
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- connections ---- */

static void drain(way *w)
{
    while (w->head != NULL) {
        piece *const p = w->head;

        w->head = p->next;
        free(p);
    }
    w->tail = NULL;
    w->queued = 0;
}

static void close_rudely(int fd)
{
    const struct linger none = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}

static void link_end(link_pair *l, bool rudely)
{
    if (l->snare == SNARE_DROP || (l->snare == SNARE_REPLY && !l->down.held)) {
        self.snare = l->snare; /* the call was not answered: the next one, then */
        self.count = 1;
    }
    if (l->client >= 0 && rudely)
        close_rudely(l->client);
    else if (l->client >= 0)
        close(l->client);
    close(l->server);
    drain(&l->up);
    drain(&l->down);
    l->client = l->server = -1;
}

static void listen_again(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(self.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    const int yes = 1;

    self.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self.listener < 0 ||
        setsockopt(self.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(self.listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(self.listener, 64) != 0 ||
        getsockname(self.listener, (struct sockaddr *)&at, &len) != 0)
        give_up("fault_proxy: cannot listen");
    self.port = ntohs(at.sin_port);
}

static void accept_one(void)
{
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    const int client = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int server;

    if (client < 0)
        return;
    (void)snprintf(there.sun_path, sizeof there.sun_path, "%s", self.path);
    server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self.n_links == MAX_LINKS || server < 0 ||
        connect(server, (struct sockaddr *)&there, sizeof there) != 0 ||
        fcntl(server, F_SETFL, O_NONBLOCK) != 0) {
        close_rudely(client);
        if (server >= 0)
            close(server);
        return;
    }
    self.links[self.n_links++] = (link_pair){.client = client, .server = server};
}

/* ---- what is said ---- */

static void say_caught(void)
{
    (void)printf("caught %s\n", self.name);
    (void)fflush(stdout);
}

/* Looks at what goes up for the call that is to be caught. */
static void inspect(link_pair *l, size_t len, const char bytes[])
{
    for (size_t i = 0; i < len; i++) {
        const long before = l->commands.arg;
        const bool whole = fault_commands_take(&l->commands, bytes[i]);

        if (before == 1 && l->commands.arg == 2 && self.snare != NO_SNARE &&
            strcmp(l->commands.name, self.name) == 0 && --self.count == 0) {
            l->snare = self.snare;
            self.snare = NO_SNARE;
            l->up.held = l->snare == SNARE_REQUEST || l->snare == SNARE_LATE;
            l->complete = false;
            if (l->snare == SNARE_REQUEST)
                say_caught();
        }
        if (whole && l->snare != NO_SNARE)
            l->complete = true;
    }
}

/* The call is there as a whole: its client hears no more of it. */
static void make_late(link_pair *l, double now)
{
    close_rudely(l->client);
    l->client = LATE_CLIENT;
    l->up.held = false;
    for (piece *p = l->up.head; p != NULL; p = p->next)
        p->due = now + self.late_s;
    say_caught();
}

/* What came from the server; false when the connection is over. */
static bool answer(link_pair *l)
{
    if (l->client == LATE_CLIENT)
        return false;
    if (l->snare == SNARE_DROP) {
        l->snare = NO_SNARE;
        say_caught();
        return false;
    }
    if (l->snare == SNARE_REPLY && !l->down.held) {
        l->down.held = true;
        say_caught();
    }
    return true;
}

/* ---- moving bytes ---- */

static void append(way *w, size_t len, const char bytes[], double due)
{
    piece *const p = malloc(sizeof *p + len);

    if (p == NULL)
        give_up("fault_proxy");
    *p = (piece){.due = due, .len = len};
    memcpy(p->bytes, bytes, len);
    if (w->tail != NULL && w->tail->due > due)
        p->due = w->tail->due; /* in order */
    if (w->tail != NULL)
        w->tail->next = p;
    else
        w->head = p;
    w->tail = p;
    w->queued += len;
}

static bool take(link_pair *l, bool up)
{
    char bytes[READ_BYTES];
    way *const w = up ? &l->up : &l->down;
    const double now = now_s(), delay = up ? self.delay_up_s : self.delay_down_s;
    const ssize_t n = recv(up ? l->client : l->server, bytes, sizeof bytes, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
        w->ended = true;
        return l->client != LATE_CLIENT;
    }
    if (up)
        inspect(l, (size_t)n, bytes);
    else if (!answer(l))
        return false;
    append(w, (size_t)n, bytes, delay > 0 ? now + delay * jitter() : now);
    if (up && l->snare == SNARE_LATE && l->complete && l->client >= 0)
        make_late(l, now);
    return true;
}

static bool is_muted(const way *w, bool up)
{
    return w->held || (up ? self.mute_up : self.mute_down);
}

/* Passes on what is due; false when the receiver is gone. */
static bool pass(link_pair *l, bool up, double now)
{
    way *const w = up ? &l->up : &l->down;
    const int to = up ? l->server : l->client;

    while (w->head != NULL && w->head->due <= now && w->free_at <= now && !is_muted(w, up)) {
        piece *const p = w->head;
        const double most = self.rate > 0 ? self.rate / 20 + 1 : 1e9;
        const size_t want = (double)(p->len - p->at) < most ? p->len - p->at : (size_t)most;
        const ssize_t n = send(to, p->bytes + p->at, want, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (self.rate > 0)
            w->free_at = now + (double)n / self.rate;
        p->at += (size_t)n;
        w->queued -= (size_t)n;
        if (p->at < p->len)
            continue;
        w->head = p->next;
        if (w->head == NULL)
            w->tail = NULL;
        free(p);
    }
    if (w->ended && w->head == NULL && !w->shut && !is_muted(w, up)) {
        w->shut = true;
        (void)shutdown(to, SHUT_WR);
    }
    return true;
}

/* ---- commands ---- */

static void end_all(bool rudely)
{
    for (size_t i = 0; i < self.n_links; i++)
        link_end(&self.links[i], rudely);
    self.n_links = 0;
}

static void half_close(bool client)
{
    for (size_t i = 0; i < self.n_links; i++) {
        link_pair *const l = &self.links[i];

        if (client && l->client >= 0)
            (void)shutdown(l->client, SHUT_WR);
        else if (!client)
            (void)shutdown(l->server, SHUT_WR);
    }
}

static void refuse(bool on)
{
    if (on && self.listener >= 0) {
        close(self.listener);
        self.listener = -1;
    } else if (!on && self.listener < 0) {
        listen_again();
    }
}

static void clear(void)
{
    refuse(false);
    self.delay_up_s = self.delay_down_s = self.rate = 0;
    self.mute_up = self.mute_down = false;
    self.snare = NO_SNARE;
    for (size_t i = 0; i < self.n_links; i++) {
        link_pair *const l = &self.links[i];

        l->up.held = l->down.held = false;
        if (l->client >= 0)
            l->snare = NO_SNARE;
    }
}

static bool set_snare(const char *verb, const char *name, const char *count, const char *ms)
{
    static const char *const verbs[] = {"", "request", "reply", "drop", "late"};

    for (snare_kind kind = SNARE_REQUEST; kind <= SNARE_LATE; kind++) {
        if (strcmp(verb, verbs[kind]) != 0)
            continue;
        self.snare = kind;
        (void)snprintf(self.name, sizeof self.name, "etas_v1_%s", name);
        self.count = strtol(count, NULL, 10);
        self.late_s = 1e-3 * strtod(ms, NULL);
        return true;
    }
    return false;
}

static void obey(char *line)
{
    char word[4][64] = {"", "", "", ""};

    (void)sscanf(line, "%63s %63s %63s %63s", word[0], word[1], word[2], word[3]);
    if (strcmp(word[0], "delay") == 0) {
        self.delay_up_s = 1e-3 * strtod(word[1], NULL);
        self.delay_down_s = 1e-3 * strtod(word[2], NULL);
    } else if (strcmp(word[0], "rate") == 0) {
        self.rate = strtod(word[1], NULL);
    } else if (strcmp(word[0], "mute") == 0) {
        self.mute_up = strcmp(word[1], "up") == 0 || strcmp(word[1], "both") == 0;
        self.mute_down = strcmp(word[1], "down") == 0 || strcmp(word[1], "both") == 0;
    } else if (strcmp(word[0], "cut") == 0) {
        end_all(strcmp(word[1], "rst") == 0);
    } else if (strcmp(word[0], "half") == 0) {
        half_close(strcmp(word[1], "client") == 0);
    } else if (strcmp(word[0], "refuse") == 0) {
        refuse(strcmp(word[1], "1") == 0);
    } else if (strcmp(word[0], "clear") == 0) {
        clear();
    } else if (!set_snare(word[0], word[1], word[2], word[3])) {
        (void)fprintf(stderr, "fault_proxy: unknown command \"%s\"\n", word[0]);
        exit(2);
    }
}

static void listen_to_stdin(void)
{
    static char text[4096];
    static size_t n;
    const ssize_t got = read(STDIN_FILENO, text + n, sizeof text - n - 1);
    char *line = text, *end;

    if (got <= 0)
        exit(0);
    n += (size_t)got;
    text[n] = '\0';
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        obey(line);
        line = end + 1;
    }
    n -= (size_t)(line - text);
    memmove(text, line, n + 1);
}

/* ---- the loop ---- */

static double next_due(double now)
{
    double at = now + 3600;

    for (size_t i = 0; i < self.n_links; i++)
        for (int up = 0; up < 2; up++) {
            const way *const w = up ? &self.links[i].up : &self.links[i].down;
            const double due = w->head == NULL             ? at
                               : w->free_at > w->head->due ? w->free_at
                                                           : w->head->due;

            if (w->head != NULL && !is_muted(w, up) && due > now && due < at)
                at = due;
        }
    return at;
}

static short events_of(const way *in, const way *out, bool out_up, double now)
{
    const bool ready = out->head != NULL && out->head->due <= now && out->free_at <= now;
    const short get = !in->ended && in->queued < QUEUE_BYTES ? POLLIN : 0;

    return (short)(get | (ready && !is_muted(out, out_up) ? POLLOUT : 0));
}

static void turn(void)
{
    struct pollfd p[2 + 2 * MAX_LINKS];
    const size_t n = self.n_links;
    const double now = now_s();
    size_t kept = 0;

    p[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    p[1] = (struct pollfd){.fd = self.listener, .events = POLLIN};
    for (size_t i = 0; i < n; i++) {
        const link_pair *const l = &self.links[i];
        const short client = events_of(&l->up, &l->down, false, now);
        const short server = events_of(&l->down, &l->up, true, now);

        p[2 + 2 * i] = (struct pollfd){.fd = client != 0 ? l->client : -1, .events = client};
        p[3 + 2 * i] = (struct pollfd){.fd = server != 0 ? l->server : -1, .events = server};
    }
    if (poll(p, 2 + 2 * n, (int)(1e3 * (next_due(now) - now)) + 1) < 0 && errno != EINTR)
        give_up("fault_proxy: poll");
    for (size_t i = 0; i < n; i++) {
        link_pair *const l = &self.links[i];
        const short get = POLLIN | POLLHUP | POLLERR;
        bool well = true;

        if ((p[2 + 2 * i].revents & get) != 0 && !l->up.ended)
            well = take(l, true);
        if (well && (p[3 + 2 * i].revents & get) != 0 && !l->down.ended)
            well = take(l, false);
        well = well && pass(l, true, now_s()) && (l->client < 0 || pass(l, false, now_s()));
        if (!well || (l->up.shut && l->down.shut))
            link_end(l, !well);
    }
    for (size_t i = 0; i < n; i++)
        if (self.links[i].server >= 0)
            self.links[kept++] = self.links[i];
    self.n_links = kept;
    if (p[0].revents != 0)
        listen_to_stdin();
    if (self.listener >= 0 && p[1].revents != 0)
        accept_one();
}

int main(int argc, char *argv[])
{
    if (argc < 2)
        return 2;
    self.path = argv[1];
    self.random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    listen_again();
    (void)printf("%u\n", self.port);
    (void)fflush(stdout);
    for (;;)
        turn();
}
