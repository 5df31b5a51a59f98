/* The layout of columns against a plain computation of it, by every instruction set. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "codec/planes.h"
#include "math/dispatch.h"

/* Byte b of the number i. */
static uint8_t byte_of(const uint8_t *numbers, unsigned width, size_t i, unsigned b)
{
    const uint8_t *const p = numbers + i * width;
    uint64_t value = 0;

    memcpy(&value, p, width); /* all hosts that tests run on are little-endian */
    return (uint8_t)(value >> 8 * b);
}

static void put_plainly(etas_planes layout, size_t n, const uint8_t *numbers, uint8_t *out)
{
    const size_t whole = n / 8;

    for (unsigned b = 0; b < layout.width; b++, out += n) {
        for (size_t i = 0; i < n; i++)
            out[i] = byte_of(numbers, layout.width, i, b);
        if ((layout.bits >> b & 1) == 0)
            continue;
        memset(out, 0, 8 * whole);
        for (size_t i = 0; i < 8 * whole; i++)
            for (unsigned bit = 0; bit < 8; bit++) {
                const unsigned byte = byte_of(numbers, layout.width, i, b);

                out[bit * whole + i / 8] |= (uint8_t)((byte >> bit & 1u) << i % 8);
            }
    }
}

static void every_instruction_set_makes_the_documented_layout(void **state)
{
    static const etas_plane_kernels *const tables[] = ETAS_ISA_TABLES(etas_plane_kernels_);
    static const etas_planes layouts[] = {{1, 0}, {1, 1}, {2, 0},  {2, 1}, {2, 3},
                                          {4, 0}, {4, 8}, {4, 15}, {8, 0}, {8, 129}};
    static const size_t sizes[] = {0, 1, 7, 8, 9, 63, 64, 1000, 1023, 1024, 1025, 1031, 3000, 4096};
    enum { MOST = 8 * 4096 };
    uint8_t *in = malloc(MOST), *want = malloc(MOST), *got = malloc(MOST), *back = malloc(MOST);
    size_t tried = 0;

    (void)state;
    assert_true(in != NULL && want != NULL && got != NULL && back != NULL);
    for (uint32_t i = 0; i < MOST; i++)
        in[i] = (uint8_t)(i * UINT32_C(2654435761) >> 24);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        if (etas_isa_named(etas_isa_name((etas_isa)t)) == ETAS_ISA_UNSUPPORTED)
            continue;
        for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++, tried++) {
                const size_t n = sizes[s], bytes = n * layouts[l].width;

                put_plainly(layouts[l], n, in, want);
                assert_ptr_equal(tables[t]->put(layouts[l], n, in, got), got + bytes);
                assert_memory_equal(got, want, bytes);
                assert_ptr_equal(tables[t]->get(layouts[l], n, got, back), got + bytes);
                assert_memory_equal(back, in, bytes);
            }
    }
    assert_true(tried >= 140);
    free(in);
    free(want);
    free(got);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_makes_the_documented_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
