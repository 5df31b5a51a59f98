#include <stdlib.h>
#include <string.h>

#include "io/fdsn_events.h"

static void check_event(const etas_fdsn_events *events, const etas_fdsn_event *e)
{
    if (e->id > events->text.len || e->id_len > events->text.len - e->id ||
        e->raw > events->text.len || e->raw_len > events->text.len - e->raw || e->raw_len == 0)
        abort();
}

/* A page's events lie within its text, and one page behind the other is none of its concern. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const etas_fdsn_format formats[] = {ETAS_FDSN_TEXT, ETAS_FDSN_XML};
    etas_fdsn_events events = {0};

    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        const etas_fdsn_body body = {"input", formats[k], k == 0, size, (const char *)data};
        etas_error err = {0};

        if (etas_fdsn_events_read(&events, &body, &err) != ETAS_OK &&
            (err.code == ETAS_OK || err.text[0] == '\0'))
            abort();
        for (size_t i = 0; err.code == ETAS_OK && i < events.n; i++)
            check_event(&events, &events.event[i]);
    }
    etas_fdsn_events_free(&events);
    return 0;
}
