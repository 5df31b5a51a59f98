#include "support/check.h"

#include <stdbool.h>

#include "etas/range.h"

enum { SPAN = 64, ROUNDS = 20000 };

/* The oracle: one flag per index. */
static void check_against(const etas_ranges *set, const bool flag[SPAN])
{
    size_t at = 0;
    uint64_t total = 0;

    for (uint64_t i = 0; i < SPAN; i++) {
        const bool starts = flag[i] && (i == 0 || !flag[i - 1]);

        if (starts) {
            uint64_t end = i;

            while (end < SPAN && flag[end])
                end++;
            assert_true(at < set->n);
            assert_int_equal(set->items[at].first, i);
            assert_int_equal(set->items[at].count, end - i);
            at++;
        }
        total += flag[i];
    }
    assert_int_equal(at, set->n);
    assert_int_equal(etas_ranges_total(set), total);
}

static void add_and_subtract_agree_with_a_flag_per_index(void **state)
{
    bool flag[SPAN] = {false};
    etas_ranges set = {0};
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        etas_range r;
        uint64_t want = 0;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        r = (etas_range){x % SPAN, (x >> 20) % 9};
        if (r.first + r.count > SPAN)
            r.count = SPAN - r.first;
        for (uint64_t i = 0; i < r.count; i++)
            want += flag[r.first + i];
        assert_int_equal(etas_ranges_overlap(&set, r), want);
        if (x >> 63)
            check_ok(etas_ranges_add(&set, r), NULL);
        else
            check_ok(etas_ranges_subtract(&set, r), NULL);
        for (uint64_t i = 0; i < r.count; i++)
            flag[r.first + i] = x >> 63;
        check_against(&set, flag);
    }
    etas_ranges_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_and_subtract_agree_with_a_flag_per_index),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
