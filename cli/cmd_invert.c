#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "etas/io.h"
#include "fit.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas invert",
    .synopsis = "CONFIG [OPTIONS]",
    .about = "Estimate the parameters of the ETAS model from the catalogue that the configuration\n"
             "names, and write parameters_<id>.json, trig_and_bg_probs_<id>.csv and\n"
             "sources_<id>.csv to data_path. The parameters are printed as well.",
    .min_arguments = 1,
    .max_arguments = 1,
};

/* Name and value come first; an error that is not known is not printed. */
static void print_estimate(const char *name, double value, double error)
{
    printf("%-16s %.10g", name, value);
    if (error > 0)
        printf(" +- %.2g", error);
    printf("\n");
}

static void print_branching(const fit *f, const etas_config *cfg)
{
    const etas_diagnostics *d = &f->diagnostics;

    if (isnan(d->branching_ratio))
        printf("%-16s none: %s\n", "branching_ratio",
               d->branching_note != NULL ? d->branching_note : "undefined");
    else
        print_estimate("branching_ratio", d->branching_ratio, f->uncertainty.branching_error);
    if (!isnan(cfg->m_max))
        print_estimate("branching_m_max", d->branching_ratio_m_max,
                       f->uncertainty.branching_error_m_max);
}

static void print_state(const etas_config *cfg, const fit *f)
{
    const etas_inversion_state *s = &f->state;
    const etas_uncertainty *u = &f->uncertainty;

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        if (!isnan(s->theta.value[i]))
            print_estimate(etas_param_name((etas_param)i), s->theta.value[i], u->standard_error[i]);
    print_estimate("beta", s->beta, u->beta_error);
    print_estimate("alpha", f->diagnostics.alpha, u->alpha_error);
    print_branching(f, cfg);
    printf("%-16s %.10g of %zu targets\n", "n_hat", s->n_hat, s->n_targets);
    if (!isnan(s->log_likelihood))
        printf("%-16s %.10g\n", "log_likelihood", s->log_likelihood);
    printf("%-16s %s\n", "estimator", cfg->estimator == ETAS_ESTIMATOR_MLE ? "mle" : "reference");
}

int cmd_invert(int argc, char *argv[])
{
    const char *arguments[1], *directory = NULL;
    size_t n_arguments;
    bool store_pij = false;
    fit_options options;
    option_spec fit_specs[FIT_OPTIONS], talk_specs[TALK_OPTIONS];
    talk t;
    const option_spec own[] = {
        {"output", 'o', OPTION_TEXT, &directory, "DIR", "write there instead of data_path"},
        {"kernels", 0, OPTION_TEXT, &options.kernels, "K",
         "scalar, avx2 or avx512 (default: the fastest; results are the same)"},
        {"store-pij", 0, OPTION_LATER, &store_pij, NULL, NULL},
    };
    const option_table tables[] = {{sizeof own / sizeof *own, own},
                                   {FIT_OPTIONS, fit_specs},
                                   {TALK_OPTIONS, talk_specs},
                                   {0, NULL}};
    etas_error err = {0};
    etas_config cfg = {0};
    fit f = {0};
    options_outcome outcome;
    etas_status st;

    talk_init(&t, "etas");
    fit_options_init(&options);
    fit_options_table(&options, fit_specs);
    talk_options(&t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(&usage, options.kernels);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : EXIT_USAGE;

    st = etas_config_load(&cfg, arguments[0], ETAS_CONFIG_INVERT, &t.log, &err);
    if (st == ETAS_OK)
        st = fit_run(&f, &cfg, &options, &t, &err);
    if (st == ETAS_OK) {
        const etas_results_input results = {
            .config = &cfg,
            .directory = directory != NULL ? directory : cfg.data_path,
            .catalog = &f.catalog,
            .state = &f.state,
            .uncertainty = &f.uncertainty,
            .diagnostics = &f.diagnostics,
            .area_km2 = f.area_km2,
            .m_ref = f.m_ref,
            .invert_seconds = f.invert_s,
        };

        st = etas_results_save(&results, &err);
    }
    if (st == ETAS_OK)
        print_state(&cfg, &f);
    fit_free(&f);
    etas_config_free(&cfg);
    return st == ETAS_OK ? 0 : talk_fail(&t, st, &err);
}
