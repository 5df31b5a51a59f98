/* A store that is any file: read, looked through, and resumed. What is wrong with it is a status,
 * and what it gives is within its bounds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[80];

static void clean_up(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[96];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void leave(void)
{
    clean_up();
    (void)rmdir(folder);
}

static void must(bool good)
{
    if (!good)
        abort();
}

static void put_file(const uint8_t *data, size_t size)
{
    int fd;

    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "%s/etas-fuzz-store-XXXXXX",
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        must(mkdtemp(folder) != NULL && atexit(leave) == 0);
        (void)snprintf(path, sizeof path, "%s/store", folder);
    }
    clean_up();
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

typedef struct seen {
    uint64_t after; /* end of the part before */
    uint8_t sum;
} seen;

/* Reads all the bytes, for the sanitizer; parts come in order and lie within their frames. */
static etas_status visit(void *context, const etas_store_frame *frame, etas_range part,
                         etas_error *err)
{
    seen *s = context;

    (void)err;
    for (size_t i = 0; i < frame->len; i++)
        s->sum ^= frame->bytes[i];
    must(part.count > 0 && part.first >= s->after && part.first >= frame->first &&
         part.first - frame->first <= frame->count &&
         part.count <= frame->count - (part.first - frame->first));
    s->after = part.first + part.count;
    return ETAS_OK;
}

static void look_through(etas_store *store)
{
    static const char *const names[] = {"user.missing", "state", "config"};
    etas_store_run run;
    etas_store_tally tally;
    etas_store_made made[4];
    etas_ranges dead = {0};
    const etas_ranges *covered = etas_store_covered(store);
    seen s = {0};
    size_t n;

    for (size_t i = 0; i < covered->n; i++)
        must(covered->items[i].count > 0);
    if (etas_store_run_get(store, &run, NULL) == ETAS_OK) {
        for (size_t i = 0; i < run.blob_len; i++)
            s.sum ^= run.blob[i];
        s.sum ^= (uint8_t)(run.config_text != NULL ? strlen(run.config_text) : 0);
    }
    (void)!etas_store_each(store, visit, &s, NULL);
    s.after = 0;
    (void)!etas_store_find(store, (etas_range){2, 5}, visit, &s, NULL);
    (void)!etas_store_tally_get(store, &tally, NULL);
    (void)!etas_store_dead(store, &dead, NULL);
    etas_ranges_free(&dead);
    (void)!etas_store_made_after(store, 0, 4, made, &n, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *value = NULL;

        (void)!etas_store_get(store, names[i], &value, NULL);
        free(value);
    }
}

/* What a resumed run does. */
static void go_on(etas_store *store)
{
    static const uint8_t bytes[40] = {1};
    const etas_store_frame frame = {.first = 3, .count = 4, .len = sizeof bytes, .bytes = bytes};
    const etas_store_task task = {.first = 3, .count = 4, .host = "here", .wall_s = 1};
    uint64_t n;

    (void)!etas_store_next_serial(store, &n, NULL);
    (void)!etas_store_add(store, 1, &frame, &task, &n, NULL);
    (void)!etas_store_add_dead(store, (etas_range){1, 1}, "why", NULL);
    (void)!etas_store_add_phase(store, "simulate", 1, NULL);
    (void)!etas_store_finish(store, "complete", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const etas_store_mode modes[] = {ETAS_STORE_READ, ETAS_STORE_RESUME};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        etas_store *store = NULL;
        etas_error err = {0};
        etas_status st;

        put_file(data, size);
        st = etas_store_open(&store, path, modes[i], &err);
        must((st == ETAS_OK) == (store != NULL) && (st == ETAS_OK || err.text[0] != '\0'));
        if (st != ETAS_OK)
            continue;
        look_through(store);
        if (modes[i] == ETAS_STORE_RESUME)
            go_on(store);
        etas_store_close(store);
    }
    return 0;
}
