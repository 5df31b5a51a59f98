/** @file status.h  Result codes and the error detail shared by every module. */
#ifndef ETAS_STATUS_H
#define ETAS_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"

ETAS_API_BEGIN

#define ETAS_NODISCARD __attribute__((warn_unused_result))

/* clang-format off */
#define ETAS_STATUS_MAP(X)                                                        \
    X(OK,              0, "success")                                              \
    X(E_NOMEM,        -1, "out of memory")                                        \
    X(E_ARG,          -2, "argument outside its documented domain")               \
    X(E_LIMIT,        -3, "a built-in limit was passed")                          \
    X(E_INTERRUPTED,  -4, "interrupted")                                          \
    X(E_UNSUPPORTED,  -5, "not supported yet")                                    \
    X(E_PARSE,       -20, "malformed input")                                      \
    X(E_RANGE,       -21, "value outside its allowed range")                      \
    X(E_CORRUPT,     -22, "damaged data: structure or checksum does not match")   \
    X(E_VERSION,     -23, "data of another version")                              \
    X(E_IO,          -30, "input or output failed")                               \
    X(E_EXISTS,      -31, "already exists")                                       \
    X(E_NET,         -40, "connection failed or was lost")                        \
    X(E_TIMEOUT,     -41, "deadline passed")                                      \
    X(E_AWAY,        -42, "the server is not ready")                              \
    X(E_AUTH,        -43, "the server refused the credentials")                   \
    X(E_REFUSED,     -44, "the server refused the request")                       \
    X(E_CONVERGE,    -50, "the iteration did not converge")                       \
    X(E_SUPERCRITICAL, -51, "the branching ratio is not below one")               \
    X(E_INCOMPLETE,  -60, "the run is incomplete")                                \
    X(E_SUPERSEDED,  -61, "another driver has taken this run over")               \
    X(E_RUNTIME,     -62, "the runtime is over")
/* clang-format on */

/** How a call ended. 0 is success; values never change their meaning. */
typedef enum etas_status {
#define X(name, value, text) ETAS_##name = (value),
    ETAS_STATUS_MAP(X)
#undef X
} etas_status;

/**
 * Detail for the status that a function returned. The caller owns it and starts it as {0};
 * NULL is allowed everywhere. The first error wins: later ones change nothing.
 * Places that do not apply are 0 or "".
 */
typedef struct etas_error {
    etas_status code;
    uint64_t line;   /**< 1-based line in file */
    uint64_t column; /**< 1-based column (bytes) in that line */
    char file[256];  /**< path as the user gave it */
    char key[64];    /**< configuration key, CSV column or option */
    char host[128];  /**< host:port or socket path of the server */
    char text[320];  /**< what was found and what was expected */
} etas_error;

/** Text of a code; "unknown status" for a value outside the table. Never NULL. */
const char *etas_strerror(etas_status code);

/** Record @p code and a message unless @p err already holds one; returns @p code. */
etas_status etas_fail(etas_error *err, etas_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** The file that is wrong. Like the three that follow it adds the place to the error that was just
 * recorded. A field that is already set stays: the innermost place wins. Harmless when err is NULL.
 * Each returns err->code (ETAS_OK for NULL). */
etas_status etas_error_in_file(etas_error *err, const char *file);
/** The line, and the column unless it is 0, both from 1. */
etas_status etas_error_at_line(etas_error *err, uint64_t line, uint64_t column);
/** The key of a configuration, or the like. */
etas_status etas_error_in_key(etas_error *err, const char *key);
/** The machine where it happened. */
etas_status etas_error_on_host(etas_error *err, const char *host);

/**
 * One line for a person: "FILE:LINE:COL: key \"K\": TEXT (host H)", with the parts that are set;
 * falls back to etas_strerror() when there is no text. Always terminated; returns @p out.
 */
char *etas_error_format(const etas_error *err, size_t capacity, char out[]);

ETAS_API_END

#endif
