#include "io/npy.h"

#include <stdbool.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

/* What the header says. */
typedef struct npy {
    char kind; /* 'f', 'i', 'u' */
    size_t item_size;
    bool big_endian, fortran_order;
    size_t n_axes, shape[2];
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
            has_shape = ok = take_shape(&c, &out->n_axes, out->shape);
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

static etas_status check_shape(const npy *h, size_t columns, etas_error *err)
{
    char expected[32] = "(N,)";

    if (h->n_axes == 2 ? h->shape[1] == columns : h->n_axes == 1 && columns == 1)
        return ETAS_OK;
    if (columns > 1)
        etas_format(sizeof expected, expected, "(N, %zu)", columns);
    if (h->n_axes != 2)
        return etas_fail(err, ETAS_E_PARSE, "an array of %zu dimension(s); expected shape %s",
                         h->n_axes, expected);
    return etas_fail(err, ETAS_E_PARSE, "an array of shape (%zu, %zu); expected %s", h->shape[0],
                     h->shape[1], expected);
}

/* Splits the file into header and data after checking every length. */
static etas_status open_file(size_t len, const uint8_t bytes[], size_t columns, npy *h,
                             const uint8_t **data, etas_error *err)
{
    size_t start, header_len, row_size;
    etas_status st;

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
    st = check_shape(h, columns, err);
    if (st != ETAS_OK)
        return st;
    len -= start + header_len;
    row_size = columns * h->item_size;
    if (h->shape[0] > len / row_size || len != h->shape[0] * row_size)
        return etas_fail(err, ETAS_E_PARSE, "%zu bytes of data; shape (%zu, %zu) needs %zu", len,
                         h->shape[0], columns, h->shape[0] * row_size);
    *data = bytes + start + header_len;
    return ETAS_OK;
}

etas_status etas_npy_read(etas_npy *out, size_t len, const uint8_t bytes[], size_t columns,
                          etas_error *err)
{
    const uint8_t *data = NULL;
    double *values = NULL;
    npy h = {0};
    size_t rows;
    etas_status st = open_file(len, bytes, columns, &h, &data, err);

    if (st != ETAS_OK)
        return st;
    rows = h.shape[0];
    if (rows > 0 && etas_array_alloc((void **)&values, rows * columns, sizeof *values) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for an array of shape (%zu, %zu)", rows,
                         columns);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            values[i * columns + j] = item_get(
                &h, data + (h.fortran_order ? j * rows + i : i * columns + j) * h.item_size);
    etas_npy_free(out);
    *out = (etas_npy){.rows = rows, .columns = columns, .values = values};
    return ETAS_OK;
}

void etas_npy_free(etas_npy *self)
{
    etas_array_free((void **)&self->values);
    *self = (etas_npy){0};
}
