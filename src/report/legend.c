/* What stands above a plot: its title, and what its marks mean. */
#include "report/axes.h"

static const double margin = 8, sample_width = 22, gap = 8, between_items = 16;

static void draw_sample(etas_svg *svg, const etas_legend_item *item, double x, double y)
{
    const double from[2] = {x, y}, to[2] = {x + sample_width, y};

    if (item->mark == ETAS_MARK_LINE)
        etas_svg_line(svg, from, to, &item->pen);
    else if (item->mark == ETAS_MARK_BAND)
        etas_svg_rect(svg, &(etas_box){x, y - 5, sample_width, 10}, &item->pen);
    else
        etas_svg_circle(svg, x + sample_width / 2, y, 3.5, &item->pen);
}

/* The legend in rows between two places; its height. */
static double draw_legend(etas_svg *svg, const etas_plot_spec *spec, const double between[2],
                          double top)
{
    const etas_letters how = {.size = ETAS_SIZE_TICK, .ink = ETAS_INK_TEXT};
    const double row_height = 1.5 * how.size;
    double x = between[0];
    size_t rows = spec->n_legend > 0;

    for (size_t i = 0; i < spec->n_legend; i++) {
        const etas_legend_item *const item = &spec->legend[i];
        const double width = sample_width + gap + etas_text_width(&how, item->text);

        if (x > between[0] && x + width > between[1]) {
            x = between[0];
            rows++;
        }
        if (svg != NULL) {
            const double base = top + (double)rows * row_height - 0.45 * how.size;

            draw_sample(svg, item, x, base - 0.35 * how.size);
            etas_svg_text(svg, x + sample_width + gap, base, &how, item->text);
        }
        x += width + between_items;
    }
    return (double)rows * row_height;
}

double etas_plot_head(etas_svg *svg, const etas_plot_spec *spec, double width, etas_theme theme)
{
    const double between[2] = {margin, width - margin};
    const etas_letters how = {
        .size = ETAS_SIZE_TITLE, .ink = ETAS_INK_TEXT, .anchor = ETAS_ANCHOR_MIDDLE, .bold = true};
    double top = margin;

    if (spec->title != NULL && theme != ETAS_THEME_PAGE) {
        if (svg != NULL)
            etas_svg_text(svg, width / 2, margin + how.size, &how, spec->title);
        top += 1.6 * how.size;
    }
    return top + draw_legend(svg, spec, between, top) + 0.4 * ETAS_SIZE_TICK;
}
