#include "paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "etas/text.h"

/* The path from the root without links, as far as it exists; NULL: out of memory. */
static char *resolve(const char *path)
{
    char *resolved = realpath(path[0] == '/' ? "/" : ".", NULL);

    while (resolved != NULL && *path != '\0') {
        const size_t len = strcspn(path, "/");
        char *const slash = strrchr(resolved, '/');

        if (len == 2 && strncmp(path, "..", 2) == 0) {
            slash[slash == resolved] = '\0'; /* the root is above itself */
        } else if (len > 0 && !(len == 1 && path[0] == '.')) {
            etas_text joined = {0};
            const etas_status st = etas_text_printf(
                &joined, "%s/%.*s", slash[1] == '\0' ? "" : resolved, (int)len, path);

            free(resolved);
            resolved = st == ETAS_OK ? realpath(joined.data, NULL) : NULL;
            if (resolved == NULL && st == ETAS_OK)
                resolved = strdup(joined.data);
            etas_text_free(&joined);
        }
        path += len + (path[len] == '/');
    }
    return resolved;
}

static bool are_one(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Cuts the last name off. */
static const char *folder_of(char *path)
{
    *strrchr(path, '/') = '\0';
    return path[0] != '\0' ? path : "/";
}

bool paths_are_same(const char *a, const char *b)
{
    char *x = resolve(a), *y = resolve(b);
    bool same = x != NULL && y != NULL && (strcmp(x, y) == 0 || are_one(x, y));

    if (!same && x != NULL && y != NULL && strcmp(strrchr(x, '/'), strrchr(y, '/')) == 0)
        same = are_one(folder_of(x), folder_of(y)); /* one folder mounted at two places */
    free(x);
    free(y);
    return same;
}

void paths_find_store(const char *argument, size_t capacity, char out[])
{
    struct stat info;

    (void)etas_format(capacity, out, "%s.store", argument);
    if (stat(out, &info) != 0)
        (void)etas_format(capacity, out, "%s", argument);
}
