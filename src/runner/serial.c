/* The serial backend: this process makes one catalogue after the other. */
#include <stdlib.h>
#include <string.h>

#include "runner/clock.h"
#include "runner/maker.h"
#include "runner/runner_backend.h"
#include "runner/sink.h"

typedef struct serial {
    const etas_job *job;
    etas_work work;
    etas_maker maker;
    bool working;          /* maker is inside the range that it was started with */
    uint64_t failing;      /* the catalogue that failed last, */
    uint32_t attempts;     /* and how often */
    etas_status delivered; /* what the sink said */
} serial;

static void serial_close(void *handle)
{
    serial *const self = handle;

    etas_maker_free(&self->maker);
    etas_work_close(&self->work);
    free(self);
}

static etas_status serial_open(void **out, const etas_job *job, etas_error *err)
{
    serial *const self = calloc(1, sizeof *self);
    etas_status st;

    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the run");
    self->job = job;
    st = etas_work_open(&self->work, job->run->blob_len, job->run->blob, job->cfg->kernels, err);
    if (st != ETAS_OK)
        serial_close(self);
    else
        *out = self;
    return st;
}

static etas_status deliver(void *context, uint64_t first, uint32_t count, size_t len,
                           const uint8_t bytes[], etas_error *err)
{
    serial *const self = context;
    char why[200];
    bool valid;

    (void)count;
    self->delivered = etas_sink_frame(self->job->sink, len, bytes, &valid, why, err);
    if (self->delivered == ETAS_OK && !valid)
        self->delivered = etas_fail(err, ETAS_E_CORRUPT, "the frame of %s %llu: %s",
                                    self->job->sink->kind->one, (unsigned long long)first, why);
    return self->delivered;
}

static void start_range(serial *self, etas_range range)
{
    etas_maker_task task = {.seed = self->job->run->seed,
                            .first = range.first,
                            .count = range.count,
                            .frame_s = 1.0,
                            .compress = true};

    memcpy(task.run, self->job->run->id, sizeof task.run);
    etas_maker_start(&self->maker, &self->work, &task);
    self->working = true;
}

/* The catalogue at which the maker stopped is tried again, and given up in the end. */
static etas_status after_failure(serial *self, const etas_error *why, etas_error *err)
{
    const uint64_t index = self->maker.next;
    char text[200];

    self->attempts = self->attempts > 0 && self->failing == index ? self->attempts + 1 : 1;
    self->failing = index;
    self->working = false;
    if (self->attempts < ETAS_MAX_ATTEMPTS)
        return ETAS_OK;
    self->attempts = 0;
    etas_error_format(why, sizeof text, text);
    etas_log_write(self->job->cfg->log, ETAS_LOG_WARN, "%s %llu cannot be made: %s",
                   self->job->thing, (unsigned long long)index, text);
    return etas_sink_dead(self->job->sink, (etas_range){index, 1}, text, err);
}

static etas_status serial_step(void *handle, double timeout_s, etas_error *err)
{
    serial *const self = handle;
    const double deadline = etas_clock_s() + timeout_s;
    const volatile sig_atomic_t *const stop = self->job->cfg->interrupted;
    etas_status st = ETAS_OK;

    do {
        etas_error why = {0};

        if (!self->working && self->job->todo->n > 0)
            start_range(self, self->job->todo->items[0]);
        st = etas_maker_step(&self->maker, deliver, self, &why);
        if (self->delivered != ETAS_OK) {
            if (err != NULL && err->code == ETAS_OK)
                *err = why;
            return self->delivered;
        }
        if (st != ETAS_OK)
            st = after_failure(self, &why, err);
        else if (self->maker.next == self->maker.end)
            self->working = false;
    } while (st == ETAS_OK && self->job->todo->n > 0 && (stop == NULL || *stop == 0) &&
             etas_clock_s() < deadline);
    return st;
}

/* What is made but not in a frame yet. */
static etas_status serial_hand_over(void *handle, etas_error *err)
{
    serial *const self = handle;

    return self->working ? etas_maker_flush(&self->maker, deliver, self, err) : ETAS_OK;
}

static uint64_t serial_workers(const void *handle)
{
    (void)handle;
    return 1;
}

const etas_runner_backend etas_backend_serial = {.name = "serial",
                                                 .open = serial_open,
                                                 .step = serial_step,
                                                 .hand_over = serial_hand_over,
                                                 .workers = serial_workers,
                                                 .close = serial_close};
