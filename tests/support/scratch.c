#include "support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"

static char directory[512];

void scratch_open(void)
{
    const char *const base = getenv("TMPDIR");

    (void)snprintf(directory, sizeof directory, "%s/etas-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        exit(1);
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

void scratch_close(void)
{
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
    static char paths[8][768];
    static unsigned turn;
    char *const out = paths[turn++ % 8];

    (void)snprintf(out, sizeof paths[0], "%s/%s", directory, name);
    return out;
}

uint8_t *scratch_read(const char *path, size_t *len)
{
    FILE *const f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0, got;

    *len = 0;
    if (f == NULL)
        return NULL;
    do {
        uint8_t *const more = realloc(bytes, n + 65536);

        if (more == NULL)
            break;
        bytes = more;
        got = fread(bytes + n, 1, 65536, f);
        n += got;
    } while (got > 0);
    (void)fclose(f);
    *len = n;
    return bytes;
}

void scratch_write(const char *path, size_t len, const void *bytes)
{
    FILE *const f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}
