/* Simulated catalogues as columns of an HDF5 file. Rows are gathered to whole chunks, so memory
 * does not grow with the run. Equal runs give equal bytes: nothing in the file tells when it was
 * made. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

#include "etas/geometry.h"
#include "etas/text.h"
#include "etas/time.h"
#include "io/forecast_writer.h"

enum { CHUNK = 1 << 15, DEFLATE = 1, FORMAT_VERSION = 1, MOST_COLUMNS = 10 };

/* A data set that grows. */
typedef struct column {
    const char *name, *unit; /**< unit NULL: none */
    hid_t type;              /**< of the values, in memory */
    const void *values;      /**< CHUNK of them; NULL: all are 0, and take no room */
    hid_t set;
} column;

/* Columns of one length and what is held back of them. */
typedef struct table {
    column columns[MOST_COLUMNS];
    size_t n_columns, held;
    uint64_t written;
} table;

typedef struct writer {
    const etas_forecast_about *about;
    const char *temporary;
    hid_t file;
    table events, offsets, models; /**< offsets has one row more than there are catalogues */
    bool any, with_parent, failed;
    uint64_t first_id, n_events;
    /* what the columns show */
    int64_t time_ms[CHUNK];
    double lon[CHUNK], lat[CHUNK];
    float mag[CHUNK];
    uint16_t generation[CHUNK];
    uint8_t flags[CHUNK];
    int32_t parent[CHUNK];
    uint64_t offset[CHUNK];
    uint8_t model[CHUNK];
} writer;

/* ---- errors ---- */

typedef struct quiet {
    H5E_auto2_t print;
    void *context;
} quiet;

/* HDF5 prints by itself unless told not to. */
static quiet be_quiet(void)
{
    quiet before = {0};

    (void)H5Eget_auto2(H5E_DEFAULT, &before.print, &before.context);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return before;
}

static void be_as(quiet before)
{
    (void)H5Eset_auto2(H5E_DEFAULT, before.print, before.context);
}

typedef struct reason {
    int system; /**< errno, or 0 */
    char text[160];
} reason;

/* The innermost message comes first; the system's error is a number in one of them. */
static herr_t look_at_error(unsigned n, const H5E_error2_t *error, void *context)
{
    reason *const why = context;
    const char *const number = error->desc != NULL ? strstr(error->desc, "errno = ") : NULL;

    (void)n;
    if (number != NULL && why->system == 0)
        why->system = (int)strtol(number + strlen("errno = "), NULL, 10);
    if (why->text[0] == '\0' && error->desc != NULL)
        etas_format(sizeof why->text, why->text, "%s", error->desc);
    return 0;
}

/* At once after the call that failed: the next one forgets why. Always false. */
static bool note(etas_error *err)
{
    reason why = {0};

    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, look_at_error, &why);
    etas_fail(err, ETAS_E_IO, "the forecast cannot be written: %s",
              why.system != 0       ? strerror(why.system)
              : why.text[0] != '\0' ? why.text
                                    : "HDF5 gives no reason");
    return false;
}

/* ---- attributes ---- */

static bool put_attribute(hid_t on, const char *name, hid_t type, const void *value,
                          etas_error *err)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        space >= 0 ? H5Acreate2(on, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    bool good = (attribute >= 0 && H5Awrite(attribute, type, value) >= 0) || note(err);

    if (attribute >= 0)
        good = (H5Aclose(attribute) >= 0 || note(err)) && good;
    if (space >= 0)
        (void)H5Sclose(space);
    return good;
}

/* Of variable length: such ones may be long. */
static bool put_text(hid_t on, const char *name, const char *text, etas_error *err)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const bool good = ((type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 &&
                        H5Tset_cset(type, H5T_CSET_UTF8) >= 0) ||
                       note(err)) &&
                      put_attribute(on, name, type, &text, err);

    if (type >= 0)
        (void)H5Tclose(type);
    return good;
}

static bool put_count(hid_t on, const char *name, uint64_t value, etas_error *err)
{
    return put_attribute(on, name, H5T_NATIVE_UINT64, &value, err);
}

static bool put_number(hid_t on, const char *name, double value, etas_error *err)
{
    return put_attribute(on, name, H5T_NATIVE_DOUBLE, &value, err);
}

static bool put_time(hid_t on, const char *name, etas_time t, etas_error *err)
{
    char text[32];

    etas_time_format(t, 'T', text);
    return put_text(on, name, text, err);
}

/* The plan has it less half a bin, which does not always come back to the last bit. */
static double m_ref_of(const etas_plan *plan)
{
    const double m_ref = plan->mc + plan->delta_m / 2;

    return plan->delta_m > 0 ? nearbyint(m_ref * 1e9) / 1e9 : m_ref;
}

/* What the run was. */
static etas_status put_about(const writer *w, etas_error *err)
{
    const etas_forecast_about *const about = w->about;
    const etas_plan *const plan = &about->model->plan[0];
    const char *const config = about->config_text != NULL ? about->config_text : "";
    etas_text region = {0};
    const hid_t file = w->file;
    etas_status st = etas_region_format_wkt(&plan->region, &region, err);

    if (st == ETAS_OK &&
        !(put_text(file, "format", "etas catalogues", err) &&
          put_count(file, "format_version", FORMAT_VERSION, err) &&
          put_text(file, "etas_version", about->release != NULL ? about->release : "", err) &&
          put_count(file, "algorithm_version", plan->algorithm, err) &&
          put_count(file, "seed", about->seed, err) &&
          put_time(file, "start", plan->output_start, err) &&
          put_time(file, "end", plan->end, err) && put_number(file, "m_ref", m_ref_of(plan), err) &&
          put_number(file, "m_threshold", plan->m_threshold, err) &&
          put_number(file, "delta_m", plan->delta_m, err) &&
          put_text(file, "region", region.data, err) &&
          put_text(file, "configuration", config, err)))
        st = ETAS_E_IO;
    etas_text_free(&region);
    return st;
}

/* ---- data sets ---- */

static hid_t create_set(hid_t file, const column *c, etas_error *err)
{
    const hsize_t none = 0, chunk = CHUNK, most = H5S_UNLIMITED;
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &none, &most);
    hid_t set = -1;

    if (how >= 0 && space >= 0 && H5Pset_chunk(how, 1, &chunk) >= 0 && H5Pset_shuffle(how) >= 0 &&
        H5Pset_deflate(how, DEFLATE) >= 0 && H5Pset_obj_track_times(how, false) >= 0)
        set = H5Dcreate2(file, c->name, c->type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    if (set < 0)
        (void)note(err);
    if (space >= 0)
        (void)H5Sclose(space);
    if (how >= 0)
        (void)H5Pclose(how);
    return set;
}

static etas_status add_column(table *t, hid_t file, column c, etas_error *err)
{
    c.set = create_set(file, &c, err);
    if (c.set < 0)
        return ETAS_E_IO;
    t->columns[t->n_columns++] = c;
    return c.unit == NULL || put_text(c.set, "unit", c.unit, err) ? ETAS_OK : ETAS_E_IO;
}

static bool write_rows(const column *c, uint64_t first, size_t n, etas_error *err)
{
    const hsize_t at = first, rows = n, length = first + n;
    hid_t in_memory, in_file;
    bool good;

    if (H5Dset_extent(c->set, &length) < 0)
        return note(err);
    if (c->values == NULL)
        return true;
    in_memory = H5Screate_simple(1, &rows, NULL);
    in_file = H5Dget_space(c->set);
    good = (in_memory >= 0 && in_file >= 0 &&
            H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &at, NULL, &rows, NULL) >= 0 &&
            H5Dwrite(c->set, c->type, in_memory, in_file, H5P_DEFAULT, c->values) >= 0) ||
           note(err);
    if (in_file >= 0)
        (void)H5Sclose(in_file);
    if (in_memory >= 0)
        (void)H5Sclose(in_memory);
    return good;
}

static etas_status flush(table *t, etas_error *err)
{
    for (size_t i = 0; t->held > 0 && i < t->n_columns; i++)
        if (!write_rows(&t->columns[i], t->written, t->held, err))
            return ETAS_E_IO;
    t->written += t->held;
    t->held = 0;
    return ETAS_OK;
}

/* ---- taking ---- */

/* n events from @p from on to where the table holds the next. */
static void copy_events(writer *w, const etas_events *events, size_t from, size_t n)
{
    const size_t at = w->events.held;
    const etas_time start = w->about->model->plan[0].start;
    const int64_t start_ms = (start - (start % ETAS_NS_PER_MS + ETAS_NS_PER_MS) % ETAS_NS_PER_MS) /
                             ETAS_NS_PER_MS; /* rounded down */

    for (size_t i = 0; i < n; i++) {
        w->time_ms[at + i] = (int64_t)((uint64_t)start_ms + events->time_ms[from + i]);
        w->lon[at + i] = events->lon[from + i] / ETAS_DEGREE_UNITS;
        w->lat[at + i] = events->lat[from + i] / ETAS_DEGREE_UNITS;
        w->mag[at + i] = (float)(events->mag[from + i] / ETAS_MAG_UNITS);
        w->generation[at + i] = events->generation[from + i];
        w->flags[at + i] = events->flags[from + i];
    }
    if (w->with_parent)
        memcpy(w->parent + at, events->parent + from, n * sizeof *w->parent);
    w->events.held += n;
}

static etas_status take_events(writer *w, const etas_events *events, size_t from, size_t n,
                               etas_error *err)
{
    etas_status st = ETAS_OK;

    w->n_events += n;
    while (st == ETAS_OK && n > 0) {
        const size_t room = CHUNK - w->events.held, some = n < room ? n : room;

        copy_events(w, events, from, some);
        from += some;
        n -= some;
        if (w->events.held == CHUNK)
            st = flush(&w->events, err);
    }
    return st;
}

static etas_status take_offset(writer *w, etas_error *err)
{
    w->offset[w->offsets.held++] = w->n_events;
    return w->offsets.held == CHUNK ? flush(&w->offsets, err) : ETAS_OK;
}

static etas_status take_model(writer *w, uint64_t index, etas_error *err)
{
    const etas_mixture *const model = w->about->model;

    if (model->n == 1)
        return ETAS_OK;
    w->model[w->models.held++] = model->turn[index % model->period];
    return w->models.held == CHUNK ? flush(&w->models, err) : ETAS_OK;
}

/* Catalogue by catalogue, so that the chunks lie in the file in one order however parts are cut. */
static etas_status take(writer *w, const etas_forecast_part *part, etas_error *err)
{
    const etas_events *const events = part->events;
    size_t first = etas_forecast_part_first(part);
    etas_status st = ETAS_OK;

    if (w->with_parent != events->with_parents)
        return etas_fail(err, ETAS_E_CORRUPT, "catalogue %llu %s its events' parents",
                         (unsigned long long)part->index,
                         events->with_parents ? "tells" : "does not tell");
    if (!w->any)
        w->first_id = part->catalog_id;
    w->any = true;
    for (size_t i = 0; st == ETAS_OK && i < part->count; i++) {
        const size_t n = events->count[part->at + i];

        st = take_events(w, events, first, n, err);
        if (st == ETAS_OK)
            st = take_offset(w, err);
        if (st == ETAS_OK)
            st = take_model(w, part->index + i, err);
        first += n;
    }
    return st;
}

static etas_status hdf5_take(void *self, const etas_forecast_part *part, etas_error *err)
{
    writer *const w = self;
    const quiet before = be_quiet();
    const etas_status st = take(w, part, err);

    w->failed = st == ETAS_E_IO;
    be_as(before);
    return st;
}

/* ---- opening and closing ---- */

static etas_status create_file(writer *w, const char *name, etas_error *err)
{
    const hid_t how = H5Pcreate(H5P_FILE_ACCESS);

    /* The name is ours alone, and not every file system has locks. */
    if (how >= 0 && H5Pset_file_locking(how, false, true) >= 0)
        w->file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, how);
    if (w->file < 0)
        (void)note(err);
    if (how >= 0)
        (void)H5Pclose(how);
    return w->file >= 0 ? ETAS_OK : ETAS_E_IO;
}

static etas_status create_columns(writer *w, etas_error *err)
{
    const column events[] = {
        {.name = "time_ms",
         .unit = "milliseconds since 1970-01-01T00:00:00 UTC",
         .type = H5T_NATIVE_INT64,
         .values = w->time_ms},
        {.name = "lon", .unit = "degrees", .type = H5T_NATIVE_DOUBLE, .values = w->lon},
        {.name = "lat", .unit = "degrees", .type = H5T_NATIVE_DOUBLE, .values = w->lat},
        {.name = "mag", .type = H5T_NATIVE_FLOAT, .values = w->mag},
        {.name = "depth", .unit = "km", .type = H5T_NATIVE_FLOAT},
        {.name = "generation", .type = H5T_NATIVE_UINT16, .values = w->generation},
        {.name = "flags", .type = H5T_NATIVE_UINT8, .values = w->flags},
        {.name = "parent", .type = H5T_NATIVE_INT32, .values = w->parent},
    };
    const size_t n = sizeof events / sizeof *events - !w->with_parent;
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        st = add_column(&w->events, w->file, events[i], err);
    if (st == ETAS_OK)
        st = add_column(&w->offsets, w->file,
                        (column){.name = "offsets", .type = H5T_NATIVE_UINT64, .values = w->offset},
                        err);
    if (st == ETAS_OK && w->about->model->n > 1)
        st = add_column(&w->models, w->file,
                        (column){.name = "model", .type = H5T_NATIVE_UINT8, .values = w->model},
                        err);
    return st;
}

static etas_status start(writer *w, const etas_forecast_target *to, etas_error *err)
{
    etas_status st;

    if (to->temporary == NULL)
        return etas_fail(err, ETAS_E_ARG,
                         "HDF5 needs a file: this is a device or pipe, or the standard output");
    w->about = to->about;
    w->temporary = to->temporary;
    w->with_parent = to->about->model->plan[0].with_parents;
    st = create_file(w, to->temporary, err);
    if (st == ETAS_OK)
        st = put_about(w, err);
    if (st == ETAS_OK)
        st = create_columns(w, err);
    return st == ETAS_OK ? take_offset(w, err) : st;
}

static etas_status hdf5_open(void **self, const etas_forecast_target *to, etas_error *err)
{
    writer *const w = calloc(1, sizeof *w);
    quiet before;
    etas_status st;

    *self = w;
    if (w == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a forecast file");
    w->file = -1;
    /* First of all calls: at exit the library would close again what it could not close. */
    (void)H5dont_atexit();
    before = be_quiet();
    st = start(w, to, err);
    w->failed = st == ETAS_E_IO;
    be_as(before);
    return st;
}

static bool close_columns(table *t, etas_error *err)
{
    bool good = true;

    for (; t->n_columns > 0; t->n_columns--)
        good = (H5Dclose(t->columns[t->n_columns - 1].set) >= 0 || note(err)) && good;
    return good;
}

static bool close_file(writer *w, etas_error *err)
{
    bool good = close_columns(&w->events, err);

    good = close_columns(&w->offsets, err) && good;
    good = close_columns(&w->models, err) && good;
    if (w->file >= 0)
        good = (H5Fclose(w->file) >= 0 || note(err)) && good;
    w->file = -1;
    return good;
}

/* What the file holds is lost and goes, so that there is room to close it. After a failure HDF5
 * cannot close it: the attempt leaves it open, in a state that the next use of it crashes on. */
static void give_up_file(writer *w)
{
    if (w->file >= 0 && truncate(w->temporary, 0) == 0 && !w->failed)
        (void)close_file(w, NULL);
}

static etas_status finish(writer *w, etas_error *err)
{
    etas_status st = flush(&w->events, err);

    if (st == ETAS_OK)
        st = flush(&w->offsets, err);
    if (st == ETAS_OK)
        st = flush(&w->models, err);
    if (st == ETAS_OK &&
        !(put_count(w->file, "n_catalogs", w->offsets.written - 1, err) &&
          put_count(w->file, "n_events", w->n_events, err) &&
          put_count(w->file, "first_catalog", w->first_id, err) &&
          (H5Fflush(w->file, H5F_SCOPE_GLOBAL) >= 0 || note(err)) && close_file(w, err)))
        st = ETAS_E_IO;
    return st;
}

static etas_status hdf5_finish(void *self, etas_error *err)
{
    writer *const w = self;
    const quiet before = be_quiet();
    const etas_status st = finish(w, err);

    w->failed = st == ETAS_E_IO;
    be_as(before);
    return st;
}

static void hdf5_close(void *self)
{
    const quiet before = be_quiet();

    if (self != NULL)
        give_up_file(self);
    be_as(before);
    free(self);
}

const etas_forecast_writer etas_forecast_hdf5 = {
    .open = hdf5_open, .take = hdf5_take, .finish = hdf5_finish, .close = hdf5_close};
