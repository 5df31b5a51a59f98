/** @file talk.h  What the programs say on stderr or in a file: log lines, errors, progress. */
#ifndef ETAS_CLI_TALK_H
#define ETAS_CLI_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/log.h"
#include "etas/status.h"
#include "log_file.h"
#include "options.h"

/** stdout is a pipe or socket that nobody reads any more. */
bool talk_reader_has_left(void);

typedef enum progress_style { PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_NONE } progress_style;

/** Before anything is opened: a standard file that is closed becomes /dev/null, or the next file to
 * be opened would take its number and the messages. */
void talk_open_standard(void);
/** At the very end: writes out what stdout holds. @p exit_code, or 1 with a message when that
 * fails; a reader who has left is no failure. */
int talk_close_stdout(const char *program, int exit_code);

/** One per program; the log's context points at it. */
typedef struct talk {
    const char *program;
    bool json;
    bool bar_shown; /**< a progress line stands on the terminal: clear it before a log line */
    progress_style style;
    int64_t last_ns; /**< monotonic time of the last progress line */
    etas_log log;
    char subject[64]; /**< a member of each JSON line, with the comma before it; "" none */
    log_file file;    /**< all lines; stderr gets warnings and errors only when there is one */
    /* options */
    const char *progress_text, *format_text, *level_text, *file_text;
} talk;

/** Options --progress, --log-format, --log-level and --log-file for the table of a command. */
enum { TALK_OPTIONS = 4 };
void talk_options(talk *self, option_spec out[TALK_OPTIONS]);
/** Start values; call before parsing, talk_start after it. */
void talk_init(talk *self, const char *program);
options_outcome talk_start(talk *self, const command_usage *usage);

/** From now on each JSON line has the member @p key ("agent", "run"): @p id, letters and digits. */
void talk_subject(talk *self, const char *key, const char *id);

/** Progress of @p what: done of total, per second, seconds to go (NaN unknown), workers (0: not
 * shown). Redraws a bar at most ten times a second; plain lines every ten seconds. */
typedef struct talk_progress {
    const char *what;
    uint64_t done, total, workers;
    double rate, eta_s;
} talk_progress;
void talk_show(talk *self, const talk_progress *now);
/** Time to go and things per second, for people; "-" and "0/s" when nothing moves. */
const char *talk_left(double eta_s, size_t capacity, char out[]);
const char *talk_rate(double rate, size_t capacity, char out[]);
/** The step is over: the bar goes; what was reached is said by its summary. */
void talk_show_end(talk *self);

/** Print the error as one line and give the exit code for its status. */
int talk_fail(talk *self, etas_status st, const etas_error *err);

/** Seconds since an arbitrary start, monotonic. */
double talk_seconds(void);

#endif
