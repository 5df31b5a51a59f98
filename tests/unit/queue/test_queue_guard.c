/* What a server may send: whole replies of bounded size, however they are cut into pieces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/queue_guard.h"
#include "support/check.h"

enum { MOST = 1000 };

/* All at once and byte by byte: the same verdict. */
static const char *pass(size_t len, const char text[], queue_guard *out)
{
    queue_guard slow = {0};
    const char *at_once, *why = NULL;

    *out = (queue_guard){0};
    at_once = queue_guard_pass(out, MOST, len, text);
    for (size_t i = 0; i < len && why == NULL; i++)
        why = queue_guard_pass(&slow, MOST, 1, text + i);
    assert_ptr_equal(at_once, why);
    if (why == NULL)
        assert_int_equal(slow.due, out->due);
    return why;
}

static void whole_replies_pass_and_leave_nothing_due(void **state)
{
    static const char *const good[] = {
        "+OK\r\n",
        "+\r\n",
        "-ERR a\rb\nc\r\n",
        ":-5\r\n",
        "$5\r\nhello\r\n",
        "$0\r\n\r\n",
        "$-1\r\n",
        "$4\r\n\r\n\r\n\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*2\r\n$2\r\nOK\r\n:7\r\n",
        "*3\r\n*2\r\n:1\r\n*0\r\n$1\r\nx\r\n*1\r\n$-1\r\n",
        "+OK\r\n+OK\r\n*1\r\n:1\r\n",
    };
    queue_guard guard;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const size_t len = strlen(good[i]);

        assert_null(pass(len, good[i], &guard));
        assert_int_equal(guard.due, 0);
        for (size_t cut = 1; i < 12 && cut < len; cut++) {
            assert_null(pass(cut, good[i], &guard));
            assert_true(guard.due > 0);
        }
    }
}

static void what_is_too_large_is_refused_when_it_is_announced(void **state)
{
    static const char *const large[] = {
        "$999\r\n",        "$2147483647\r\n",          "$9223372036854775807\r\n", "*262145\r\n",
        "*2147483647\r\n", "*9223372036854775807\r\n", "*200000\r\n*200000\r\n",   "*2\r\n$900\r\n",
    };
    char filler[MOST + 100];
    queue_guard guard;

    (void)state;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        const char *why = pass(strlen(large[i]), large[i], &guard);

        if (i == 7) { /* fits; one more does not */
            assert_null(why);
            memset(filler, 'x', sizeof filler);
            assert_null(queue_guard_pass(&guard, MOST, 902, filler));
            why = queue_guard_pass(&guard, MOST, 6, "$100\r\n");
        }
        assert_non_null(why);
        assert_non_null(strstr(why, "larger"));
    }
    memset(filler, '+', sizeof filler);
    assert_non_null(pass(sizeof filler, filler, &guard)); /* a line without end */
}

static void every_reply_has_the_whole_measure(void **state)
{
    char reply[512];
    queue_guard guard = {0};
    const int head = snprintf(reply, sizeof reply, "$400\r\n");

    (void)state;
    memset(reply + head, 'y', 402);
    for (int i = 0; i < 100; i++)
        assert_null(queue_guard_pass(&guard, MOST, (size_t)head + 402, reply));
    for (int i = 0; i < 10; i++) { /* the items of one reply are no burden for the next */
        assert_null(queue_guard_pass(&guard, 2000000, 9, "*200000\r\n"));
        for (int k = 0; k < 200000; k++)
            assert_null(queue_guard_pass(&guard, 2000000, 4, ":1\r\n"));
    }
}

static void what_is_no_protocol_is_refused(void **state)
{
    static const char *const bad[] = {"HTTP/1.1 200 OK\r\n",
                                      "\r\n",
                                      "%1\r\n",
                                      ">1\r\n",
                                      "*\r\n",
                                      "$x\r\n",
                                      "*1x\r\n",
                                      ":99999999999999999999999999\r\n",
                                      "*1\r\nx"};
    queue_guard guard;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = pass(strlen(bad[i]), bad[i], &guard);

        assert_non_null(why);
        assert_non_null(strstr(why, "no Redis protocol"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_replies_pass_and_leave_nothing_due),
        cmocka_unit_test(what_is_too_large_is_refused_when_it_is_announced),
        cmocka_unit_test(every_reply_has_the_whole_measure),
        cmocka_unit_test(what_is_no_protocol_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
