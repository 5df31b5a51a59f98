/** @file log_file.h  Log lines in a file: appended whole, one write each, so that several programs
 * may share it. SIGHUP makes the next line open it anew, for programs that rotate logs. */
#ifndef ETAS_CLI_LOG_FILE_H
#define ETAS_CLI_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>

/** Starts as {0}. It is never closed: the last line may come at the very end. */
typedef struct log_file {
    const char *path; /**< NULL: there is none */
    int fd;
    bool torn;  /**< the last line is not there in full */
    int reason; /**< why the last line is not there, as errno; 0: it is */
} log_file;

/** Creates it with mode 0640 or goes on at its end. False: errno says why. */
bool log_file_open(log_file *self, const char *path);

/** @p line ends with a newline. A line that cannot be written is lost, and false is returned the
 * first time of many: self->reason says why. */
bool log_file_write(log_file *self, size_t len, const char line[]);

#endif
