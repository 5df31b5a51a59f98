#include "fault_commands.h"

#include <stdlib.h>

/* A line of the protocol has ended: the number of arguments or the length of the next one. */
static void parse_line(fault_commands *self)
{
    self->line[self->n_line] = '\0';
    self->n_line = 0;
    if (self->line[0] == '*') {
        self->args = strtol(self->line + 1, NULL, 10);
        self->arg = 0;
        self->n_name = 0;
    } else if (self->line[0] == '$') {
        self->skip = strtol(self->line + 1, NULL, 10) + 2;
    }
}

bool fault_commands_take(fault_commands *self, char c)
{
    if (self->skip == 0) {
        if (c == '\n')
            parse_line(self);
        else if (c != '\r' && self->n_line + 1 < sizeof self->line)
            self->line[self->n_line++] = c;
        return false;
    }
    if (self->arg == 1 && self->skip > 2 && self->n_name + 1 < sizeof self->name)
        self->name[self->n_name++] = c;
    self->skip--;
    if (self->skip > 0)
        return false;
    self->name[self->n_name] = '\0';
    self->arg++;
    return self->arg == self->args;
}
