/** @file redis_options.h  Which Redis server and pool: the options that every program shares. */
#ifndef ETAS_CLI_REDIS_OPTIONS_H
#define ETAS_CLI_REDIS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/queue.h"
#include "options.h"

enum { REDIS_OPTIONS = 14 };

/** Not to be moved after redis_options_start: queue points into the struct. */
typedef struct redis_options {
    etas_redis_options queue; /**< the result */
    bool given;               /**< by an option at least */
    bool named;               /**< given, or ETAS_REDIS_URL names a server */
    /* as given */
    const char *url_text, *host_text, *socket_text, *user_text, *password_text, *file_text,
        *pool_text, *tls_name_text, *cacert_text, *cert_text, *key_text;
    uint64_t port, db;
    bool tls, url_tls;
    /* where queue points */
    char host[256], socket[108], user[128], pool[64];
    char *password; /**< SECRET_BYTES of secret_room */
} redis_options;

/** Start values; call before parsing, redis_options_start after it. */
void redis_options_init(redis_options *self);
/** --url, --host, --port, --socket, --db, --user, --password-file, --password, --pool, --tls,
 * --cacert, --cert, --key, --tls-name. */
void redis_options_table(redis_options *self, option_spec out[REDIS_OPTIONS]);

/** Whether any of them is on the command line. */
bool redis_options_given(const redis_options *self);

/**
 * Put options, ETAS_REDIS_URL and ETAS_REDIS_PASSWORD together; an option beats the URL's part, a
 * given URL beats the environment. Passwords are wiped from argv and from the environment. Warnings
 * go to @p log, which queue.log then names. A process that holds a secret leaves no core files and
 * cannot be looked into by others of the same user.
 */
options_outcome redis_options_start(redis_options *self, const command_usage *usage, int argc,
                                    char *argv[], const etas_log *log);

#endif
