#include "queue/queue_guard.h"

#include <stdbool.h>
#include <string.h>

#include "etas/text.h"

enum { LONGEST_LINE = 1 << 16 };

static const char no_protocol[] = "what the server sends is no Redis protocol";
static const char too_large[] = "the server sends a larger reply than there can be";

/* A whole line: it begins an array or a bulk string, or is an item itself. */
static const char *take_line(queue_guard *self, uint64_t most)
{
    const size_t digits = self->line - 3; /* without the kind, '\r' and '\n' */
    const char kind = self->start[0];
    int64_t n = 0;

    self->line = 0;
    if (kind == '+' || kind == '-') {
        self->due--;
        return NULL;
    }
    if (!etas_parse_i64(self->start + 1, digits, &n))
        return no_protocol;
    if (kind == '$' && n >= 0) {
        self->body = (uint64_t)n + 2;
        self->bytes += self->body;
        return self->bytes <= most ? NULL : too_large;
    }
    self->due--;
    if (kind == '*' && n > 0) {
        self->items += (uint64_t)n;
        self->due += (uint64_t)n;
        return self->items <= QUEUE_REPLY_ITEMS ? NULL : too_large;
    }
    return NULL;
}

static const char *take_byte(queue_guard *self, uint64_t most, char c)
{
    const bool first = self->line == 0, end = c == '\n' && self->last == '\r' && self->line > 1;
    bool text;

    if (self->line < sizeof self->start)
        self->start[self->line] = c;
    self->line++;
    self->bytes++;
    self->last = c;
    text = self->start[0] == '+' || self->start[0] == '-';
    if (first && memchr("+-:$*", c, 5) == NULL)
        return no_protocol;
    if (self->line > (text ? (size_t)LONGEST_LINE : sizeof self->start))
        return text ? too_large : no_protocol;
    if (self->bytes > most)
        return too_large;
    return end ? take_line(self, most) : NULL;
}

const char *queue_guard_pass(queue_guard *self, uint64_t most, size_t len, const char bytes[])
{
    const char *why = NULL;

    for (size_t i = 0; i < len && why == NULL;) {
        if (self->due == 0) {
            self->due = 1;
            self->items = self->bytes = 0;
        }
        if (self->body > 0) {
            const uint64_t n = self->body < len - i ? self->body : len - i;

            i += (size_t)n;
            self->body -= n;
            self->due -= self->body == 0;
        } else {
            why = take_byte(self, most, bytes[i++]);
        }
    }
    return why;
}
