#include "etas/codec.h"

#include <openssl/evp.h>

etas_status etas_sha256(size_t len, const uint8_t bytes[], uint8_t out[32])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? ETAS_OK : ETAS_E_NOMEM;
}

char *etas_hex(size_t n, const uint8_t bytes[], char out[])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}
