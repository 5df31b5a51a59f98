/** @file queue_reply.h  Reading replies that may be anything. */
#ifndef ETAS_QUEUE_REPLY_H
#define ETAS_QUEUE_REPLY_H

#include <hiredis/hiredis.h>

#include "etas/queue.h"

#define QUEUE_MAX_EXACT (UINT64_C(1) << 53) /**< numbers that passed through Lua are below it */

/** Element @p i of an array; NULL when there is none. */
const redisReply *reply_at(const redisReply *reply, size_t i);
bool reply_is(const redisReply *reply, const char *word);
/** A string of one decimal number, digits only, at most @p max. */
bool reply_u64(const redisReply *reply, uint64_t max, uint64_t *out);
/** "0" or "1". */
bool reply_flag(const redisReply *reply, bool *out);
/** A non-negative finite decimal number. */
bool reply_double(const redisReply *reply, double *out);
/** Exactly @p digits lower-case hexadecimal digits; @p out holds one more. */
bool reply_hex(const redisReply *reply, size_t digits, char out[]);
/** Any string, cut to fit, unprintable bytes as '?'. */
bool reply_text(const redisReply *reply, size_t capacity, char out[]);

/** The value of a line "name:value" of INFO, up to its first space, cut to fit; false when there is
 * none. */
bool reply_info(const redisReply *reply, const char *name, size_t capacity, char out[]);

/** Fields of one string, parted by single spaces. */
typedef struct reply_fields {
    const char *at, *end;
    bool first;
} reply_fields;
bool reply_fields_begin(const redisReply *reply, reply_fields *out);
bool reply_fields_done(const reply_fields *self);
bool reply_take_u64(reply_fields *self, uint64_t max, uint64_t *out);
bool reply_take_u32(reply_fields *self, uint32_t *out);
bool reply_take_double(reply_fields *self, double *out);
bool reply_take_hex(reply_fields *self, size_t digits, char out[]);
bool reply_take_word(reply_fields *self, size_t capacity, char out[]);
/** The rest as text; may be empty. */
void reply_take_rest(reply_fields *self, size_t capacity, char out[]);

/** What queue_arg_statistics and queue_arg_tally wrote; an empty tally is one of nothing. */
bool reply_take_statistics(reply_fields *self, etas_agent *out);
bool reply_tally(const redisReply *reply, etas_run_tally *out);

/** Lower-case hexadecimal of that length and nothing behind it? */
bool queue_is_hex(const char *text, size_t digits);

#endif
