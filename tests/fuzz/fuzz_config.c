#include <math.h>
#include <stdlib.h>

#include "io/config_reader.h"

static void check(const etas_json *file, etas_config_use use)
{
    etas_config c = {0};
    etas_error err = {0};

    if (etas_config_read(&c, file, use, NULL, &err) != ETAS_OK) {
        if (err.code == ETAS_OK || err.text[0] == '\0' || c.text != NULL)
            abort();
        return;
    }
    if ((isfinite(c.mc) != (c.mc_method == ETAS_MC_CONSTANT) && !c.given_parameters) ||
        !isfinite(c.m_ref) || !(c.delta_m >= 0) || c.id == NULL || c.three_dim != c.has_hull)
        abort();
    for (size_t i = 0; i < c.n_models; i++)
        if (c.models[i].weight == 0 || (c.given_parameters && !c.models[i].has_parameters))
            abort();
    etas_config_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_json file = {0};
    etas_error err = {0};

    if (etas_json_read(&file, size, (const char *)data, "input", &err) != ETAS_OK) {
        if (err.code == ETAS_OK || err.text[0] == '\0' || file.root != NULL)
            abort();
        return 0;
    }
    check(&file, ETAS_CONFIG_INVERT);
    check(&file, ETAS_CONFIG_FORECAST);
    check(&file, ETAS_CONFIG_SIMULATE);
    etas_json_close(&file);
    return 0;
}
