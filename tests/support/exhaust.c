#include "support/exhaust.h"

#include <errno.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

enum { MOST = 20000 };

static long left = -1; /* allocations until the one that fails; negative: none does */
static int paused;

static bool fails(void)
{
    if (left < 0 || paused > 0)
        return false;
    if (left-- > 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(out, align, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return fails() ? NULL : __real_strndup(text, len);
}

void exhaust_pause(void)
{
    paused++;
}

void exhaust_resume(void)
{
    paused--;
}

void exhaust_at(long n)
{
    left = n;
}

bool exhaust_end(void)
{
    const bool failed = left < 0;

    left = -1;
    return failed;
}

void exhaust(exhaust_attempt attempt, void *context, long least)
{
    for (long n = 0; n < MOST; n++) {
        etas_error err = {0};
        etas_status st;

        exhaust_at(n);
        st = attempt(context, &err);
        if (!exhaust_end()) {
            check_ok(st, &err);
            if (n < least)
                fail_msg("only %ld allocations", n);
            return;
        }
        if (st != ETAS_E_NOMEM || err.code != ETAS_E_NOMEM)
            fail_msg("allocation %ld: %s, %s: %s", n, etas_strerror(st), etas_strerror(err.code),
                     err.text);
        err = (etas_error){0};
        check_ok(attempt(context, &err), &err);
    }
    fail_msg("more than %d allocations", MOST);
}
