/* What the marks of a plot mean, in rows above it. */
#include "report/axes.h"

static const double sample_width = 22, gap = 8, between_items = 16;

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

double etas_legend_draw(etas_svg *svg, const etas_plot_spec *spec, const double between[2],
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
