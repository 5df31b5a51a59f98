/* Refit blobs and records: what is taken can be written again, and a refit made of it is a record.
 */
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "work/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_record(const uint8_t *data, size_t size)
{
    uint8_t again[ETAS_REFIT_RECORD_MAX];
    etas_refit_result result;

    if (!etas_refit_record_get(size, data, &result))
        return;
    if (etas_refit_record_put(&result, again) != size)
        abort();
}

/* A small one: what matters is that nothing breaks. */
static void make(etas_refit *refit)
{
    uint8_t *blob = NULL;
    size_t len;
    etas_work work = {0};
    etas_payload out = {.kind = ETAS_FRAME_RECORDS};
    etas_refit_result result;

    refit->plan.max_events = refit->plan.max_events < 300 ? refit->plan.max_events : 300;
    if (refit->plan.background.mean > 2) /* each may need all its tries to find no place */
        refit->plan.background.mean = 2;
    if (refit->how.max_iterations > 3)
        refit->how.max_iterations = 3;
    if (etas_refit_encode(refit, &blob, &len, NULL) != ETAS_OK ||
        etas_work_open(&work, len, blob, NULL, NULL) != ETAS_OK)
        abort();
    if (work.kind->make(work.self, 1, 0, 1, &out, NULL) == ETAS_OK &&
        (out.records.n != 1 ||
         !etas_refit_record_get(out.records.length[0], out.records.bytes, &result)))
        abort();
    etas_payload_free(&out);
    etas_work_close(&work);
    etas_array_free((void **)&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_refit refit = {0};
    etas_error err = {0};

    take_record(data, size);
    if (etas_refit_decode(size, data, &refit, &err) == ETAS_OK)
        make(&refit);
    else if (err.text[0] == '\0')
        abort();
    etas_refit_free(&refit);
    return 0;
}
