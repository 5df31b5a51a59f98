#include <math.h>
#include <string.h>

#include <libxml/parser.h>

#include "etas/fit_figures.h"
#include "support/check.h"

static etas_fit_data bare(void)
{
    return (etas_fit_data){.theta = {.value = {[ETAS_LOG10_MU] = -6,
                                               [ETAS_LOG10_IOTA] = NAN,
                                               [ETAS_LOG10_K0] = -2,
                                               [ETAS_A] = 1.8,
                                               [ETAS_LOG10_C] = -2,
                                               [ETAS_OMEGA] = 0.1,
                                               [ETAS_LOG10_TAU] = 3,
                                               [ETAS_LOG10_D] = 0,
                                               [ETAS_GAMMA] = 1,
                                               [ETAS_RHO] = 0.7}},
                           .beta = 2.3,
                           .m_ref = 3,
                           .delta_m = 0.1,
                           .window_start = 0,
                           .window_end = 1000 * ETAS_NS_PER_DAY};
}

/* A well-formed drawing with its words, and a table whose rows have the columns of its head. */
static void check_figure(const etas_figure *f)
{
    xmlDoc *const doc = xmlReadMemory(f->svg.data, (int)f->svg.len, "x.svg", NULL, XML_PARSE_NONET);
    const char *line = f->csv.data;
    size_t commas = 0;

    assert_non_null(doc);
    xmlFreeDoc(doc);
    assert_true(strlen(f->title) > 5);
    assert_true(strlen(f->text) > 50 && strlen(f->text) < sizeof f->text - 1);
    assert_null(strstr(f->svg.data, "nan"));
    assert_null(strstr(f->svg.data, "inf\""));
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        size_t n = 0;

        for (const char *p = line; p < end; p++)
            n += *p == ',';
        if (line == f->csv.data)
            commas = n;
        assert_int_equal(n, commas);
    }
}

static void draw_all(const etas_fit_data *data)
{
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES; k++)
        for (int theme = ETAS_THEME_PAGE; theme <= ETAS_THEME_DARK; theme++) {
            etas_figure f = {0};
            etas_error err = {0};

            check_ok(etas_fit_figure_draw(&f, k, data, (etas_theme)theme, &err), &err);
            check_figure(&f);
            etas_figure_free(&f);
        }
}

static void figures_of_nothing_are_drawn_too(void **state)
{
    const etas_fit_data none = bare();

    (void)state;
    draw_all(&none);
}

static void figures_of_one_aftershock(void **state)
{
    etas_fit_data data = bare();
    etas_fit_bin bin = {.low = 1, .high = 2, .weight = 0.7, .expected = 0.9};
    etas_fit_group group = {.low = 2.95,
                            .high = 3.05,
                            .n_sources = 1,
                            .mag = 3,
                            .weight = 0.7,
                            .expected = 0.9,
                            .lasting = INFINITY};
    etas_fit_size size = {.low = 2.95, .n = 1, .n_above = 1, .expected = 1};
    double time = 5, background = 0.3;

    (void)state;
    data.n_weight = 0.7;
    data.n_delays = data.n_distances = data.n_groups = data.n_sizes = data.n_targets = 1;
    data.delay = data.distance = &bin;
    data.group = &group;
    data.size = &size;
    data.time_days = &time;
    data.background = &background;
    draw_all(&data);
    data.theta.value[ETAS_LOG10_TAU] = INFINITY; /* no taper */
    data.theta.three_dim = true;
    draw_all(&data);
}

static double column(const char *row, int which)
{
    double value = NAN;

    while (which-- > 0)
        row = strchr(row, ',') + 1;
    (void)etas_parse_double(row, strcspn(row, ",\n"), &value);
    return value;
}

static void densities_have_the_integral_one_and_half_an_aftershock_may_lie_beyond(void **state)
{
    enum { N = 7 };
    static const double weight[N] = {3, 0.2, 0.2, 30, 60, 9, 0.3};
    etas_fit_data data = bare();
    etas_fit_bin bins[N];
    etas_figure f = {0};
    etas_error err = {0};
    double integral = 0, sum = 0, model = 0, last_x = NAN, last_y = NAN;

    (void)state;
    for (int k = 0; k < N; k++)
        bins[k] = (etas_fit_bin){pow(10, k - 5), pow(10, k - 4), weight[k], weight[k] * 1.1};
    bins[0].low = 1e-8; /* apart from the others */
    bins[0].high = 1e-7;
    data.delay = bins;
    data.n_delays = N;
    data.n_weight = 102.7;
    check_ok(etas_fit_figure_draw(&f, ETAS_FIT_TIME, &data, ETAS_THEME_LIGHT, &err), &err);
    for (const char *row = f.csv.data; row != NULL && row[0] != '\0'; row = strchr(row, '\n') + 1) {
        if (strncmp(row, "data,", 5) == 0) {
            integral += column(row, 2) * (column(row, 4) - column(row, 3));
            sum += column(row, 7);
        } else if (strncmp(row, "model,", 6) == 0) {
            if (!isnan(last_x)) /* trapezia in the logarithm */
                model += 0.5 * (column(row, 2) * column(row, 1) + last_y * last_x) *
                         log(column(row, 1) / last_x);
            last_x = column(row, 1);
            last_y = column(row, 2);
        }
    }
    check_rel(sum, 99, 1e-12);
    assert_non_null(strstr(f.text, "99.0 aftershocks, and 3.7 beyond"));
    check_rel(integral, 1, 1e-12);
    check_rel(model, 1, 0.02);
    etas_figure_free(&f);
}

static void figures_are_known_by_their_names(void **state)
{
    (void)state;
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES; k++)
        assert_int_equal(etas_fit_figure_named(etas_fit_figure_name(k)), k);
    assert_int_equal(etas_fit_figure_named("fit-time"), ETAS_N_FIT_FIGURES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_of_nothing_are_drawn_too),
        cmocka_unit_test(figures_of_one_aftershock),
        cmocka_unit_test(densities_have_the_integral_one_and_half_an_aftershock_may_lie_beyond),
        cmocka_unit_test(figures_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
