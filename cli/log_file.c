#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t rotated;

static void on_hangup(int number)
{
    (void)number;
    rotated = 1;
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

bool log_file_open(log_file *self, const char *path)
{
    const struct sigaction hangup = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
    const int fd = open_file(path);

    if (fd < 0)
        return false;
    *self = (log_file){.path = path, .fd = fd};
    return sigaction(SIGHUP, &hangup, NULL) == 0;
}

/* Goes on with the file that it has when there is no other. */
static void open_anew(log_file *self)
{
    const int fd = open_file(self->path);

    rotated = 0;
    if (fd < 0)
        return;
    (void)close(self->fd);
    self->fd = fd;
    self->torn = false;
}

bool log_file_write(log_file *self, size_t len, const char line[])
{
    const bool was_lost = self->reason != 0;
    ssize_t n;

    if (rotated)
        open_anew(self);
    if (self->torn && write(self->fd, "\n", 1) == 1)
        self->torn = false;
    do
        n = write(self->fd, line, len);
    while (n < 0 && errno == EINTR);
    self->reason = n == (ssize_t)len ? 0 : n < 0 ? errno : ENOSPC;
    if (n > 0)
        self->torn = n != (ssize_t)len;
    return self->reason == 0 || was_lost;
}
