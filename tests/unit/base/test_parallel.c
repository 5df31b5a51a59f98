#include "support/check.h"

#include "etas/parallel.h"

enum { N = 1000 };

static void square(void *context, size_t block)
{
    ((size_t *)context)[block] += block * block;
}

static void every_block_is_done_once_whatever_the_threads(void **state)
{
    (void)state;
    for (size_t threads = 0; threads < 5; threads++) {
        size_t out[N] = {0};

        etas_parallel_for(threads, N, square, out);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(out[i], i * i);
    }
    etas_parallel_for(4, 0, square, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_done_once_whatever_the_threads),
    };
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
