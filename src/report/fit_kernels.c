/* The kernels in time and space beside the pairs that they weighted. */
#include <math.h>

#include "report/fit_parts.h"

/* The bins that are drawn: half an aftershock lies beyond them at each end, where densities would
 * be those of next to nothing, and all that is apart by more than a factor of ten, as events at one
 * place are. */
typedef struct shown {
    size_t first, end;
    double weight, expected; /* in them */
} shown;

static const double nothing = 0.05, apart = 9.99;

static size_t heaviest(size_t n, const etas_fit_bin bins[])
{
    size_t k = 0;

    for (size_t i = 1; i < n; i++)
        if (bins[i].weight > bins[k].weight)
            k = i;
    return k;
}

static shown shown_of(size_t n, const etas_fit_bin bins[])
{
    const size_t middle = heaviest(n, bins);
    shown s = {.first = middle, .end = n > 0 ? middle + 1 : 0};
    double sum = 0;

    for (size_t k = middle; k-- > 0 && bins[s.first].low < apart * bins[k].high;)
        if (bins[k].weight > nothing)
            s.first = k;
    for (size_t k = s.end; k < n && bins[k].low < apart * bins[s.end - 1].high; k++)
        if (bins[k].weight > nothing)
            s.end = k + 1;
    while (s.first < middle && (sum += bins[s.first].weight) < 0.5)
        s.first++;
    for (sum = 0; s.end > middle + 1 && (sum += bins[s.end - 1].weight) < 0.5;)
        s.end--;
    for (size_t k = s.first; k < s.end; k++) {
        s.weight += bins[k].weight;
        s.expected += bins[k].expected;
    }
    return s;
}

/* Densities per unit of a measure: days, or areas or volumes of distances. */
static void add_bins(etas_fit_drawing *d, const shown *s, const etas_fit_bin bins[],
                     double (*measure)(const etas_params *theta, double to),
                     const etas_params *theta)
{
    for (size_t k = s->first; k < s->end; k++) {
        const etas_fit_bin *const b = &bins[k];
        const double size = measure(theta, b->high) - measure(theta, b->low);
        const double x = sqrt(b->low * b->high);

        etas_series_add_bin(&d->data, (double[]){b->low, b->high}, x, b->weight,
                            1 / (s->weight * size));
        etas_series_add(&d->expected, x, b->expected / (s->expected * size));
    }
}

/* ---- time ---- */

static double days(const etas_params *theta, double to)
{
    (void)theta;
    return to;
}

/* "4.3 minutes" */
static const char *duration_text(double d, size_t capacity, char out[])
{
    static const struct {
        double days;
        const char *name;
    } units[] = {
        {1.0 / 86400, "s"}, {1.0 / 1440, "min"}, {1.0 / 24, "h"}, {1, "days"}, {365.25, "years"}};
    size_t k = 0;

    while (k + 1 < sizeof units / sizeof *units && d >= 2 * units[k + 1].days)
        k++;
    (void)etas_format(capacity, out, "%.2g %s", d / units[k].days, units[k].name);
    if (d / units[k].days >= 99.5)
        (void)etas_format(capacity, out, "%.0f %s", d / units[k].days, units[k].name);
    return out;
}

static void describe_time(etas_figure *out, const etas_fit_data *data, const shown *s)
{
    const etas_omori o = etas_params_omori(&data->theta);
    char c[32], tau[32] = "none";

    if (isfinite(o.tau_days))
        (void)duration_text(o.tau_days, sizeof tau, tau);
    (void)etas_format(sizeof out->title, out->title, "Time to aftershocks");
    (void)etas_format(
        sizeof out->text, out->text,
        "Delays between events and those that they triggered, each pair counted by the "
        "probability that it is one: %.1f aftershocks, and %.1f beyond the range that is drawn. "
        "The kernel is that of the model, with c = %s, omega = %.3g and the taper tau = %s. What "
        "is expected in this catalogue leaves out delays for which the catalogue is too short. All "
        "are densities over the range that is drawn; bars are the errors of counts.",
        s->weight, data->n_weight - s->weight, duration_text(o.c_days, sizeof c, c), o.omega, tau);
}

etas_status etas_fit_draw_time(etas_figure *out, const etas_fit_data *data, etas_theme theme,
                               etas_error *err)
{
    const etas_omori o = etas_params_omori(&data->theta);
    const shown s = shown_of(data->n_delays, data->delay);
    etas_fit_drawing d = {.spec = {.x = {.title = "Days after the event", .kind = ETAS_SCALE_LOG},
                                   .y = {.title = "Density (per day)", .kind = ETAS_SCALE_LOG}},
                          .columns = "delay_days,density_per_day",
                          .data_name = "weighted pairs",
                          .model_name = "kernel",
                          .expected_name = "expected here"};
    char c[48], tau[48], text[32];
    etas_milestone milestones[2] = {{o.c_days, c, {.stroke = ETAS_INK_MUTED, .dash = "3 3"}},
                                    {o.tau_days, tau, {.stroke = ETAS_INK_MUTED, .dash = "3 3"}}};

    describe_time(out, data, &s);
    add_bins(&d, &s, data->delay, days, &data->theta);
    if (s.end > s.first) {
        const double low = data->delay[s.first].low, high = data->delay[s.end - 1].high;
        const double whole = etas_omori_integral(&o, low, high);
        const size_t n = 4 * (s.end - s.first);

        for (size_t i = 0; i <= n; i++) {
            const double t = low * pow(high / low, (double)i / (double)n);

            etas_series_add(&d.model, t,
                            exp(-t / o.tau_days) / pow(t + o.c_days, 1 + o.omega) / whole);
        }
        if (o.c_days > low && o.c_days < high)
            d.spec.n_milestones = 1;
        if (o.tau_days > low && o.tau_days < high) {
            milestones[d.spec.n_milestones] = milestones[1];
            d.spec.n_milestones++;
        }
    }
    (void)etas_format(sizeof c, c, "c = %s", duration_text(o.c_days, sizeof text, text));
    (void)etas_format(sizeof tau, tau, "\xcf\x84 = %s",
                      duration_text(o.tau_days, sizeof text, text));
    d.spec.milestones = milestones;
    return etas_fit_drawing_finish(out, &d, theme, err);
}

/* ---- space ---- */

/* Area of a circle, volume of a ball. */
static double measure_of_distance(const etas_params *theta, double to)
{
    return theta->three_dim ? 4.0 / 3 * M_PI * to * to * to : M_PI * to * to;
}

static double width_km(const etas_fit_data *data, double mag)
{
    const double *const v = data->theta.value;
    const double dm = mag - (data->m_ref - data->delta_m / 2);

    return sqrt(pow(10, v[ETAS_LOG10_D]) * exp(v[ETAS_GAMMA] * dm));
}

static void describe_space(etas_figure *out, const etas_fit_data *data, const shown *s)
{
    (void)etas_format(sizeof out->title, out->title, "Distance to aftershocks");
    (void)etas_format(
        sizeof out->text, out->text,
        "Distances r between events and those that they triggered, as multiples of the width "
        "sqrt(d e^(gamma (m - mc))), which makes one kernel of those of all magnitudes: %.2g km at "
        "magnitude %.1f, %.2g km at %.1f. Pairs count by the probability that they are one: %.1f, "
        "and %.1f beyond the range that is drawn, such as at one place. The kernel is "
        "(1 + R^2)^-(1 + rho) with rho = %.3g. What is expected in this catalogue leaves out what "
        "lies beyond the search radius of each event, but knows no border of the region.",
        width_km(data, data->m_ref), data->m_ref, width_km(data, data->m_ref + 3), data->m_ref + 3,
        s->weight, data->n_weight - s->weight, data->theta.value[ETAS_RHO]);
}

etas_status etas_fit_draw_space(etas_figure *out, const etas_fit_data *data, etas_theme theme,
                                etas_error *err)
{
    const etas_params *const theta = &data->theta;
    const double rho = theta->value[ETAS_RHO];
    const double norm = exp(etas_space_normalisation(theta->three_dim, rho).ln);
    const shown s = shown_of(data->n_distances, data->distance);
    etas_fit_drawing d = {
        .spec = {.x = {.title = "Distance R = r / \xe2\x88\x9a(d e^{\xce\xb3(m\xe2\x88\x92mc)})",
                       .kind = ETAS_SCALE_LOG},
                 .y = {.title = theta->three_dim ? "Density (per volume)" : "Density (per area)",
                       .kind = ETAS_SCALE_LOG}},
        .columns = "distance,density",
        .data_name = "weighted pairs",
        .model_name = "kernel",
        .expected_name = "expected here"};

    describe_space(out, data, &s);
    add_bins(&d, &s, data->distance, measure_of_distance, theta);
    if (s.end > s.first) {
        const double low = data->distance[s.first].low, high = data->distance[s.end - 1].high;
        const double whole = etas_space_share(theta, high) - etas_space_share(theta, low);
        const size_t n = 4 * (s.end - s.first);

        for (size_t i = 0; i <= n; i++) {
            const double u = low * pow(high / low, (double)i / (double)n);

            etas_series_add(&d.model, u, pow(1 + u * u, -(1 + rho)) / (norm * whole));
        }
    }
    return etas_fit_drawing_finish(out, &d, theme, err);
}
