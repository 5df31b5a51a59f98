/** @file log.h  Where talk goes: a sink that the program's main owns and passes down. */
#ifndef ETAS_LOG_H
#define ETAS_LOG_H

#include "etas/api.h"

ETAS_API_BEGIN

/** How much a line matters, the gravest first. */
typedef enum etas_log_level {
    ETAS_LOG_ERROR,
    ETAS_LOG_WARN,
    ETAS_LOG_INFO,
    ETAS_LOG_DEBUG
} etas_log_level;

/** Copied freely; emit may be NULL (silent). One call is one line, without its newline. */
typedef struct etas_log {
    void (*emit)(void *context, etas_log_level level, const char *text);
    void *context;
    etas_log_level max_level; /**< lines above this level are dropped */
} etas_log;

/** Harmless when @p log or its emit is NULL. Lines are cut at 1023 characters. */
void etas_log_write(const etas_log *log, etas_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

ETAS_API_END

#endif
