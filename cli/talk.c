#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "etas/text.h"
#include "etas/time.h"

void talk_open_standard(void)
{
    /* All of a command's text: what cannot be written is then noticed, with the reason, at the end.
     */
    static char buffer[1 << 16];
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void)close(fd);
    if (!isatty(STDOUT_FILENO))
        (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

bool talk_reader_has_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

int talk_close_stdout(const char *program, int exit_code)
{
    /* with exit code 1 it has been told */
    const bool failed = ferror(stdout) != 0, left = failed && talk_reader_has_left();

    errno = 0;
    if (left || (failed && exit_code == 1) || (fclose(stdout) == 0 && !failed) || errno == EPIPE)
        return exit_code;
    (void)fprintf(stderr, "%s: error: stdout cannot be written: %s\n", program,
                  strerror(errno != 0 ? errno : EIO));
    return exit_code != 0 ? exit_code : 1;
}

static int64_t clock_ns(clockid_t which)
{
    struct timespec now;

    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * ETAS_NS_PER_S + now.tv_nsec;
}

double talk_seconds(void)
{
    return (double)clock_ns(CLOCK_MONOTONIC) / 1e9;
}

static void clear_bar(talk *self)
{
    if (self->bar_shown)
        (void)fputs("\r\033[K", stderr);
    self->bar_shown = false;
}

/* Bytes of the UTF-8 character that @p text begins with; 0: it is none. */
static size_t utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } kinds[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t n = 1; n <= 4; n++) {
        uint32_t code = text[0] & (unsigned char)~kinds[n - 1].mask;

        if ((text[0] & kinds[n - 1].mask) != kinds[n - 1].lead)
            continue;
        for (size_t i = 1; i < n; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        return code >= kinds[n - 1].least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
                   ? n
                   : 0;
    }
    return 0;
}

/* Text as a part of one line, or as the inside of a JSON string; what does not fit is cut. A path
 * need not be UTF-8, JSON must. */
static void escape(const char *text, bool json, size_t capacity, char out[])
{
    size_t at = 0, n;

    for (; *text != '\0' && at + 8 < capacity; text += n) {
        const unsigned char c = (unsigned char)*text;
        const size_t len = utf8_length((const unsigned char *)text);

        n = 1;
        if (json && (c == '"' || c == '\\')) {
            at += etas_format(capacity - at, out + at, "\\%c", c);
        } else if (c == '\n') {
            at += etas_format(capacity - at, out + at, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            at += etas_format(capacity - at, out + at, "\\u%04x", c);
        } else if (json && len == 0) {
            at += etas_format(capacity - at, out + at, "\\ufffd");
        } else {
            n = len > 0 ? len : 1;
            memcpy(out + at, text, n);
            at += n;
        }
    }
    out[at] = '\0';
}

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* UTC with milliseconds: "2026-01-31T12:34:56.789". */
static void format_now(char out[32])
{
    out[etas_time_format(clock_ns(CLOCK_REALTIME), 'T', out) - 3] = '\0';
}

/* @p text as a line of JSON, or of text with time and process, as a file needs it. */
static size_t format_line(const talk *self, etas_log_level level, const char *text, size_t capacity,
                          char out[])
{
    char when[32];

    format_now(when);
    if (self->json)
        return etas_format(capacity, out,
                           "{\"time\":\"%sZ\",\"level\":\"%s\",\"program\":\"%s\",\"pid\":%d%s,"
                           "\"message\":\"%s\"}\n",
                           when, level_names[level], self->program, (int)getpid(), self->subject,
                           text);
    return etas_format(capacity, out, "%sZ %s[%d] %s: %s\n", when, self->program, (int)getpid(),
                       level_names[level], text);
}

static void say(talk *self, etas_log_level level, const char *text)
{
    char line[2600];

    clear_bar(self);
    if (self->json) {
        format_line(self, level, text, sizeof line, line);
        (void)fputs(line, stderr);
    } else if (level == ETAS_LOG_INFO) {
        (void)fprintf(stderr, "%s\n", text);
    } else {
        (void)fprintf(stderr, "%s: %s: %s\n", self->program, level_names[level], text);
    }
}

static void emit(void *context, etas_log_level level, const char *text)
{
    talk *const self = context;
    char line[2600], escaped[2400];

    escape(text, self->json, sizeof escaped, escaped);
    if (self->file.path == NULL || level <= ETAS_LOG_WARN)
        say(self, level, escaped);
    if (self->file.path == NULL ||
        log_file_write(&self->file, format_line(self, level, escaped, sizeof line, line), line))
        return;
    etas_format(sizeof line, line, "%s: %s: lines of the log are lost", self->file.path,
                strerror(self->file.reason));
    escape(line, self->json, sizeof escaped, escaped);
    say(self, ETAS_LOG_WARN, escaped);
}

void talk_init(talk *self, const char *program)
{
    *self = (talk){.program = program,
                   .progress_text = "auto",
                   .format_text = "text",
                   .level_text = "info",
                   .log = {.emit = emit, .max_level = ETAS_LOG_INFO}};
    self->log.context = self;
}

void talk_subject(talk *self, const char *key, const char *id)
{
    etas_format(sizeof self->subject, self->subject, ",\"%s\":\"%s\"", key, id);
}

void talk_options(talk *self, option_spec out[TALK_OPTIONS])
{
    out[0] = (option_spec){
        "progress",  0,
        OPTION_TEXT, &self->progress_text,
        "STYLE",     "auto, bar, plain or none (auto: a bar on a terminal, lines elsewhere)"};
    out[1] = (option_spec){"log-format",       0,        OPTION_TEXT,
                           &self->format_text, "FORMAT", "text or json, one line each"};
    out[2] = (option_spec){"log-level",       0,       OPTION_TEXT,
                           &self->level_text, "LEVEL", "error, warning, info or debug"};
    out[3] =
        (option_spec){"log-file",
                      0,
                      OPTION_TEXT,
                      &self->file_text,
                      "FILE",
                      "append the log to FILE, with times; stderr gets warnings and errors only.\n"
                      "SIGHUP: open it anew (for logrotate)"};
}

static bool one_of(const char *text, size_t n, const char *const names[], size_t *which)
{
    for (*which = 0; *which < n; (*which)++)
        if (strcmp(text, names[*which]) == 0)
            return true;
    return false;
}

options_outcome talk_start(talk *self, const command_usage *usage)
{
    static const char *const styles[] = {"bar", "plain", "none", "auto"};
    static const char *const formats[] = {"text", "json"};
    size_t style, format, level;

    if (!one_of(self->progress_text, 4, styles, &style))
        return options_complain(usage, "--progress: \"%s\" is not auto, bar, plain or none",
                                self->progress_text);
    if (!one_of(self->format_text, 2, formats, &format))
        return options_complain(usage, "--log-format: \"%s\" is not text or json",
                                self->format_text);
    if (!one_of(self->level_text, 4, level_names, &level))
        return options_complain(usage, "--log-level: \"%s\" is not error, warning, info or debug",
                                self->level_text);
    self->json = format == 1;
    self->log.max_level = (etas_log_level)level;
    if (style == 3)
        style = isatty(STDERR_FILENO) && !self->json ? PROGRESS_BAR : PROGRESS_PLAIN;
    self->style = (progress_style)style;
    if (self->file_text == NULL || log_file_open(&self->file, self->file_text))
        return OPTIONS_RUN;
    (void)fprintf(stderr, "%s: error: --log-file %s: %s\n", self->program, self->file_text,
                  strerror(errno));
    return OPTIONS_FAILED;
}

const char *talk_left(double eta_s, size_t capacity, char out[])
{
    if (!isfinite(eta_s) || eta_s > 1e8) /* years: it stands still */
        etas_format(capacity, out, "-");
    else if (eta_s < 120)
        etas_format(capacity, out, "%.0f s", eta_s);
    else if (eta_s < 7200)
        etas_format(capacity, out, "%.0f min", eta_s / 60);
    else if (eta_s < 3 * 86400.0)
        etas_format(capacity, out, "%.1f h", eta_s / 3600);
    else
        etas_format(capacity, out, "%.0f days", eta_s / 86400);
    return out;
}

const char *talk_rate(double rate, size_t capacity, char out[])
{
    if (!(rate >= 0.01)) /* NaN too */
        etas_format(capacity, out, "0/s");
    else
        etas_format(capacity, out, rate < 10 ? "%.2g/s" : "%.0f/s", rate);
    return out;
}

void talk_show(talk *self, const talk_progress *now)
{
    const int64_t t = clock_ns(CLOCK_MONOTONIC);
    const int64_t pause = self->style == PROGRESS_BAR ? ETAS_NS_PER_S / 10 : 10 * ETAS_NS_PER_S;
    char left[32], rate[32], workers[48] = "", line[256];

    if (self->last_ns == 0)
        self->last_ns = t; /* short steps draw nothing */
    if (self->style == PROGRESS_NONE || t - self->last_ns < pause)
        return;
    self->last_ns = t;
    if (now->workers > 0)
        etas_format(sizeof workers, workers, ", workers %llu", (unsigned long long)now->workers);
    etas_format(sizeof line, line, "%s %llu/%llu (%.0f %%), %s, ETA %s%s", now->what,
                (unsigned long long)now->done, (unsigned long long)now->total,
                now->total > 0 ? 100.0 * (double)now->done / (double)now->total : 100.0,
                talk_rate(now->rate, sizeof rate, rate), talk_left(now->eta_s, sizeof left, left),
                workers);
    if (self->style == PROGRESS_PLAIN) {
        etas_log_write(&self->log, ETAS_LOG_INFO, "%s", line);
        return;
    }
    clear_bar(self);
    (void)fprintf(stderr, "\r%.79s\033[K", line);
    (void)fflush(stderr);
    self->bar_shown = true;
}

void talk_show_end(talk *self)
{
    clear_bar(self);
    self->last_ns = 0;
}

int talk_fail(talk *self, etas_status st, const etas_error *err)
{
    etas_error named = *err;
    char line[1024];

    if (named.code == ETAS_OK)
        named.code = st; /* out of memory and the like come without detail */
    etas_log_write(&self->log, ETAS_LOG_ERROR, "%s", etas_error_format(&named, sizeof line, line));
    switch (st) {
    case ETAS_E_INCOMPLETE:
    case ETAS_E_RUNTIME:
        return EXIT_INCOMPLETE;
    case ETAS_E_INTERRUPTED:
        return EXIT_INTERRUPTED;
    default:
        return 1;
    }
}
