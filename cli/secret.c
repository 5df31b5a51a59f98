#include "secret.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

char *secret_room(void)
{
    char *room =
        mmap(NULL, SECRET_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room == MAP_FAILED)
        return NULL;
    /* Each is one more fence; a system that lacks one (or a limit of 0 for locked memory) is no
     * reason not to work. */
    (void)mlock(room, SECRET_BYTES);
    (void)madvise(room, SECRET_BYTES, MADV_DONTDUMP);
    (void)madvise(room, SECRET_BYTES, MADV_WIPEONFORK);
    return room;
}

void secret_seal(void)
{
#ifndef __SANITIZE_ADDRESS__ /* whose search for leaks looks into the process */
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

void secret_wipe_argument(int argc, char *argv[], const char *text)
{
    for (int i = 1; i < argc && text != NULL; i++) {
        const size_t len = strlen(argv[i]), part = strlen(text);

        if (part <= len && argv[i] + (len - part) == text)
            memset(argv[i] + (len - part), '*', part);
    }
}

void secret_wipe_variable(const char *name)
{
    char *const value = getenv(name);

    if (value == NULL)
        return;
    explicit_bzero(value, strlen(value)); /* where the kernel put it, and /proc shows it */
    (void)unsetenv(name);
}
