/* Result frames: as they come, and with checksums that an attacker made fit. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "etas/array.h"
#include "etas/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AT_FLAGS = 6, AT_CHECKSUM = 64, AT_HEADER_CHECK = 168 };

/* What was taken can be sent on, and is the same on arrival. */
static void pass_on(etas_frame_header *header, const etas_events *events)
{
    uint8_t *bytes = malloc(etas_frame_bound(events));
    etas_frame_header again;
    etas_events out = {0};
    size_t len;

    if (bytes == NULL)
        return;
    header->compressed = !header->compressed;
    if (etas_frame_encode(header, events, 0, bytes, &len) != ETAS_OK ||
        etas_frame_decode(len, bytes, &again, &out, NULL) != ETAS_OK || out.n != events->n ||
        again.checksum != header->checksum)
        abort();
    etas_events_free(&out);
    free(bytes);
}

static void take(const uint8_t *data, size_t size)
{
    etas_frame_header header;
    etas_events events = {0};
    etas_error err = {0};

    if (etas_frame_decode(size, data, &header, &events, &err) == ETAS_OK)
        pass_on(&header, &events);
    else if (events.n != 0 || events.n_catalogs != 0 || err.text[0] == '\0')
        abort();
    etas_events_free(&events);
}

static void pass_records_on(etas_frame_header *header, const etas_records *records)
{
    uint8_t *bytes = malloc(etas_record_frame_bound(records));
    etas_frame_header again;
    etas_records out = {0};
    size_t len;

    if (bytes == NULL)
        return;
    header->compressed = !header->compressed;
    if (etas_record_frame_encode(header, records, 0, bytes, &len) != ETAS_OK ||
        etas_record_frame_decode(len, bytes, &again, &out, NULL) != ETAS_OK ||
        out.n_bytes != records->n_bytes || again.checksum != header->checksum)
        abort();
    etas_records_free(&out);
    free(bytes);
}

static void take_records(const uint8_t *data, size_t size)
{
    etas_frame_header header;
    etas_records records = {0};
    etas_error err = {0};

    if (etas_record_frame_decode(size, data, &header, &records, &err) == ETAS_OK)
        pass_records_on(&header, &records);
    else if (records.n != 0 || records.n_bytes != 0 || err.text[0] == '\0')
        abort();
    etas_records_free(&records);
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *sealed;

    take(data, size);
    take_records(data, size);
    if (size < ETAS_FRAME_HEADER_BYTES || (sealed = malloc(size)) == NULL)
        return 0;
    memcpy(sealed, data, size);
    if ((sealed[AT_FLAGS] & 1) == 0)
        put_u64(sealed + AT_CHECKSUM,
                XXH64(sealed + ETAS_FRAME_HEADER_BYTES, size - ETAS_FRAME_HEADER_BYTES, 0));
    put_u64(sealed + AT_HEADER_CHECK, XXH64(sealed, AT_HEADER_CHECK, 0));
    take(sealed, size);
    take_records(sealed, size);
    free(sealed);
    return 0;
}
