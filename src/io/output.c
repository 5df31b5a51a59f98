#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/io.h"
#include "etas/text.h"

enum { MOST_NAMES = 16 };

static etas_status fail(const char *path, const char *what, int code, etas_error *err)
{
    etas_fail(err, ETAS_E_IO, "%s: %s", what, strerror(code));
    etas_error_in_file(err, path);
    return ETAS_E_IO;
}

static etas_status fail_memory(const char *path, etas_error *err)
{
    return etas_fail(err, ETAS_E_NOMEM, "out of memory to write %s", path);
}

/* The folders of @p path, which is changed and restored on the way. */
static etas_status make_folders(char *path, etas_error *err)
{
    struct stat info;

    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        etas_status st = ETAS_OK;

        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            st = fail(path, "the folder cannot be made", errno, err);
        else if (stat(path, &info) != 0)
            st = fail(path, "the folder cannot be read", errno, err);
        else if (!S_ISDIR(info.st_mode))
            st = fail(path, "the folder cannot be made", ENOTDIR, err);
        *slash = '/';
        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

/* A new file beside the target, hidden, whose name nobody else makes. */
static etas_status open_temporary(etas_output *self, etas_error *err)
{
    const char *slash = strrchr(self->path, '/');
    const char *base = slash != NULL ? slash + 1 : self->path;
    const size_t capacity = strlen(self->path) + 64;
    int fd = -1;

    self->temporary = malloc(capacity);
    if (self->temporary == NULL)
        return fail_memory(self->path, err);
    for (int i = 0; i < MOST_NAMES && fd < 0; i++) {
        uint64_t random = (uint64_t)i;

        (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
        etas_format(capacity, self->temporary, "%.*s.%.100s.%ld.%016llx.tmp",
                    (int)(base - self->path), self->path, base, (long)getpid(),
                    (unsigned long long)random);
        fd = open(self->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd >= 0)
        self->stream = fdopen(fd, "w");
    if (self->stream != NULL)
        return ETAS_OK;
    fail(self->path, "cannot be written", errno, err);
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(self->temporary);
    }
    free(self->temporary);
    self->temporary = NULL;
    return ETAS_E_IO;
}

/* Devices and pipes cannot be replaced by a rename: they are written to as they are. */
static etas_status open_device(etas_output *self, etas_error *err)
{
    const int fd = open(self->path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        self->stream = fdopen(fd, "w");
    if (self->stream != NULL)
        return ETAS_OK;
    fail(self->path, "cannot be written", errno, err);
    if (fd >= 0)
        (void)close(fd);
    return ETAS_E_IO;
}

etas_status etas_output_open(etas_output *self, const char *path, etas_error *err)
{
    const size_t len = strlen(path);
    struct stat info;
    etas_status st;

    *self = (etas_output){0};
    if (strcmp(path, ETAS_STANDARD_OUTPUT) == 0) {
        self->stream = stdout;
        return ETAS_OK;
    }
    if (len == 0 || path[len - 1] == '/')
        return fail(path, "cannot be written", EISDIR, err);
    /* through a symbolic link the file it names is replaced, not the link */
    self->path = realpath(path, NULL);
    if (self->path == NULL)
        self->path = strdup(path);
    if (self->path == NULL)
        return fail_memory(path, err);
    st = make_folders(self->path, err);
    if (st == ETAS_OK && stat(self->path, &info) == 0 && !S_ISREG(info.st_mode))
        st = S_ISDIR(info.st_mode) ? fail(path, "cannot be written", EISDIR, err)
                                   : open_device(self, err);
    else if (st == ETAS_OK)
        st = open_temporary(self, err);
    if (st != ETAS_OK)
        etas_output_discard(self);
    return st;
}

/* The rename itself must survive a power failure too. */
static etas_status sync_folder(const char *path, etas_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    etas_status st = ETAS_OK;
    int fd;

    if (folder == NULL)
        return fail_memory(path, err);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        st = fail(path, "its folder cannot be opened", errno, err);
    else if (fsync(fd) != 0 && errno != EINVAL) /* EINVAL: a file system without it */
        st = fail(path, "its folder cannot be synced", errno, err);
    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return st;
}

/* Why a write failed that nobody looked at: what stops the next bytes stopped the last ones. The
 * file is thrown away, but what a device has taken stays: there only what waits is tried again. */
static int reason_again(const etas_output *self)
{
    enum { ENOUGH = 1 << 16 }; /* more than the last block of a full disk holds */

    clearerr(self->stream);
    errno = 0;
    for (int i = 0; self->temporary != NULL && i < ENOUGH && errno == 0; i++)
        (void)fputc('\n', self->stream);
    if (errno == 0)
        (void)fflush(self->stream);
    return errno != 0 ? errno : EIO;
}

etas_status etas_output_sync(etas_output *self, etas_error *err)
{
    if (self->stream == NULL)
        return etas_fail(err, ETAS_E_ARG, "no output is open");
    if (self->stream == stdout)
        return ETAS_OK;
    if (ferror(self->stream))
        return fail(self->path, "cannot be written", reason_again(self), err);
    if (fflush(self->stream) != 0)
        return fail(self->path, "cannot be written", errno, err);
    if (self->temporary != NULL && fsync(fileno(self->stream)) != 0)
        return fail(self->path, "cannot be synced", errno, err);
    return ETAS_OK;
}

etas_status etas_output_commit(etas_output *self, etas_error *err)
{
    const bool device = self->temporary == NULL;
    etas_status st = etas_output_sync(self, err);

    if (self->stream == NULL || self->stream == stdout)
        return st;
    if (fclose(self->stream) != 0 && st == ETAS_OK)
        st = fail(self->path, "cannot be closed", errno, err);
    self->stream = NULL;
    if (st == ETAS_OK && !device) {
        if (rename(self->temporary, self->path) != 0) {
            st = fail(self->path, "cannot be renamed to", errno, err);
        } else {
            free(self->temporary);
            self->temporary = NULL;
            st = sync_folder(self->path, err);
        }
    }
    etas_output_discard(self);
    return st;
}

void etas_output_discard(etas_output *self)
{
    if (self->stream != NULL && self->stream != stdout)
        (void)fclose(self->stream);
    if (self->temporary != NULL)
        (void)unlink(self->temporary);
    free(self->temporary);
    free(self->path);
    *self = (etas_output){0};
}
