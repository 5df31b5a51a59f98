/* Counts and beta of the reference package's prepared catalogues. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/catalog.h"
#include "etas/io.h"
#include "etas/model.h"
#include "etas/text.h"
#include "support/vectors.h"

static void data_path(const char *name, char out[512])
{
    etas_format(512, out, "%s/data/%s", getenv("ETAS_SHARED"), name);
}

static etas_time time_of(const char *text)
{
    etas_time t;
    etas_error err = {0};

    check_ok(etas_time_parse(text, strlen(text), &t, &err), &err);
    return t;
}

static etas_catalog load(const char *name)
{
    etas_catalog catalog = {0};
    etas_error err = {0};
    char path[512];

    data_path(name, path);
    check_ok(etas_catalog_load(&catalog, path, NULL, NULL, &err), &err);
    return catalog;
}

typedef struct selection_case {
    const char *vectors, *catalog, *region;
    const char *auxiliary_start, *start, *end;
    double mc;
    bool positive;
    etas_mc_method mc_method;
} selection_case;

static void check_case(const selection_case *c)
{
    etas_catalog all = load(c->catalog), kept = {0};
    etas_region region = {0};
    etas_error err = {0};
    json_t *want = vectors_load(c->vectors);
    size_t first = 0, n_targets;
    double beta;
    char path[512];

    assert_non_null(want);
    data_path(c->region, path);
    check_ok(etas_region_load(&region, path, false, &err), &err);
    check_ok(etas_catalog_select(&all,
                                 &(etas_selection){.start = time_of(c->auxiliary_start),
                                                   .end = time_of(c->end),
                                                   .region = &region,
                                                   .delta_m = 0.1,
                                                   .mc_method = c->mc_method,
                                                   .mc = c->mc},
                                 &kept, &err),
             &err);
    while (first < kept.n && kept.time[first] < time_of(c->start))
        first++;
    n_targets = kept.n - first;
    beta = c->positive
               ? etas_beta_positive(n_targets, kept.mag + first, 0.1)
               : etas_beta_tinti_mulargia(n_targets, kept.mag + first, kept.mc + first, 0.1);
    assert_int_equal(all.n, json_integer_value(json_object_get(want, "n_catalog_rows")));
    assert_int_equal(kept.n, json_integer_value(json_object_get(want, "n_source_events")));
    assert_int_equal(n_targets, json_integer_value(json_object_get(want, "n_target_events")));
    check_rel(beta, json_number_value(json_object_get(want, "beta")), 1e-14);
    json_decref(want);
    etas_region_free(&region);
    etas_catalog_free(&kept);
    etas_catalog_free(&all);
}

static void the_swiss_catalogue_is_prepared_like_the_reference_does(void **state)
{
    selection_case c = {"inversion_b.json", "ch_catalog.csv", "ch_rect.npy", "1992-01-01",
                        "1997-01-01",       "2022-09-10",     2.3,           false,
                        ETAS_MC_CONSTANT};

    (void)state;
    check_case(&c);
    c.vectors = "inversion_e.json";
    c.positive = true;
    check_case(&c);
}

static void the_californian_catalogue_is_prepared_like_the_reference_does(void **state)
{
    selection_case c = {.vectors = "inversion_a.json",
                        .catalog = "example_catalog.csv",
                        .region = "california_shape.npy",
                        .auxiliary_start = "1971-01-01",
                        .start = "1981-01-01",
                        .end = "2007-01-01",
                        .mc = 3.6};

    (void)state;
    check_case(&c);
    c.vectors = "inversion_j.json";
    check_case(&c);
    c.vectors = "inversion_d.json";
    c.end = "2021-01-01";
    check_case(&c);
}

static void a_completeness_that_follows_the_events_is_that_of_the_reference(void **state)
{
    const selection_case c = {.vectors = "inversion_f.json",
                              .catalog = "example_catalog.csv",
                              .region = "california_shape.npy",
                              .auxiliary_start = "1971-01-01",
                              .start = "1981-01-01",
                              .end = "2007-01-01",
                              .mc = NAN,
                              .positive = true,
                              .mc_method = ETAS_MC_POSITIVE};

    (void)state;
    check_case(&c);
}

/* Every event of this catalogue lies above its own mc_current; half a bin more and many do not. */
static void a_column_of_completeness_is_compared_event_by_event(void **state)
{
    etas_catalog all = load("example_catalog_mc_var.csv"), kept = {0};
    const etas_region globe = {0};
    const etas_selection how = {.start = time_of("1971-01-01"),
                                .end = time_of("2022-01-01"),
                                .region = &globe,
                                .delta_m = 0.1,
                                .mc_method = ETAS_MC_COLUMN};
    size_t n = 0;

    (void)state;
    assert_int_equal(all.n, 5462);
    check_ok(etas_catalog_select(&all, &how, &kept, NULL), NULL);
    assert_int_equal(kept.n, 5462);
    etas_catalog_free(&kept);
    for (size_t i = 0; i < all.n; i++) {
        all.mc[i] += 0.3;
        n += lround(all.mag[i] * 10) >= lround(all.mc[i] * 10);
    }
    check_ok(etas_catalog_select(&all, &how, &kept, NULL), NULL);
    assert_in_range(n, 1000, 5000);
    assert_int_equal(kept.n, n);
    etas_catalog_free(&kept);
    etas_catalog_free(&all);
}

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static void check_betas(const json_t *row, const etas_catalog *kept)
{
    assert_int_equal(kept->n, json_integer_value(json_object_get(row, "n")));
    check_rel(etas_beta_tinti_mulargia(kept->n, kept->mag, kept->mc, 0.1),
              number(row, "beta_tinti"), 2e-14);
    check_rel(etas_beta_tinti_mulargia(kept->n, kept->mag, kept->mc, 0),
              number(row, "beta_tinti_delta_m_0"), 2e-14);
    check_rel(etas_beta_positive(kept->n, kept->mag, 0.1), number(row, "beta_positive_delta_m_0.1"),
              2e-14);
    check_rel(etas_beta_positive(kept->n, kept->mag, 0), number(row, "beta_positive_delta_m_0"),
              2e-14);
}

static void betas_over_whole_catalogues_are_the_reference_s(void **state)
{
    static const etas_region globe = {0};
    json_t *vectors = vectors_load("beta_mc.json");
    const json_t *rows = json_object_get(vectors, "betas");
    size_t n_checked = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        etas_selection how = {.start = INT64_MIN,
                              .end = INT64_MAX,
                              .region = &globe,
                              .delta_m = 0.1,
                              .mc = number(row, "mc")};
        etas_catalog all, kept = {0};

        if (!json_is_number(json_object_get(row, "mc")))
            continue;
        all = load(json_string_value(json_object_get(row, "catalog")));
        check_ok(etas_catalog_select(&all, &how, &kept, NULL), NULL);
        check_betas(row, &kept);
        etas_catalog_free(&kept);
        etas_catalog_free(&all);
        n_checked++;
    }
    assert_int_equal(n_checked, 8);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_swiss_catalogue_is_prepared_like_the_reference_does),
        cmocka_unit_test(the_californian_catalogue_is_prepared_like_the_reference_does),
        cmocka_unit_test(a_completeness_that_follows_the_events_is_that_of_the_reference),
        cmocka_unit_test(a_column_of_completeness_is_compared_event_by_event),
        cmocka_unit_test(betas_over_whole_catalogues_are_the_reference_s),
    };
    json_t *vectors = vectors_load("beta_mc.json");

    if (vectors == NULL)
        return VECTORS_SKIPPED;
    json_decref(vectors);
    return cmocka_run_group_tests_name("selection reference", tests, NULL, NULL);
}
