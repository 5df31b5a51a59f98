#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "etas/io.h"
#include "etas/text.h"
#include "run_session.h"
#include "series_files.h"
#include "series_summary.h"

static const command_usage usage = {
    .name = "etas series",
    .synopsis = "CONFIG --from DATE --to DATE [OPTIONS]",
    .about = "Make a forecast for every date from what was known then, and score it with what\n"
             "happened next: one row per date in DIR/series.csv, all together in\n"
             "DIR/summary.json. timewindow_end and forecast_duration of the configuration are\n"
             "replaced by each date and by --horizon. A row is the same whatever dates there\n"
             "are beside it.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct command {
    etas_config cfg;
    run_options run;
    fit_options fit;
    grid_options grid;
    series_settings settings;
    double every_s, horizon_s; /* horizon: NaN when not given */
    etas_time only;
    const char *directory;
    char *default_directory;
    bool keep_stores;
    run_request request;
    talk t;
} command;

/* An option of all runs, or of all grids, that means something else here (help), or nothing (NULL).
 */
typedef struct change {
    const char *name, *help;
} change;

static const change run_changes[] = {
    {"n-simulations", "catalogues per date (default: n_simulations of the configuration)"},
    {"seed", "seed of the series, 0 to 2^64-1 (default: the configuration's, else drawn and\n"
             "printed); every date has its own, made of this one and the date"},
    {"runtime", "leave after 30s, 15m, 2h, 0.5d with 3, go on with --resume (default: in time\n"
                "for the end of a Slurm job, else never; 0: never)"},
    {"slot-memory", "the most memory of each local worker process, such as 512M or 2G"},
    {"embedded", "start a private Redis server and --processes workers for the series"},
    {"resume", "go on with the series in DIR; --to may be another date"},
    {"restart", "throw the series in DIR away and start again"},
    {"only", NULL},
    {"from-store", NULL},
    {"allow-missing", NULL},
    {"keep", NULL},
    {"discard-store", NULL}};
static const change grid_changes[] = {
    {"cell-size", "places of the spatial tests: size in latitude and longitude (default 0.1)"},
    {"thresholds",
     "magnitudes of the probabilities (default: m_threshold and the whole ones above\n"
     "it, up to m_max or 6)"},
    {"intervals", NULL},
    {"depth-range", NULL}};

enum {
    OWN_OPTIONS = 8,
    CHANGED_RUN_OPTIONS = RUN_OPTIONS - 5,
    CHANGED_GRID_OPTIONS = GRID_OPTIONS - 2
};

static void change_options(size_t n, const option_spec specs[], size_t n_changes,
                           const change changes[], option_spec out[])
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < n_changes && strcmp(specs[i].name, changes[k].name) != 0)
            k++;
        if (k < n_changes && changes[k].help == NULL)
            continue;
        *out = specs[i];
        if (k < n_changes)
            out->help = changes[k].help;
        out++;
    }
}

static void own_table(command *self, option_spec out[OWN_OPTIONS])
{
    const option_spec specs[OWN_OPTIONS] = {
        {"from", 0, OPTION_TIME, &self->settings.from, "DATE", "first date"},
        {"to", 0, OPTION_TIME, &self->settings.to, "DATE", "all dates are before it"},
        {"every", 0, OPTION_DURATION, &self->every_s, "TIME",
         "from one date to the next: 6h, 1d, 7d (default 1d)"},
        {"horizon", 0, OPTION_DURATION, &self->horizon_s, "TIME",
         "how long each forecast is (default: --every, so that the windows tile)"},
        {"refit-every", 0, OPTION_COUNT, &self->settings.refit_every, "K",
         "estimate the parameters at every Kth date; in between, those of the last\n"
         "estimate and the newest events (default 1; 0: once, at the first date)"},
        {"output", 'o', OPTION_TEXT, &self->directory, "DIR",
         "folder of the results (default: series_<id> in data_path)"},
        {"keep-stores", 0, OPTION_FLAG, &self->keep_stores, NULL,
         "keep the catalogues of every date in DIR/stores/DATE.store"},
        {"only", 0, OPTION_TIME, &self->only, "DATE",
         "make this date alone, and print its row as it is in the whole series"},
    };

    memcpy(out, specs, sizeof specs);
}

static options_outcome parse(command *self, int argc, char *argv[], const char *arguments[])
{
    option_spec own[OWN_OPTIONS], run_specs[RUN_OPTIONS], grid_specs[GRID_OPTIONS],
        run[CHANGED_RUN_OPTIONS], grid[CHANGED_GRID_OPTIONS], fit_specs[FIT_OPTIONS],
        redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{OWN_OPTIONS, own},
                                   {CHANGED_RUN_OPTIONS, run},
                                   {CHANGED_GRID_OPTIONS, grid},
                                   {FIT_OPTIONS, fit_specs},
                                   {REDIS_OPTIONS, redis_specs},
                                   {TALK_OPTIONS, talk_specs},
                                   {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    run_options_init(&self->run);
    run_options_note(&self->run, argc, argv);
    fit_options_init(&self->fit);
    fit_options_table(&self->fit, fit_specs);
    own_table(self, own);
    run_options_table(&self->run, run_specs);
    change_options(RUN_OPTIONS, run_specs, sizeof run_changes / sizeof *run_changes, run_changes,
                   run);
    grid_options_table(&self->grid, grid_specs);
    change_options(GRID_OPTIONS, grid_specs, sizeof grid_changes / sizeof *grid_changes,
                   grid_changes, grid);
    redis_options_table(&self->run.redis, redis_specs);
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(&usage, self->run.kernels);
    if (outcome == OPTIONS_RUN)
        outcome = redis_options_start(&self->run.redis, &usage, argc, argv, &self->t.log);
    if (outcome == OPTIONS_RUN)
        run_options_start(&self->run, &self->t.log);
    self->fit.kernels = self->run.kernels;
    self->fit.estimates_only = true;
    return outcome;
}

/* ---- what is asked for ---- */

static options_outcome check_dates(command *self)
{
    series_settings *const s = &self->settings;
    const double day_s = 86400, most_s = 1e9;

    if (s->from == ETAS_TIME_NONE || s->to == ETAS_TIME_NONE)
        return options_complain(&usage, "--from DATE and --to DATE say which forecasts to make");
    if (s->to <= s->from)
        return options_complain(&usage, "--to is not after --from");
    if (!(self->every_s >= 1) || self->every_s != floor(self->every_s) || self->every_s > most_s)
        return options_complain(&usage, "--every is not a whole number of seconds, 1 at least");
    if (s->from % ETAS_NS_PER_S != 0)
        return options_complain(&usage, "--from is not a whole second");
    if (isnan(self->horizon_s))
        self->horizon_s = self->every_s;
    if (!(self->horizon_s > 0) || self->horizon_s > most_s)
        return options_complain(&usage, "--horizon is not a positive time below 30 years");
    s->every = (int64_t)self->every_s * ETAS_NS_PER_S;
    s->horizon_days = self->horizon_s / day_s;
    if ((double)s->to + (self->every_s + self->horizon_s) * (double)ETAS_NS_PER_S > 9.2e18)
        return options_complain(&usage, "--to: the last forecast ends after the year 2261");
    if (self->only != ETAS_TIME_NONE &&
        (self->only < s->from || self->only >= s->to || (self->only - s->from) % s->every != 0))
        return options_complain(&usage, "--only is not one of the dates, --from + i times --every");
    if (self->only != ETAS_TIME_NONE &&
        (self->run.resume || self->run.restart || self->keep_stores))
        return options_complain(&usage, "--only prints a row: it goes with none of --resume, "
                                        "--restart and --keep-stores");
    return OPTIONS_RUN;
}

static etas_status fail_key(const etas_config *cfg, const char *key, etas_status st,
                            const char *text, etas_error *err)
{
    etas_fail(err, st, "%s", text);
    (void)etas_error_in_key(err, key);
    return etas_error_in_file(err, cfg->path);
}

/* What a single forecast can do without, or do in another way. */
static etas_status check_config(command *self, etas_error *err)
{
    const etas_config *const cfg = &self->cfg;
    const bool inverts = !cfg->given_parameters;
    const etas_time begin = inverts ? cfg->timewindow_start : cfg->auxiliary_start;

    if (cfg->fn_catalog == NULL)
        return fail_key(cfg, "fn_catalog", ETAS_E_PARSE, "missing; forecasts are scored with it",
                        err);
    if (cfg->fn_inversion_output != NULL && inverts)
        return fail_key(cfg, "fn_inversion_output", ETAS_E_UNSUPPORTED,
                        "a series estimates the parameters from what was known at its dates: "
                        "leave it away (or give the parameters themselves)",
                        err);
    if (isnan(cfg->m_threshold))
        return fail_key(cfg, "m_threshold", ETAS_E_PARSE,
                        "missing; all dates of a series count events from the same magnitude on",
                        err);
    if (!cfg->filter_polygon)
        return fail_key(cfg, "filter_polygon", ETAS_E_UNSUPPORTED,
                        "false: a series compares what is forecast inside the region with what "
                        "happens inside it",
                        err);
    if (cfg->free_productivity && self->settings.refit_every != 1)
        return fail_key(cfg, "free_productivity", ETAS_E_UNSUPPORTED,
                        "events after the last inversion have no productivity of their own: only "
                        "with --refit-every 1",
                        err);
    if (self->settings.from <= begin)
        return fail_key(cfg, inverts ? "timewindow_start" : "auxiliary_start", ETAS_E_RANGE,
                        "not before --from: there is no history at the first date", err);
    return ETAS_OK;
}

/* The thresholds' default does not depend on any date's model. */
static void choose_thresholds(command *self)
{
    grid_request *const grid = &self->settings.grid;
    const double m_max = self->cfg.common.m_max, top = isnan(m_max) ? 6 : fmin(m_max, 6);

    if (grid->n_thresholds > 0)
        return;
    grid->threshold[grid->n_thresholds++] = self->cfg.m_threshold;
    for (double m = floor(self->cfg.m_threshold) + 1;
         m <= top && grid->n_thresholds < ETAS_MAX_THRESHOLDS; m++)
        grid->threshold[grid->n_thresholds++] = m;
}

static options_outcome choose(command *self)
{
    options_outcome outcome = grid_request_init(&self->settings.grid, &self->grid, &usage);

    if (outcome == OPTIONS_RUN)
        outcome = run_request_init_at(&self->request, &self->run, &self->cfg, "", "", &usage);
    if (outcome == OPTIONS_RUN && self->run.n_catalogs == OPTION_UNSET &&
        self->cfg.n_simulations == 0)
        outcome = options_complain(&usage, "-n N or the key n_simulations says how many "
                                           "catalogues a date has");
    self->settings.n_simulations = self->request.n_catalogs;
    self->settings.seed = self->request.seed;
    choose_thresholds(self);
    if (outcome == OPTIONS_RUN && self->directory == NULL) {
        self->default_directory =
            etas_results_path(self->cfg.data_path, "series_", self->cfg.id, "");
        self->directory = self->default_directory;
        if (self->directory == NULL)
            outcome = options_complain(&usage, "out of memory");
    }
    return outcome;
}

/* ---- the series ---- */

static void warn_end(const command *self, const series_maker *maker)
{
    const series_settings *const s = &self->settings;
    const etas_time end = series_date(s, series_n_dates(s) - 1) +
                          (etas_time)(s->horizon_days * (double)ETAS_NS_PER_DAY);
    char last[SERIES_DATE];

    if (maker->last_event < end - s->every)
        etas_log_write(&self->t.log, ETAS_LOG_WARN,
                       "the last event of %s is of %s: what comes after it is scored as if nothing "
                       "had happened",
                       self->cfg.fn_catalog,
                       maker->last_event != ETAS_TIME_NONE
                           ? series_date_text(maker->last_event, last)
                           : "no time at all");
}

static etas_status make_all(command *self, series_maker *maker, series_files *files,
                            etas_error *err)
{
    const volatile sig_atomic_t *const interrupted = run_catch_signals();
    const uint64_t n = series_n_dates(&self->settings), first = files->n_rows;
    const double start = talk_seconds();
    series_row row;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && files->n_rows < n) {
        st = *interrupted ? etas_fail(err, ETAS_E_INTERRUPTED, "interrupted")
                          : series_make(maker, files->n_rows, &row, err);
        if (st == ETAS_OK)
            st = series_files_add(files, &self->settings, &row, err);
        if (st == ETAS_OK) {
            const double rate = (double)(files->n_rows - first) / (talk_seconds() - start);

            talk_show(&self->t, &(talk_progress){.what = "forecasts",
                                                 .done = files->n_rows,
                                                 .total = n,
                                                 .rate = rate,
                                                 .eta_s = (double)(n - files->n_rows) / rate});
        }
    }
    talk_show_end(&self->t);
    if (st == ETAS_E_INTERRUPTED) {
        *err = (etas_error){0}; /* what was going on is of no interest: its date is made again */
        st = etas_fail(err, st, "interrupted");
    }
    if (st != ETAS_OK && files->n_rows == 0 && !self->run.resume && st != ETAS_E_RUNTIME)
        series_files_undo(files, self->directory); /* nothing to go on with */
    else if (st != ETAS_OK)
        etas_log_write(&self->t.log, ETAS_LOG_WARN,
                       "%" PRIu64 " of %" PRIu64 " dates are in %s: go on with --resume",
                       files->n_rows, n, files->table_path);
    return st;
}

static etas_status print_only(const command *self, series_maker *maker, etas_error *err)
{
    const series_settings *const settings = &self->settings;
    series_row row;
    etas_text text = {0};
    etas_status st =
        series_make(maker, (uint64_t)((self->only - settings->from) / settings->every), &row, err);

    if (st == ETAS_OK)
        st = series_print_header(settings, &text, err);
    if (st == ETAS_OK)
        st = series_print_row(settings, &row, &text, err);
    if (st == ETAS_OK)
        (void)fwrite(text.data, 1, text.len, stdout);
    if (st == ETAS_OK && row.reason[0] != '\0')
        st = etas_fail(err, ETAS_E_INCOMPLETE, "there is no forecast: %.300s", row.reason);
    etas_text_free(&text);
    return st;
}

static etas_status finish(const command *self, const series_files *files, etas_error *err)
{
    series_summary summary = {0};
    etas_status st = series_summary_make(&self->settings, files->table_path, &summary, err);

    if (st == ETAS_OK)
        st = series_summary_save(&summary, files->summary_path, err);
    if (st == ETAS_OK) {
        printf("%-18s %s\n", "table", files->table_path);
        printf("%-18s %" PRIu64 "\n", "seed", self->settings.seed);
        series_summary_print(&summary);
    }
    if (st == ETAS_OK && summary.n_failed > 0)
        st = etas_fail(err, ETAS_E_INCOMPLETE,
                       "%" PRIu64 " of %" PRIu64 " dates have no forecast: column reason of %s",
                       summary.n_failed, summary.n_dates, files->table_path);
    series_summary_free(&summary);
    return st;
}

/* The configuration and what it names stay what they are. */
static etas_status refuse_inputs(const command *self, const series_files *files, etas_error *err)
{
    const char *path = series_files_find(files, self->cfg.path);

    for (size_t i = 0; path == NULL && i < self->cfg.n_inputs; i++)
        path = series_files_find(files, self->cfg.inputs[i]);
    return path == NULL ? ETAS_OK
                        : etas_fail(err, ETAS_E_ARG,
                                    "%s is an input: the series would replace it (-o DIR names "
                                    "another folder)",
                                    path);
}

static etas_status open_files(command *self, series_files *files, etas_error *err)
{
    const series_begin begin = {.settings = &self->settings,
                                .cfg = &self->cfg,
                                .seed_drawn = self->request.seed_drawn,
                                .log = &self->t.log};
    const series_opening how = self->only != ETAS_TIME_NONE ? SERIES_LOOK
                               : self->run.resume           ? SERIES_RESUME
                               : self->run.restart          ? SERIES_RESTART
                                                            : SERIES_BEGIN;
    etas_status st = series_files_init(files, self->directory, err);

    if (st == ETAS_OK)
        st = refuse_inputs(self, files, err);
    if (st == ETAS_OK)
        st = series_files_open(files, how, self->directory, &begin, err);
    if (st == ETAS_OK && self->keep_stores)
        st = series_files_make_stores(files, err);
    if (st == ETAS_OK && self->request.seed_drawn)
        etas_log_write(&self->t.log, ETAS_LOG_INFO, "seed %" PRIu64, self->settings.seed);
    return st;
}

static etas_status work(command *self, series_maker *maker, run_pool *pool, series_files *files,
                        etas_error *err)
{
    etas_status st = check_config(self, err);

    (void)run_catch_signals();
    if (st == ETAS_OK && self->run.slot_memory > 0)
        st = etas_slot_memory_check(self->run.slot_memory, err);
    if (st == ETAS_OK)
        st = series_maker_init(maker, err);
    if (st == ETAS_OK)
        st = run_pool_open(pool, &self->run, &self->request, &self->t, err);
    if (st == ETAS_OK)
        st = run_pool_keep(pool, err);
    if (st == ETAS_OK)
        st = open_files(self, files, err);
    if (st == ETAS_OK)
        warn_end(self, maker);
    if (st == ETAS_OK && self->only != ETAS_TIME_NONE)
        return print_only(self, maker, err);
    maker->stores = self->keep_stores ? files->stores_path : NULL;
    if (st == ETAS_OK)
        st = make_all(self, maker, files, err);
    return st == ETAS_OK ? finish(self, files, err) : st;
}

static int run(command *self)
{
    series_files files = {.folder = -1, .table = -1, .times = -1};
    run_pool pool = {0};
    series_maker maker = {.settings = &self->settings,
                          .cfg = &self->cfg,
                          .options = &self->run,
                          .fit = &self->fit,
                          .pool = &pool,
                          .t = &self->t};
    etas_error err = {0};
    const etas_status st = work(self, &maker, &pool, &files, &err);
    const int code = st == ETAS_OK ? 0 : talk_fail(&self->t, st, &err);

    if (st == ETAS_E_RUNTIME)
        run_say_again(&self->run, &self->t);
    run_pool_close(&pool);
    series_maker_free(&maker);
    series_files_close(&files);
    return code;
}

int cmd_series(int argc, char *argv[])
{
    const char *arguments[1];
    command self = {.settings = {.from = ETAS_TIME_NONE, .to = ETAS_TIME_NONE, .refit_every = 1},
                    .every_s = 86400,
                    .horizon_s = NAN,
                    .only = ETAS_TIME_NONE};
    etas_error err = {0};
    options_outcome outcome = parse(&self, argc, argv, arguments);
    int code;

    if (outcome == OPTIONS_RUN)
        outcome = check_dates(&self);
    if (outcome != OPTIONS_RUN) {
        run_options_free(&self.run);
        return options_exit_code(outcome);
    }
    if (etas_config_load(&self.cfg, arguments[0], ETAS_CONFIG_FORECAST, &self.t.log, &err) !=
        ETAS_OK)
        code = talk_fail(&self.t, err.code, &err);
    else if (catalog_options_apply(&self.fit.input, &usage, &self.cfg) != OPTIONS_RUN ||
             choose(&self) != OPTIONS_RUN)
        code = EXIT_USAGE;
    else
        code = run(&self);
    run_request_free(&self.request);
    run_options_free(&self.run);
    free(self.default_directory);
    etas_config_free(&self.cfg);
    return code;
}
