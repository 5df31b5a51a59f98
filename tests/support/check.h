/** @file check.h  What every test includes instead of cmocka.h. */
#ifndef ETAS_TESTS_CHECK_H
#define ETAS_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifdef __clang_analyzer__ /* cmocka does not tell the analyser that a failed assertion ends the \
                             test */
#include <stdlib.h>
#undef assert_true
#define assert_true(condition) ((condition) ? (void)0 : abort())
#undef assert_non_null
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#endif

#include "etas/status.h"

/* cmocka 1.1 compares doubles after a cast to float; these do not. */
void check_rel_at(double got, double want, double tol, const char *expr, const char *file,
                  int line);
#define check_rel(got, want, tol) check_rel_at((got), (want), (tol), #got, __FILE__, __LINE__)

void check_abs_at(double got, double want, double tol, const char *expr, const char *file,
                  int line);
#define check_abs(got, want, tol) check_abs_at((got), (want), (tol), #got, __FILE__, __LINE__)

/* The status must be ETAS_OK; prints the error otherwise. err may be NULL. */
void check_ok_at(etas_status st, const etas_error *err, const char *expr, const char *file,
                 int line);
#define check_ok(expr, err) check_ok_at((expr), (err), #expr, __FILE__, __LINE__)

#endif
