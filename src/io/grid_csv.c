#include "io/grid_csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "etas/array.h"
#include "etas/grid_input.h"
#include "etas/io.h"

size_t etas_csv_rows_at_most(const etas_text *text)
{
    size_t n = 1;

    for (size_t i = 0; i < text->len; i++)
        n += text->data[i] == '\n' || text->data[i] == '\r';
    return n;
}

static bool has(const etas_csv *csv, const char *name)
{
    return etas_csv_find(csv, name) != ETAS_CSV_NONE;
}

enum { LATITUDE, LONGITUDE, RATE, SELECT, N_COLUMNS };

/* Numbers of the columns; ETAS_CSV_NONE for one that selects when there is none. */
static etas_status find_columns(const etas_csv *csv, const etas_grid_columns *named,
                                size_t column[N_COLUMNS], etas_error *err)
{
    const char *rate = has(csv, "total") && !has(csv, "rate") ? "total" : "rate";
    const char *const names[N_COLUMNS] = {
        [LATITUDE] = named->latitude != NULL ? named->latitude : "latitude",
        [LONGITUDE] = named->longitude != NULL ? named->longitude : "longitude",
        [RATE] = named->rate != NULL ? named->rate : rate,
        [SELECT] = named->select};

    column[SELECT] = ETAS_CSV_NONE;
    return etas_csv_require(csv, named->select != NULL ? N_COLUMNS : SELECT, names, column, err);
}

static bool is_word(const char *text, size_t len, const char *const words[])
{
    for (; *words != NULL; words++)
        if (strlen(*words) == len && strncasecmp(text, *words, len) == 0)
            return true;
    return false;
}

/* As Python, R and databases write them. */
static etas_status read_flag(etas_csv *csv, size_t column, bool *out, etas_error *err)
{
    static const char *const yes[] = {"true", "1", "1.0", "t", "yes", NULL};
    static const char *const no[] = {"false", "0", "0.0", "f", "no", NULL};
    const char *text;
    size_t len;
    etas_status st = etas_csv_text(csv, column, &text, &len, err);

    *out = st == ETAS_OK && is_word(text, len, yes);
    if (st != ETAS_OK || *out || is_word(text, len, no))
        return st;
    return etas_csv_fail_field(csv, column, ETAS_E_PARSE, "True or False", err);
}

etas_status etas_grid_next_place(etas_csv *csv, const size_t column[2], bool *more, double *lat,
                                 double *lon, etas_error *err)
{
    etas_status st = etas_csv_next(csv, more, err);

    if (st == ETAS_OK && *more)
        st = etas_csv_number(csv, column[0], -90, 90, lat, err);
    if (st == ETAS_OK && *more)
        st = etas_csv_number(csv, column[1], -360, 360, lon, err);
    return st;
}

/* The check counts rows; a person wants the line. */
etas_status etas_grid_check_lines(etas_rate_grid *self, const uint64_t line[], const char *path,
                                  etas_error *err)
{
    static const char before[] = "row ", after[] = ": ";
    etas_error e = {0};
    const etas_status st = etas_rate_grid_check(self, &e);
    const char *text = e.text;
    size_t digits;
    uint64_t row = 0;

    if (st == ETAS_OK)
        return ETAS_OK;
    if (strncmp(text, before, strlen(before)) == 0) {
        digits = strspn(text + strlen(before), "0123456789");
        if (etas_parse_u64(text + strlen(before), digits, &row) && row >= 1 && row <= self->n)
            text += strlen(before) + digits + strlen(after);
    }
    etas_fail(err, st, "%s", text);
    (void)etas_error_in_file(err, path);
    if (text != e.text)
        (void)etas_error_at_line(err, line[row - 1], 0);
    return st;
}

/* 0 for a cell that is not selected, whatever its rate: the grid is that of all cells. */
static etas_status read_rate(etas_csv *csv, const size_t column[N_COLUMNS], double *out,
                             etas_error *err)
{
    const double most = 1e300;
    bool selected = true;
    etas_status st = ETAS_OK;

    *out = 0;
    if (column[SELECT] != ETAS_CSV_NONE)
        st = read_flag(csv, column[SELECT], &selected, err);
    return st == ETAS_OK && selected ? etas_csv_number(csv, column[RATE], 0, most, out, err) : st;
}

static etas_status read_rows(etas_csv *csv, const size_t column[N_COLUMNS], etas_rate_grid *out,
                             uint64_t line[], etas_error *err)
{
    double sum = 0;

    for (;;) {
        const size_t i = out->n;
        bool more;
        etas_status st = etas_grid_next_place(csv, column, &more, &out->lat[i], &out->lon[i], err);

        if (st == ETAS_OK && more)
            st = read_rate(csv, column, &out->weight[i], err);
        if (st != ETAS_OK)
            return st;
        if (!more)
            break;
        sum += out->weight[i];
        line[out->n++] = csv->field[0].line;
    }
    if (sum > 0)
        return ETAS_OK;
    etas_fail(err, ETAS_E_RANGE, "no cell%s has a rate above 0",
              column[SELECT] != ETAS_CSV_NONE ? " that is selected" : "");
    (void)etas_error_in_key(err, csv->column[column[RATE]]);
    return etas_error_in_file(err, csv->name);
}

etas_status etas_rate_grid_load_csv(etas_rate_grid *out, const char *path,
                                    const etas_grid_columns *columns, etas_error *err)
{
    const etas_grid_columns defaults = {0};
    etas_rate_grid grid = {0};
    etas_text text = {0};
    etas_csv csv = {0};
    uint64_t *line = NULL;
    size_t column[N_COLUMNS], most;
    etas_status st = etas_file_read(path, &text, err);

    if (st == ETAS_OK)
        st = etas_csv_open(&csv, text.len, text.data, path, err);
    if (st == ETAS_OK)
        st = find_columns(&csv, columns != NULL ? columns : &defaults, column, err);
    if (st != ETAS_OK)
        goto out;
    most = etas_csv_rows_at_most(&text);
    if (etas_array_alloc((void **)&grid.lat, most, sizeof *grid.lat) != ETAS_OK ||
        etas_array_alloc((void **)&grid.lon, most, sizeof *grid.lon) != ETAS_OK ||
        etas_array_alloc((void **)&grid.weight, most, sizeof *grid.weight) != ETAS_OK ||
        etas_array_alloc((void **)&line, most, sizeof *line) != ETAS_OK) {
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", path);
        goto out;
    }
    st = read_rows(&csv, column, &grid, line, err);
    if (st == ETAS_OK)
        st = etas_grid_check_lines(&grid, line, path, err);
out:
    if (st == ETAS_OK)
        *out = grid;
    else
        etas_rate_grid_free(&grid);
    etas_array_free((void **)&line);
    etas_csv_free(&csv);
    etas_text_free(&text);
    return st;
}
