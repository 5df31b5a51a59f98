/** @file swiss_case.h  The Swiss 30-day forecast that the reference package simulated. */
#ifndef ETAS_TESTS_SWISS_CASE_H
#define ETAS_TESTS_SWISS_CASE_H

#include <jansson.h>

#include "etas/catalog.h"
#include "etas/plan.h"
#include "support/check.h"

enum { SWISS_DAYS = 30 };

typedef struct swiss_case {
    json_t *reference;
    etas_catalog all, history, places;
    etas_region region;
    double *p_background, *zeta, *weight;
    etas_plan plan;
} swiss_case;

/** Of the shared files; overwritten by the next call. */
const char *swiss_path(const char *name);
/** Fails the test when there is no such number. */
double swiss_number_at(const json_t *object, const char *key);

/** From $ETAS_SHARED. */
void swiss_case_load(swiss_case *c);
void swiss_case_free(swiss_case *c);

/** A cmocka set-up and its end, with a swiss_case as their state. */
int swiss_case_setup(void **state);
int swiss_case_teardown(void **state);
/** Why the shared files are not at hand, printed, or 0; to be returned by main. */
int swiss_case_missing(void);

#endif
