#include "support/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy with null for each NaN, Infinity and -Infinity outside strings. */
static char *standard_json(const char *text)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    char *copy = calloc(strlen(text) / 3 + 1, 4), *to = copy;
    int quoted = 0;

    if (copy == NULL)
        abort();
    while (*text != '\0') {
        size_t taken = 0;

        for (size_t i = 0; i < 3 && !quoted && taken == 0; i++)
            if (strncmp(text, words[i], strlen(words[i])) == 0)
                taken = strlen(words[i]);
        if (taken > 0) {
            memcpy(to, "null", 4);
            to += 4;
            text += taken;
            continue;
        }
        if (quoted && *text == '\\' && text[1] != '\0')
            *to++ = *text++;
        else if (*text == '"')
            quoted = !quoted;
        *to++ = *text++;
    }
    return copy;
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 &&
        (text = calloc((size_t)size + 1, 1)) != NULL) {
        rewind(file);
        if (fread(text, 1, (size_t)size, file) != (size_t)size)
            abort();
    }
    (void)fclose(file);
    return text;
}

json_t *vectors_load(const char *name)
{
    const char *shared = getenv("ETAS_SHARED");
    char path[4096], *text, *json;
    json_error_t error;
    json_t *root;

    (void)snprintf(path, sizeof path, "%s/vectors/%s", shared != NULL ? shared : ".", name);
    text = file_text(path);
    if (text == NULL) {
        printf("skipped: cannot read %s\n", path);
        return NULL;
    }
    json = standard_json(text);
    root = json_loads(json, 0, &error);
    free(json);
    free(text);
    if (root == NULL) {
        (void)fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        exit(EXIT_FAILURE);
    }
    return root;
}
