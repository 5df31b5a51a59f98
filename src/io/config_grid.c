/* Keys that name tables of a grid: bg_grid, induced_grid, mfd_zones. */
#include <stdlib.h>

#include "etas/array.h"
#include "etas/grid_input.h"
#include "etas/io.h"
#include "io/config_reader.h"

/* The members of one table's object: its path, and names of columns. */
enum { MAX_COLUMNS = 4 };
typedef struct table {
    char *path, *column[MAX_COLUMNS]; /* columns NULL: not named */
} table;

static void table_free(table *self)
{
    free(self->path);
    for (size_t i = 0; i < MAX_COLUMNS; i++)
        free(self->column[i]);
}

/* @p names: "path" first, then the columns. */
static etas_status read_table(const etas_config_reader *r, const char *key, size_t n,
                              const char *const names[], table *out)
{
    const char *expected = "the path of a file, or an object {\"path\": ..., \"rate\": ...}";
    etas_config_reader inside;
    etas_status st;

    if (etas_json_text(etas_setting_find(r, key).value) != NULL)
        return etas_setting_path(r, key, &out->path);
    st = etas_setting_enter(r, key, expected, &inside);
    if (st != ETAS_OK)
        return st;
    etas_setting_warn_unknown(&inside, n, names);
    st = etas_setting_path(&inside, "path", &out->path);
    if (st == ETAS_OK && out->path == NULL)
        st = etas_setting_fail_member(r, key, "path", ETAS_E_PARSE,
                                      "missing in \"%s\"; expected the path of a file", key);
    for (size_t i = 1; st == ETAS_OK && i < n; i++)
        st = etas_setting_text(&inside, names[i], &out->column[i - 1]);
    return st;
}

/* The size of the cells comes from the distances of their centres: one that is off could halve it.
 */
static void tell_cells(const etas_config_reader *r, const char *key, const char *path,
                       const etas_rate_grid *grid)
{
    size_t n = 0;

    for (size_t i = 0; grid->weight != NULL && i < grid->n; i++)
        n += grid->weight[i] > 0;
    etas_log_write(r->log, ETAS_LOG_INFO,
                   "%s: %s: %zu cells of %.6g x %.6g degrees, %zu of them with a rate", key, path,
                   grid->n, grid->dlat, grid->dlon, n);
}

etas_status etas_setting_grid(const etas_config_reader *r, const char *key, etas_rate_grid **out)
{
    static const char *const names[] = {"path", "latitude", "longitude", "rate", "select"};
    table t = {0};
    etas_rate_grid *grid = NULL;
    etas_status st = read_table(r, key, sizeof names / sizeof *names, names, &t);

    if (st == ETAS_OK && etas_array_alloc((void **)&grid, 1, sizeof *grid) != ETAS_OK)
        st = etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    if (st == ETAS_OK) {
        const etas_grid_columns columns = {t.column[0], t.column[1], t.column[2], t.column[3]};

        st = etas_rate_grid_load_csv(grid, t.path, &columns, r->err);
        if (st != ETAS_OK)
            (void)etas_error_in_key(r->err, key);
    }
    if (st == ETAS_OK)
        tell_cells(r, key, t.path, grid);
    if (st == ETAS_OK)
        *out = grid;
    else
        etas_array_free((void **)&grid);
    table_free(&t);
    return st;
}

etas_status etas_setting_zones(const etas_config_reader *r, const char *key,
                               etas_magnitude_zones **out)
{
    static const char *const members[] = {"map", "tables"};
    static const char *const map_names[] = {"path", "latitude", "longitude", "zone"};
    static const char *const table_names[] = {"path", "zone", "magnitude", "rate"};
    table map = {0}, tables = {0};
    etas_config_reader inside;
    etas_magnitude_zones *zones = NULL;
    etas_status st =
        etas_setting_enter(r, key, "an object {\"map\": ..., \"tables\": ...}", &inside);

    if (st != ETAS_OK)
        return st;
    etas_setting_warn_unknown(&inside, 2, members);
    for (size_t i = 0; st == ETAS_OK && i < 2; i++)
        if (etas_setting_find(&inside, members[i]).value == NULL)
            st = etas_setting_fail_member(r, key, members[i], ETAS_E_PARSE, "missing in \"%s\"",
                                          key);
    if (st == ETAS_OK)
        st = read_table(&inside, "map", 4, map_names, &map);
    if (st == ETAS_OK)
        st = read_table(&inside, "tables", 4, table_names, &tables);
    if (st == ETAS_OK && etas_array_alloc((void **)&zones, 1, sizeof *zones) != ETAS_OK)
        st = etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->file->path);
    if (st == ETAS_OK) {
        const etas_zone_files files = {.map = map.path,
                                       .latitude = map.column[0],
                                       .longitude = map.column[1],
                                       .zone = map.column[2],
                                       .tables = tables.path,
                                       .table_zone = tables.column[0],
                                       .magnitude = tables.column[1],
                                       .rate = tables.column[2]};

        st = etas_magnitude_zones_load_csv(zones, &files, r->err);
        if (st != ETAS_OK)
            (void)etas_error_in_key(r->err, key);
    }
    if (st == ETAS_OK)
        *out = zones;
    else
        etas_array_free((void **)&zones);
    table_free(&map);
    table_free(&tables);
    return st;
}
