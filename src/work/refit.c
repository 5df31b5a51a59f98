#include <math.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "etas/simulation.h"

/* A catalogue that grows beyond so many times the real one's targets, and some, has exploded:
 * inverting it would take its square of time. */
enum { GROWTH = 20, GROWTH_FROM = 10000 };

void etas_refit_free(etas_refit *self)
{
    etas_plan_free(&self->plan);
    etas_catalog_free(&self->history);
    *self = (etas_refit){0};
}

const char *etas_refit_status_name(etas_refit_status which)
{
    static const char *const names[] = {
#define X(name, key, text) key,
        ETAS_REFIT_STATUS_MAP(X)
#undef X
    };

    return which < ETAS_N_REFIT_STATUS ? names[which] : "";
}

const char *etas_refit_status_text(etas_refit_status which)
{
    static const char *const texts[] = {
#define X(name, key, text) text,
        ETAS_REFIT_STATUS_MAP(X)
#undef X
    };

    return which < ETAS_N_REFIT_STATUS ? texts[which] : "";
}

static bool completeness_varies(const etas_catalog *catalog, double m_ref)
{
    for (size_t i = 0; i < catalog->n; i++)
        if (!(catalog->mc[i] == m_ref))
            return true;
    return false;
}

etas_status etas_refit_check(const etas_catalog *catalog, const etas_inversion_config *how,
                             etas_error *err)
{
    const struct {
        const char *key;
        bool on;
    } options[] = {{"mc", completeness_varies(catalog, how->m_ref)},
                   {"bg_term", how->induced},
                   {"inner_shape_coords", how->inner_region != NULL},
                   {"free_background", how->free_background},
                   {"free_productivity", how->free_productivity},
                   {"three_dim", how->three_dim}};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].on) {
            (void)etas_fail(
                err, ETAS_E_UNSUPPORTED,
                "a bootstrap simulates the fitted model, which is not defined with this%s",
                i == 0 ? " (a completeness that varies)" : "");
            (void)etas_error_in_key(err, options[i].key);
            return ETAS_E_UNSUPPORTED;
        }
    return ETAS_OK;
}

/* The window is what is simulated; what came before stays as it was. */
static etas_status take_history(const etas_refit_input *in, etas_catalog *out, etas_error *err)
{
    for (size_t i = 0; i < in->catalog->n && in->catalog->time[i] < in->how->window_start; i++) {
        etas_event e = etas_catalog_row(in->catalog, i);

        e.id_len = 0;
        if (etas_catalog_append(out, &e) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "out of memory for the bootstrap's history");
    }
    return ETAS_OK;
}

/* The background is uniform, as the likelihood that was maximised has it. */
static etas_status build_plan(const etas_refit_input *in, etas_refit *self, etas_error *err)
{
    const etas_inversion_config *const how = in->how;
    const uint64_t most = (uint64_t)GROWTH * in->state->n_targets + GROWTH_FROM;
    const etas_plan_input plan = {.theta = in->state->theta,
                                  .beta = in->state->beta,
                                  .m_ref = how->m_ref,
                                  .delta_m = how->delta_m,
                                  .m_max = in->m_max,
                                  .m_threshold = NAN,
                                  .start = how->window_start,
                                  .end = how->window_end,
                                  .output_start = how->window_start,
                                  .region = in->region,
                                  .area_km2 = how->area_km2,
                                  .earth_radius_km = how->earth_radius_km,
                                  .filter_region = true,
                                  .history = &self->history,
                                  .allow_supercritical = in->allow_supercritical};
    const etas_status st = etas_plan_build(&plan, &self->plan, err);

    if (st == ETAS_OK && self->plan.max_events > most)
        self->plan.max_events = most;
    return st;
}

etas_status etas_refit_build(const etas_refit_input *in, etas_refit *out, etas_error *err)
{
    etas_refit self = {.how = *in->how, .beta = in->state->beta, .n_hat = in->state->n_hat};
    etas_status st = etas_refit_check(in->catalog, in->how, err);

    self.how.theta_0 = in->state->theta;
    self.how.n_threads = 1;
    self.how.kernels = NULL;
    self.how.compute = NULL;
    self.how.compute_context = NULL;
    self.how.interrupted = NULL;
    if (st == ETAS_OK)
        st = take_history(in, &self.history, err);
    if (st == ETAS_OK)
        st = build_plan(in, &self, err);
    if (st != ETAS_OK) {
        etas_refit_free(&self);
        return st;
    }
    etas_refit_free(out);
    *out = self;
    return ETAS_OK;
}
