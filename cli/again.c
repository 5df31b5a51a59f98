#include "again.h"

#include <stdbool.h>
#include <string.h>

#include "etas/text.h"

/* Whether @p argument is the long option @p name, perhaps cut short, perhaps with its value. */
static bool is_option(const char *argument, const char *name)
{
    const size_t len = strcspn(argument, "=");

    return len > 4 && strncmp(argument, name, len) == 0 &&
           (len == strlen(name) || name[len] != '\0');
}

static etas_status append_quoted(etas_text *text, const char *argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-";
    etas_status st;

    if (*argument != '\0' && strspn(argument, plain) == strlen(argument))
        return etas_text_printf(text, " %s", argument);
    st = etas_text_printf(text, " '");
    for (const char *c = argument; st == ETAS_OK && *c != '\0'; c++)
        st = *c == '\'' ? etas_text_append(text, 4, "'\\''") : etas_text_append(text, 1, c);
    return st == ETAS_OK ? etas_text_append(text, 1, "'") : st;
}

char *again_quoted(int argc, char *const argv[])
{
    etas_text text = {0};
    etas_status st = etas_text_printf(&text, "etas");

    for (int i = 0; st == ETAS_OK && i < argc; i++)
        st = append_quoted(&text, argv[i]);
    if (st != ETAS_OK)
        etas_text_free(&text);
    return text.data;
}

char *again_command(int argc, char *const argv[])
{
    static const struct {
        const char *name;
        bool has_value;
    } left_out[] = {
        {"--resume", false}, {"--restart", false}, {"--from-store", true}, {"--password", true}};
    etas_text text = {0};
    etas_status st = etas_text_printf(&text, "etas");

    for (int i = 0; st == ETAS_OK && i < argc; i++) {
        bool skip = false;

        for (size_t k = 0; k < sizeof left_out / sizeof *left_out && !skip; k++) {
            skip = is_option(argv[i], left_out[k].name);
            if (skip && left_out[k].has_value && strchr(argv[i], '=') == NULL)
                i++;
        }
        if (!skip)
            st = append_quoted(&text, argv[i]);
    }
    if (st == ETAS_OK)
        st = etas_text_printf(&text, " --resume");
    if (st != ETAS_OK)
        etas_text_free(&text);
    return text.data;
}
