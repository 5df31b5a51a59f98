#include "work/work.h"

#include <string.h>

static const etas_work_kind *const KINDS[] = {&etas_work_simulate, &etas_work_mixture,
                                              &etas_work_counts,   &etas_work_refit,
                                              &etas_work_expect,   NULL};

const etas_work_kind *etas_work_kind_of(size_t len, const uint8_t blob[])
{
    for (const etas_work_kind *const *kind = KINDS; *kind != NULL; kind++)
        if (len >= ETAS_WORK_MAGIC && memcmp(blob, (*kind)->magic, ETAS_WORK_MAGIC) == 0)
            return *kind;
    return NULL;
}

etas_status etas_work_open(etas_work *out, size_t len, const uint8_t blob[], const char *kernels,
                           etas_error *err)
{
    const etas_work_kind *const kind = etas_work_kind_of(len, blob);
    etas_status st;

    if (kind == NULL)
        return etas_fail(err, ETAS_E_CORRUPT, "this is not a model blob");
    st = kind->open(&out->self, len, blob, kernels, err);
    if (st == ETAS_OK)
        out->kind = kind;
    return st;
}

void etas_work_watch(const etas_work *self, etas_work_alive alive, void *context)
{
    if (self->kind->watch != NULL)
        self->kind->watch(self->self, alive, context);
}

bool etas_work_inherit(const etas_work *self, const etas_work *from)
{
    return self->kind == from->kind && self->kind != NULL && self->kind->inherit != NULL &&
           self->kind->inherit(self->self, from->self);
}

void etas_work_close(etas_work *self)
{
    if (self->kind != NULL)
        self->kind->close(self->self);
    *self = (etas_work){0};
}
