/* A slot that says anything, and a parent that does: neither end believes the other. The hostile
 * slot is this program again; the seed of its task chooses what it says. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/slot_message.h"
#include "unit/runner/slots_fixture.h"

enum { LIARS = 4, ORDERS = 60, MOST_TEXT = 4096, TASK_FIRST = 1000, TASK_END = 1003 };

static uint64_t roll(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % below;
}

/* ---- the hostile slot ---- */

static void say(uint32_t kind, uint32_t len, uint64_t a, uint64_t b)
{
    const etas_slot_message m = {.kind = kind, .len = len, .a = a, .b = b};

    (void)!write(ETAS_SLOT_FD, &m, sizeof m);
}

static uint64_t some_index(uint64_t *state, const etas_slot_order *order)
{
    static const uint64_t odd[] = {0, 1, UINT64_MAX, UINT64_C(1) << 48, UINT64_C(1) << 63};

    switch (roll(state, 3)) {
    case 0:
        return odd[roll(state, sizeof odd / sizeof *odd)];
    case 1:
        return order->first + roll(state, order->count + 2);
    default:
        return order->first;
    }
}

/* Messages that are nearly right, then the end of them, or of the process, or silence. */
static void lie(uint64_t *state, const etas_slot_order *order)
{
    static const uint32_t kinds[] = {ETAS_SLOT_SAYS_READY,
                                     ETAS_SLOT_SAYS_CRAMPED,
                                     ETAS_SLOT_SAYS_FORBIDDEN,
                                     ETAS_SLOT_SAYS_BATCH,
                                     ETAS_SLOT_SAYS_BATCH,
                                     ETAS_SLOT_SAYS_FRAME,
                                     ETAS_SLOT_SAYS_FRAME,
                                     ETAS_SLOT_SAYS_DONE,
                                     ETAS_SLOT_SAYS_ERROR,
                                     ETAS_SLOT_SAYS_TASK,
                                     0,
                                     UINT32_MAX};
    static const uint32_t lens[] = {
        0, 1, 100, MOST_TEXT, ETAS_SLOT_BODY_MAX, ETAS_SLOT_BODY_MAX + 1, UINT32_MAX};
    char text[MOST_TEXT];

    for (uint64_t n = 1 + roll(state, 12); n > 0; n--) {
        const uint32_t len = lens[roll(state, roll(state, 2) == 0 ? 4 : 7)];
        const uint32_t kind = kinds[roll(state, sizeof kinds / sizeof *kinds)];

        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)roll(state, 256);
        say(kind, len, some_index(state, order), roll(state, 4));
        (void)!write(ETAS_SLOT_FD, text, len < sizeof text ? len : sizeof text);
    }
    if (roll(state, 4) == 0) /* half a header */
        (void)!write(ETAS_SLOT_FD, text, roll(state, sizeof(etas_slot_message)));
}

static int serve_lies(void)
{
    etas_slot_message m;
    etas_slot_order order;

    say(ETAS_SLOT_SAYS_READY, 0, 0, 0);
    while (recv(ETAS_SLOT_FD, &m, sizeof m, MSG_WAITALL) == (ssize_t)sizeof m) {
        uint64_t state;

        if (m.kind != ETAS_SLOT_SAYS_TASK)
            continue;
        if (recv(ETAS_SLOT_FD, &order, sizeof order, MSG_WAITALL) != (ssize_t)sizeof order)
            break;
        state = order.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
        lie(&state, &order);
        if (roll(&state, 2) == 0)
            break;
    }
    return 0;
}

static void check_event(const etas_slot_event *e, uint64_t *at)
{
    if (e->kind == ETAS_SLOT_FRAME) { /* whose bytes are nobody's word, but these are sure */
        assert_int_equal(e->first, *at);
        assert_in_range(e->count, 1, TASK_END - *at);
        *at += e->count;
    } else {
        assert_int_equal(e->reached, *at);
        assert_true(strlen(e->message) < sizeof e->message);
    }
}

/* Early deaths are tried again for seconds, so many slots lie at the same time. */
static void a_slot_that_lies_costs_its_task_and_nothing_else(void **state)
{
    const etas_slots_config cfg = {.n = LIARS, .stall_s = 0.2};
    const char *given = getenv("ETAS_TEST_SEED");
    const uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 1;
    const double deadline = now_s() + 60;
    uint64_t at[LIARS];
    etas_slots *slots;
    etas_error err = {0};
    uint32_t busy = LIARS;

    (void)state;
    check_ok(etas_slots_open(&slots, &cfg, &err), &err);
    check_ok(etas_slots_model_add(slots, small.hex, small.len, small.blob, &err), &err);
    for (uint32_t i = 0; i < LIARS; i++) {
        at[i] = TASK_FIRST;
        assign(slots, i, seed + i, (etas_range){TASK_FIRST, TASK_END - TASK_FIRST});
    }
    while (busy > 0 && now_s() < deadline) {
        const etas_slot_event e = next_event(slots, 1);

        if (e.kind != ETAS_SLOT_NONE && e.reached != UINT64_MAX)
            check_event(&e, &at[e.slot]);
        busy = 0;
        for (uint32_t i = 0; i < LIARS; i++)
            busy += etas_slots_busy(slots, i);
    }
    assert_int_equal(busy, 0);
    etas_slots_close(slots);
}

/* ---- the hostile parent ---- */

static void spoil_order(uint64_t *state, etas_slot_order *order)
{
    switch (roll(state, 7)) {
    case 0:
        memset(order, 0xff, sizeof *order);
        break;
    case 1:
        memset(order->model, 'x', sizeof order->model);
        memset(order->kernels, 'y', sizeof order->kernels);
        memset(order->host, 'z', sizeof order->host);
        break;
    case 2:
        order->model_len = UINT64_MAX >> roll(state, 40);
        break;
    case 3:
        order->first = UINT64_MAX - roll(state, 3);
        break;
    case 4:
        order->count = UINT64_MAX - roll(state, 3);
        break;
    case 5:
        order->frame_s = -(double)roll(state, 3) / 0.0;
        break;
    default:
        for (size_t i = 0; i < sizeof *order; i++)
            if (roll(state, 8) == 0)
                ((uint8_t *)order)[i] = (uint8_t)roll(state, 256);
    }
}

static void order_anything(uint64_t *state, int fd)
{
    etas_slot_order order = {.number = 1, .first = 0, .count = 5, .model_len = 100, .frame_s = 1};
    etas_slot_message m = {.kind = ETAS_SLOT_SAYS_TASK, .len = sizeof order};
    uint8_t bytes[300];

    memset(order.model, 'a', sizeof order.model - 1);
    for (uint64_t n = 1 + roll(state, 4); n > 0; n--) {
        spoil_order(state, &order);
        if (roll(state, 6) == 0)
            m.len = (uint32_t)roll(state, UINT32_MAX);
        if (roll(state, 6) == 0)
            m.kind = (uint32_t)roll(state, 40);
        (void)!send(fd, &m, sizeof m, MSG_NOSIGNAL);
        (void)!send(fd, &order, sizeof order, MSG_NOSIGNAL);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)roll(state, 256);
    (void)!send(fd, bytes, roll(state, sizeof bytes), MSG_NOSIGNAL);
}

static void a_slot_takes_no_order_that_is_none(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ORDERS; seed++) {
        uint64_t dice = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
        int pair[2], status;
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        pid = fork();
        if (pid == 0) {
            if (dup2(pair[1], ETAS_SLOT_FD) != ETAS_SLOT_FD)
                _exit(99);
            for (int fd = ETAS_SLOT_FD + 1; fd < 64; fd++)
                (void)close(fd);
            _exit(etas_slot_serve(0));
        }
        assert_true(pid > 0);
        (void)close(pair[1]);
        order_anything(&dice, pair[0]);
        (void)shutdown(pair[0], SHUT_WR);
        while (recv(pair[0], &(char[4096]){0}, 4096, 0) > 0)
            continue;
        (void)close(pair[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
            fail_msg("seed %llu: the slot ended with status %x", (unsigned long long)seed, status);
    }
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_that_lies_costs_its_task_and_nothing_else),
        cmocka_unit_test(a_slot_takes_no_order_that_is_none),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc > 0 && strcmp(argv[0], "etas-slot") == 0)
        return serve_lies();
    return cmocka_run_group_tests(tests, make_model, free_model);
}
