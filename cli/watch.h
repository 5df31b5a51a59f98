/** @file watch.h  Showing something again and again, until somebody has seen enough. */
#ifndef ETAS_CLI_WATCH_H
#define ETAS_CLI_WATCH_H

#include <stdbool.h>

#include <jansson.h>

#include "etas/status.h"
#include "talk.h"

/** Prints one look to stdout; when it fails it has printed nothing. *over: there will be no other
 * to be seen. */
typedef etas_status (*watch_show)(void *context, bool *over, etas_error *err);

/**
 * Shows every @p every_s seconds: redrawn on a terminal, elsewhere one after the other, with an
 * empty line between them unless @p dense. What fails is said on stderr and tried again. Until it
 * is over, its reader has gone, or SIGINT, SIGTERM or SIGHUP comes: always 0.
 */
int watch_run(talk *out, double every_s, bool dense, watch_show show, void *context);
/** Takes @p root (NULL: there was no memory for it): one line when it is shown every @p every_s
 * seconds, else indented. */
ETAS_NODISCARD etas_status watch_print_json(double every_s, json_t *root, etas_error *err);

#endif
