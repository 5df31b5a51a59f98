#include "runner/stored_frame.h"

#include <string.h>

etas_status etas_stored_frame_decode(etas_payload *out, const etas_store_run *run,
                                     const etas_store_frame *frame, const char *one,
                                     etas_error *err)
{
    etas_frame_header header;
    const etas_status st = etas_payload_decode(out, frame->len, frame->bytes, &header, err);

    if (st != ETAS_OK)
        return st;
    if (header.first != frame->first || header.count != frame->count ||
        memcmp(header.run, run->id, sizeof header.run) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "the frame of %s %llu is another one's", one,
                         (unsigned long long)frame->first);
    return ETAS_OK;
}
