#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/consistency.h"
#include "etas/consistency_output.h"
#include "etas/text.h"
#include "evaluate.h"
#include "evaluate_print.h"
#include "options.h"
#include "talk.h"
#include "watch.h"

static const command_usage usage = {
    .name = "etas evaluate --calibration",
    .synopsis = "RESULT.json... [OPTIONS]",
    .about = "Whether the quantiles of one test over many periods are uniform (Kolmogorov and\n"
             "Smirnov's test). RESULT.json are what etas evaluate -o or pyCSEP wrote; results\n"
             "that are not valid are left out.",
    .min_arguments = 1,
    .max_arguments = SIZE_MAX,
};

typedef struct calibration {
    talk t;
    bool calibration, first, json;
    const char *directory;
    const char **paths;
    size_t n;
    etas_test_file about;      /* the first file's names */
    etas_test_result *results; /* n */
    etas_test_result found;
} calibration;

static options_outcome parse(calibration *self, int argc, char *argv[])
{
    const option_spec own[] = {
        {"calibration", 0, OPTION_FLAG, &self->calibration, NULL, "comes first: results follow"},
        {"first", 0, OPTION_FLAG, &self->first, NULL,
         "of the first quantiles, P(X >= observed), not of the second"},
        {"output", 'o', OPTION_TEXT, &self->directory, "DIR", "write calibration_test.json"},
        {"json", 0, OPTION_FLAG, &self->json, NULL, "print JSON instead of text"},
    };
    option_spec talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {sizeof own / sizeof *own, own}, {TALK_OPTIONS, talk_specs}, {0, NULL}};
    options_outcome outcome;

    talk_init(&self->t, "etas");
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, self->paths, &self->n);
    return outcome == OPTIONS_RUN ? talk_start(&self->t, &usage) : outcome;
}

static etas_status load(calibration *self, etas_error *err)
{
    etas_status st = etas_array_alloc((void **)&self->results, self->n, sizeof *self->results);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu results", self->n);
    for (size_t i = 0; i < self->n && st == ETAS_OK; i++) {
        etas_test_file file = {0};

        st = etas_test_file_load(&file, self->paths[i], err);
        if (st != ETAS_OK)
            break;
        self->results[i] = file.result;
        if (i == 0)
            self->about = file;
        else if (file.result.test != self->about.result.test)
            st = etas_fail(err, ETAS_E_ARG, "%s of %s, but %s of %s", self->paths[0],
                           etas_test_title(self->about.result.test), self->paths[i],
                           etas_test_title(file.result.test));
        if (i > 0)
            etas_test_file_free(&file);
    }
    return st;
}

static etas_status say(const calibration *self, etas_error *err)
{
    const etas_test_result *const r = &self->found;
    const char *const of = etas_test_title(self->about.result.test);
    const bool valid = r->status != ETAS_TEST_NOT_VALID;

    if (self->json)
        return watch_print_json(0,
                                json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "test", of, "status",
                                          etas_test_status_name(r->status), "n_used",
                                          (json_int_t)r->n_used, "n_left_out",
                                          (json_int_t)r->n_left_out, "distance",
                                          valid ? json_real(r->statistic) : json_null(), "p",
                                          valid ? json_real(r->quantile[0]) : json_null()),
                                err);
    printf("%s: %llu results", of, (unsigned long long)r->n_used);
    if (r->n_left_out > 0)
        printf(", %llu more are not valid", (unsigned long long)r->n_left_out);
    printf("\n");
    if (valid)
        printf("largest distance from uniform %.6g, p %.6g\n", r->statistic, r->quantile[0]);
    return ETAS_OK;
}

static etas_status run(calibration *self, etas_error *err)
{
    etas_status st = load(self, err);

    if (st == ETAS_OK)
        st = etas_calibration(self->n, self->results, self->first, &self->found, err);
    if (st == ETAS_OK && self->directory != NULL) {
        const etas_test_about about = {.sim_name = self->about.sim_name,
                                       .obs_name = self->about.obs_name,
                                       .obs_repr = self->about.obs_repr,
                                       .of = etas_test_title(self->about.result.test),
                                       .min_mw = self->about.min_mw};

        st = test_result_save_in(self->directory, &self->found, &about, err);
    }
    return st == ETAS_OK ? say(self, err) : st;
}

int evaluate_calibration(int argc, char *argv[])
{
    calibration self = {0};
    etas_error err = {0};
    options_outcome outcome;
    int exit_code = 0;

    self.paths = calloc((size_t)argc, sizeof *self.paths);
    if (self.paths == NULL)
        return 1;
    outcome = parse(&self, argc, argv);
    if (outcome == OPTIONS_RUN) {
        const etas_status st = run(&self, &err);

        exit_code = st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
    }
    etas_test_result_free(&self.found);
    etas_test_file_free(&self.about);
    etas_array_free((void **)&self.results);
    free(self.paths);
    return outcome == OPTIONS_RUN ? exit_code : options_exit_code(outcome);
}
