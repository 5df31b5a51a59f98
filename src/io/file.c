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

/* One read that may be interrupted. */
static etas_status read_some(int fd, const char *path, size_t capacity, char out[], size_t *got,
                             etas_error *err)
{
    ssize_t n;

    do
        n = read(fd, out, capacity);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail_errno(path, errno, err);
    *got = (size_t)n;
    return ETAS_OK;
}

/* Reads until the end or until @p most bytes are there. */
static etas_status read_until(int fd, const char *path, size_t most, etas_text *out,
                              etas_error *err)
{
    size_t got = 1;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && got > 0 && out->len < most) {
        size_t room;

        if (etas_array_reserve((void **)&out->data, &out->capacity, out->len + 2, 1) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "%s is too large for the memory", path);
        room = out->capacity - out->len - 1;
        st = read_some(fd, path, room < most - out->len ? room : most - out->len,
                       out->data + out->len, &got, err);
        if (st == ETAS_OK)
            out->len += got;
    }
    if (st == ETAS_OK && out->data != NULL)
        out->data[out->len] = '\0';
    return st;
}

/* Room for all of a regular file, which then needs two reads and no growth. */
static etas_status reserve_size(int fd, const char *path, etas_text *out, etas_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return fail_errno(path, errno, err);
    if (S_ISREG(info.st_mode) && info.st_size > 0 &&
        etas_array_reserve((void **)&out->data, &out->capacity, (size_t)info.st_size + 2, 1) !=
            ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "%s is too large for the memory", path);
    return ETAS_OK;
}

etas_status etas_file_read(const char *path, etas_text *out, etas_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    etas_status st;

    if (fd < 0)
        return fail_errno(path, errno, err);
    st = reserve_size(fd, path, out, err);
    if (st == ETAS_OK)
        st = read_until(fd, path, SIZE_MAX, out, err);
    (void)close(fd);
    if (st != ETAS_OK)
        etas_text_free(out);
    return st;
}

enum { HEAD = 1 << 16 };

etas_status etas_input_open(etas_input *self, const char *path, etas_error *err)
{
    etas_status st;

    *self = (etas_input){.name = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (self->fd < 0)
        return fail_errno(path, errno, err);
    st = read_until(self->fd, path, HEAD, &self->owned, err);
    self->bytes = self->owned.data;
    self->len = self->owned.len;
    if (st != ETAS_OK)
        etas_input_close(self);
    return st;
}

etas_input etas_input_of(const char *name, size_t len, const char bytes[])
{
    return (etas_input){.name = name, .bytes = bytes, .len = len, .fd = -1};
}

etas_status etas_input_read(etas_input *self, size_t capacity, char out[], size_t *got,
                            etas_error *err)
{
    const size_t left = self->len - self->taken;

    *got = left < capacity ? left : capacity;
    if (*got == 0 && self->fd >= 0)
        return read_some(self->fd, self->name, capacity, out, got, err);
    if (*got > 0)
        memcpy(out, self->bytes + self->taken, *got);
    self->taken += *got;
    return ETAS_OK;
}

etas_status etas_input_all(etas_input *self, etas_error *err)
{
    etas_status st;

    if (self->fd < 0)
        return ETAS_OK;
    st = reserve_size(self->fd, self->name, &self->owned, err);
    if (st == ETAS_OK)
        st = read_until(self->fd, self->name, SIZE_MAX, &self->owned, err);
    self->bytes = self->owned.data;
    self->len = self->owned.len;
    return st;
}

void etas_input_close(etas_input *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
    etas_text_free(&self->owned);
    self->bytes = NULL;
    self->len = self->taken = 0;
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
