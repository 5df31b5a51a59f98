#include "queue/queue_reply.h"

#include <math.h>
#include <string.h>

#include "etas/text.h"

const redisReply *reply_at(const redisReply *reply, size_t i)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
        return NULL;
    return reply->element[i];
}

static bool is_string(const redisReply *reply)
{
    return reply != NULL &&
           (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) &&
           reply->str != NULL;
}

bool reply_is(const redisReply *reply, const char *word)
{
    const size_t len = strlen(word);

    return is_string(reply) && (size_t)reply->len == len && memcmp(reply->str, word, len) == 0;
}

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool read_u64(size_t len, const char text[], uint64_t max, uint64_t *out)
{
    uint64_t value;

    if (len == 0 || len > 20)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    if (!etas_parse_u64(text, len, &value) || value > max)
        return false;
    *out = value;
    return true;
}

bool reply_u64(const redisReply *reply, uint64_t max, uint64_t *out)
{
    return is_string(reply) && read_u64((size_t)reply->len, reply->str, max, out);
}

bool reply_flag(const redisReply *reply, bool *out)
{
    uint64_t value;

    if (!reply_u64(reply, 1, &value))
        return false;
    *out = value == 1;
    return true;
}

static bool read_double(size_t len, const char text[], double *out)
{
    double value;

    if (!etas_parse_double(text, len, &value) || !isfinite(value) || value < 0)
        return false;
    *out = value;
    return true;
}

bool reply_double(const redisReply *reply, double *out)
{
    return is_string(reply) && read_double((size_t)reply->len, reply->str, out);
}

static bool read_hex(size_t len, const char text[], size_t digits, char out[])
{
    if (len != digits)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_hex_digit(text[i]))
            return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool reply_hex(const redisReply *reply, size_t digits, char out[])
{
    return is_string(reply) && read_hex((size_t)reply->len, reply->str, digits, out);
}

static void copy_text(size_t len, const char text[], size_t capacity, char out[])
{
    const size_t n = len < capacity ? len : capacity - 1;

    for (size_t i = 0; i < n; i++)
        out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    out[n] = '\0';
}

bool reply_text(const redisReply *reply, size_t capacity, char out[])
{
    if (!is_string(reply))
        return false;
    copy_text((size_t)reply->len, reply->str, capacity, out);
    return true;
}

bool reply_info(const redisReply *reply, const char *name, size_t capacity, char out[])
{
    const size_t len = strlen(name);
    const char *at = reply->str, *end;

    if (!is_string(reply))
        return false;
    end = at + reply->len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const size_t n = (size_t)((stop != NULL ? stop : end) - at);

        if (n > len && memcmp(at, name, len) == 0 && at[len] == ':') {
            size_t k = 0;

            for (size_t i = len + 1; i < n && k + 1 < capacity && at[i] > ' ' && at[i] <= '~'; i++)
                out[k++] = at[i];
            out[k] = '\0';
            return true;
        }
        if (stop == NULL)
            break;
        at = stop + 1;
    }
    return false;
}

bool reply_fields_begin(const redisReply *reply, reply_fields *out)
{
    if (!is_string(reply))
        return false;
    *out = (reply_fields){.at = reply->str, .end = reply->str + reply->len, .first = true};
    return true;
}

bool reply_fields_done(const reply_fields *self)
{
    return self->at == self->end;
}

/* The next field, which ends before a space or at the end; its leading space is dropped. */
static bool next_field(reply_fields *self, const char **at, size_t *len)
{
    const char *space;

    if (!self->first) {
        if (self->at == self->end || *self->at != ' ')
            return false;
        self->at++;
    }
    self->first = false;
    space = memchr(self->at, ' ', (size_t)(self->end - self->at));
    *at = self->at;
    *len = (size_t)((space != NULL ? space : self->end) - self->at);
    self->at += *len;
    return *len > 0;
}

bool reply_take_u64(reply_fields *self, uint64_t max, uint64_t *out)
{
    const char *at;
    size_t len;

    return next_field(self, &at, &len) && read_u64(len, at, max, out);
}

bool reply_take_u32(reply_fields *self, uint32_t *out)
{
    uint64_t value;

    if (!reply_take_u64(self, UINT32_MAX, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool reply_take_double(reply_fields *self, double *out)
{
    const char *at;
    size_t len;

    return next_field(self, &at, &len) && read_double(len, at, out);
}

bool reply_take_hex(reply_fields *self, size_t digits, char out[])
{
    const char *at;
    size_t len;

    return next_field(self, &at, &len) && read_hex(len, at, digits, out);
}

bool reply_take_word(reply_fields *self, size_t capacity, char out[])
{
    const char *at;
    size_t len;

    if (!next_field(self, &at, &len))
        return false;
    copy_text(len, at, capacity, out);
    return true;
}

void reply_take_rest(reply_fields *self, size_t capacity, char out[])
{
    if (!self->first && self->at < self->end)
        self->at++;
    copy_text((size_t)(self->end - self->at), self->at, capacity, out);
    self->at = self->end;
}

bool queue_is_hex(const char *text, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        if (!is_hex_digit(text[i]))
            return false;
    return text[digits] == '\0';
}
