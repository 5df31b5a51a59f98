#include <math.h>
#include <stdlib.h>

#include "etas/model_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_model_input in = {0};
    etas_text text = {0};
    etas_error err = {0};

    if (etas_text_append(&text, size, (const char *)data) != ETAS_OK)
        return 0;
    if (etas_model_input_read(&in, &text, "input", NULL, &err) != ETAS_OK) {
        if (err.code == ETAS_OK || err.text[0] == '\0' || in.config.text != NULL ||
            in.config.catalog_text != NULL || in.output != NULL)
            abort();
    } else if (!(in.config.forecast_days > 0) || in.config.timewindow_end == ETAS_TIME_NONE ||
               in.config.text == NULL ||
               (in.config.catalog_text != NULL && in.config.fn_catalog == NULL)) {
        abort();
    }
    etas_model_input_free(&in);
    etas_text_free(&text);
    return 0;
}
