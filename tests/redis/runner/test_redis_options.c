#include "redis_options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/text.h"
#include "support/check.h"

static const command_usage usage = {.name = "test", .synopsis = "", .about = ""};

typedef struct outcome {
    redis_options redis;
    options_outcome result;
    unsigned warnings;
    char command_line[1000]; /* as ps shows it afterwards */
} outcome;

static void count_warnings(void *context, etas_log_level level, const char *text)
{
    outcome *out = context;

    if (level == ETAS_LOG_WARN)
        out->warnings++;
    assert_null(strstr(text, "s3cret"));
}

/* Parses one command line, given as words separated by spaces. */
static void parse(const char *line, outcome *out)
{
    static char words[1000];
    static etas_log log;
    option_spec specs[REDIS_OPTIONS];
    const option_table tables[] = {{REDIS_OPTIONS, specs}, {0, NULL}};
    static char program[] = "test";
    char *argv[32] = {program};
    int argc = 1;
    size_t n;

    *out = (outcome){.result = OPTIONS_RUN};
    log = (etas_log){.emit = count_warnings, .context = out, .max_level = ETAS_LOG_DEBUG};
    etas_format(sizeof words, words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    redis_options_init(&out->redis);
    redis_options_table(&out->redis, specs);
    out->result = options_parse(&usage, tables, argc, argv, NULL, &n);
    if (out->result == OPTIONS_RUN)
        out->result = redis_options_start(&out->redis, &usage, argc, argv, &log);
    for (int i = 1; i < argc; i++)
        etas_format(sizeof out->command_line - strlen(out->command_line),
                    out->command_line + strlen(out->command_line), "%s ", argv[i]);
}

static void check_server(const outcome *out, const char *host, uint16_t port, uint32_t db)
{
    assert_int_equal(out->result, OPTIONS_RUN);
    assert_string_equal(out->redis.queue.host, host);
    assert_int_equal(out->redis.queue.port, port);
    assert_int_equal(out->redis.queue.db, db);
    assert_null(out->redis.queue.socket_path);
}

static void without_options_it_is_the_local_server(void **state)
{
    outcome out;

    (void)state;
    parse("", &out);
    check_server(&out, "localhost", 6379, 0);
    assert_false(out.redis.named);
    assert_null(out.redis.queue.password);
    assert_null(out.redis.queue.user);
}

static void each_option_names_a_server_and_the_environment_gives_none(void **state)
{
    static const char *const lines[] = {"--port 7000",   "--db 1",           "--user me",
                                        "--pool mine",   "--host localhost", "--socket /s",
                                        "--url redis://"};
    outcome out;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        parse(lines[i], &out);
        assert_int_equal(out.result, OPTIONS_RUN);
        assert_true(out.redis.named);
        assert_true(out.redis.given);
    }
    setenv("ETAS_REDIS_URL", "redis://somewhere", 1);
    parse("", &out);
    unsetenv("ETAS_REDIS_URL");
    assert_true(out.redis.named);
    assert_false(out.redis.given);
    parse("--url redis://h?db=3", &out);
    assert_int_equal(out.result, OPTIONS_USAGE);
}

static void options_name_every_part(void **state)
{
    outcome out;

    (void)state;
    parse("--host h --port 7000 --db 3 --user u --pool p", &out);
    check_server(&out, "h", 7000, 3);
    assert_true(out.redis.named);
    assert_string_equal(out.redis.queue.user, "u");
    assert_string_equal(out.redis.queue.pool, "p");
    parse("--socket /run/redis.sock", &out);
    assert_string_equal(out.redis.queue.socket_path, "/run/redis.sock");
    assert_true(out.redis.named);
}

static void a_url_names_every_part(void **state)
{
    outcome out;

    (void)state;
    parse("--url redis://me:p%40ss%3a@host.example:7001/2", &out);
    check_server(&out, "host.example", 7001, 2);
    assert_string_equal(out.redis.queue.user, "me");
    assert_string_equal(out.redis.queue.password, "p@ss:");
    parse("--url redis://:s3cret@h", &out);
    check_server(&out, "h", 6379, 0);
    assert_null(out.redis.queue.user);
    assert_string_equal(out.redis.queue.password, "s3cret");
    parse("--url redis://[::1]:7002/", &out);
    check_server(&out, "::1", 7002, 0);
    parse("--url unix:///tmp/a%20b?db=5", &out);
    assert_string_equal(out.redis.queue.socket_path, "/tmp/a b");
    assert_int_equal(out.redis.queue.db, 5);
}

static void an_option_beats_the_url_and_the_url_the_environment(void **state)
{
    outcome out;

    (void)state;
    setenv("ETAS_REDIS_URL", "redis://env:7000/1", 1);
    parse("", &out);
    check_server(&out, "env", 7000, 1);
    assert_true(out.redis.named);
    parse("--url redis://given", &out);
    check_server(&out, "given", 6379, 0);
    parse("--url redis://given:7003 --port 7004 --db 9", &out);
    check_server(&out, "given", 7004, 9);
    parse("--url unix:///tmp/s --host h", &out);
    check_server(&out, "h", 6379, 0);
    unsetenv("ETAS_REDIS_URL");
}

static void tls_is_asked_for_by_option_or_url(void **state)
{
    outcome out;

    (void)state;
    parse("--host h", &out);
    assert_false(out.redis.queue.tls);
    parse("--tls", &out);
    check_server(&out, "localhost", 6379, 0);
    assert_true(out.redis.queue.tls);
    assert_true(out.redis.given);
    parse(
        "--url rediss://u:s3cret@h:7001/2 --cacert ca --cert mine --key /nonexistent --tls-name n",
        &out);
    check_server(&out, "h", 7001, 2);
    assert_true(out.redis.queue.tls);
    assert_string_equal(out.redis.queue.ca_file, "ca");
    assert_string_equal(out.redis.queue.cert_file, "mine");
    assert_string_equal(out.redis.queue.key_file, "/nonexistent");
    assert_string_equal(out.redis.queue.tls_name, "n");
    setenv("ETAS_REDIS_URL", "rediss://env", 1);
    parse("--host h", &out); /* still what the environment says of the connection */
    assert_true(out.redis.queue.tls);
    parse("--socket /s", &out);
    assert_int_equal(out.result, OPTIONS_RUN);
    assert_false(out.redis.queue.tls);
    unsetenv("ETAS_REDIS_URL");
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const char *const lines[] = {"--port 0",
                                        "--port 65536",
                                        "--port x",
                                        "--db 4294967296",
                                        "--host h --socket s",
                                        "--url http://h",
                                        "--url redis://h:0",
                                        "--url redis://h:70000",
                                        "--url redis://h/x",
                                        "--url redis://[::1",
                                        "--url redis://a%4@h",
                                        "--url redis://a%00b@h",
                                        "--url unix://relative",
                                        "--url unix:///tmp/s?dbx=1",
                                        "--url rediss://h:0",
                                        "--cacert f",
                                        "--cert f --key f",
                                        "--tls --cert f",
                                        "--tls --key f",
                                        "--tls --socket /s",
                                        "--tls-name n",
                                        "--url redis://h --tls-name n",
                                        "--password-file /nonexistent/file"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        outcome out;

        parse(lines[i], &out);
        if (out.result != OPTIONS_USAGE)
            fail_msg("%s was taken", lines[i]);
    }
}

static void a_password_on_the_command_line_is_wiped_and_warned_about(void **state)
{
    outcome out;

    (void)state;
    parse("--password s3cret --host h", &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_string_equal(out.command_line, "--password ****** --host h ");
    assert_int_equal(out.warnings, 1);
    parse("--password=s3cret --host=h", &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_string_equal(out.command_line, "--password=****** --host=h ");
    parse("--url redis://u:s3cret@h", &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_null(strstr(out.command_line, "s3cret"));
    assert_int_equal(out.warnings, 1);
    parse("--url bad://u:s3cret@h", &out);
    assert_int_equal(out.result, OPTIONS_USAGE);
    assert_null(strstr(out.command_line, "s3cret"));
}

static void the_environment_may_hold_the_password(void **state)
{
    outcome out;

    (void)state;
    setenv("ETAS_REDIS_PASSWORD", "s3cret", 1);
    parse("--host h", &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_int_equal(out.warnings, 0);
    assert_null(getenv("ETAS_REDIS_PASSWORD"));
    setenv("ETAS_REDIS_PASSWORD", "s3cret", 1);
    parse("--host h --password other", &out);
    assert_string_equal(out.redis.queue.password, "other");
    assert_null(getenv("ETAS_REDIS_PASSWORD"));
    setenv("ETAS_REDIS_URL", "redis://u:s3cret@h", 1);
    parse("", &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_null(getenv("ETAS_REDIS_URL"));
}

static void a_password_file_is_for_its_owner_alone(void **state)
{
    char path[] = "/tmp/etas-password-XXXXXX", line[100];
    const int fd = mkstemp(path);
    outcome out;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "s3cret\nsecond line\n", 19), 19);
    etas_format(sizeof line, line, "--password-file %s", path);
    parse(line, &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_int_equal(out.warnings, 0);
    assert_int_equal(fchmod(fd, 0644), 0);
    parse(line, &out);
    assert_string_equal(out.redis.queue.password, "s3cret");
    assert_int_equal(out.warnings, 1);
    assert_int_equal(ftruncate(fd, 0), 0);
    parse(line, &out);
    assert_int_equal(out.result, OPTIONS_USAGE);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_is_the_local_server),
        cmocka_unit_test(each_option_names_a_server_and_the_environment_gives_none),
        cmocka_unit_test(options_name_every_part),
        cmocka_unit_test(a_url_names_every_part),
        cmocka_unit_test(an_option_beats_the_url_and_the_url_the_environment),
        cmocka_unit_test(tls_is_asked_for_by_option_or_url),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_password_on_the_command_line_is_wiped_and_warned_about),
        cmocka_unit_test(the_environment_may_hold_the_password),
        cmocka_unit_test(a_password_file_is_for_its_owner_alone)};

    unsetenv("ETAS_REDIS_URL");
    unsetenv("ETAS_REDIS_PASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
