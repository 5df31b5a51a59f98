#include "series_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "etas/io.h"

etas_status series_json_save(const json_t *root, const char *path, etas_error *err)
{
    char *const text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    etas_output out = {0};
    etas_status st = ETAS_OK;

    if (text == NULL && err != NULL && err->code != ETAS_OK)
        return err->code;
    st = text != NULL ? etas_output_open(&out, path, err)
                      : etas_fail(err, ETAS_E_NOMEM, "no memory for %s", path);
    if (st == ETAS_OK) {
        (void)fprintf(out.stream, "%s\n", text); /* the commit tells of failures */
        st = etas_output_commit(&out, err);
    }
    etas_output_discard(&out);
    free(text);
    return st;
}
