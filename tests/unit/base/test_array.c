#include "support/check.h"

#include <string.h>

#include "etas/array.h"

static void growing_keeps_the_contents_and_the_alignment(void **state)
{
    int *a = NULL;
    size_t capacity = 0;

    (void)state;
    for (size_t n = 1; n < 1000; n++) {
        check_ok(etas_array_reserve((void **)&a, &capacity, n, sizeof *a), NULL);
        assert_int_equal((uintptr_t)a % ETAS_ALIGN, 0);
        a[n - 1] = (int)n;
    }
    for (int i = 0; i < 999; i++)
        assert_int_equal(a[i], i + 1);
    etas_array_free((void **)&a);
    etas_array_free((void **)&a);
    assert_null(a);
}

static void a_size_that_overflows_is_refused(void **state)
{
    char *a = NULL;
    size_t capacity = 0;

    (void)state;
    assert_int_equal(etas_array_reserve((void **)&a, &capacity, SIZE_MAX, 8), ETAS_E_NOMEM);
    assert_int_equal(etas_array_alloc((void **)&a, SIZE_MAX / 4, 8), ETAS_E_NOMEM);
    assert_null(a);
    assert_int_equal(capacity, 0);
}

static void an_arena_gives_disjoint_memory_and_reuses_it(void **state)
{
    etas_arena arena = {0};
    char *first = etas_arena_alloc(&arena, 100, 1);
    char *big = etas_arena_alloc(&arena, 1 << 20, 1);

    (void)state;
    memset(first, 1, 100);
    memset(big, 2, 1 << 20);
    assert_int_equal(first[99], 1);
    assert_int_equal((uintptr_t)big % ETAS_ALIGN, 0);
    etas_arena_reset(&arena);
    assert_ptr_equal(etas_arena_alloc(&arena, 100, 1), first);
    assert_null(etas_arena_alloc(&arena, SIZE_MAX / 2, 8));
    etas_arena_free(&arena);
    etas_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_keeps_the_contents_and_the_alignment),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(an_arena_gives_disjoint_memory_and_reuses_it),
    };
    return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
