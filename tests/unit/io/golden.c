#include "unit/io/golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"

void golden_print(etas_text *out, const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    va_start(ap, fmt);
    etas_vformat(sizeof line, line, fmt, ap);
    va_end(ap);
    assert_int_equal(etas_text_append(out, strlen(line), line), ETAS_OK);
}

void golden_error(etas_text *out, const etas_error *err)
{
    char line[1024];

    golden_print(out, "%s\n(%s)\n", etas_error_format(err, sizeof line, line),
                 etas_strerror(err->code));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static int is_input(const struct dirent *e)
{
    return e->d_name[0] != '.' && strchr(e->d_name, '.') != NULL &&
           !ends_with(e->d_name, ".expected");
}

static void read_expected(const char *name, etas_text *out)
{
    char path[300], bytes[4096];
    size_t n;
    FILE *file;

    etas_format(sizeof path, path, "%s.expected", name);
    file = fopen(path, "rb");
    if (file == NULL) {
        golden_print(out, "(there is no %s)\n", path);
        return;
    }
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        assert_int_equal(etas_text_append(out, n, bytes), ETAS_OK);
    (void)fclose(file);
}

void golden_enter(const char *folder)
{
    char path[512];

    assert_non_null(getenv("ETAS_TEST_DATA"));
    etas_format(sizeof path, path, "%s/io/%s", getenv("ETAS_TEST_DATA"), folder);
    assert_int_equal(chdir(path), 0);
}

void golden_check(const char *folder, size_t at_least,
                  void (*show)(const char *path, etas_text *out))
{
    struct dirent **entries = NULL;
    size_t n_bad = 0;
    int n;

    golden_enter(folder);
    n = scandir(".", &entries, is_input, alphasort);
    assert_true(n >= 0 && (size_t)n >= at_least);
    for (int i = 0; i < n; i++) {
        etas_text got = {0}, want = {0};

        show(entries[i]->d_name, &got);
        read_expected(entries[i]->d_name, &want);
        assert_true(got.data != NULL && want.data != NULL);
        if (got.len != want.len || memcmp(got.data, want.data, got.len) != 0) {
            print_error("%s/%s gives\n%s\ninstead of\n%s\n", folder, entries[i]->d_name, got.data,
                        want.data);
            n_bad++;
        }
        etas_text_free(&got);
        etas_text_free(&want);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(n_bad, 0);
}
