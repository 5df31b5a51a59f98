#include "plot_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "etas/io.h"

enum { LEAST_WIDTH = 100, MOST_WIDTH = 10000, DEFAULT_WIDTH = 1200 };

void plot_output_table(plot_output *self, const char *names, option_spec out[PLOT_OUTPUT_OPTIONS])
{
    self->width = DEFAULT_WIDTH;
    out[0] = (option_spec){"output",
                           'o',
                           OPTION_TEXT,
                           &self->path,
                           "PATH",
                           "a file, FILE.svg or FILE.png, for one figure; otherwise the folder\n"
                           "for all of them (default: the current one)"};
    out[1] = (option_spec){"figure", 0, OPTION_LIST, &self->wanted, "NAME", names};
    out[2] = (option_spec){"format",      0,        OPTION_TEXT,
                           &self->format, "FORMAT", "svg (default) or png, of files in a folder"};
    out[3] = (option_spec){
        "csv",      0,    OPTION_FLAG,
        &self->csv, NULL, "write what is drawn as numbers too, to a file .csv beside each"};
    out[4] =
        (option_spec){"dark", 0, OPTION_FLAG, &self->dark, NULL, "bright lines on a dark ground"};
    out[5] = (option_spec){"width",      0,        OPTION_COUNT,
                           &self->width, "PIXELS", "of PNG files (default: 1200)"};
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static options_outcome choose(plot_output *self, const command_usage *usage, size_t n,
                              const char *const names[])
{
    for (size_t i = 0; i < self->wanted.n; i++) {
        size_t k = 0;

        while (k < n && strcmp(names[k], self->wanted.items[i]) != 0)
            k++;
        if (k == n)
            return options_complain(usage, "there is no figure \"%s\"", self->wanted.items[i]);
        self->chosen |= UINT64_C(1) << k;
    }
    if (self->wanted.n == 0)
        self->chosen = (n < 64 ? UINT64_C(1) << n : 0) - 1;
    return OPTIONS_RUN;
}

options_outcome plot_output_check(plot_output *self, const command_usage *usage, size_t n,
                                  const char *const names[])
{
    const char *const path = self->path != NULL ? self->path : "";
    struct stat info;

    if (choose(self, usage, n, names) != OPTIONS_RUN)
        return OPTIONS_USAGE;
    if (self->width < LEAST_WIDTH || self->width > MOST_WIDTH)
        return options_complain(usage, "--width: expected %d to %d", LEAST_WIDTH, MOST_WIDTH);
    if (self->format != NULL && strcmp(self->format, "svg") != 0 &&
        strcmp(self->format, "png") != 0)
        return options_complain(usage, "--format: expected svg or png, not \"%s\"", self->format);
    self->png = self->format != NULL && strcmp(self->format, "png") == 0;
    if ((ends_with(path, ".svg") || ends_with(path, ".png")) &&
        !(stat(path, &info) == 0 && S_ISDIR(info.st_mode))) {
        if (self->format != NULL)
            return options_complain(usage, "--format is for folders; %s says which itself", path);
        if ((self->chosen & (self->chosen - 1)) != 0)
            return options_complain(usage,
                                    "%s takes one figure: choose by --figure, or name a "
                                    "folder",
                                    path);
        self->to_file = true;
        self->png = ends_with(path, ".png");
    } else if (path[0] != '\0' && stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        return options_complain(usage, "%s is neither a folder nor named .svg or .png", path);
    }
    if (self->png && !etas_figure_can_png())
        return options_complain(usage,
                                "no PNG without librsvg (Debian: librsvg2-2), here or when the "
                                "program was built; SVG works");
    return OPTIONS_RUN;
}

etas_theme plot_output_theme(const plot_output *self)
{
    return self->dark ? ETAS_THEME_DARK : ETAS_THEME_LIGHT;
}

/* FOLDER/NAME.END, or the file that was named with that end. */
static etas_status path_of(const plot_output *self, const char *name, const char *end,
                           etas_text *out)
{
    const char *const path = self->path != NULL ? self->path : "";
    const size_t len = strlen(path);

    if (self->to_file)
        return etas_text_printf(out, "%.*s%s", (int)len - 4, path, end);
    return etas_text_printf(out, "%s%s%s%s%s", path, len > 0 && path[len - 1] != '/' ? "/" : "",
                            self->prefix != NULL ? self->prefix : "", name, end);
}

static etas_status save(const etas_text *bytes, const char *path, etas_error *err)
{
    etas_output out = {0};
    etas_status st = etas_output_open(&out, path, err);

    if (st == ETAS_OK) {
        (void)fwrite(bytes->data, 1, bytes->len, out.stream); /* commit tells of failure */
        st = etas_output_commit(&out, err);
    }
    etas_output_discard(&out);
    return st;
}

static etas_status save_as(const plot_output *self, const etas_figure *figure, const char *end,
                           const etas_text *bytes, const talk *t, etas_error *err)
{
    etas_text path = {0};
    etas_status st = path_of(self, figure->name, end, &path);

    if (st != ETAS_OK)
        etas_fail(err, st, "out of memory for %s", figure->name);
    if (st == ETAS_OK)
        st = save(bytes, path.data, err);
    if (st == ETAS_OK)
        etas_log_write(&t->log, ETAS_LOG_INFO, "%s: %s", path.data, figure->title);
    etas_text_free(&path);
    return st;
}

etas_status plot_output_write(const plot_output *self, const etas_figure *figure, const talk *t,
                              etas_error *err)
{
    etas_text png = {0};
    etas_status st = ETAS_OK;

    if (self->png)
        st = etas_figure_png(figure, (uint32_t)self->width, &png, err);
    if (st == ETAS_OK)
        st = save_as(self, figure, self->png ? ".png" : ".svg", self->png ? &png : &figure->svg, t,
                     err);
    if (st == ETAS_OK && self->csv)
        st = save_as(self, figure, ".csv", &figure->csv, t, err);
    etas_text_free(&png);
    return st;
}
