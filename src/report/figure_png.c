#include "etas/figure.h"

#ifdef ETAS_HAVE_RSVG

#include <math.h>

#include <librsvg/rsvg.h>

bool etas_figure_can_png(void)
{
    return true;
}

static cairo_status_t append(void *context, const unsigned char *bytes, unsigned n)
{
    return etas_text_append(context, n, (const char *)bytes) == ETAS_OK ? CAIRO_STATUS_SUCCESS
                                                                        : CAIRO_STATUS_NO_MEMORY;
}

static etas_status fail_reason(const etas_figure *self, GError *why, etas_error *err)
{
    const etas_status st = etas_fail(err, ETAS_E_LIMIT, "the figure %s as PNG: %s", self->name,
                                     why != NULL ? why->message : "no reason given");

    g_clear_error(&why);
    return st;
}

static etas_status render(const etas_figure *self, RsvgHandle *svg, const RsvgRectangle *size,
                          etas_text *out, etas_error *err)
{
    cairo_surface_t *const surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)lround(size->width), (int)lround(size->height));
    cairo_t *const cairo = cairo_create(surface);
    etas_status st = ETAS_OK;
    GError *why = NULL;
    cairo_status_t done;

    if (!rsvg_handle_render_document(svg, cairo, size, &why))
        st = fail_reason(self, why, err);
    done = st == ETAS_OK ? cairo_surface_write_to_png_stream(surface, append, out)
                         : CAIRO_STATUS_SUCCESS;
    if (done != CAIRO_STATUS_SUCCESS)
        st = etas_fail(err, ETAS_E_LIMIT, "the figure %s as PNG: %s", self->name,
                       cairo_status_to_string(done));
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return st;
}

etas_status etas_figure_png(const etas_figure *self, uint32_t width, etas_text *out,
                            etas_error *err)
{
    GError *why = NULL;
    RsvgHandle *const svg =
        rsvg_handle_new_from_data((const guint8 *)self->svg.data, self->svg.len, &why);
    RsvgRectangle box = {0};
    gboolean has_box = FALSE;
    etas_status st;

    if (svg == NULL)
        return fail_reason(self, why, err);
    rsvg_handle_get_intrinsic_dimensions(svg, NULL, NULL, NULL, NULL, &has_box, &box);
    box = (RsvgRectangle){.width = width,
                          .height = has_box ? ceil(width * box.height / box.width) : width};
    st = render(self, svg, &box, out, err);
    g_object_unref(svg);
    return st;
}

#else

bool etas_figure_can_png(void)
{
    return false;
}

etas_status etas_figure_png(const etas_figure *self, uint32_t width, etas_text *out,
                            etas_error *err)
{
    (void)width;
    (void)out;
    return etas_fail(err, ETAS_E_UNSUPPORTED,
                     "the figure %s: this program was built without PNG (librsvg)", self->name);
}

#endif
