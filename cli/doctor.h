/** @file doctor.h  The manager's check-up: one line per check. */
#ifndef ETAS_CLI_DOCTOR_H
#define ETAS_CLI_DOCTOR_H

#include "etas/server.h"
#include "manager.h"

typedef enum doctor_verdict {
    DOCTOR_OK,
    DOCTOR_NOTE, /**< cannot be known, or need not be changed */
    DOCTOR_WARN,
    DOCTOR_FAIL
} doctor_verdict;

typedef struct doctor {
    manager *manager;
    doctor_verdict worst;
    json_t *checks; /**< with --json */
    bool out_of_memory;
} doctor;

/** The outcome of one check, with what to do about it. */
void doctor_say(doctor *self, doctor_verdict verdict, const char *check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Who is there and how the runs are. */
void doctor_check_pool(doctor *self, const manager_view *view);

#endif
