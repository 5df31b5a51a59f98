#include "support/check.h"

#include <math.h>

#include "etas/geometry.h"
#include "random.h"

enum { MAX_VERTICES = 60 };

static const double PI = 3.14159265358979324;

/* A star-shaped ring with ragged radii. @p grid > 0 moves the vertices to multiples of it, which
 * makes horizontal and vertical edges and vertices on borders of cells. */
static bool random_region(uint64_t *rng, double grid, etas_region *out)
{
    const size_t n = 3 + (size_t)(random_uniform(rng) * (MAX_VERTICES - 3));
    const double lat0 = 120 * random_uniform(rng) - 60, lon0 = 300 * random_uniform(rng) - 150;
    const double size = exp(-6 + 9 * random_uniform(rng));
    double lat[MAX_VERTICES], lon[MAX_VERTICES];

    for (size_t i = 0; i < n; i++) {
        const double angle = 2 * PI * ((double)i + 0.9 * random_uniform(rng)) / (double)n;
        const double r = size * (0.1 + 0.9 * random_uniform(rng));

        lat[i] = lat0 + r * sin(angle);
        lon[i] = lon0 + r * cos(angle);
        if (grid > 0) {
            lat[i] = grid * floor(lat[i] / grid);
            lon[i] = grid * floor(lon[i] / grid);
        }
    }
    return etas_region_set_ring(out, n, lat, lon, NULL) == ETAS_OK;
}

static void same_answer(const etas_raster *raster, const etas_region *region, double lat,
                        double lon)
{
    const bool want = etas_region_contains(region, lat, lon);

    if (etas_raster_contains(raster, region, lat, lon) != want)
        fail_msg("lat %.17g lon %.17g: inside is %d", lat, lon, want);
}

/* The point and its eight neighbours in the last bit. */
static void same_answers_near(const etas_raster *raster, const etas_region *region, double lat,
                              double lon)
{
    const double lats[] = {lat, nextafter(lat, -100), nextafter(lat, 100)};
    const double lons[] = {lon, nextafter(lon, -1000), nextafter(lon, 1000)};

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            same_answer(raster, region, lats[i], lons[j]);
}

static void compare_everywhere(const etas_raster *raster, const etas_region *region, uint64_t *rng)
{
    const double height = region->lat_max - region->lat_min;
    const double width = region->lon_max - region->lon_min;
    const size_t n = region->ring_start[1];

    for (int i = 0; i < 500; i++)
        same_answer(raster, region, region->lat_min + height * (1.2 * random_uniform(rng) - 0.1),
                    region->lon_min + width * (1.2 * random_uniform(rng) - 0.1));
    for (size_t i = 0; i < n; i++) {
        const size_t j = (i + 1) % n;
        const double t = random_uniform(rng);

        same_answers_near(raster, region, region->lat[i], region->lon[i]);
        same_answers_near(raster, region, region->lat[i] + t * (region->lat[j] - region->lat[i]),
                          region->lon[i] + t * (region->lon[j] - region->lon[i]));
    }
    for (uint32_t i = 0; i <= raster->n_lat; i++)
        for (uint32_t j = 0; j <= raster->n_lon; j++)
            same_answers_near(raster, region, raster->lat0 + i * raster->dlat,
                              raster->lon0 + j * raster->dlon);
}

static void a_raster_answers_like_the_exact_test(void **state)
{
    uint64_t rng = 20261121;
    size_t n_regions = 0;

    (void)state;
    for (int k = 0; k < 300; k++) {
        const uint32_t n_per_side = 1 + (uint32_t)(40 * random_uniform(&rng));
        etas_region region = {0};
        etas_raster raster = {0};

        if (!random_region(&rng, k % 2 == 0 ? 0 : 0.125, &region))
            continue;
        n_regions++;
        check_ok(etas_raster_build(&raster, &region, n_per_side, NULL), NULL);
        compare_everywhere(&raster, &region, &rng);
        etas_raster_free(&raster);
        etas_region_free(&region);
    }
    assert_true(n_regions > 200);
}

static void count_cells(const etas_raster *raster, size_t count[3])
{
    count[0] = count[1] = count[2] = 0;
    for (size_t i = 0; i < (size_t)raster->n_lat * raster->n_lon; i++)
        count[raster->cell[i]]++;
}

static void only_cells_along_the_edges_need_the_exact_test(void **state)
{
    const double lat[] = {0, 10, 0}, lon[] = {0, 0, 10};
    etas_region triangle = {0};
    etas_raster raster = {0};
    size_t count[3];

    (void)state;
    check_ok(etas_region_set_ring(&triangle, 3, lat, lon, NULL), NULL);
    check_ok(etas_raster_build(&raster, &triangle, 100, NULL), NULL);
    count_cells(&raster, count);
    assert_true(count[ETAS_CELL_EDGE] <= 500);
    assert_in_range(count[ETAS_CELL_IN], 4500, 5000);
    assert_in_range(count[ETAS_CELL_OUT], 4500, 5000);
    etas_raster_free(&raster);
    etas_raster_free(&raster);
    etas_region_free(&triangle);
}

static void the_longest_and_the_flattest_edges_are_followed(void **state)
{
    const double lat[] = {0, 1e-13, 10, 10}, lon[] = {-180, 180, 180, -180};
    etas_region region = {0};
    etas_raster raster = {0};
    uint64_t rng = 5;

    (void)state;
    check_ok(etas_region_set_ring(&region, 4, lat, lon, NULL), NULL);
    check_ok(etas_raster_build(&raster, &region, 37, NULL), NULL);
    compare_everywhere(&raster, &region, &rng);
    for (int i = 0; i <= 360; i++)
        same_answers_near(&raster, &region, 1e-13 * i / 360, i - 180);
    etas_raster_free(&raster);
    etas_region_free(&region);
}

static void a_raster_across_180_answers_like_the_exact_test(void **state)
{
    /* Oblique edges on both sides of 180, one on it, and vertices on borders of cells. */
    const double lat[] = {-3, -4, -1, -1, 2, 5, 4, 0.5, 0.25},
                 lon[] = {170, 179.5, -178, -174, -170.5, -179, 180, 180, 172};
    etas_region region = {0};
    etas_raster raster = {0};
    uint64_t rng = 77;
    size_t inside = 0;

    (void)state;
    check_ok(etas_region_set_ring(&region, 9, lat, lon, NULL), NULL);
    check_ok(etas_raster_build(&raster, &region, 29, NULL), NULL);
    compare_everywhere(&raster, &region, &rng);
    for (int i = 0; i < 200000; i++) {
        const double at_lat = 12 * random_uniform(&rng) - 5;
        const double at_lon = 168 + 24 * random_uniform(&rng);
        const double same = at_lon >= 180 ? at_lon - 360 : at_lon;

        same_answer(&raster, &region, at_lat, at_lon);
        same_answer(&raster, &region, at_lat, same);
        same_answer(&raster, &region, at_lat, at_lon - 360);
        assert_int_equal(etas_raster_contains(&raster, &region, at_lat, at_lon),
                         etas_raster_contains(&raster, &region, at_lat, same));
        inside += etas_raster_contains(&raster, &region, at_lat, same);
    }
    assert_in_range(inside, 52350, 53550); /* 76.25 of 288 square degrees */
    etas_raster_free(&raster);
    etas_region_free(&region);
}

static void a_globe_needs_no_cells(void **state)
{
    const etas_region globe = {0};
    etas_raster raster = {0};

    (void)state;
    check_ok(etas_raster_build(&raster, &globe, 16, NULL), NULL);
    assert_int_equal(raster.n_lat, 0);
    assert_null(raster.cell);
    assert_true(etas_raster_contains(&raster, &globe, 90, 180));
    assert_int_equal(etas_raster_build(&raster, &globe, 0, NULL), ETAS_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raster_answers_like_the_exact_test),
        cmocka_unit_test(only_cells_along_the_edges_need_the_exact_test),
        cmocka_unit_test(the_longest_and_the_flattest_edges_are_followed),
        cmocka_unit_test(a_raster_across_180_answers_like_the_exact_test),
        cmocka_unit_test(a_globe_needs_no_cells),
    };
    return cmocka_run_group_tests_name("raster", tests, NULL, NULL);
}
