/* From generations to catalogues in order of time. */
#include "simulation/sim_state.h"

#include <string.h>

#include "etas/array.h"

/*
 * Events are sorted by keys of 64 bits: the time in milliseconds (below 2^44: no window is longer
 * than 292 years) above the row in sim_found, so that equal times stay in the order of rows, which
 * is that of generation and event. More than 2^20 rows, which only one catalogue alone may have,
 * need the bits of the time's lowest digit: that digit is sorted by before there are keys.
 */
enum { ROW_BITS = 20, FEW = 24, MANY = 2048 };

/* By insertion; false, and not done, if that takes more than @p most moves. */
static bool sort_few(size_t n, size_t most, uint64_t keys[])
{
    size_t moves = 0;

    for (size_t i = 1; i < n && moves <= most; i++) {
        const uint64_t key = keys[i];
        size_t at = i;

        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
        moves += i - at;
    }
    return moves <= most;
}

/* Numbers of each digit into places of the first of each; false if there is but one digit. */
static bool places_of(size_t n, size_t digits, uint32_t count[])
{
    uint32_t sum = 0;

    for (size_t digit = 0; digit < digits; digit++) {
        const uint32_t in_digit = count[digit];

        if (in_digit == n)
            return false;
        count[digit] = sum;
        sum += in_digit;
    }
    return true;
}

enum { FEW_BITS = 8, MANY_BITS = 11, MOST_DIGITS = 6 };

/* By @p n_digits digits from the bit @p shift on, least digit first; what is equal stays in order.
 */
static inline void sort_digits(unsigned digit_bits, unsigned n_digits, unsigned shift, size_t n,
                               uint64_t keys[], uint64_t spare[])
{
    const size_t digits = (size_t)1 << digit_bits;
    uint32_t place[MOST_DIGITS][1 << MANY_BITS];
    uint64_t *from = keys, *to = spare;

    for (unsigned d = 0; d < n_digits; d++)
        memset(place[d], 0, digits * sizeof *place[d]);
    for (size_t i = 0; i < n; i++)
        for (unsigned d = 0; d < n_digits; d++)
            place[d][(keys[i] >> shift >> d * digit_bits) % digits]++;
    for (unsigned d = 0; d < n_digits; d++) {
        const unsigned at = shift + d * digit_bits;
        uint64_t *swap = from;

        if (!places_of(n, digits, place[d]))
            continue;
        for (size_t i = 0; i < n; i++) {
            const uint64_t key = from[i];

            to[place[d][(key >> at) % digits]++] = key;
        }
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

/*
 * The first two digits of the times, then what is left among neighbours: a few steps per event
 * unless most of them happen at once; then all digits.
 */
static inline void sort_many(unsigned digit_bits, unsigned time_bits, size_t n, uint64_t keys[],
                             uint64_t spare[])
{
    const unsigned top = 2 * digit_bits < time_bits ? time_bits - 2 * digit_bits : 0;

    sort_digits(digit_bits, 2, ROW_BITS + top, n, keys, spare);
    if (top > 0 && !sort_few(n, 8 * n, keys))
        sort_digits(digit_bits, (time_bits + digit_bits - 1) / digit_bits, ROW_BITS, n, keys,
                    spare);
}

/* Keys of each catalogue together, in the order of generations; @p count rows of each. */
static void gather_keys(const etas_simulator *self, const uint32_t count[])
{
    const sim_found *found = &self->found;
    uint32_t sum = 0;

    if (self->count == 1) {
        for (size_t i = 0; i < found->n; i++)
            self->keys[i] = found->time_ms[i] << ROW_BITS | i;
        return;
    }
    for (size_t k = 0; k < self->count; k++) {
        self->tally[k].next = sum;
        sum += count[k];
    }
    for (size_t i = 0; i < found->n; i++)
        self->keys[self->tally[found->catalog[i]].next++] = found->time_ms[i] << ROW_BITS | i;
}

static void count_rows(const etas_simulator *self, uint32_t count[])
{
    const sim_found *found = &self->found;

    memset(count, 0, self->count * sizeof *count);
    if (self->count == 1)
        count[0] = (uint32_t)found->n;
    else
        for (size_t i = 0; i < found->n; i++)
            count[found->catalog[i]]++;
}

/* More than 2^ROW_BITS rows of one catalogue. Returns the bits of a row in the keys. */
static unsigned sort_huge(const etas_simulator *self)
{
    enum { LOW_BITS = 11, LOW = 1 << LOW_BITS };
    const unsigned row_bits = ROW_BITS + LOW_BITS;
    const sim_found *found = &self->found;
    uint32_t place[LOW] = {0};

    for (size_t i = 0; i < found->n; i++)
        place[found->time_ms[i] % LOW]++;
    (void)places_of(SIZE_MAX, LOW, place);
    for (size_t i = 0; i < found->n; i++)
        self->keys[place[found->time_ms[i] % LOW]++] =
            found->time_ms[i] >> LOW_BITS << row_bits | i;
    sort_digits(MANY_BITS, 3, row_bits, found->n, self->keys, self->spare);
    return row_bits;
}

/* Of all catalogues of the batch. */
static unsigned sort_catalogs(const etas_simulator *self, const uint32_t count[])
{
    const uint64_t last = (uint64_t)self->constants.end_ms | 1;
    const unsigned time_bits = 64 - (unsigned)__builtin_clzll(last);
    uint64_t *keys = self->keys;

    if (self->found.n > (size_t)1 << ROW_BITS)
        return sort_huge(self);
    gather_keys(self, count);
    for (size_t k = 0; k < self->count; k++) {
        const size_t n = count[k];

        if (n <= FEW)
            (void)sort_few(n, SIZE_MAX, keys);
        else if (n <= MANY)
            sort_many(FEW_BITS, time_bits, n, keys, self->spare);
        else
            sort_many(MANY_BITS, time_bits, n, keys, self->spare);
        keys += n;
    }
    return ROW_BITS;
}

/* Rows of parents become places among the catalogue's events. */
static etas_status deliver_parents(etas_simulator *self, unsigned row_bits, const uint32_t count[],
                                   int32_t parent[])
{
    const sim_found *found = &self->found;
    const uint64_t mask = (UINT64_C(1) << row_bits) - 1;
    size_t i = 0;

    if (etas_array_reserve((void **)&self->place, &self->place_capacity, found->n,
                           sizeof *self->place) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t k = 0; k < self->count; k++)
        for (uint32_t at = 0; at < count[k]; at++)
            self->place[self->keys[i++] & mask] = (int32_t)at;
    for (i = 0; i < found->n; i++) {
        const int64_t of = found->parent[self->keys[i] & mask];

        parent[i] = of >= 0 ? self->place[of] : (int32_t)of;
    }
    return ETAS_OK;
}

static void deliver_rows(const etas_simulator *self, unsigned row_bits, etas_events *out)
{
    const uint64_t mask = (UINT64_C(1) << row_bits) - 1;
    const uint64_t *keys = self->keys, *time_ms = self->found.time_ms;
    const sim_row *rows = self->found.row;
    const size_t first = out->n, n = self->found.n;
    uint64_t *out_ms = out->time_ms + first;
    int32_t *lat = out->lat + first, *lon = out->lon + first, *mag = out->mag + first;
    uint16_t *generation = out->generation + first;
    uint8_t *flags = out->flags + first;

    if (row_bits == ROW_BITS)
        for (size_t i = 0; i < n; i++)
            out_ms[i] = keys[i] >> ROW_BITS;
    else
        for (size_t i = 0; i < n; i++)
            out_ms[i] = time_ms[keys[i] & mask];
    for (size_t i = 0; i < n; i++) {
        const sim_row row = rows[keys[i] & mask];

        lat[i] = row.lat;
        lon[i] = row.lon;
        mag[i] = row.mag;
        generation[i] = row.generation;
        flags[i] = row.flags;
    }
}

etas_status sim_deliver(etas_simulator *self, etas_events *out, etas_error *err)
{
    const size_t n = self->found.n;
    uint32_t *count;
    unsigned row_bits;

    if (n > (size_t)1 << ROW_BITS && self->count > 1)
        return ETAS_E_LIMIT; /* the caller makes each alone */
    if (etas_array_reserve((void **)&self->keys, &self->keys_capacity, n, sizeof *self->keys) !=
            ETAS_OK ||
        etas_array_reserve((void **)&self->spare, &self->spare_capacity, n, sizeof *self->spare) !=
            ETAS_OK ||
        etas_events_reserve(out, out->n_catalogs + self->count, out->n + n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu events", out->n + n);
    count = out->count + out->n_catalogs;
    count_rows(self, count);
    row_bits = sort_catalogs(self, count);
    deliver_rows(self, row_bits, out);
    if (out->with_parents &&
        deliver_parents(self, row_bits, count, out->parent + out->n) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for the parents of %zu events", n);
    out->n_catalogs += self->count;
    out->n += n;
    return ETAS_OK;
}
