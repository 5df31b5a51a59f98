#include "support/check.h"

#include <string.h>

#include "etas/codec.h"

static void sha256_gives_the_digests_of_the_standard(void **state)
{
    uint8_t digest[32];
    char hex[65];

    (void)state;
    check_ok(etas_sha256(3, (const uint8_t *)"abc", digest), NULL);
    assert_string_equal(etas_hex(32, digest, hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_ok(etas_sha256(0, (const uint8_t *)"", digest), NULL);
    assert_string_equal(etas_hex(32, digest, hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hexadecimal_is_lower_case_and_terminated(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x9f, 0xAB, 0xff};
    char out[9] = "xxxxxxxx";

    (void)state;
    assert_string_equal(etas_hex(4, bytes, out), "009fabff");
    assert_string_equal(etas_hex(0, bytes, out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_digests_of_the_standard),
        cmocka_unit_test(hexadecimal_is_lower_case_and_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
