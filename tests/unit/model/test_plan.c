#include "support/check.h"

#include "etas/array.h"
#include "etas/plan.h"

static void a_plan_frees_what_it_owns_and_may_be_freed_again(void **state)
{
    const double lat[] = {45, 47, 46}, lon[] = {6, 7, 9}, weight[] = {1, 2, 3};
    etas_plan plan = {.history.n = 3, .background.n = 3};
    etas_plan_history *history = &plan.history;
    etas_plan_background *background = &plan.background;
    double **const columns[] = {&history->lat,       &history->lon,   &history->a_days,
                                &history->log_ratio, &history->d_km2, &background->lat,
                                &background->lon};

    (void)state;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        check_ok(etas_array_alloc((void **)columns[i], 3, sizeof(double)), NULL);
    check_ok(etas_alias_build(&history->parents, 3, weight), NULL);
    check_ok(etas_alias_build(&background->locations, 3, weight), NULL);
    check_ok(etas_region_set_ring(&plan.region, 3, lat, lon, NULL), NULL);
    check_ok(etas_raster_build(&plan.raster, &plan.region, 8, NULL), NULL);
    etas_plan_free(&plan); /* what it misses, the leak checker of the asan preset finds */
    etas_plan_free(&plan);
    assert_null(plan.history.lat);
    assert_null(plan.region.lat);
    assert_int_equal(plan.history.n, 0);
}

static void an_empty_plan_can_be_freed(void **state)
{
    etas_plan plan = {0};

    (void)state;
    etas_plan_free(&plan);
    assert_null(plan.raster.cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_frees_what_it_owns_and_may_be_freed_again),
        cmocka_unit_test(an_empty_plan_can_be_freed),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
