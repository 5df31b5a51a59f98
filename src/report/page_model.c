/* The model's parameters, and how they fit. */
#include <math.h>
#include <string.h>

#include "report/page.h"

enum { MOST_MODELS = 4 };

/* ---- what they mean ---- */

static void number(etas_page *p, const char *before, double x, const char *after)
{
    char out[ETAS_WORDS];

    if (x != 0 && (fabs(x) < 1e-3 || fabs(x) >= 1e6))
        (void)etas_format(sizeof out, out, "%.3g", x);
    else
        (void)etas_words_number(x, out);
    etas_page_put(p, "%s%s%s", before, out, after);
}

static void say_tau(etas_page *p, const etas_plan *plan)
{
    char out[ETAS_WORDS];

    if (isinf(plan->theta.value[ETAS_LOG10_TAU]))
        etas_page_put(p, "No taper: the decay of aftershocks with time goes on for ever.");
    else
        etas_page_put(p, "After about %s the decay turns from a power law into an exponential one.",
                      etas_words_days(pow(10, plan->theta.value[ETAS_LOG10_TAU]), out));
}

static void say(etas_page *p, etas_param which, const etas_plan *plan)
{
    const double value = plan->theta.value[which];
    char out[ETAS_WORDS];

    switch (which) {
    case ETAS_LOG10_MU:
        number(p, "Background: ", pow(10, value) * 365.25 * 1e4,
               " earthquakes a year on 10,000 km\xc2\xb2 that no other one has triggered.");
        break;
    case ETAS_LOG10_IOTA:
        number(p, "Induced: ", pow(10, value),
               " per day and unit of the shape that the configuration gives.");
        break;
    case ETAS_LOG10_K0:
        etas_page_put(p, "Productivity: how many aftershocks an earthquake of the smallest "
                         "magnitude has; the larger, the more.");
        break;
    case ETAS_A:
        number(p, "An earthquake one magnitude larger has a ", exp(value),
               "-fold number of aftershocks at a given distance and time.");
        break;
    case ETAS_LOG10_C:
        etas_page_put(p, "Aftershocks set in at once; after %s their rate begins to fall.",
                      etas_words_seconds(pow(10, value) * 86400, out));
        break;
    case ETAS_OMEGA:
        number(p, "The rate of aftershocks then falls with time to the power of ", -1 - value,
               " (Omori\xe2\x80\x99s law).");
        break;
    case ETAS_LOG10_TAU:
        say_tau(p, plan);
        break;
    case ETAS_LOG10_D:
        number(p, "Aftershocks of the smallest magnitude are densest within ", sqrt(pow(10, value)),
               " km.");
        break;
    case ETAS_GAMMA:
        number(p, "An earthquake one magnitude larger reaches ", exp(value / 2), " times as far.");
        break;
    default:
        number(p, "Beyond that the density of aftershocks falls with distance to the power of ",
               -2 * (1 + value), ".");
        break;
    }
}

/* ---- the table ---- */

static void put_error(etas_page *p, double error)
{
    char out[ETAS_WORDS];

    etas_page_put(p, "<td class=\"number\">%s</td>",
                  isfinite(error) && error > 0 ? etas_words_number(error, out) : "\xe2\x80\x93");
}

static const char *value_text(double x, char out[ETAS_WORDS])
{
    (void)etas_format(ETAS_WORDS, out, "%s%.5g", x < 0 ? "\xe2\x88\x92" : "", fabs(x));
    return out;
}

static void put_values(etas_page *p, const etas_mixture *m, const double values[MOST_MODELS])
{
    char out[ETAS_WORDS];

    for (size_t k = 0; k < m->n && k < MOST_MODELS; k++)
        if (isinf(values[k]))
            etas_page_put(p, "<td class=\"number\">none</td>");
        else
            etas_page_put(p, "<td class=\"number\">%s</td>",
                          isnan(values[k]) ? "\xe2\x80\x93" : value_text(values[k], out));
}

static void put_params(etas_page *p, const etas_report_page *in)
{
    const etas_mixture *const m = in->forecast->model;
    const etas_uncertainty *const u = in->fit != NULL ? in->fit->uncertainty : NULL;

    for (etas_param i = 0; i < ETAS_N_PARAMS; i++) {
        double values[MOST_MODELS] = {0};

        for (size_t k = 0; k < m->n && k < MOST_MODELS; k++)
            values[k] = m->plan[k].theta.value[i];
        if (m->n == 1 && isnan(values[0]))
            continue;
        etas_page_put(p, "<tr><th scope=\"row\"><code>%s</code></th>", etas_param_name(i));
        put_values(p, m, values);
        if (u != NULL)
            put_error(p, u->available ? u->standard_error[i] : NAN);
        etas_page_put(p, "<td class=\"words\">");
        say(p, i, &m->plan[0]);
        etas_page_put(p, "</td></tr>\n");
    }
}

static void put_derived(etas_page *p, const etas_report_page *in)
{
    const etas_mixture *const m = in->forecast->model;
    const etas_plan *const first = &m->plan[0];
    const etas_uncertainty *const u = in->fit != NULL ? in->fit->uncertainty : NULL;
    const bool cut = isfinite(first->m_max);
    double beta[MOST_MODELS] = {0}, ratio[MOST_MODELS] = {0};

    for (size_t k = 0; k < m->n && k < MOST_MODELS; k++) {
        beta[k] = m->plan[k].beta;
        ratio[k] = m->plan[k].branching_ratio;
    }
    etas_page_put(p, "<tr><th scope=\"row\"><code>beta</code></th>");
    put_values(p, m, beta);
    if (u != NULL)
        put_error(p, u->beta_error);
    number(p, "<td class=\"words\">Magnitudes: one unit larger is ", exp(first->beta),
           " times as rare");
    number(p, " (b-value ", first->beta / log(10), ").</td></tr>\n");
    etas_page_put(p, "<tr><th scope=\"row\">branching ratio</th>");
    put_values(p, m, ratio);
    if (u != NULL)
        put_error(p, !u->available ? NAN : cut ? u->branching_error_m_max : u->branching_error);
    etas_page_put(p,
                  "<td class=\"words\">Mean number of aftershocks that an earthquake triggers "
                  "itself, over all time and magnitudes%s. Below 1 every sequence dies out; it is "
                  "also the share of all earthquakes that others have triggered.</td></tr>\n",
                  cut ? " up to the largest one" : "");
}

void etas_page_parameters(etas_page *p, const etas_report_page *in)
{
    const etas_mixture *const m = in->forecast->model;
    char head[256];
    size_t len = etas_format(sizeof head, head, "<Parameter");

    for (size_t k = 0; k < m->n && k < MOST_MODELS; k++)
        len += m->n > 1 ? etas_format(sizeof head - len, head + len, "|model %zu", k + 1)
                        : etas_format(sizeof head - len, head + len, "|value");
    (void)etas_format(sizeof head - len, head + len, "%s|<meaning",
                      in->fit != NULL ? "|standard error" : "");
    etas_page_section(p, "model", "The model");
    if (m->n > 1)
        etas_page_put(p,
                      "<p>The catalogues come from %zu models in turn%s; the meanings are those of "
                      "the first.</p>\n",
                      m->n, m->n > MOST_MODELS ? ", of which the first four are listed" : "");
    etas_page_table(p, "Parameters of the ETAS model", head);
    put_params(p, in);
    put_derived(p, in);
    etas_page_table_end(p);
    if (in->fit != NULL && !in->fit->uncertainty->available) {
        etas_page_put(p, "<p class=\"quiet\">There are no standard errors: ");
        etas_page_text(p, in->fit->uncertainty->note);
        etas_page_put(p, ".</p>\n");
    }
    etas_page_put(
        p,
        "<p class=\"quiet\">Names that begin with log10 are decadic logarithms; times are in "
        "days, distances in km. Magnitudes count from %g on%s.</p>\n",
        m->plan[0].mc + m->plan[0].delta_m / 2,
        isfinite(m->plan[0].m_max) ? " up to the largest one that is allowed" : "");
    etas_page_section_end(p);
}

void etas_page_fit(etas_page *p, const etas_report_page *in)
{
    etas_page_section(p, "fit", "How the model fits");
    if (in->fit != NULL && in->fit->n_figures > 0) {
        etas_page_put(p, "<div class=\"figures\">\n");
        for (size_t i = 0; i < in->fit->n_figures; i++)
            etas_page_figure(p, &in->fit->figures[i]);
        etas_page_put(p, "</div>\n");
    } else {
        etas_page_put(p, "<p>A run\xe2\x80\x99s store holds the model, not the catalogue that it "
                         "was fitted to. <code>--fit</code> with the configuration of the "
                         "inversion, or its results, adds the standard errors and pictures of the "
                         "fit.</p>\n");
    }
    etas_page_section_end(p);
}
