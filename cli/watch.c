#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t enough;
static int wake[2] = {-1, -1};

/* The second one ends a wait for a server that does not answer. */
static void on_signal(int number)
{
    const int saved = errno;

    (void)number;
    if (enough)
        _exit(0);
    enough = 1;
    (void)!write(wake[1], "", 1);
    errno = saved;
}

static etas_status catch_signals(etas_error *err)
{
    const struct sigaction act = {.sa_handler = on_signal};
    struct sigaction hangup;

    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return etas_fail(err, ETAS_E_IO, "no pipe to be woken by");
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_DFL) /* as --log-file */
        (void)sigaction(SIGHUP, &act, NULL);
    return ETAS_OK;
}

/* One look; the screen is cleared in the same write as it is drawn, so that nothing flickers. */
static void look(talk *out, bool terminal, watch_show show, void *context, bool *over)
{
    etas_error err = {0};
    etas_status st;

    if (terminal)
        (void)fputs("\033[H\033[2J", stdout);
    st = show(context, over, &err);
    if (st != ETAS_OK)
        (void)fflush(stdout);
    if (st != ETAS_OK && !enough)
        (void)talk_fail(out, st, &err);
    (void)fflush(stdout);
}

int watch_run(talk *out, double every_s, bool dense, watch_show show, void *context)
{
    static char screen[1 << 16];
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    bool over = false;
    etas_error err = {0};
    const etas_status st = catch_signals(&err);

    if (st != ETAS_OK)
        return talk_fail(out, st, &err);
    if (terminal)
        (void)setvbuf(stdout, screen, _IOFBF, sizeof screen);
    for (bool first = true; !enough && !over && !ferror(stdout); first = false) {
        const double until = talk_seconds() + every_s;
        struct pollfd watched[2] = {{.fd = wake[0], .events = POLLIN},
                                    {.fd = terminal ? -1 : STDOUT_FILENO}};
        double left;

        if (!first && !terminal && !dense)
            (void)fputc('\n', stdout);
        look(out, terminal, show, context, &over);
        while (!enough && !over && (left = until - talk_seconds()) > 0) {
            if (poll(watched, 2, (int)(left * 1e3) + 1) > 0 && watched[1].revents != 0)
                return 0; /* the reader has gone */
        }
    }
    return 0;
}

etas_status watch_print_json(double every_s, json_t *root, etas_error *err)
{
    char *const text = root != NULL
                           ? json_dumps(root, JSON_REAL_PRECISION(10) |
                                                  (every_s > 0 ? JSON_COMPACT : JSON_INDENT(2)))
                           : NULL;

    json_decref(root);
    if (text == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for JSON, or text that is no UTF-8");
    (void)puts(text);
    free(text);
    return ETAS_OK;
}
