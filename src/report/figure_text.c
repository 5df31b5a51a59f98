#include "report/figure_text.h"

#include <math.h>

void etas_figure_free(etas_figure *self)
{
    etas_text_free(&self->svg);
    etas_text_free(&self->csv);
}

etas_svg_head etas_figure_head(const etas_figure *self, etas_theme theme, double width,
                               double height)
{
    return (etas_svg_head){.id = self->name,
                           .title = self->title,
                           .desc = self->text,
                           .width = width,
                           .height = height,
                           .theme = theme};
}

etas_status etas_csv_row(etas_text *csv, const char *series, size_t n, const double values[])
{
    etas_status st = series != NULL ? etas_text_printf(csv, "%s,", series) : ETAS_OK;

    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        char number[32] = "";

        if (!isnan(values[i]))
            (void)etas_format_double(values[i], number);
        st = etas_text_printf(csv, "%s%c", number, i + 1 < n ? ',' : '\n');
    }
    return st;
}
