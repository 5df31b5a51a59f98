#include "series_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/io.h"
#include "etas/text.h"
#include "paths.h"
#include "series_settings.h"

static etas_status fail_system(const char *path, const char *what, etas_error *err)
{
    etas_fail(err, ETAS_E_IO, "%s: %s", what, strerror(errno));
    return etas_error_in_file(err, path);
}

etas_status series_files_init(series_files *self, const char *directory, etas_error *err)
{
    const struct {
        char **path;
        const char *name;
    } all[] = {{&self->settings_path, "series.json"},
               {&self->table_path, "series.csv"},
               {&self->times_path, "times.csv"},
               {&self->summary_path, "summary.json"},
               {&self->stores_path, "stores"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        etas_text text = {0};

        if (etas_text_printf(&text, "%s/%s", directory, all[i].name) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for file names");
        *all[i].path = text.data;
    }
    return ETAS_OK;
}

void series_files_close(series_files *self)
{
    char *const paths[] = {self->settings_path, self->table_path, self->times_path,
                           self->summary_path, self->stores_path};
    const int fds[] = {self->table, self->times, self->folder};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free(paths[i]);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    *self = (series_files){.folder = -1, .table = -1, .times = -1};
}

const char *series_files_find(const series_files *self, const char *path)
{
    const char *const paths[] = {self->settings_path, self->table_path, self->times_path,
                                 self->summary_path};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths_are_same(paths[i], path))
            return paths[i];
    return NULL;
}

/* ---- lines ---- */

/* A line that does not fit is taken back, so that the next call finds the file as it was. */
static etas_status append(int fd, const char *path, size_t len, const char text[], etas_error *err)
{
    const off_t before = lseek(fd, 0, SEEK_END);
    size_t done = 0;

    if (before < 0)
        return fail_system(path, "cannot be written", err);
    while (done < len) {
        const ssize_t n = write(fd, text + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            const etas_status st = fail_system(path, "cannot be written", err);

            if (ftruncate(fd, before) != 0) {
                /* --resume cuts the line off */
            }
            return st;
        }
        done += (size_t)n;
    }
    return fdatasync(fd) == 0 ? ETAS_OK : fail_system(path, "cannot be written", err);
}

static etas_status open_lines(const char *path, int *fd, etas_error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return *fd >= 0 ? ETAS_OK : fail_system(path, "cannot be opened", err);
}

/* Where the last whole line ends, after checking that each is the row of its date. */
static etas_status find_end(series_files *self, const series_settings *settings,
                            const etas_text *header, const etas_text *there, etas_error *err)
{
    const size_t begin = header->len;

    self->n_rows = 0;
    self->len = 0;
    if (there->len < begin &&
        memchr(there->data != NULL ? there->data : "", '\n', there->len) == NULL)
        return ETAS_OK; /* the header was not written to its end */
    if (there->len < begin || memcmp(there->data, header->data, begin) != 0) {
        etas_fail(err, ETAS_E_CORRUPT, "its columns are not those of this series");
        return etas_error_in_file(err, self->table_path);
    }
    self->len = (int64_t)begin;
    for (const char *line = there->data + begin;;) {
        const size_t left = there->len - (size_t)(line - there->data);
        const char *const end = memchr(line, '\n', left);
        char date[SERIES_DATE];
        size_t len;

        if (end == NULL)
            return ETAS_OK;
        len = strlen(series_date_text(series_date(settings, self->n_rows), date));
        if (left < len || memcmp(line, date, len) != 0 || line[len] != ',') {
            etas_fail(err, ETAS_E_CORRUPT, "not the row of %s, which belongs here", date);
            (void)etas_error_at_line(err, self->n_rows + 2, 0);
            return etas_error_in_file(err, self->table_path);
        }
        self->n_rows++;
        line = end + 1;
        self->len = line - there->data;
    }
}

static etas_status open_table(series_files *self, const series_settings *settings, etas_error *err)
{
    etas_text header = {0}, there = {0};
    etas_status st = series_print_header(settings, &header, err);

    if (st == ETAS_OK)
        st = open_lines(self->table_path, &self->table, err);
    if (st == ETAS_OK)
        st = etas_file_read(self->table_path, &there, err);
    if (st == ETAS_OK)
        st = find_end(self, settings, &header, &there, err);
    if (st == ETAS_OK && ftruncate(self->table, self->len) != 0)
        st = fail_system(self->table_path, "cannot be written", err);
    if (st == ETAS_OK && self->len == 0)
        st = append(self->table, self->table_path, header.len, header.data, err);
    etas_text_free(&header);
    etas_text_free(&there);
    return st;
}

static etas_status open_times(series_files *self, etas_error *err)
{
    static const char titles[] = "issue,load,invert,plan,simulate,score\n";
    struct stat info;
    etas_status st = open_lines(self->times_path, &self->times, err);

    if (st == ETAS_OK && fstat(self->times, &info) == 0 && info.st_size == 0)
        st = append(self->times, self->times_path, sizeof titles - 1, titles, err);
    return st;
}

etas_status series_files_add(series_files *self, const series_settings *settings,
                             const series_row *row, etas_error *err)
{
    etas_text line = {0}, times = {0};
    char date[SERIES_DATE];
    etas_status st = series_print_row(settings, row, &line, err);

    if (st == ETAS_OK &&
        etas_text_printf(&times, "%s,%.6f,%.6f,%.6f,%.6f,%.6f\n",
                         series_date_text(row->issue, date), row->load_s, row->invert_s,
                         row->plan_s, row->simulate_s, row->score_s) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for a row");
    if (st == ETAS_OK)
        st = append(self->table, self->table_path, line.len, line.data, err);
    if (st == ETAS_OK)
        st = append(self->times, self->times_path, times.len, times.data, err);
    self->n_rows += st == ETAS_OK;
    etas_text_free(&line);
    etas_text_free(&times);
    return st;
}

/* ---- the folder ---- */

static etas_status lock(series_files *self, const char *directory, etas_error *err)
{
    self->folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->folder < 0)
        return fail_system(directory, "cannot be opened", err);
    if (flock(self->folder, LOCK_EX | LOCK_NB) == 0)
        return ETAS_OK;
    if (errno != EWOULDBLOCK)
        return fail_system(directory, "cannot be locked", err);
    etas_fail(err, ETAS_E_EXISTS, "another etas series is at work there");
    return etas_error_in_file(err, directory);
}

static etas_status make_folder(const char *directory, etas_error *err)
{
    etas_text probe = {0};
    etas_output out = {0};
    etas_status st = ETAS_OK;

    if (etas_text_printf(&probe, "%s/series.json", directory) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "no memory for a file name");
    if (st == ETAS_OK)
        st = etas_output_open(&out, probe.data, err); /* makes what is missing */
    etas_output_discard(&out);
    etas_text_free(&probe);
    return st;
}

etas_status series_files_make_stores(const series_files *self, etas_error *err)
{
    if (mkdir(self->stores_path, 0777) == 0 || errno == EEXIST)
        return ETAS_OK;
    return fail_system(self->stores_path, "the folder cannot be made", err);
}

static etas_status remove_files(const series_files *self, etas_error *err)
{
    const char *const paths[] = {self->summary_path, self->table_path, self->times_path,
                                 self->settings_path};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (unlink(paths[i]) != 0 && errno != ENOENT)
            return fail_system(paths[i], "cannot be removed", err);
    return ETAS_OK;
}

void series_files_undo(const series_files *self, const char *directory)
{
    if (remove_files(self, NULL) == ETAS_OK && rmdir(directory) != 0) {
        /* there is something else in it */
    }
}

static bool exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

static etas_status check_opening(const series_files *self, series_opening how,
                                 const char *directory, etas_error *err)
{
    const bool there = exists(self->settings_path);

    if (how == SERIES_BEGIN && (there || exists(self->table_path)))
        return etas_fail(err, ETAS_E_EXISTS,
                         "%s holds a series: go on with --resume, or throw it away with --restart",
                         directory);
    if (how == SERIES_RESUME && !there)
        return etas_fail(err, ETAS_E_IO, "%s holds no series to go on with", directory);
    return ETAS_OK;
}

etas_status series_files_open(series_files *self, series_opening how, const char *directory,
                              const series_begin *begin, etas_error *err)
{
    etas_status st = check_opening(self, how, directory, err);

    if (st == ETAS_OK && how == SERIES_LOOK)
        return exists(self->settings_path) ? series_settings_match(begin, self->settings_path, err)
                                           : ETAS_OK;
    if (st == ETAS_OK)
        st = make_folder(directory, err);
    if (st == ETAS_OK)
        st = lock(self, directory, err);
    if (st == ETAS_OK && how == SERIES_RESTART)
        st = remove_files(self, err);
    if (st == ETAS_OK && how == SERIES_RESUME)
        st = series_settings_match(begin, self->settings_path, err);
    if (st == ETAS_OK)
        st = series_settings_save(begin, self->settings_path, err);
    if (st == ETAS_OK)
        st = open_table(self, begin->settings, err);
    return st == ETAS_OK ? open_times(self, err) : st;
}
