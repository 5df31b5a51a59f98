/** @file fault_commands.h  Where the commands end in what a client sends, and which function each
 * calls. */
#ifndef ETAS_TESTS_FAULT_COMMANDS_H
#define ETAS_TESTS_FAULT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

/** What a client says, command by command: an array of byte strings. */
typedef struct fault_commands {
    char line[32];
    size_t n_line;
    long args, arg,
        skip;      /* of the command; the one that it is at; bytes left of it with its CRLF */
    char name[64]; /* of the function that is called */
    size_t n_name;
} fault_commands;

/** Takes one byte; true when it ends a command. */
bool fault_commands_take(fault_commands *self, char c);

#endif
