#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/io.h"
#include "etas/text.h"
#include "support/check.h"

/* ---- system calls that fail on demand ---- */

int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_fclose(FILE *stream);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_fclose(FILE *stream);

static int fail_fsync_at, fail_rename, fail_fclose; /* fsync: 1 = the first call, 2 = the second */

int __wrap_fsync(int fd)
{
    if (fail_fsync_at > 0 && --fail_fsync_at == 0) {
        errno = ENOSPC;
        return -1;
    }
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    if (fail_rename) {
        errno = EACCES;
        return -1;
    }
    return __real_rename(from, to);
}

int __wrap_fclose(FILE *stream)
{
    const int got = __real_fclose(stream);

    if (!fail_fclose)
        return got;
    errno = EDQUOT;
    return EOF;
}

/* ---- a folder of its own for every test ---- */

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    etas_format(sizeof folder, folder, "/tmp/etas-output-XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    fail_fsync_at = fail_rename = fail_fclose = 0;
    if (chdir("/") != 0)
        return -1;
    etas_format(sizeof command, command, "rm -rf '%s'", folder);
    return system(command);
}

static void expect_file(const char *path, const char *want)
{
    char got[256] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    (void)!fread(got, 1, sizeof got - 1, file);
    assert_int_equal(__real_fclose(file), 0);
    assert_string_equal(got, want);
}

static size_t n_files(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    assert_int_equal(closedir(dir), 0);
    return n;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(__real_fclose(file), 0);
}

static void reader_sees_the_old_file_until_commit_and_then_the_new_one(void **state)
{
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    put_file("a.csv", "old");
    check_ok(etas_output_open(&out, "a.csv", &err), &err);
    assert_true(fputs("new", out.stream) >= 0);
    assert_int_equal(fflush(out.stream), 0);
    expect_file("a.csv", "old");
    assert_int_equal(n_files("."), 2);
    check_ok(etas_output_commit(&out, &err), &err);
    expect_file("a.csv", "new");
    assert_int_equal(n_files("."), 1);
    etas_output_discard(&out);
    expect_file("a.csv", "new");
}

static void missing_folders_are_made(void **state)
{
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_output_open(&out, "x/y//z/./a.csv", &err), &err);
    check_ok(etas_output_commit(&out, &err), &err);
    expect_file("x/y/z/a.csv", "");
}

static void discard_leaves_what_was_there(void **state)
{
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    put_file("a.csv", "old");
    check_ok(etas_output_open(&out, "a.csv", &err), &err);
    assert_true(fputs("new", out.stream) >= 0);
    etas_output_discard(&out);
    etas_output_discard(&out);
    expect_file("a.csv", "old");
    assert_int_equal(n_files("."), 1);
}

static void two_writers_of_one_file_do_not_meet(void **state)
{
    etas_output a = {0}, b = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_output_open(&a, "a.csv", &err), &err);
    check_ok(etas_output_open(&b, "a.csv", &err), &err);
    assert_string_not_equal(a.temporary, b.temporary);
    assert_true(fputs("aaaa", a.stream) >= 0 && fputs("b", b.stream) >= 0);
    check_ok(etas_output_commit(&a, &err), &err);
    expect_file("a.csv", "aaaa");
    check_ok(etas_output_commit(&b, &err), &err);
    expect_file("a.csv", "b");
}

static void link_to_a_file_stays_a_link(void **state)
{
    etas_output out = {0};
    etas_error err = {0};
    struct stat info;

    (void)state;
    put_file("real.csv", "old");
    assert_int_equal(symlink("real.csv", "link.csv"), 0);
    check_ok(etas_output_open(&out, "link.csv", &err), &err);
    assert_true(fputs("new", out.stream) >= 0);
    check_ok(etas_output_commit(&out, &err), &err);
    expect_file("real.csv", "new");
    assert_int_equal(lstat("link.csv", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

static void expect_failure(etas_output *out, const char *reason)
{
    etas_error err = {0};

    assert_int_equal(etas_output_commit(out, &err), ETAS_E_IO);
    if (strstr(err.text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
    assert_non_null(strstr(err.file, "a.csv"));
    assert_null(out->stream);
    assert_null(out->temporary);
}

static void every_failing_step_is_reported_and_leaves_what_was_there(void **state)
{
    static const char *const reasons[] = {"No space left", "Permission denied", "quota"};
    etas_error err = {0};

    (void)state;
    put_file("a.csv", "old");
    for (int step = 0; step < 3; step++) {
        etas_output out = {0};

        check_ok(etas_output_open(&out, "a.csv", &err), &err);
        assert_true(fputs("new", out.stream) >= 0);
        fail_fsync_at = step == 0;
        fail_rename = step == 1;
        fail_fclose = step == 2;
        expect_failure(&out, reasons[step]);
        fail_fsync_at = fail_rename = fail_fclose = 0;
        expect_file("a.csv", "old");
        assert_int_equal(n_files("."), 1);
    }
}

static void folder_that_cannot_be_synced_is_reported(void **state)
{
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_output_open(&out, "a.csv", &err), &err);
    fail_fsync_at = 2;
    expect_failure(&out, "folder cannot be synced: No space left");
    assert_int_equal(n_files("."), 1);
}

/* A disk that is full while writing: the file may not grow beyond 4096 bytes. */
static void write_that_fails_on_the_way_is_not_forgotten(void **state)
{
    struct rlimit old, small;
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    put_file("a.csv", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 4096;
    (void)signal(SIGXFSZ, SIG_IGN);
    check_ok(etas_output_open(&out, "a.csv", &err), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 100000; i++)
        (void)fputs("row\n", out.stream);
    assert_true(ferror(out.stream));
    expect_failure(&out, "File too large");
    check_ok(etas_output_open(&out, "a.csv", &err), &err);
    for (int i = 0; i < 1025; i++)
        (void)fputs("row\n", out.stream);
    expect_failure(&out, "File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    expect_file("a.csv", "old");
    assert_int_equal(n_files("."), 1);
}

static void devices_are_written_to_as_they_are(void **state)
{
    struct stat info;
    etas_output out = {0};
    etas_error err = {0};

    (void)state;
    check_ok(etas_output_open(&out, "/dev/null", &err), &err);
    assert_true(fputs("text", out.stream) >= 0);
    check_ok(etas_output_commit(&out, &err), &err);
    assert_true(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    check_ok(etas_output_open(&out, "/dev/full", &err), &err);
    assert_true(fputs("text", out.stream) >= 0);
    assert_int_equal(etas_output_commit(&out, &err), ETAS_E_IO);
    assert_non_null(strstr(err.text, "No space left on device"));
    assert_string_equal(err.file, "/dev/full");
}

static void impossible_targets_say_why(void **state)
{
    const struct {
        const char *path, *reason;
    } cases[] = {{"", "directory"},
                 {"folder/", "directory"},
                 {".", "directory"},
                 {"file/a.csv", "Not a directory"}};

    (void)state;
    put_file("file", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        etas_output out = {0};
        etas_error err = {0};

        assert_int_equal(etas_output_open(&out, cases[i].path, &err), ETAS_E_IO);
        assert_non_null(strstr(err.text, cases[i].reason));
        assert_null(out.stream);
        assert_null(out.path);
        assert_int_equal(etas_output_commit(&out, NULL), ETAS_E_ARG);
    }
    assert_int_equal(n_files("."), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reader_sees_the_old_file_until_commit_and_then_the_new_one),
        TEST(missing_folders_are_made),
        TEST(discard_leaves_what_was_there),
        TEST(two_writers_of_one_file_do_not_meet),
        TEST(link_to_a_file_stays_a_link),
        TEST(every_failing_step_is_reported_and_leaves_what_was_there),
        TEST(folder_that_cannot_be_synced_is_reported),
        TEST(write_that_fails_on_the_way_is_not_forgotten),
        TEST(devices_are_written_to_as_they_are),
        TEST(impossible_targets_say_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
