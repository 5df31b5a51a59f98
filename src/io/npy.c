/* NumPy's .npy files, format versions 1.0 to 3.0. */
#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/io.h"
#include "etas/text.h"
#include "io/region_ring.h"

typedef struct npy {
    char kind; /* 'f', 'i', 'u' */
    size_t item_size;
    bool big_endian, fortran_order;
    size_t n_rows;
} npy;

/* The header is a Python dictionary literal of three known keys, in any order. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

static bool take(cursor *c, char want)
{
    skip_space(c);
    if (c->at == c->end || *c->at != want)
        return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    const size_t n = strlen(word);

    skip_space(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

static bool take_string(cursor *c, size_t capacity, char out[])
{
    char quote;
    size_t n = 0;

    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    quote = *c->at++;
    while (c->at < c->end && *c->at != quote && n + 1 < capacity)
        out[n++] = *c->at++;
    out[n] = '\0';
    return take(c, quote);
}

static bool take_count(cursor *c, size_t *out)
{
    size_t value = 0, n = 0;

    skip_space(c);
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && n < 18; c->at++, n++)
        value = value * 10 + (size_t)(*c->at - '0');
    (void)(c->at < c->end && *c->at == 'L' && c->at++); /* long integers of Python 2 */
    *out = value;
    return n > 0;
}

static bool read_type(const char *descr, npy *out, etas_error *err)
{
    const bool whole = strlen(descr) == 3;
    const size_t size = whole ? (size_t)(descr[2] - '0') : 0;
    const uint16_t probe = 1;
    const bool native_big = *(const uint8_t *)&probe == 0;

    if (!whole || strchr("<>=|", descr[0]) == NULL || strchr("fiu", descr[1]) == NULL ||
        (size != 4 && size != 8 && (descr[1] == 'f' || (size != 1 && size != 2)))) {
        (void)etas_fail(err, ETAS_E_PARSE,
                        "numbers of type '%s'; expected f4, f8 or integers of 1 to 8 bytes", descr);
        return false;
    }
    out->kind = descr[1];
    out->item_size = size;
    out->big_endian = descr[0] == '>' || (descr[0] != '<' && native_big);
    return true;
}

static bool take_shape(cursor *c, size_t *n_axes, size_t shape[2])
{
    *n_axes = 0;
    if (!take(c, '('))
        return false;
    while (!take(c, ')')) {
        size_t n;

        if (!take_count(c, &n))
            return false;
        if (*n_axes < 2)
            shape[*n_axes] = n;
        (*n_axes)++;
        if (!take(c, ',')) {
            if (!take(c, ')'))
                return false;
            break;
        }
    }
    return true;
}

static bool read_header(cursor c, npy *out, etas_error *err)
{
    bool has_type = false, has_order = false, has_shape = false, ok = take(&c, '{');
    size_t n_axes = 0, shape[2] = {0, 0};

    while (ok && !take(&c, '}')) {
        char key[32] = "", descr[32] = "";

        ok = take_string(&c, sizeof key, key) && take(&c, ':');
        if (ok && strcmp(key, "descr") == 0) {
            skip_space(&c);
            if (c.at < c.end && *c.at == '[') {
                (void)etas_fail(err, ETAS_E_PARSE,
                                "an array of records; expected an array of numbers");
                return false;
            }
            has_type = ok = take_string(&c, sizeof descr, descr);
            if (ok && !read_type(descr, out, err))
                return false;
        } else if (ok && strcmp(key, "fortran_order") == 0) {
            out->fortran_order = take_word(&c, "True");
            has_order = ok = out->fortran_order || take_word(&c, "False");
        } else if (ok && strcmp(key, "shape") == 0) {
            has_shape = ok = take_shape(&c, &n_axes, shape);
        } else {
            ok = false;
        }
        if (ok && !take(&c, ',')) {
            ok = take(&c, '}');
            break;
        }
    }
    if (!ok || !has_type || !has_order || !has_shape) {
        (void)etas_fail(err, ETAS_E_PARSE, "the header of the .npy file is malformed");
        return false;
    }
    if (n_axes != 2 || shape[1] != 2) {
        if (n_axes != 2)
            (void)etas_fail(err, ETAS_E_PARSE,
                            "an array of %zu dimension(s); expected shape (N, 2)", n_axes);
        else
            (void)etas_fail(err, ETAS_E_PARSE, "an array of shape (%zu, %zu); expected (N, 2)",
                            shape[0], shape[1]);
        return false;
    }
    out->n_rows = shape[0];
    return true;
}

static double item_get(const npy *h, const uint8_t *at)
{
    const bool negative = h->kind == 'i' && at[h->big_endian ? 0 : h->item_size - 1] >= 0x80;
    uint64_t bits = negative ? UINT64_MAX : 0;
    double wide;

    for (size_t i = 0; i < h->item_size; i++) /* from the highest byte down */
        bits = bits << 8 | at[h->big_endian ? i : h->item_size - 1 - i];
    if (h->kind == 'u')
        return (double)bits;
    if (h->kind == 'i')
        return (double)(int64_t)bits;
    if (h->item_size == 4) {
        const uint32_t low = (uint32_t)bits;
        float value;

        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

/* Splits the file into header and data after checking every length. */
static etas_status open_file(size_t len, const uint8_t bytes[], npy *h, const uint8_t **data,
                             etas_error *err)
{
    size_t start, header_len;

    if (len < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return etas_fail(err, ETAS_E_PARSE, "not a .npy file");
    if (bytes[6] < 1 || bytes[6] > 3)
        return etas_fail(err, ETAS_E_VERSION, ".npy format version %u.%u; 1 to 3 are known",
                         bytes[6], bytes[7]);
    start = bytes[6] == 1 ? 10 : 12;
    if (len < start)
        return etas_fail(err, ETAS_E_PARSE, "the .npy file ends inside its header");
    header_len = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        header_len |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (len - start < header_len)
        return etas_fail(err, ETAS_E_PARSE, "the .npy file ends inside its header");
    if (!read_header((cursor){.at = (const char *)bytes + start,
                              .end = (const char *)bytes + start + header_len},
                     h, err))
        return ETAS_E_PARSE;
    len -= start + header_len;
    if (h->n_rows > len / (2 * h->item_size) || len != h->n_rows * 2 * h->item_size)
        return etas_fail(err, ETAS_E_PARSE, "%zu bytes of data; shape (%zu, 2) needs %zu", len,
                         h->n_rows, h->n_rows * 2 * h->item_size);
    *data = bytes + start + header_len;
    return ETAS_OK;
}

etas_status etas_region_read_npy(etas_region *out, size_t len, const uint8_t bytes[], bool lonlat,
                                 etas_error *err)
{
    etas_ring ring = {0};
    const uint8_t *data = NULL;
    npy h = {0};
    etas_status st = open_file(len, bytes, &h, &data, err);

    for (size_t i = 0; st == ETAS_OK && i < h.n_rows; i++) {
        const size_t first = h.fortran_order ? i : 2 * i;
        const size_t second = h.fortran_order ? h.n_rows + i : 2 * i + 1;

        st = etas_ring_append(&ring, item_get(&h, data + first * h.item_size),
                              item_get(&h, data + second * h.item_size));
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for %zu vertices", h.n_rows);
    }
    if (st == ETAS_OK)
        st = etas_ring_to_region(&ring, lonlat, out, err);
    etas_ring_free(&ring);
    return st;
}
