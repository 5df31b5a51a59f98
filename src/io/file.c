#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/array.h"

static etas_status fail_errno(const char *path, int code, etas_error *err)
{
    etas_fail(err, ETAS_E_IO, "cannot be read: %s", strerror(code));
    etas_error_in_file(err, path);
    return ETAS_E_IO;
}

/* Reads to the end; the buffer already fits what fstat promised, so a regular file needs two reads
 * and no growth. */
static etas_status read_all(int fd, const char *path, etas_text *out, etas_error *err)
{
    for (;;) {
        ssize_t got;

        if (etas_array_reserve((void **)&out->data, &out->capacity, out->len + 2, 1) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "%s is too large for the memory", path);
        got = read(fd, out->data + out->len, out->capacity - out->len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(path, errno, err);
        if (got == 0)
            break;
        out->len += (size_t)got;
    }
    out->data[out->len] = '\0';
    return ETAS_OK;
}

etas_status etas_file_read(const char *path, etas_text *out, etas_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    etas_status st = ETAS_OK;
    struct stat info;

    if (fd < 0)
        return fail_errno(path, errno, err);
    if (fstat(fd, &info) != 0)
        st = fail_errno(path, errno, err);
    else if (S_ISREG(info.st_mode) && info.st_size > 0 &&
             etas_array_reserve((void **)&out->data, &out->capacity, (size_t)info.st_size + 2, 1) !=
                 ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "%s is too large for the memory", path);
    if (st == ETAS_OK)
        st = read_all(fd, path, out, err);
    (void)close(fd);
    if (st != ETAS_OK)
        etas_text_free(out);
    return st;
}

etas_status etas_path_beside(const char *name, const char *owner, char **out)
{
    const char *slash = strrchr(owner, '/');
    const size_t dir = slash != NULL ? (size_t)(slash - owner) + 1 : 0;
    char *path = malloc(dir + strlen(name) + 1);

    if (path == NULL)
        return ETAS_E_NOMEM;
    memcpy(path, owner, dir);
    memcpy(path + dir, name, strlen(name) + 1);
    *out = path;
    return ETAS_OK;
}

etas_status etas_path_resolve(const char *path, const char *owner, char **out)
{
    char *beside = NULL;

    if (path[0] != '/' && access(path, F_OK) != 0) {
        if (etas_path_beside(path, owner, &beside) != ETAS_OK)
            return ETAS_E_NOMEM;
        if (access(beside, F_OK) == 0) {
            *out = beside;
            return ETAS_OK;
        }
        free(beside);
    }
    *out = strdup(path);
    return *out != NULL ? ETAS_OK : ETAS_E_NOMEM;
}
