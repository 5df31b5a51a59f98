#include "support/check.h"

#include <math.h>

#include "etas/model.h"

static void the_normalisation_in_space_agrees_with_40_digit_arithmetic(void **state)
{
    static const struct {
        double rho, ln, slope, curvature;
    } rows[] = {
        {0.5001, 11.048156071372037, -10000.613634633569, 100000000.70997436},
        {0.55, 4.8037801744703255, -20.580067558839515, 400.63730320502615},
        {0.66, 3.5804023069283788, -6.7672787461041561, 39.573579166037365},
        {1.2, 1.881014608515128, -1.7643169904390797, 2.2611163957152759},
        {1.5, 1.4324119583011811, -1.280372305546776, 1.1545763107479916},
        {2.7, 0.38596996889935112, -0.62286010262036635, 0.26289490330929636},
        {5.0, -0.61666034316550351, -0.31724674207227157, 0.06740214730189505},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const etas_space_norm got = etas_space_normalisation(true, rows[i].rho);
        const double lost = 1e-15 / (rows[i].rho - 0.5); /* of rho - 1/2 */

        check_rel(got.ln, rows[i].ln, 5e-15 + lost);
        check_rel(got.slope, rows[i].slope, 5e-15 + lost);
        check_rel(got.curvature, rows[i].curvature, 1e-14 + 2 * lost);
    }
}

/* Shells in r = tan(angle). */
static double integral(bool three_dim, double rho)
{
    enum { N = 200000 };
    double sum = 0;

    for (int k = 0; k < N; k++) {
        const double angle = ((double)k + 0.5) / N * acos(-1) / 2, r = tan(angle);
        const double shell = three_dim ? 4 * acos(-1) * r * r : 2 * acos(-1) * r;

        sum += shell * pow(1 + r * r, -rho); /* dr = (1 + r2) d angle */
    }
    return sum / N * acos(-1) / 2;
}

static void the_normalisation_is_the_integral_over_plane_or_space(void **state)
{
    (void)state;
    for (double rho = 1.6; rho < 5; rho += 0.7) {
        check_rel(exp(etas_space_normalisation(false, rho).ln), integral(false, rho), 1e-8);
        check_rel(exp(etas_space_normalisation(true, rho).ln), integral(true, rho), 1e-8);
    }
}

static void aftershocks_in_space_grow_with_their_own_alpha(void **state)
{
    const etas_params plane = {.value = {-5.8, NAN, -2.6, 1.8, -2.5, -0.02, 3.5, -0.85, 1.3, 0.66}};
    etas_params space = plane;
    const char *why;

    (void)state;
    space.three_dim = true;
    check_rel(etas_params_alpha(&plane), 1.8 - 0.66 * 1.3, 1e-15);
    check_rel(etas_params_alpha(&space), 1.8 - 0.16 * 1.3, 1e-15);
    check_rel(etas_expected_aftershocks(&space, 2, 0, 10),
              etas_expected_aftershocks(&space, 0, 0, 10) * exp(2 * (1.8 - 0.16 * 1.3)), 1e-13);
    check_rel(etas_expected_aftershocks(&space, 0, 0, 10) /
                  etas_expected_aftershocks(&plane, 0, 0, 10),
              exp(3.5804023069283788) * pow(10, 0.5 * -0.85) / (acos(-1) / 0.66), 1e-13);
    check_rel(etas_branching_ratio(&space, 2.3, INFINITY, &why),
              2.3 / (2.3 - 1.8 + 0.16 * 1.3) * etas_expected_aftershocks(&space, 0, 0, INFINITY),
              1e-13);
}

static void rho_must_leave_the_kernel_integrable(void **state)
{
    etas_params theta = {.value = {-5.8, NAN, -2.6, 1.8, -2.5, -0.02, 3.5, -0.85, 1.3, 0.5},
                         .three_dim = true};
    etas_error err = {0};

    (void)state;
    assert_int_equal(etas_params_check(&theta, &err), ETAS_E_RANGE);
    assert_string_equal(err.key, "rho");
    theta.value[ETAS_RHO] = 0.501;
    check_ok(etas_params_check(&theta, NULL), NULL);
    theta.value[ETAS_RHO] = 0.5;
    theta.three_dim = false;
    check_ok(etas_params_check(&theta, NULL), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_normalisation_in_space_agrees_with_40_digit_arithmetic),
        cmocka_unit_test(the_normalisation_is_the_integral_over_plane_or_space),
        cmocka_unit_test(aftershocks_in_space_grow_with_their_own_alpha),
        cmocka_unit_test(rho_must_leave_the_kernel_integrable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
