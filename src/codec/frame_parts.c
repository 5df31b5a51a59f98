#include "codec/frame_parts.h"

#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "codec/bytes.h"
#include "codec/planes.h"
#include "etas/array.h"
#include "etas/range.h"
#include "math/dispatch.h"

/* docs/formats-internal.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FLAGS = 6,
    AT_RUN = 8,
    AT_FIRST = 24,
    AT_COUNT = 32,
    AT_PID = 36,
    AT_ITEMS = 40,
    AT_RAW = 48,
    AT_STORED = 56,
    AT_CHECKSUM = 64,
    AT_START = 72,
    AT_WALL = 80,
    AT_CPU = 88,
    AT_MEMORY = 96,
    AT_HOST = 104,
    AT_HEADER_CHECK = 168,
    AT_BODY = 176
};
enum { FLAG_COMPRESSED = 1, FLAG_RECORDS = 2, FLAG_PARENTS = 4, ALL_FLAGS = 7, LEVEL = -1 };
_Static_assert(AT_BODY == ETAS_FRAME_HEADER_BYTES, "the public constant");
static const uint8_t MAGIC[4] = {'E', 'T', 'F', 'R'};

const etas_plane_kernels *etas_plane_kernels_best(void)
{
    static const etas_plane_kernels *const tables[] = ETAS_ISA_TABLES(etas_plane_kernels_);

    return tables[etas_isa_best()];
}

/* ---- encode ---- */

size_t etas_frame_room(size_t raw)
{
    return AT_BODY + ZSTD_compressBound(raw) + raw;
}

static void put_host(uint8_t out[64], const char host[64])
{
    memset(out, 0, 64);
    for (size_t i = 0; i < 63 && host[i] != '\0'; i++)
        out[i] = (uint8_t)(host[i] > ' ' && host[i] <= '~' ? host[i] : '?');
}

static uint16_t flags_of(const etas_frame_header *header)
{
    return (uint16_t)((header->compressed ? FLAG_COMPRESSED : 0) |
                      (header->kind == ETAS_FRAME_RECORDS ? FLAG_RECORDS : 0) |
                      (header->with_parents ? FLAG_PARENTS : 0));
}

static void put_header(const etas_frame_header *header, uint8_t out[AT_BODY])
{
    memcpy(out + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(out + AT_VERSION, ETAS_FRAME_VERSION);
    put_u16(out + AT_FLAGS, flags_of(header));
    memcpy(out + AT_RUN, header->run, sizeof header->run);
    put_u64(out + AT_FIRST, header->first);
    put_u32(out + AT_COUNT, header->count);
    put_u32(out + AT_PID, header->task.pid);
    put_u64(out + AT_ITEMS,
            header->kind == ETAS_FRAME_RECORDS
                ? header->raw_bytes - (uint64_t)ETAS_FRAME_INDEX_BYTES * header->count
                : header->n_events);
    put_u64(out + AT_RAW, header->raw_bytes);
    put_u64(out + AT_STORED, header->stored_bytes);
    put_u64(out + AT_CHECKSUM, header->checksum);
    put_u64(out + AT_START, (uint64_t)header->task.start_ns);
    put_f64(out + AT_WALL, header->task.wall_s);
    put_f64(out + AT_CPU, header->task.cpu_s);
    put_u64(out + AT_MEMORY, header->task.peak_memory_bytes);
    put_host(out + AT_HOST, header->task.host);
    put_u64(out + AT_HEADER_CHECK, XXH64(out, AT_HEADER_CHECK, 0));
}

static bool is_duration(double seconds)
{
    return seconds >= 0 && seconds <= 1e12;
}

bool etas_frame_may_begin(const etas_frame_header *header, size_t at, size_t n)
{
    const size_t count = header->count;

    return count > 0 && at <= n && count <= n - at && header->first <= ETAS_MAX_CATALOGS - count &&
           is_duration(header->task.wall_s) && is_duration(header->task.cpu_s);
}

uint8_t *etas_frame_columns(const etas_frame_header *header, size_t raw, uint8_t out[])
{
    return out + AT_BODY + (header->compressed ? ZSTD_compressBound(raw) : 0);
}

etas_status etas_frame_seal(etas_frame_header *header, size_t raw, uint8_t out[], size_t *len)
{
    const uint8_t *const columns = etas_frame_columns(header, raw, out);

    header->raw_bytes = header->stored_bytes = raw;
    header->checksum = XXH64(columns, raw, 0);
    if (header->compressed) {
        const size_t got =
            ZSTD_compress(out + AT_BODY, ZSTD_compressBound(raw), columns, raw, LEVEL);

        if (ZSTD_isError(got))
            return ETAS_E_NOMEM;
        header->stored_bytes = got;
    }
    put_header(header, out);
    *len = AT_BODY + header->stored_bytes;
    return ETAS_OK;
}

/* ---- decode ---- */

static bool get_host(const uint8_t in[64], char out[64])
{
    size_t end = 0;

    while (end < 64 && in[end] > ' ' && in[end] <= '~')
        end++;
    for (size_t i = end; i < 64; i++)
        if (in[i] != 0)
            return false;
    memcpy(out, in, 64);
    return end < 64;
}

static void get_header(const uint8_t bytes[], etas_frame_header *out)
{
    memcpy(out->run, bytes + AT_RUN, sizeof out->run);
    out->first = get_u64(bytes + AT_FIRST);
    out->count = get_u32(bytes + AT_COUNT);
    out->kind =
        (get_u16(bytes + AT_FLAGS) & FLAG_RECORDS) != 0 ? ETAS_FRAME_RECORDS : ETAS_FRAME_EVENTS;
    out->n_events = out->kind == ETAS_FRAME_EVENTS ? get_u64(bytes + AT_ITEMS) : 0;
    out->raw_bytes = get_u64(bytes + AT_RAW);
    out->stored_bytes = get_u64(bytes + AT_STORED);
    out->checksum = get_u64(bytes + AT_CHECKSUM);
    out->compressed = (get_u16(bytes + AT_FLAGS) & FLAG_COMPRESSED) != 0;
    out->with_parents = (get_u16(bytes + AT_FLAGS) & FLAG_PARENTS) != 0;
    out->task.pid = get_u32(bytes + AT_PID);
    out->task.start_ns = (int64_t)get_u64(bytes + AT_START);
    out->task.wall_s = get_f64(bytes + AT_WALL);
    out->task.cpu_s = get_f64(bytes + AT_CPU);
    out->task.peak_memory_bytes = get_u64(bytes + AT_MEMORY);
}

/* @p items: events, or bytes of records. */
static bool sizes_agree(const etas_frame_header *header, uint64_t items, size_t len)
{
    const uint64_t width =
        header->kind == ETAS_FRAME_RECORDS ? 1 : etas_frame_event_bytes(header->with_parents);

    return header->count > 0 && header->first < ETAS_MAX_CATALOGS &&
           header->count <= ETAS_MAX_CATALOGS - header->first &&
           header->raw_bytes <= ETAS_FRAME_MAX_BYTES && items <= ETAS_FRAME_MAX_BYTES / width &&
           header->raw_bytes == (uint64_t)ETAS_FRAME_INDEX_BYTES * header->count + width * items &&
           header->stored_bytes == len - AT_BODY &&
           (header->compressed || header->stored_bytes == header->raw_bytes);
}

etas_status etas_frame_peek(size_t len, const uint8_t bytes[], etas_frame_header *out,
                            etas_error *err)
{
    *out = (etas_frame_header){0};
    if (len < AT_BODY)
        return etas_fail(err, ETAS_E_CORRUPT, "a result frame of %zu bytes is shorter than %d", len,
                         AT_BODY);
    if (memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "this is not a result frame");
    if (get_u16(bytes + AT_VERSION) != ETAS_FRAME_VERSION)
        return etas_fail(err, ETAS_E_VERSION, "result frame of version %u, this program reads %d",
                         get_u16(bytes + AT_VERSION), ETAS_FRAME_VERSION);
    if (get_u64(bytes + AT_HEADER_CHECK) != XXH64(bytes, AT_HEADER_CHECK, 0))
        return etas_fail(err, ETAS_E_CORRUPT, "the checksum of a result frame's header is wrong");
    get_header(bytes, out);
    if ((get_u16(bytes + AT_FLAGS) & ~ALL_FLAGS) != 0 ||
        (out->kind == ETAS_FRAME_RECORDS && out->with_parents) ||
        !sizes_agree(out, get_u64(bytes + AT_ITEMS), len) || !is_duration(out->task.wall_s) ||
        !is_duration(out->task.cpu_s) || !get_host(bytes + AT_HOST, out->task.host))
        return etas_fail(err, ETAS_E_CORRUPT, "the header of a result frame contradicts itself");
    return ETAS_OK;
}

static etas_status get_body(const etas_frame_header *header, const uint8_t bytes[],
                            etas_frame_body *out, etas_error *err)
{
    const size_t raw = header->raw_bytes, stored = header->stored_bytes;

    out->columns = bytes;
    if (header->compressed) {
        if (ZSTD_getFrameContentSize(bytes, stored) != raw ||
            ZSTD_findFrameCompressedSize(bytes, stored) != stored)
            return etas_fail(err, ETAS_E_CORRUPT, "a result frame's body has another length");
        if (etas_array_alloc((void **)&out->scratch, raw, 1) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for a result frame of %zu bytes", raw);
        if (ZSTD_decompress(out->scratch, raw, bytes, stored) != raw)
            return etas_fail(err, ETAS_E_CORRUPT, "a result frame's body does not decompress");
        out->columns = out->scratch;
    }
    if (XXH64(out->columns, raw, 0) != header->checksum)
        return etas_fail(err, ETAS_E_CORRUPT, "the checksum of a result frame is wrong");
    return ETAS_OK;
}

etas_status etas_frame_open(size_t len, const uint8_t bytes[], etas_frame_kind kind,
                            etas_frame_header *header, etas_frame_body *body, etas_error *err)
{
    etas_status st = etas_frame_peek(len, bytes, header, err);

    if (st == ETAS_OK && header->kind != kind)
        st = etas_fail(err, ETAS_E_CORRUPT, "a result frame holds %s",
                       header->kind == ETAS_FRAME_RECORDS ? "records instead of catalogues"
                                                          : "catalogues instead of records");
    return st == ETAS_OK ? get_body(header, bytes + AT_BODY, body, err) : st;
}
