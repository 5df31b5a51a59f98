#include <stdlib.h>

#include "etas/io.h"
#include "io/npy.h"
#include "io/points.h"

static void check(etas_status st, const etas_error *err, etas_region *region)
{
    if (st == ETAS_OK ? region->n_rings == 0
                      : err->code == ETAS_OK || err->text[0] == '\0' || region->n_rings != 0)
        abort();
    etas_region_free(region);
}

static void check_array(size_t columns, size_t size, const uint8_t *data)
{
    etas_npy a = {0};
    etas_error err = {0};
    const etas_status st = etas_npy_read(&a, size, data, columns, &err);

    if (st == ETAS_OK
            ? a.columns != columns || a.rows * columns > size || (a.rows > 0 && a.values == NULL)
            : err.code == ETAS_OK || err.text[0] == '\0' || a.values != NULL)
        abort();
    etas_npy_free(&a);
}

static void check_points(size_t size, const char *data)
{
    etas_points points = {.columns = 3};
    etas_hull hull = {0};
    etas_error err = {0};

    if (etas_points_read(&points, size, data, &err) != ETAS_OK) {
        if (err.code == ETAS_OK || err.text[0] == '\0')
            abort();
    } else if (points.n < 1000 && etas_points_to_hull(&points, 1000, &hull, &err) == ETAS_OK) {
        if (hull.n_facets < 4 || !(hull.volume_km3 > 0))
            abort();
    }
    etas_hull_free(&hull);
    etas_points_free(&points);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    etas_region region = {0};
    etas_error err = {0};

    check_array(1, size, data);
    check_array(3, size, data);
    check(etas_region_read(&region, size, (const char *)data, false, &err), &err, &region);
    check_points(size, (const char *)data);
    return 0;
}
