/* PNG by librsvg, which is loaded when a picture is wanted: with all that it needs it is larger
 * than the rest of the program, and slots start often. */
#include "etas/figure.h"

#ifdef ETAS_HAVE_RSVG

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include <librsvg/rsvg.h>

#define FUNCTIONS(X)                        \
    X(rsvg_handle_new_from_data)            \
    X(rsvg_handle_get_intrinsic_dimensions) \
    X(rsvg_handle_render_document)          \
    X(cairo_image_surface_create)           \
    X(cairo_create)                         \
    X(cairo_surface_write_to_png_stream)    \
    X(cairo_status_to_string)               \
    X(cairo_destroy)                        \
    X(cairo_surface_destroy)                \
    X(g_clear_error)                        \
    X(g_object_unref)

typedef struct library {
#define X(name) __typeof__(name) *name##_;
    FUNCTIONS(X)
#undef X
} library;

static bool load(library *out)
{
    /* What it registers with its own libraries outlives it, so it stays. */
    void *const handle = dlopen("librsvg-2.so.2", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    bool all = handle != NULL;
    void *found;

    if (!all)
        return false;
#define X(name)                   \
    found = dlsym(handle, #name); \
    all = all && found != NULL;   \
    memcpy(&out->name##_, &found, sizeof found);
    FUNCTIONS(X)
#undef X
    (void)dlclose(handle);
    return all;
}

bool etas_figure_can_png(void)
{
    library lib;

    return load(&lib);
}

static cairo_status_t append(void *context, const unsigned char *bytes, unsigned n)
{
    return etas_text_append(context, n, (const char *)bytes) == ETAS_OK ? CAIRO_STATUS_SUCCESS
                                                                        : CAIRO_STATUS_NO_MEMORY;
}

static etas_status fail_reason(const library *lib, const etas_figure *self, GError *why,
                               etas_error *err)
{
    const etas_status st = etas_fail(err, ETAS_E_LIMIT, "the figure %s as PNG: %s", self->name,
                                     why != NULL ? why->message : "no reason given");

    lib->g_clear_error_(&why);
    return st;
}

/* What is left of a pixel below is cut off: nothing would be drawn on a part of it. */
static etas_status render(const library *lib, const etas_figure *self, RsvgHandle *svg,
                          const RsvgRectangle *size, etas_text *out, etas_error *err)
{
    cairo_surface_t *const surface = lib->cairo_image_surface_create_(
        CAIRO_FORMAT_RGB24, (int)size->width, (int)floor(size->height));
    cairo_t *const cairo = lib->cairo_create_(surface);
    cairo_status_t written;
    GError *why = NULL;
    etas_status st = ETAS_OK;

    if (!lib->rsvg_handle_render_document_(svg, cairo, size, &why)) {
        st = fail_reason(lib, self, why, err);
    } else {
        written = lib->cairo_surface_write_to_png_stream_(surface, append, out);
        if (written != CAIRO_STATUS_SUCCESS)
            st = etas_fail(err, ETAS_E_LIMIT, "the figure %s as PNG: %s", self->name,
                           lib->cairo_status_to_string_(written));
    }
    lib->cairo_destroy_(cairo);
    lib->cairo_surface_destroy_(surface);
    return st;
}

etas_status etas_figure_png(const etas_figure *self, uint32_t width, etas_text *out,
                            etas_error *err)
{
    library lib;
    GError *why = NULL;
    RsvgRectangle box = {0};
    gboolean has_box = FALSE;
    RsvgHandle *svg;
    etas_status st;

    if (!load(&lib))
        return etas_fail(err, ETAS_E_UNSUPPORTED, "the figure %s as PNG: no librsvg-2.so.2 here",
                         self->name);
    svg = lib.rsvg_handle_new_from_data_((const guint8 *)self->svg.data, self->svg.len, &why);
    if (svg == NULL)
        return fail_reason(&lib, self, why, err);
    lib.rsvg_handle_get_intrinsic_dimensions_(svg, NULL, NULL, NULL, NULL, &has_box, &box);
    box =
        (RsvgRectangle){.width = width, .height = has_box ? width * box.height / box.width : width};
    st = render(&lib, self, svg, &box, out, err);
    lib.g_object_unref_(svg);
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
    return etas_fail(err, ETAS_E_UNSUPPORTED, "the figure %s as PNG: built without librsvg",
                     self->name);
}

#endif
