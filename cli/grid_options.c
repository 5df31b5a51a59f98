#include "grid_options.h"

#include <math.h>
#include <string.h>

#include "etas/text.h"

static const grid_options nothing_given = {
    .cell_size = NAN, .mag_step = NAN, .mag_first = NAN, .mag_last = NAN};

void grid_options_table(grid_options *self, option_spec out[GRID_OPTIONS])
{
    const option_spec specs[GRID_OPTIONS] = {
        {"cell-size", 0, OPTION_POSITIVE, &self->cell_size, "DEGREES",
         "rates and counts: size of a cell in latitude and longitude (default 0.1)"},
        {"mag-first", 0, OPTION_NUMBER, &self->mag_first, "M",
         "lowest edge of the magnitude bins (default: the lowest that is reported)"},
        {"mag-step", 0, OPTION_POSITIVE, &self->mag_step, "X",
         "their width (default: 0.1, or delta_m where that is larger)"},
        {"mag-last", 0, OPTION_NUMBER, &self->mag_last, "M",
         "lower edge of the last one, which has no end (default: 30 steps up)"},
        {"depth-range", 0, OPTION_TEXT, &self->depths, "KM:KM",
         "depths to write where a format has them (default 0:30)"},
        {"intervals", 0, OPTION_TEXT, &self->intervals, "DAYS,...",
         "ends of time intervals, counted apart in grid-csv and in counts; what is\n"
         "left of the window is one more (default: the whole window)"},
        {"thresholds", 0, OPTION_TEXT, &self->thresholds, "M,...",
         "magnitudes of summaries (default: m_threshold and the whole and half ones\n"
         "above it, up to m_max or 8)"},
    };

    *self = nothing_given;
    memcpy(out, specs, sizeof specs);
}

const char *grid_options_given(const grid_options *self)
{
    const struct {
        const char *name;
        bool given;
    } all[] = {{"--cell-size", !isnan(self->cell_size)},  {"--mag-first", !isnan(self->mag_first)},
               {"--mag-step", !isnan(self->mag_step)},    {"--mag-last", !isnan(self->mag_last)},
               {"--depth-range", self->depths != NULL},   {"--intervals", self->intervals != NULL},
               {"--thresholds", self->thresholds != NULL}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given)
            return all[i].name;
    return NULL;
}

/* What no model makes right. */
static options_outcome check_bins(const grid_options *o, const command_usage *usage)
{
    const struct {
        const char *name, *what;
        double value, low, high;
    } all[] = {{"--cell-size", "degrees", o->cell_size, 0, 180},
               {"--mag-first", "a magnitude", o->mag_first, -100, 100},
               {"--mag-step", "a difference of magnitudes", o->mag_step, 0, 100},
               {"--mag-last", "a magnitude", o->mag_last, -100, 100}};
    double steps;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value < all[i].low || all[i].value > all[i].high)
            return options_complain(usage, "%s: %g is outside %g to %g; expected %s", all[i].name,
                                    all[i].value, all[i].low, all[i].high, all[i].what);
    if (o->mag_last < o->mag_first)
        return options_complain(usage, "--mag-last: %g lies below --mag-first (%g)", o->mag_last,
                                o->mag_first);
    steps = floor((o->mag_last - o->mag_first) / o->mag_step + 0.5);
    if (fabs(o->mag_first + steps * o->mag_step - o->mag_last) > 1e-6 * o->mag_step)
        return options_complain(usage,
                                "--mag-last: %g is not a whole number of --mag-step (%g) above "
                                "--mag-first (%g)",
                                o->mag_last, o->mag_step, o->mag_first);
    return OPTIONS_RUN;
}

/* Numbers with commas between them; NULL: none. */
static bool read_list(const char *list, size_t most, double out[], size_t *n)
{
    *n = 0;
    while (list != NULL) {
        const char *const comma = strchr(list, ',');
        const size_t len = comma != NULL ? (size_t)(comma - list) : strlen(list);

        if (*n == most || !etas_parse_double(list, len, &out[*n]) || !isfinite(out[*n]))
            return false;
        ++*n;
        list = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

static bool read_depths(const char *text, etas_forecast_grid *out)
{
    const char *const colon = strchr(text, ':');

    return colon != NULL && etas_parse_double(text, (size_t)(colon - text), &out->depth_first) &&
           etas_parse_double(colon + 1, strlen(colon + 1), &out->depth_last) &&
           isfinite(out->depth_first) && isfinite(out->depth_last) &&
           out->depth_first < out->depth_last;
}

/* Ends of intervals and thresholds rise, whatever the model. */
static options_outcome check_rising(const grid_request *self, const command_usage *usage)
{
    for (size_t i = 0; i < self->grid.n_times; i++)
        if (!(self->ends[i] > (i > 0 ? self->ends[i - 1] : 0)))
            return options_complain(usage, "--intervals: %g does not rise from %g on",
                                    self->ends[i], i > 0 ? self->ends[i - 1] : 0);
    for (size_t i = 1; i < self->n_thresholds; i++)
        if (!(self->threshold[i] > self->threshold[i - 1]))
            return options_complain(usage, "--thresholds: %g does not rise from %g on",
                                    self->threshold[i], self->threshold[i - 1]);
    return OPTIONS_RUN;
}

options_outcome grid_request_check(const grid_request *self, double days, double lowest,
                                   const command_usage *usage)
{
    const etas_forecast_grid *const grid = &self->grid;
    const double slack = 1e-9;

    if (grid->n_times > 0 && self->ends[grid->n_times - 1] > days * (1 + slack))
        return options_complain(usage, "--intervals: %g days; the window ends after %g",
                                self->ends[grid->n_times - 1], days);
    if (self->n_thresholds > 0 && self->threshold[0] < lowest - slack)
        return options_complain(usage, "--thresholds: %g; magnitudes are reported from %g on",
                                self->threshold[0], lowest);
    if (isnan(grid->mag_first) && grid->mag_last < lowest - slack)
        return options_complain(usage, "--mag-last: %g; magnitudes are reported from %g on",
                                grid->mag_last, lowest);
    return OPTIONS_RUN;
}

int grid_options_fail(talk *t, etas_status st, const etas_error *err)
{
    option_spec specs[GRID_OPTIONS];
    grid_options unused;
    etas_error named = {0};

    grid_options_table(&unused, specs);
    for (size_t i = 0; i < GRID_OPTIONS; i++)
        if (strcmp(specs[i].name, err->key) == 0) {
            etas_fail(&named, st, "--%s: %s", err->key, err->text);
            (void)etas_error_in_file(&named, err->file);
            (void)talk_fail(t, st, &named);
            return EXIT_USAGE;
        }
    return talk_fail(t, st, err);
}

options_outcome grid_request_init(grid_request *self, const grid_options *options,
                                  const command_usage *usage)
{
    etas_forecast_grid *const grid = &self->grid;

    *self = (grid_request){.grid = etas_forecast_grid_default()};
    self->given = grid_options_given(options);
    if (check_bins(options, usage) != OPTIONS_RUN)
        return OPTIONS_USAGE;
    if (!isnan(options->cell_size))
        grid->dlat = grid->dlon = options->cell_size;
    if (!isnan(options->mag_step))
        grid->dmag = options->mag_step;
    grid->mag_first = options->mag_first;
    grid->mag_last = options->mag_last;
    if (options->depths != NULL && !read_depths(options->depths, grid))
        return options_complain(usage, "--depth-range: \"%s\" is not FIRST:LAST in km",
                                options->depths);
    grid->time_days = self->ends;
    if (!read_list(options->intervals, MOST_INTERVALS, self->ends, &grid->n_times))
        return options_complain(usage, "--intervals: \"%s\" is not a list of at most %d days",
                                options->intervals, MOST_INTERVALS);
    if (!read_list(options->thresholds, ETAS_MAX_THRESHOLDS, self->threshold, &self->n_thresholds))
        return options_complain(usage,
                                "--thresholds: \"%s\" is not a list of at most %d magnitudes",
                                options->thresholds, ETAS_MAX_THRESHOLDS);
    return check_rising(self, usage);
}

options_outcome grid_request_thresholds(grid_request *self, const char *thresholds,
                                        const command_usage *usage)
{
    grid_options options = nothing_given;

    options.thresholds = thresholds;
    return grid_request_init(self, &options, usage);
}
