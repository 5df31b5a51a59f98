/* The n-th allocation fails, for every n: an error, nothing leaked, nothing half done. */
#include "small_catalog.h"

static int allocations_left = -1; /* -1: no limit */

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (allocations_left == 0)
        return 12;
    if (allocations_left > 0)
        allocations_left--;
    return __real_posix_memalign(out, alignment, size);
}

static etas_status see_nothing(void *context, const etas_pair_row *row, etas_error *err)
{
    (void)context;
    (void)row;
    (void)err;
    return ETAS_OK;
}

static etas_status invert(const etas_catalog *c, const etas_inversion_config *cfg, etas_error *err)
{
    etas_inversion *inversion = NULL;
    etas_status st = etas_inversion_open(&inversion, c, cfg, err);

    if (st == ETAS_OK)
        st = etas_inversion_step(inversion, err);
    if (st == ETAS_OK)
        st = etas_inversion_visit_pairs(inversion, see_nothing, NULL, err);
    etas_inversion_close(inversion);
    return st;
}

static void every_failed_allocation_is_an_error(void **state)
{
    static const size_t memory[] = {0, 1};
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();

    (void)state;
    small_catalog(120, 5, &c);
    for (size_t m = 0; m < 2; m++) {
        etas_status st = ETAS_E_NOMEM;
        int budget;

        cfg.memory_bytes = memory[m];
        for (budget = 0; st != ETAS_OK; budget++) {
            etas_error err = {0};

            allocations_left = budget;
            st = invert(&c, &cfg, &err);
            allocations_left = -1;
            if (st != ETAS_OK) {
                assert_int_equal(st, ETAS_E_NOMEM);
                assert_int_equal(err.code, ETAS_E_NOMEM);
            }
        }
        assert_true(budget > 40);
    }
    etas_catalog_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
