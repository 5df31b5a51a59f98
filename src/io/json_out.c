#include "io/json_out.h"

#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "etas/text.h"

/* Up to the place of the next member. */
static void next_member(etas_json_out *self)
{
    (void)fprintf(self->stream, "%s\n%*s", self->first ? "" : ",", (int)(2 * self->depth), "");
    self->first = false;
}

static void put_key(etas_json_out *self, const char *key)
{
    next_member(self);
    if (key != NULL)
        (void)fprintf(self->stream, "\"%s\": ", key);
}

static void begin(etas_json_out *self, const char *key, char bracket)
{
    if (self->depth > 0)
        put_key(self, key);
    (void)fputc(bracket, self->stream);
    self->depth++;
    self->first = true;
}

static void end(etas_json_out *self, char bracket)
{
    self->depth--;
    if (!self->first)
        (void)fprintf(self->stream, "\n%*s", (int)(2 * self->depth), "");
    (void)fputc(bracket, self->stream);
    if (self->depth == 0)
        (void)fputc('\n', self->stream);
    self->first = false;
}

void etas_json_out_begin(etas_json_out *self, const char *key)
{
    begin(self, key, '{');
}

void etas_json_out_end(etas_json_out *self)
{
    end(self, '}');
}

void etas_json_out_begin_list(etas_json_out *self, const char *key)
{
    begin(self, key, '[');
}

void etas_json_out_end_list(etas_json_out *self)
{
    end(self, ']');
}

void etas_json_put_text(etas_json_out *self, const char *key, const char *text)
{
    json_t *value = text != NULL ? json_string(text) : json_null();
    char *dump = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    json_decref(value);
    if (dump == NULL) {
        if (self->status == ETAS_OK)
            self->status = text != NULL && value == NULL ? ETAS_E_ARG : ETAS_E_NOMEM;
        return;
    }
    put_key(self, key);
    (void)fputs(dump, self->stream);
    free(dump);
}

static void put_value(etas_json_out *self, double value)
{
    char text[32] = "null";

    if (!isnan(value))
        etas_format_double(value, text);
    (void)fputs(text, self->stream);
}

void etas_json_put_number(etas_json_out *self, const char *key, double value)
{
    put_key(self, key);
    put_value(self, value);
}

void etas_json_put_numbers(etas_json_out *self, const char *key, size_t n, const double values[])
{
    put_key(self, key);
    (void)fputc('[', self->stream);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            (void)fputs(", ", self->stream);
        put_value(self, values[i]);
    }
    (void)fputc(']', self->stream);
}

void etas_json_put_flag(etas_json_out *self, const char *key, bool value)
{
    put_key(self, key);
    (void)fputs(value ? "true" : "false", self->stream);
}

void etas_json_put_time(etas_json_out *self, const char *key, etas_time t)
{
    char text[32] = "None";

    if (t != ETAS_TIME_NONE) {
        const size_t len = etas_time_format(t, ' ', text);

        if (t % ETAS_NS_PER_S == 0)
            text[len - 7] = '\0';
    }
    put_key(self, key);
    (void)fprintf(self->stream, "\"%s\"", text);
}

void etas_json_put_params(etas_json_out *self, const char *key, const etas_params *params)
{
    etas_json_out_begin(self, key);
    for (etas_param i = 0; i < ETAS_N_PARAMS; i++)
        etas_json_put_number(self, etas_param_name(i), params->value[i]);
    etas_json_out_end(self);
}
