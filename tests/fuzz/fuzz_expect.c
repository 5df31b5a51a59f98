/* Blobs and records of E-steps: what is taken computes, and what it computes is a record. */
#include <stdlib.h>

#include "work/expect.h"
#include "work/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_work work = {0};
    etas_payload out = {.kind = ETAS_FRAME_RECORDS};
    etas_error err = {0};

    (void)etas_expect_record_check(size, data);
    if (etas_work_kind_of(size, data) != &etas_work_expect)
        return 0;
    if (etas_work_open(&work, size, data, NULL, &err) != ETAS_OK) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (work.kind->make(work.self, 0, 0, 1, &out, NULL) == ETAS_OK &&
        (out.records.n != 1 || !etas_expect_record_check(out.records.length[0], out.records.bytes)))
        abort();
    etas_payload_free(&out);
    etas_work_close(&work);
    return 0;
}
