#include "etas/runner.h"
#include "runner/stored_frame.h"
#include "work/work.h"

typedef struct reader {
    etas_store_run run;
    const etas_work_kind *kind;
    etas_payload payload; /* of one frame */
    etas_record_visit visit;
    void *context;
} reader;

/* The records that @p part names of one frame; part lies within the frame. */
static etas_status read_piece(void *context, const etas_store_frame *frame, etas_range part,
                              etas_error *err)
{
    reader *const self = context;
    const etas_records *const r = &self->payload.records;
    const uint64_t skip = part.first - frame->first;
    const uint8_t *at;
    etas_status st = etas_stored_frame_decode(&self->payload, &self->run, frame, "index", err);

    if (st != ETAS_OK)
        return st;
    at = r->bytes;
    for (uint64_t i = 0; i < skip + part.count && st == ETAS_OK; i++) {
        const uint64_t index = frame->first + i;
        const size_t len = r->length[i];

        if (i >= skip && !self->kind->is_record(len, at))
            st = etas_fail(err, ETAS_E_CORRUPT, "the record of index %llu is damaged",
                           (unsigned long long)index);
        else if (i >= skip)
            st = self->visit(self->context, index, len, at, err);
        at += len;
    }
    return st;
}

etas_status etas_records_each(etas_store *store, etas_record_visit visit, void *context,
                              etas_error *err)
{
    reader self = {.visit = visit, .context = context};
    etas_status st = etas_store_run_get(store, &self.run, err);

    if (st != ETAS_OK)
        return st;
    self.kind = etas_work_kind_of(self.run.blob_len, self.run.blob);
    if (self.kind == NULL || self.kind->frames != ETAS_FRAME_RECORDS)
        return etas_fail(err, ETAS_E_ARG, "the run does not make records");
    self.payload.kind = self.kind->frames;
    st = etas_store_each(store, read_piece, &self, err);
    etas_payload_free(&self.payload);
    return st;
}
