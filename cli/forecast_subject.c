#include "forecast_subject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "etas/io.h"
#include "etas/text.h"
#include "run_session.h"

enum { RASTER_SIDE = 512 };

/* ---- open ---- */

static bool is_store(const char *path)
{
    static const char begin[] = "SQLite format 3";
    char bytes[sizeof begin] = "";
    FILE *const in = fopen(path, "rb");
    const bool is = in != NULL && fread(bytes, 1, sizeof begin - 1, in) == sizeof begin - 1 &&
                    memcmp(bytes, begin, sizeof begin - 1) == 0;

    if (in != NULL)
        (void)fclose(in);
    return is;
}

static void cut_ending(char *name, const char *ending)
{
    const size_t len = strlen(name), end_len = strlen(ending);

    if (len > end_len && strcmp(name + len - end_len, ending) == 0)
        name[len - end_len] = '\0';
}

static void set_name(forecast_subject *self)
{
    const char *const slash = strrchr(self->path, '/');

    (void)etas_format(sizeof self->name, self->name, "%s", slash != NULL ? slash + 1 : self->path);
    cut_ending(self->name, ".store");
    cut_ending(self->name, ".csv");
}

etas_status subject_open(forecast_subject *self, const char *path,
                         const subject_frame_options *options, etas_error *err)
{
    const bool framed = options->config != NULL || options->polygon != NULL;
    struct stat info;
    etas_status st;

    (void)etas_format(sizeof self->path, self->path, "%s.store", path);
    if (is_store(path) || framed || stat(self->path, &info) != 0)
        (void)etas_format(sizeof self->path, self->path, "%s", path);
    set_name(self);
    if (!is_store(self->path)) {
        self->file.path = self->path;
        self->file.n_catalogs = options->n_catalogs;
        if (stat(self->path, &info) == 0)
            return ETAS_OK;
        st = etas_fail(err, ETAS_E_IO, "there is no such file, and no store of that name");
        etas_error_in_file(err, path);
        return st;
    }
    st = etas_store_open(&self->store, self->path, ETAS_STORE_READ, err);
    if (st == ETAS_OK)
        st = etas_gridded_run_open(&self->run, self->store, options->grid, err);
    return st == ETAS_OK ? st : etas_error_in_file(err, self->path);
}

void subject_close(forecast_subject *self)
{
    etas_gridded_run_close(&self->run);
    etas_store_close(self->store);
    etas_csep_forecast_free(&self->file);
    etas_expected_free(&self->expected);
    *self = (forecast_subject){0};
}

/* ---- frame ---- */

static etas_status take_region(etas_plan *plan, etas_config *cfg,
                               const subject_frame_options *options, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (options->polygon != NULL) {
        st = etas_region_load(&plan->region, options->polygon, options->lonlat, err);
    } else {
        plan->region = cfg->region;
        cfg->region = (etas_region){0};
        plan->filter_region = cfg->filter_polygon;
    }
    return st == ETAS_OK ? etas_raster_build(&plan->raster, &plan->region, RASTER_SIDE, err) : st;
}

static etas_status take_window(etas_plan *plan, const etas_config *cfg,
                               const subject_frame_options *options, etas_error *err)
{
    plan->start = options->start;
    plan->end = options->end;
    if (options->config != NULL && plan->start == ETAS_TIME_NONE)
        plan->start = cfg->timewindow_end;
    if (options->config != NULL && plan->end == ETAS_TIME_NONE && !isnan(cfg->forecast_days))
        plan->end =
            cfg->timewindow_end + (etas_time)llround(cfg->forecast_days * (double)ETAS_NS_PER_DAY);
    plan->output_start = plan->start;
    if (plan->start == ETAS_TIME_NONE || plan->end == ETAS_TIME_NONE)
        return etas_fail(err, ETAS_E_ARG,
                         "a file of catalogues does not say which time they are for: --start and "
                         "--end, or --config, must");
    if (plan->end <= plan->start)
        return etas_fail(err, ETAS_E_RANGE, "the window ends before it begins");
    return ETAS_OK;
}

static etas_status frame_by_options(subject_frame *self, const subject_frame_options *options,
                                    etas_error *err)
{
    const etas_forecast_grid *const grid = options->grid;
    static const uint64_t once = 1;
    etas_config cfg = {.delta_m = 0, .m_threshold = NAN};
    etas_plan *plan;
    etas_status st = ETAS_OK;

    if (options->config == NULL && options->polygon == NULL)
        return etas_fail(err, ETAS_E_ARG,
                         "a file of catalogues does not say where they hold: --polygon, or "
                         "--config, must");
    if (options->config != NULL)
        st = etas_config_load(&cfg, options->config, ETAS_CONFIG_FORECAST, options->log, err);
    if (st == ETAS_OK)
        st = etas_mixture_init(&self->own_model, 1, &once, err);
    if (st != ETAS_OK)
        goto out;
    plan = self->own_model.plan;
    plan->delta_m = isnan(options->delta_m) ? cfg.delta_m : options->delta_m;
    plan->m_threshold = isnan(grid->mag_first) ? cfg.m_threshold : grid->mag_first;
    st = take_region(plan, &cfg, options, err);
    if (st == ETAS_OK)
        st = take_window(plan, &cfg, options, err);
    if (st == ETAS_OK && isnan(plan->m_threshold))
        st = etas_fail(err, ETAS_E_ARG,
                       "from which magnitude on is not said: --mag-first must say it");
    if (st == ETAS_OK)
        st = etas_cells_build(&self->own_cells, grid, &self->own_model, err);
    self->model = &self->own_model;
    self->cells = &self->own_cells;
out:
    etas_config_free(&cfg);
    return st;
}

etas_status subject_frame_build(subject_frame *self, size_t n, forecast_subject subjects[],
                                const subject_frame_options *options, etas_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (subjects[i].store != NULL) {
            self->model = subjects[i].run.model;
            self->cells = subjects[i].run.cells;
            return ETAS_OK;
        }
    return frame_by_options(self, options, err);
}

void subject_frame_free(subject_frame *self)
{
    etas_mixture_free(&self->own_model);
    etas_cells_free(&self->own_cells);
    *self = (subject_frame){0};
}

/* ---- catalogues ---- */

static void show_reading(void *context, uint64_t done, uint64_t total)
{
    const forecast_subject *const self = context;
    const double seconds = talk_seconds() - self->start;
    const double rate = seconds > 0 ? (double)done / seconds : 0;
    char what[32];

    (void)etas_format(sizeof what, what, "%s, reading %d of 2",
                      self->store != NULL ? "catalogues" : "bytes", self->pass);
    talk_show(self->t, &(talk_progress){.what = what,
                                        .done = done,
                                        .total = total,
                                        .rate = rate,
                                        .eta_s = rate > 0 ? (double)(total - done) / rate : NAN});
}

static bool same_window(const etas_mixture *a, const etas_mixture *b)
{
    return a->plan[0].output_start == b->plan[0].output_start && a->plan[0].end == b->plan[0].end;
}

static etas_status put_on(forecast_subject *self, const subject_frame *frame, etas_error *err)
{
    if (self->store == NULL) {
        self->file.cells = frame->cells;
        self->file.start = frame->model->plan[0].output_start;
        self->file.end = frame->model->plan[0].end;
        self->file.interrupted = run_catch_signals();
        self->file.progress = show_reading;
        self->file.progress_context = self;
        return ETAS_OK;
    }
    self->run.interrupted = run_catch_signals();
    self->run.progress = show_reading;
    self->run.progress_context = self;
    if (!same_window(self->run.model, frame->model))
        return etas_fail(err, ETAS_E_ARG, "the forecasts are for different times");
    return frame->cells == self->run.cells ? ETAS_OK
                                           : etas_gridded_run_share(&self->run, frame->cells, err);
}

etas_gridded_source subject_source(forecast_subject *self)
{
    self->pass++;
    self->start = talk_seconds();
    return self->store != NULL ? etas_gridded_run_source(&self->run)
                               : etas_csep_forecast_source(&self->file);
}

etas_status subject_expect(forecast_subject *self, const subject_frame *frame, etas_error *err)
{
    etas_status st = put_on(self, frame, err);

    if (st == ETAS_OK)
        st = etas_expected_init(&self->expected, frame->cells->n_places, frame->cells->n_mags, err);
    if (st == ETAS_OK) {
        const etas_gridded_source source = subject_source(self);

        st = source.each(source.self, etas_expected_add, &self->expected, err);
    }
    return st == ETAS_OK ? st : etas_error_in_file(err, self->path);
}
