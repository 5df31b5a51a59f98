#include "report/svg_ink.h"

static const struct {
    const char *class_name;
    uint32_t light, dark;
} inks[] = {{"none", 0, 0},
#define X(name, class_name, light, dark) {class_name, light, dark},
            ETAS_INK_MAP(X)
#undef X
};
enum { N_INKS = sizeof inks / sizeof *inks };

const char *etas_ink_class(etas_ink ink)
{
    return inks[ink].class_name;
}

uint32_t etas_ink_rgb(etas_ink ink, etas_theme theme)
{
    return theme == ETAS_THEME_DARK ? inks[ink].dark : inks[ink].light;
}

static etas_status put_properties(etas_text *out, const char *before, bool dark, const char *after)
{
    etas_status st = etas_text_printf(out, "%s{", before);

    for (size_t i = 1; i < N_INKS && st == ETAS_OK; i++)
        st = etas_text_printf(out, "--ink-%s:#%06x;", inks[i].class_name,
                              (unsigned)(dark ? inks[i].dark : inks[i].light));
    return st == ETAS_OK ? etas_text_printf(out, "}%s\n", after) : st;
}

etas_status etas_svg_css(etas_text *out)
{
    etas_status st = put_properties(out, ":root", false, "");

    if (st == ETAS_OK)
        st = put_properties(out, "@media screen and (prefers-color-scheme:dark){:root", true, "}");
    if (st == ETAS_OK)
        st = put_properties(out, "@media screen{:root[data-theme=dark]", true, "}");
    if (st == ETAS_OK)
        st = put_properties(out, ":root[data-theme=light]", false, "");
    for (size_t i = 0; i < N_INKS && st == ETAS_OK; i++) {
        const char *const name = inks[i].class_name;

        st = i == 0
                 ? etas_text_printf(out, ".f-none{fill:none}.s-none{stroke:none}\n")
                 : etas_text_printf(out, ".f-%s{fill:var(--ink-%s)}.s-%s{stroke:var(--ink-%s)}\n",
                                    name, name, name, name);
    }
    return st;
}
