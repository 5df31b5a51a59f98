/* The targets and the sources of an inversion from its tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/results_load.h"

/* Times and magnitudes of a source must be those of its event in the catalogue; both went through
 * text, the reference's through a reader that may err in the last bit. */
static const double SAME_DAYS = 1e-6, SAME_MAGNITUDE = 1e-6;

/* ---- a table ---- */

typedef struct table {
    etas_text text;
    etas_csv csv;
} table;

/* The first @p n_needed of the @p n names must be columns. */
typedef struct table_columns {
    size_t n_needed, n;
    const char *const *names;
} table_columns;

static etas_status open_table(const etas_results_loader *l, const char *path,
                              const table_columns *want, table *out, size_t column[])
{
    etas_status st = etas_file_read(path, &out->text, l->err);

    if (st == ETAS_OK)
        st = etas_csv_open(&out->csv, out->text.len, out->text.data, path, l->err);
    if (st == ETAS_OK)
        st = etas_csv_require(&out->csv, want->n_needed, want->names, column, l->err);
    for (size_t k = want->n_needed; k < want->n; k++)
        column[k] = etas_csv_find(&out->csv, want->names[k]);
    return st;
}

static void close_table(table *t)
{
    etas_csv_free(&t->csv);
    etas_text_free(&t->text);
}

/* ---- trig_and_bg_probs_<id>.csv ---- */

enum {
    LATITUDE,
    LONGITUDE,
    P_BACKGROUND,
    N_NEEDED,
    MU = N_NEEDED,
    P_INDUCED,
    ZETA,
    N_TARGET_COLUMNS
};

typedef struct target_file {
    table table;
    size_t column[N_TARGET_COLUMNS], capacity[N_TARGET_COLUMNS];
} target_file;

/* A target that cannot have been triggered is background for certain; the reference, whose
 * free_background has no mu there, leaves the field empty. */
static etas_status read_p_background(const etas_results_loader *l, const target_file *f,
                                     double *out)
{
    etas_status st = ETAS_OK;

    *out = 0;
    if (l->self->free_background)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[P_BACKGROUND], out, l->err);
    if (st == ETAS_OK && isnan(*out)) {
        *out = 1;
        return ETAS_OK;
    }
    return st == ETAS_OK
               ? etas_csv_number(&f->table.csv, f->column[P_BACKGROUND], 0, 1 + 1e-9, out, l->err)
               : st;
}

static etas_status read_target(const etas_results_loader *l, target_file *f)
{
    etas_results *self = l->self;
    const size_t i = self->n_targets;
    double **const arrays[] = {&self->target_lat, &self->target_lon, &self->target_weight,
                               &self->target_mu, &self->target_p_induced};
    double weight, zeta;
    etas_status st;

    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        if (etas_array_reserve((void **)arrays[k], &f->capacity[k], i + 1, sizeof(double)) !=
            ETAS_OK)
            return etas_results_fail_memory(l);
    st = etas_csv_number(&f->table.csv, f->column[LATITUDE], -90, 90, &self->target_lat[i], l->err);
    if (st == ETAS_OK)
        st = etas_csv_number(&f->table.csv, f->column[LONGITUDE], -180, 360, &self->target_lon[i],
                             l->err);
    if (st == ETAS_OK)
        st = read_p_background(l, f, &weight);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[ZETA], &zeta, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[MU], &self->target_mu[i], l->err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[P_INDUCED], &self->target_p_induced[i],
                                    l->err);
    if (st != ETAS_OK)
        return st;
    self->target_weight[i] = weight * (isnan(zeta) ? 1 : zeta);
    self->n_targets++;
    return ETAS_OK;
}

etas_status etas_results_read_targets(const etas_results_loader *l, const char *path)
{
    static const char *const names[N_TARGET_COLUMNS] = {"latitude", "longitude", "P_background",
                                                        "mu",       "P_induced", "zeta_plus_1"};
    const table_columns want = {N_NEEDED, N_TARGET_COLUMNS, names};
    target_file f = {0};
    bool more = true;
    etas_status st = open_table(l, path, &want, &f.table, f.column);

    while (st == ETAS_OK) {
        st = etas_csv_next(&f.table.csv, &more, l->err);
        if (st != ETAS_OK || !more)
            break;
        st = read_target(l, &f);
    }
    close_table(&f.table);
    return st;
}

/* ---- sources_<id>.csv against the catalogue ---- */

/* The selected events again, in the order of their ids. */
typedef struct directory {
    etas_catalog events;
    size_t *row;
} directory;

static int compare_ids(const etas_event *a, const etas_event *b)
{
    const size_t n = a->id_len < b->id_len ? a->id_len : b->id_len;
    const int order = n > 0 ? memcmp(a->id, b->id, n) : 0;

    return order != 0 ? order : (a->id_len > b->id_len) - (a->id_len < b->id_len);
}

static int by_id(const void *pa, const void *pb, void *context)
{
    const size_t i = *(const size_t *)pa, j = *(const size_t *)pb;
    const etas_event a = etas_catalog_row(context, i), b = etas_catalog_row(context, j);
    const int order = compare_ids(&a, &b);

    return order != 0 ? order : (i > j) - (i < j);
}

static etas_status open_directory(const etas_results_loader *l, const char *path, directory *d)
{
    const etas_selection how = {.start = l->self->auxiliary_start,
                                .end = l->self->timewindow_end,
                                .region = &l->self->region,
                                .delta_m = l->self->delta_m,
                                .mc_method = l->self->mc_method,
                                .mc = l->self->mc};
    const etas_catalog_wanted want = {.mc = how.mc_method == ETAS_MC_COLUMN,
                                      .space_unit_in_meters = 1000};
    etas_catalog all = {0};
    etas_status st = etas_config_catalog(l->config != NULL ? l->config : l->settings.self, path,
                                         &want, &all, NULL, l->err);

    if (st == ETAS_OK) {
        st = etas_catalog_select(&all, &how, &d->events, l->err);
        if (st != ETAS_OK)
            etas_error_in_file(l->err, path);
    }
    etas_catalog_free(&all);
    if (st == ETAS_OK && etas_array_alloc((void **)&d->row, d->events.n, sizeof *d->row) != ETAS_OK)
        st = etas_results_fail_memory(l);
    for (size_t i = 0; st == ETAS_OK && i < d->events.n; i++)
        d->row[i] = i;
    if (st == ETAS_OK && d->events.n > 0)
        qsort_r(d->row, d->events.n, sizeof *d->row, by_id, &d->events);
    return st;
}

/* The event of this id, magnitude and age; several may share an id. d->events.n when there is
 * none; *has_id tells whether the id at least is there. */
static size_t find_event(const directory *d, const etas_event *want, bool *has_id)
{
    size_t low = 0, high = d->events.n;

    *has_id = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const etas_event e = etas_catalog_row(&d->events, d->row[middle]);

        if (compare_ids(&e, want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < d->events.n; low++) {
        const etas_event e = etas_catalog_row(&d->events, d->row[low]);

        if (compare_ids(&e, want) != 0)
            break;
        *has_id = true;
        if (fabs(e.mag - want->mag) <= SAME_MAGNITUDE &&
            fabs(etas_days_between(e.time, want->time)) <= SAME_DAYS)
            return d->row[low];
    }
    return d->events.n;
}

enum {
    MAGNITUDE,
    TO_END,
    N_NEEDED_OF_SOURCE,
    ABOVE_REF = N_NEEDED_OF_SOURCE,
    XI,
    KAPPA,
    N_SOURCE_COLUMNS
};

typedef struct source_file {
    table table;
    size_t column[N_SOURCE_COLUMNS], capacity[2];
    const char *fn_catalog;
} source_file;

/* The event and what the inversion found about it. */
typedef struct source {
    etas_event want;
    double xi, kappa;
} source;

/* Sources hidden below a completeness that lies above the reference magnitude (the responsibility
 * of those seen). */
static double xi_of(const etas_results *r, double above_ref)
{
    return exp(-(etas_params_alpha(&r->theta) - r->beta) * (isnan(above_ref) ? 0 : above_ref));
}

static etas_status read_source_row(const etas_results_loader *l, source_file *f, source *out)
{
    double to_end = 0, above_ref = NAN;
    etas_status st = etas_csv_text(&f->table.csv, 0, &out->want.id, &out->want.id_len, l->err);

    if (st == ETAS_OK)
        st = etas_csv_number(&f->table.csv, f->column[MAGNITUDE], -10, 12, &out->want.mag, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number(&f->table.csv, f->column[TO_END], 0, 1e6, &to_end, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[ABOVE_REF], &above_ref, l->err);
    out->xi = xi_of(l->self, above_ref);
    if (st == ETAS_OK && f->column[XI] != ETAS_CSV_NONE)
        st = etas_csv_number(&f->table.csv, f->column[XI], 0, INFINITY, &out->xi, l->err);
    if (st == ETAS_OK)
        st = etas_csv_number_or_nan(&f->table.csv, f->column[KAPPA], &out->kappa, l->err);
    out->want.time = l->self->timewindow_end - (etas_time)llround(to_end * (double)ETAS_NS_PER_DAY);
    return st;
}

static etas_status fail_source(const etas_results_loader *l, const source_file *f, const source *s,
                               bool has_id)
{
    etas_fail(l->err, ETAS_E_PARSE,
              has_id ? "source \"%.*s\" has another time or magnitude in %s"
                     : "source \"%.*s\" is not among the events that %s has for this inversion",
              (int)(s->want.id_len < 40 ? s->want.id_len : 40), s->want.id, f->fn_catalog);
    etas_error_in_file(l->err, f->table.csv.name);
    etas_error_at_line(l->err, f->table.csv.field[0].line, 1);
    return ETAS_E_PARSE;
}

static etas_status read_source(const etas_results_loader *l, source_file *f, const directory *d)
{
    etas_results *self = l->self;
    etas_event found;
    source s = {0};
    bool has_id;
    size_t row;
    etas_status st = read_source_row(l, f, &s);

    if (st != ETAS_OK)
        return st;
    row = find_event(d, &s.want, &has_id);
    if (row == d->events.n)
        return fail_source(l, f, &s, has_id);
    found = etas_catalog_row(&d->events, row);
    if (etas_array_reserve((void **)&self->xi_plus_1, &f->capacity[0], self->n_sources + 1,
                           sizeof *self->xi_plus_1) != ETAS_OK ||
        etas_array_reserve((void **)&self->kappa, &f->capacity[1], self->n_sources + 1,
                           sizeof *self->kappa) != ETAS_OK ||
        etas_catalog_append(&self->sources, &found) != ETAS_OK)
        return etas_results_fail_memory(l);
    self->kappa[self->n_sources] = s.kappa;
    self->xi_plus_1[self->n_sources++] = s.xi;
    return ETAS_OK;
}

etas_status etas_results_read_sources(const etas_results_loader *l, const char *path,
                                      const char *fn_catalog)
{
    static const char *const names[N_SOURCE_COLUMNS] = {
        "source_magnitude", "source_to_end_time_distance", "source_completeness_above_ref",
        "xi_plus_1", "source_kappa"};
    const table_columns want = {N_NEEDED_OF_SOURCE, N_SOURCE_COLUMNS, names};
    source_file f = {.fn_catalog = fn_catalog};
    directory d = {0};
    bool more = true;
    etas_status st = open_table(l, path, &want, &f.table, f.column);

    if (st == ETAS_OK)
        st = open_directory(l, fn_catalog, &d);
    while (st == ETAS_OK) {
        st = etas_csv_next(&f.table.csv, &more, l->err);
        if (st != ETAS_OK || !more)
            break;
        st = read_source(l, &f, &d);
    }
    etas_catalog_free(&d.events);
    etas_array_free((void **)&d.row);
    close_table(&f.table);
    return st;
}
