#include "report_fit.h"

#include <math.h>

/* Estimates agree to the tolerance of the fixed point, over which machines and the number of
 * threads may differ. */
static const double same = 1e-4;

static bool is_of(const fit *f, const etas_mixture *forecast)
{
    const etas_params *const a = &f->state.theta, *const b = &forecast->plan[0].theta;

    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        const double x = a->value[i], y = b->value[i];

        if (isnan(x) != isnan(y) || isinf(x) != isinf(y) || fabs(x - y) > same)
            return false;
    }
    return forecast->n == 1 && fabs(f->state.beta - forecast->plan[0].beta) < same;
}

etas_status report_fit_run(report_fit *self, fit_source *source, const etas_mixture *forecast,
                           talk *t, etas_error *err)
{
    etas_fit_data data = {0};
    etas_status st = fit_run(&self->fit, &source->cfg, &source->how, t, err);

    if (st == ETAS_OK && !is_of(&self->fit, forecast)) {
        st = etas_fail(err, ETAS_E_ARG, "its estimate is not the model of the forecast");
        (void)etas_error_in_file(err, source->path);
    }
    if (st == ETAS_OK)
        st = etas_fit_data_gather(&data, self->fit.inversion, &self->fit.catalog, &self->fit.how,
                                  err);
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES && st == ETAS_OK; k++)
        st = etas_fit_figure_draw(&self->figures[k], k, &data, ETAS_THEME_PAGE, err);
    self->shown = (etas_report_fit){&self->fit.uncertainty, ETAS_N_FIT_FIGURES, self->figures};
    etas_fit_data_free(&data);
    return st;
}

void report_fit_free(report_fit *self)
{
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES; k++)
        etas_figure_free(&self->figures[k]);
    fit_free(&self->fit);
}
