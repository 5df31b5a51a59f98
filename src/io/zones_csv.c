/* Magnitude distributions by zone: a map of zones and a table of rates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/grid_input.h"
#include "etas/io.h"
#include "io/grid_csv.h"

enum { MOST_ZONES = 65536, NAME_BYTES = 48 };

/* How far two bins may be from bin_width apart, in units of it: files round their centres. */
static const double OFF_BIN = 1e-3;

/* 26, 26.0 and "26" name one zone. */
typedef struct zone_name {
    char text[NAME_BYTES];
} zone_name;

typedef struct table_row {
    uint32_t zone;
    double mag, rate;
    uint64_t line, column; /* of the magnitude */
} table_row;

typedef struct zone_tables {
    size_t n_names, n_rows, name_capacity, row_capacity;
    zone_name *name;
    table_row *row;
} zone_tables;

static void tables_free(zone_tables *self)
{
    etas_array_free((void **)&self->name);
    etas_array_free((void **)&self->row);
}

/* Empty for no zone. */
static etas_status read_name(etas_csv *csv, size_t column, zone_name *out, etas_error *err)
{
    const char *text;
    size_t len;
    double number;
    const etas_status st = etas_csv_word(csv, column, &text, &len, err);

    if (st != ETAS_OK)
        return st;
    *out = (zone_name){0};
    if (etas_parse_double(text, len, &number)) {
        if (isnan(number))
            return ETAS_OK;
        etas_format_double(number, out->text);
        return ETAS_OK;
    }
    if (len >= sizeof out->text)
        return etas_csv_fail_field(csv, column, ETAS_E_LIMIT, "a name of up to 47 bytes", err);
    memcpy(out->text, text, len);
    return ETAS_OK;
}

/* Number of the name, from @p hint on; n_names when it is not there. */
static size_t find_name(const zone_tables *self, const zone_name *name, size_t hint)
{
    for (size_t i = 0; i < self->n_names; i++) {
        const size_t at = (hint + i) % self->n_names;

        if (strcmp(self->name[at].text, name->text) == 0)
            return at;
    }
    return self->n_names;
}

/* ---- tables ---- */

static etas_status add_row(zone_tables *self, etas_csv *csv, const size_t column[3],
                           etas_error *err)
{
    const size_t last = self->n_rows > 0 ? self->row[self->n_rows - 1].zone : 0;
    zone_name name;
    table_row row;
    size_t zone;
    etas_status st = read_name(csv, column[0], &name, err);

    if (st == ETAS_OK && name.text[0] == '\0')
        st = etas_csv_fail_field(csv, column[0], ETAS_E_PARSE, "the name of a zone", err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, column[1], -10, 12, &row.mag, err);
    if (st == ETAS_OK)
        st = etas_csv_number(csv, column[2], 0, 1e300, &row.rate, err);
    if (st != ETAS_OK)
        return st;
    zone = find_name(self, &name, last);
    if (etas_array_reserve((void **)&self->row, &self->row_capacity, self->n_rows + 1,
                           sizeof *self->row) != ETAS_OK ||
        etas_array_reserve((void **)&self->name, &self->name_capacity, self->n_names + 1,
                           sizeof *self->name) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", csv->name);
    if (zone == self->n_names) {
        if (zone == MOST_ZONES)
            return etas_fail(err, ETAS_E_LIMIT, "more than %d zones", MOST_ZONES);
        self->name[self->n_names++] = name;
    }
    row.zone = (uint32_t)zone;
    row.line = csv->field[column[1]].line;
    row.column = csv->field[column[1]].column;
    self->row[self->n_rows++] = row;
    return ETAS_OK;
}

static etas_status read_tables(zone_tables *self, const etas_zone_files *files, etas_error *err)
{
    const char *const names[3] = {files->table_zone != NULL ? files->table_zone : "zone",
                                  files->magnitude != NULL ? files->magnitude : "magnitude",
                                  files->rate != NULL ? files->rate : "rate"};
    etas_text text = {0};
    etas_csv csv = {0};
    size_t column[3];
    bool more = true;
    etas_status st = etas_file_read(files->tables, &text, err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, text.len, text.data, files->tables, err);
    if (st == ETAS_OK)
        st = etas_csv_require(&csv, 3, names, column, err);
    while (st == ETAS_OK && more) {
        st = etas_csv_next(&csv, &more, err);
        if (st == ETAS_OK && more)
            st = add_row(self, &csv, column, err);
    }
    if (st == ETAS_OK && self->n_rows == 0)
        st = etas_fail(err, ETAS_E_PARSE, "no rows below the header");
    if (st != ETAS_OK)
        (void)etas_error_in_file(err, files->tables);
    etas_csv_free(&csv);
    etas_text_free(&text);
    return st;
}

static int by_zone_and_magnitude(const void *pa, const void *pb)
{
    const table_row *a = pa, *b = pb;

    if (a->zone != b->zone)
        return a->zone < b->zone ? -1 : 1;
    return a->mag != b->mag ? (a->mag > b->mag) - (a->mag < b->mag)
                            : (a->line > b->line) - (a->line < b->line);
}

static etas_status fail_row(const table_row *row, uint64_t column, const char *path,
                            etas_error *err)
{
    (void)etas_error_in_file(err, path);
    return etas_error_at_line(err, row->line, column);
}

/* The first two magnitudes of any table tell the width, all others must agree. */
static etas_status check_rows(const zone_tables *t, const char *path, double *width,
                              etas_error *err)
{
    double sum = 0;

    *width = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const table_row *row = &t->row[i];
        const bool first = i == 0 || row->zone != row[-1].zone;
        const bool last = i + 1 == t->n_rows || row->zone != row[1].zone;
        const double step = first ? *width : row->mag - row[-1].mag;

        if (!first && step == 0) {
            etas_fail(err, ETAS_E_RANGE, "zone \"%s\" has magnitude %.9g twice",
                      t->name[row->zone].text, row->mag);
            return fail_row(row, row->column, path, err);
        }
        if (*width == 0)
            *width = step;
        if (!first && !(step > 0 && fabs(step - *width) <= OFF_BIN * *width)) {
            etas_fail(err, ETAS_E_RANGE,
                      "zone \"%s\": magnitude %.9g does not follow %.9g by a bin of %.9g",
                      t->name[row->zone].text, row->mag, row[-1].mag, *width);
            return fail_row(row, row->column, path, err);
        }
        sum = (first ? 0 : sum) + row->rate;
        if (last && !(sum > 0)) {
            etas_fail(err, ETAS_E_RANGE, "zone \"%s\": no magnitude has a rate above 0",
                      t->name[row->zone].text);
            return fail_row(row, 0, path, err);
        }
    }
    if (*width > 0)
        return ETAS_OK;
    etas_fail(err, ETAS_E_RANGE, "no zone has two magnitudes, which tell the width of their bins");
    return etas_error_in_file(err, path);
}

static etas_status fill_tables(const zone_tables *t, etas_magnitude_zones *out, const char *path,
                               etas_error *err)
{
    if (etas_array_alloc((void **)&out->first, t->n_names + 1, sizeof *out->first) != ETAS_OK ||
        etas_array_alloc((void **)&out->mag, t->n_rows, sizeof *out->mag) != ETAS_OK ||
        etas_array_alloc((void **)&out->weight, t->n_rows, sizeof *out->weight) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", path);
    out->n_zones = t->n_names;
    for (size_t i = 0; i < t->n_rows; i++) {
        out->mag[i] = t->row[i].mag;
        out->weight[i] = t->row[i].rate;
        out->first[t->row[i].zone + 1] = i + 1;
    }
    return ETAS_OK;
}

/* ---- map ---- */

static etas_status read_cell(etas_csv *csv, size_t column, const zone_tables *t, size_t hint,
                             uint32_t *out, etas_error *err)
{
    zone_name name;
    size_t zone;
    etas_status st = read_name(csv, column, &name, err);

    *out = UINT32_MAX;
    if (st != ETAS_OK || name.text[0] == '\0')
        return st;
    zone = find_name(t, &name, hint < t->n_names ? hint : 0);
    if (zone == t->n_names)
        return etas_csv_fail_field(csv, column, ETAS_E_RANGE,
                                   "a zone that has a table (empty: none)", err);
    *out = (uint32_t)zone;
    return ETAS_OK;
}

static etas_status read_cells(etas_csv *csv, const etas_zone_files *files, const zone_tables *t,
                              etas_magnitude_zones *out, uint64_t line[], etas_error *err)
{
    const char *const names[3] = {files->latitude != NULL ? files->latitude : "latitude",
                                  files->longitude != NULL ? files->longitude : "longitude",
                                  files->zone != NULL ? files->zone : "zone"};
    etas_rate_grid *const map = &out->map;
    size_t column[3];
    bool more = true;
    etas_status st = etas_csv_require(csv, 3, names, column, err);

    while (st == ETAS_OK) {
        const size_t i = map->n;

        st = etas_grid_next_place(csv, column, &more, &map->lat[i], &map->lon[i], err);
        if (st != ETAS_OK || !more)
            break;
        st = read_cell(csv, column[2], t, i > 0 ? out->zone[i - 1] : 0, &out->zone[i], err);
        line[map->n++] = csv->field[column[2]].line;
    }
    return st;
}

static etas_status read_map(const etas_zone_files *files, const zone_tables *t,
                            etas_magnitude_zones *out, etas_error *err)
{
    etas_rate_grid *const map = &out->map;
    etas_text text = {0};
    etas_csv csv = {0};
    uint64_t *line = NULL;
    size_t most;
    etas_status st = etas_file_read(files->map, &text, err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, text.len, text.data, files->map, err);
    if (st != ETAS_OK)
        goto out;
    most = etas_csv_rows_at_most(&text);
    if (etas_array_alloc((void **)&map->lat, most, sizeof *map->lat) != ETAS_OK ||
        etas_array_alloc((void **)&map->lon, most, sizeof *map->lon) != ETAS_OK ||
        etas_array_alloc((void **)&out->zone, most, sizeof *out->zone) != ETAS_OK ||
        etas_array_alloc((void **)&line, most, sizeof *line) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", files->map);
        goto out;
    }
    st = read_cells(&csv, files, t, out, line, err);
    if (st == ETAS_OK)
        st = etas_grid_check_lines(map, line, files->map, err);
out:
    etas_array_free((void **)&line);
    etas_csv_free(&csv);
    etas_text_free(&text);
    return st;
}

etas_status etas_magnitude_zones_load_csv(etas_magnitude_zones *out, const etas_zone_files *files,
                                          etas_error *err)
{
    zone_tables tables = {0};
    etas_magnitude_zones zones = {0};
    etas_status st = read_tables(&tables, files, err);

    if (st == ETAS_OK) {
        if (tables.row != NULL) /* read_tables found some */
            qsort(tables.row, tables.n_rows, sizeof *tables.row, by_zone_and_magnitude);
        st = check_rows(&tables, files->tables, &zones.bin_width, err);
    }
    if (st == ETAS_OK)
        st = fill_tables(&tables, &zones, files->tables, err);
    if (st == ETAS_OK)
        st = read_map(files, &tables, &zones, err);
    if (st == ETAS_OK)
        *out = zones;
    else
        etas_magnitude_zones_free(&zones);
    tables_free(&tables);
    return st;
}
