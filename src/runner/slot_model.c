#include "runner/slot_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "etas/text.h"

void etas_slot_models_init(etas_slot_models *self)
{
    *self = (etas_slot_models){0};
    for (size_t i = 0; i < ETAS_SLOT_MODELS; i++)
        self->items[i].fd = -1;
}

void etas_slot_models_free(etas_slot_models *self)
{
    for (size_t i = 0; i < ETAS_SLOT_MODELS; i++)
        if (self->items[i].fd >= 0)
            close(self->items[i].fd);
    etas_slot_models_init(self);
}

static bool write_all(int fd, size_t len, const uint8_t bytes[])
{
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

const etas_slot_model *etas_slot_models_find(const etas_slot_models *self, const char *key)
{
    for (size_t i = 0; i < ETAS_SLOT_MODELS; i++)
        if (self->items[i].fd >= 0 && strcmp(self->items[i].key, key) == 0)
            return &self->items[i];
    return NULL;
}

const etas_slot_model *etas_slot_models_use(etas_slot_models *self, const char *key)
{
    const etas_slot_model *const m = etas_slot_models_find(self, key);

    if (m != NULL)
        self->items[m - self->items].used = ++self->n_uses;
    return m;
}

etas_status etas_slot_models_add(etas_slot_models *self, const char *key, size_t len,
                                 const uint8_t bytes[], etas_error *err)
{
    etas_slot_model *m = &self->items[0];
    int fd;

    if (etas_slot_models_use(self, key) != NULL)
        return ETAS_OK;
    if (len == 0 || strlen(key) != sizeof m->key - 1)
        return etas_fail(err, ETAS_E_ARG, "not a model: %zu bytes, key \"%s\"", len, key);
    fd = memfd_create("etas-model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || !write_all(fd, len, bytes) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        const int reason = errno;

        if (fd >= 0)
            close(fd);
        return etas_fail(err, ETAS_E_IO, "cannot share the model in memory: %s", strerror(reason));
    }
    for (size_t i = 1; i < ETAS_SLOT_MODELS; i++)
        if (self->items[i].used < m->used)
            m = &self->items[i];
    if (m->fd >= 0)
        close(m->fd); /* slots that use it have it decoded */
    *m = (etas_slot_model){
        .fd = fd, .len = len, .kind = etas_work_kind_of(len, bytes), .used = ++self->n_uses};
    etas_format(sizeof m->key, m->key, "%s", key);
    return ETAS_OK;
}
