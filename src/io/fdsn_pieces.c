#include "io/fdsn_pieces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/io.h"

static const char *const endings[ETAS_FDSN_N_ANSWERS] = {
    [ETAS_FDSN_EVENTS] = "events",
    [ETAS_FDSN_EMPTY] = "empty",
    [ETAS_FDSN_TOO_MANY] = "too-many",
    [ETAS_FDSN_NO_OFFSET] = "no-offset",
};

static etas_status fail(const char *path, const char *what, etas_error *err)
{
    etas_fail(err, ETAS_E_IO, "%s: %s", what, strerror(errno));
    (void)etas_error_in_file(err, path);
    return ETAS_E_IO;
}

static etas_status path_of(const etas_fdsn_pieces *self, const char *name, etas_text *out,
                           etas_error *err)
{
    out->len = 0;
    if (etas_text_printf(out, "%s/%s", self->folder, name) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %s", self->folder);
    return ETAS_OK;
}

static etas_status path_of_page(const etas_fdsn_pieces *self, const etas_fdsn_page *page,
                                etas_fdsn_answer answer, etas_text *out, etas_error *err)
{
    char name[128];

    etas_format(sizeof name, name, "%zu_%" PRId64 "_%" PRId64 "_%" PRIu64 ".%s", page->box,
                page->start, page->end, page->offset, endings[answer]);
    return path_of(self, name, out, err);
}

static etas_status write_file(const char *path, size_t len, const char bytes[], etas_error *err)
{
    etas_output output = {0};
    etas_status st = etas_output_open(&output, path, err);

    if (st == ETAS_OK && len > 0)
        (void)fwrite(bytes, 1, len, output.stream); /* commit tells of failures */
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

/* ---- the query that the pieces are of ---- */

/* Its first line is everything but the end, which is the second. */
static etas_status describe(const etas_fdsn_query *query, etas_text *out, etas_error *err)
{
    etas_status st = etas_fdsn_query_url(query, NULL, out, err);

    if (st == ETAS_OK)
        st = etas_text_printf(out, " %" PRIu32 " %" PRId64 "\n%" PRId64 "\n", query->page_size,
                              query->start, query->end);
    return st == ETAS_OK ? ETAS_OK : etas_fail(err, st, "out of memory for the query");
}

static etas_status refuse_other(const etas_fdsn_pieces *self, etas_error *err)
{
    etas_fail(err, ETAS_E_EXISTS,
              "holds pieces of another query; --restart throws them away, another output leaves "
              "them");
    (void)etas_error_in_file(err, self->folder);
    return ETAS_E_EXISTS;
}

/* Both must be the same, but for the end when that is only now. */
static etas_status compare(const etas_fdsn_pieces *self, const etas_text *there,
                           const etas_text *want, bool end_is_now, etas_fdsn_query *query,
                           etas_error *err)
{
    const size_t line = (size_t)(strchr(want->data, '\n') - want->data) + 1;
    int64_t end;

    if (there->len == want->len && memcmp(there->data, want->data, want->len) == 0)
        return ETAS_OK;
    if (!end_is_now || there->len <= line || memcmp(there->data, want->data, line) != 0 ||
        !etas_parse_i64(there->data + line, there->len - line - 1, &end) || end <= query->start)
        return refuse_other(self, err);
    query->end = end;
    return ETAS_OK;
}

static etas_status lock_folder(etas_fdsn_pieces *self, etas_error *err)
{
    const int fd = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail(self->folder, "cannot be opened", err);
    self->lock = fd;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return ETAS_OK;
    if (errno != EWOULDBLOCK)
        return fail(self->folder, "cannot be locked", err);
    etas_fail(err, ETAS_E_EXISTS, "another process is fetching into this folder");
    (void)etas_error_in_file(err, self->folder);
    return ETAS_E_EXISTS;
}

/* Only files of ours: names that begin with a digit, the query, what an unfinished write left. */
static bool is_ours(const char *name)
{
    return (*name >= '0' && *name <= '9') || strcmp(name, "query") == 0 ||
           (*name == '.' && strstr(name, ".tmp") != NULL);
}

static etas_status empty_folder(const etas_fdsn_pieces *self, etas_error *err)
{
    DIR *const folder = opendir(self->folder);
    const struct dirent *entry;
    etas_status st = ETAS_OK;

    if (folder == NULL)
        return fail(self->folder, "cannot be read", err);
    while (st == ETAS_OK && (entry = readdir(folder)) != NULL)
        if (is_ours(entry->d_name) && unlinkat(dirfd(folder), entry->d_name, 0) != 0)
            st = fail(self->folder, "cannot be emptied", err);
    (void)closedir(folder);
    return st;
}

static etas_status open_query(etas_fdsn_pieces *self, etas_fdsn_query *query,
                              const etas_fdsn_fetch_config *cfg, etas_error *err)
{
    etas_text path = {0}, want = {0}, there = {0};
    struct stat info;
    etas_status st = describe(query, &want, err);

    if (st == ETAS_OK)
        st = path_of(self, "query", &path, err);
    if (st == ETAS_OK && (cfg->restart || stat(path.data, &info) != 0)) {
        st = empty_folder(self, err);
        if (st == ETAS_OK)
            st = write_file(path.data, want.len, want.data, err);
    } else if (st == ETAS_OK) {
        st = etas_file_read(path.data, &there, err);
        if (st == ETAS_OK)
            st = compare(self, &there, &want, cfg->end_is_now, query, err);
    }
    etas_text_free(&path);
    etas_text_free(&want);
    etas_text_free(&there);
    return st;
}

etas_status etas_fdsn_pieces_open(etas_fdsn_pieces *self, etas_fdsn_query *query,
                                  const etas_fdsn_fetch_config *cfg, etas_error *err)
{
    etas_text folder = {0};
    etas_text probe = {0};
    etas_output output = {0};
    etas_status st = etas_text_printf(&folder, "%s.pieces", cfg->output);

    if (st == ETAS_OK)
        st = etas_text_printf(&probe, "%s/x", folder.data);
    if (st != ETAS_OK)
        st = etas_fail(err, st, "out of memory for %s", cfg->output);
    else /* makes the folders */
        st = etas_output_open(&output, probe.data, err);
    etas_output_discard(&output);
    etas_text_free(&probe);
    *self = (etas_fdsn_pieces){.folder = folder.data, .format = query->format};
    if (st == ETAS_OK)
        st = lock_folder(self, err);
    if (st == ETAS_OK)
        st = open_query(self, query, cfg, err);
    if (st != ETAS_OK)
        etas_fdsn_pieces_close(self);
    return st;
}

/* ---- pages ---- */

etas_status etas_fdsn_pieces_find(const etas_fdsn_pieces *self, const etas_fdsn_page *page,
                                  bool *found, etas_fdsn_answer *answer, etas_text *body,
                                  etas_error *err)
{
    etas_text path = {0};
    struct stat info;
    etas_status st = ETAS_OK;

    *found = false;
    for (int a = 0; a < ETAS_FDSN_N_ANSWERS && st == ETAS_OK && !*found; a++) {
        st = path_of_page(self, page, (etas_fdsn_answer)a, &path, err);
        if (st != ETAS_OK || stat(path.data, &info) != 0)
            continue;
        *found = true;
        *answer = (etas_fdsn_answer)a;
        if (a == ETAS_FDSN_EVENTS) {
            etas_text_free(body);
            st = etas_file_read(path.data, body, err);
        }
    }
    etas_text_free(&path);
    return st;
}

etas_status etas_fdsn_pieces_keep(const etas_fdsn_pieces *self, const etas_fdsn_page *page,
                                  etas_fdsn_answer answer, const etas_text *body, etas_error *err)
{
    etas_text path = {0};
    etas_status st = path_of_page(self, page, answer, &path, err);

    if (st == ETAS_OK)
        st = write_file(path.data, answer == ETAS_FDSN_EVENTS ? body->len : 0, body->data, err);
    etas_text_free(&path);
    return st;
}

etas_status etas_fdsn_pieces_remove(etas_fdsn_pieces *self, etas_error *err)
{
    etas_status st = empty_folder(self, err);

    if (st == ETAS_OK && rmdir(self->folder) != 0 && errno != ENOTEMPTY)
        st = fail(self->folder, "cannot be removed", err);
    etas_fdsn_pieces_close(self);
    return st;
}

void etas_fdsn_pieces_close(etas_fdsn_pieces *self)
{
    if (self->lock > 0)
        (void)close(self->lock);
    free(self->folder);
    *self = (etas_fdsn_pieces){0};
}
