/* What agents tell of themselves and drivers of their tasks: one argument each, kept as it is. */
#include <math.h>

#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

static unsigned long long exact(uint64_t value)
{
    return value < QUEUE_MAX_EXACT ? value : QUEUE_MAX_EXACT - 1;
}

static double seconds(double value)
{
    return value > 0 ? fmin(value, 1e15) : 0.0; /* and no NaN */
}

bool queue_older_than(const etas_queue *self, uint64_t revision)
{
    return self->revision > 0 && self->revision < revision;
}

void queue_arg_statistics(etas_queue *self, const etas_agent *a)
{
    if (queue_older_than(self, 2))
        queue_arg_u64(self, a->simulated);
    else
        queue_arg_format(self, "%llu %llu %llu %llu %.3f %.3f %llu", exact(a->simulated),
                         exact(a->tasks), exact(a->sent_bytes), exact(a->received_bytes),
                         seconds(a->busy_s), seconds(a->cpu_s), exact(a->memory_bytes));
}

void queue_arg_tally(etas_queue *self, const etas_run_tally *t)
{
    char text[3][128] = {""}, host[64];

    for (size_t i = 0; i < 3 && t->slowest[i].wall_s > 0; i++)
        (void)etas_format(sizeof text[i], text[i], " %.6f %llu %u %s",
                          seconds(t->slowest[i].wall_s), exact(t->slowest[i].first),
                          t->slowest[i].count, queue_word(t->slowest[i].host, sizeof host, host));
    queue_arg_format(self, "%llu %llu %.6f %.6f%s%s%s", exact(t->tasks), exact(t->received_bytes),
                     seconds(t->wall_s), seconds(t->cpu_s), text[0], text[1], text[2]);
}

bool reply_take_statistics(reply_fields *self, etas_agent *out)
{
    const reply_fields before = *self;

    if (reply_take_u64(self, QUEUE_MAX_EXACT, &out->simulated) &&
        reply_take_u64(self, QUEUE_MAX_EXACT, &out->tasks) &&
        reply_take_u64(self, QUEUE_MAX_EXACT, &out->sent_bytes) &&
        reply_take_u64(self, QUEUE_MAX_EXACT, &out->received_bytes) &&
        reply_take_double(self, &out->busy_s) && reply_take_double(self, &out->cpu_s) &&
        reply_take_u64(self, QUEUE_MAX_EXACT, &out->memory_bytes))
        return true;
    *self = before; /* as the first edition wrote it */
    out->tasks = 0;
    return reply_take_u64(self, QUEUE_MAX_EXACT, &out->simulated);
}

bool reply_tally(const redisReply *reply, etas_run_tally *out)
{
    reply_fields f;

    *out = (etas_run_tally){0};
    if (!reply_fields_begin(reply, &f))
        return false;
    if (reply_fields_done(&f))
        return true;
    if (!reply_take_u64(&f, QUEUE_MAX_EXACT, &out->tasks) ||
        !reply_take_u64(&f, QUEUE_MAX_EXACT, &out->received_bytes) ||
        !reply_take_double(&f, &out->wall_s) || !reply_take_double(&f, &out->cpu_s))
        return false;
    for (size_t i = 0; i < 3 && !reply_fields_done(&f); i++) {
        etas_slow_task *const slow = &out->slowest[i];

        if (!reply_take_double(&f, &slow->wall_s) ||
            !reply_take_u64(&f, ETAS_MAX_CATALOGS, &slow->first) ||
            !reply_take_u32(&f, &slow->count) ||
            !reply_take_word(&f, sizeof slow->host, slow->host) ||
            (i > 0 && slow->wall_s > out->slowest[i - 1].wall_s))
            return false;
    }
    return reply_fields_done(&f);
}
