#include "geometry/bridges.h"

#include "etas/array.h"

etas_status etas_ring_cut_bridges(size_t n, const double lat[], const double lon[], size_t order[],
                                  size_t ring_start[], size_t *n_rings)
{
    size_t *path = NULL; /* the vertices of rings that are not complete yet */
    size_t depth = 0, n_out = 0;

    if (etas_array_alloc((void **)&path, n, sizeof *path) != ETAS_OK)
        return ETAS_E_NOMEM;
    *n_rings = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t next = (k + 1) % n;
        size_t i = depth;

        /* Back at the far end of a bridge: an earlier visit came from where the path goes next. */
        while (i > 1 && !(lat[path[i - 1]] == lat[k] && lon[path[i - 1]] == lon[k] &&
                          lat[path[i - 2]] == lat[next] && lon[path[i - 2]] == lon[next]))
            i--;
        if (i <= 1) {
            path[depth++] = k;
            continue;
        }
        ring_start[(*n_rings)++] = n_out;
        for (size_t j = i - 1; j < depth; j++)
            order[n_out++] = path[j];
        depth = i - 1;
        k++; /* the near end is on the path already */
        while (depth > 1 && k < n && lat[path[depth - 2]] == lat[(k + 1) % n] &&
               lon[path[depth - 2]] == lon[(k + 1) % n]) {
            depth--; /* the bridge goes on */
            k++;
        }
    }
    ring_start[*n_rings] = n_out;
    if (depth > 2 || *n_rings == 0) { /* else the path began on a bridge */
        (*n_rings)++;
        for (size_t j = 0; j < depth; j++)
            order[n_out++] = path[j];
        ring_start[*n_rings] = n_out;
    }
    etas_array_free((void **)&path);
    return ETAS_OK;
}
