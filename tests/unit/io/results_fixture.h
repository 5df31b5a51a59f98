/** @file results_fixture.h  A small result of an inversion, made by hand, and the files it is in.
 */
#ifndef ETAS_TESTS_RESULTS_FIXTURE_H
#define ETAS_TESTS_RESULTS_FIXTURE_H

#include "etas/io.h"

/** A folder of its own, which is the current one from then on. */
int results_set_up(void **state);
int results_tear_down(void **state);

void put_file(const char *path, const char *text);
/** To be freed with etas_array_free. */
char *get_file(const char *path);
/** The first place of @p from in the file becomes @p to. */
void replace(const char *path, const char *from, const char *to);
void expect_start(const char *text, const char *want);
/** Loading parameters_x.json fails with a message that names @p file and says @p text. */
void expect_load_error(etas_status code, const char *file, const char *text);

extern const char results_config_text[];

/* A small result made by hand: catalogue rows 1 to 3 of 4 are targets. */
typedef struct fixture {
    etas_config config;
    etas_catalog catalog;
    uint32_t target[3];
    double l_hat[4], p_background[3], p_triggered[3];
    etas_expectation expectation;
    etas_inversion_state state;
    etas_results_input input;
} results_fixture;

/** catalog.csv and config.json in the current folder, and the result that belongs to them. */
void results_fixture_make(results_fixture *f, const char *directory);
void results_fixture_release(results_fixture *f);

#endif
