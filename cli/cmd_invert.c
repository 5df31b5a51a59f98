#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap.h"
#include "commands.h"
#include "etas/bootstrap.h"
#include "etas/io.h"
#include "fit.h"
#include "fit_pool.h"
#include "talk.h"
#include "version.h"

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
    if (cfg->bg_term != NULL)
        printf("%-16s %.10g\n", "i_hat", s->i_hat);
    if (!isnan(s->log_likelihood))
        printf("%-16s %.10g\n", "log_likelihood", s->log_likelihood);
    printf("%-16s %s\n", "estimator", cfg->estimator == ETAS_ESTIMATOR_MLE ? "mle" : "reference");
}

typedef struct invert {
    etas_config cfg;
    fit_options fit;
    bootstrap_options bootstrap;
    run_request pool; /* with --distribute: who computes the fit's E-steps */
    const char *directory;
    bool store_pij;
    talk t;
} invert;

/* With --distribute others compute the E-steps. */
static etas_status open_pool(const invert *self, fit_pool *out, etas_error *err)
{
    const run_options *const run = &self->bootstrap.run;

    return run->distribute != NULL ? fit_pool_open(out, run, &self->pool, &self->t, err) : ETAS_OK;
}

/* Inverts, writes the results and prints them. */
static etas_status fit_and_save(void *context, fit *out, etas_error *err)
{
    invert *const self = context;
    fit_options how = self->fit;
    fit_pool pool = {0};
    etas_status st = open_pool(self, &pool, err);

    how.distribution = pool.distribution;
    if (st == ETAS_OK)
        st = fit_run(out, &self->cfg, &how, &self->t, err);
    if (st == ETAS_OK) {
        const etas_results_input results = {
            .config = &self->cfg,
            .directory = self->directory,
            .catalog = &out->catalog,
            .state = &out->state,
            .pairs_of = self->store_pij ? out->inversion : NULL,
            .uncertainty = &out->uncertainty,
            .diagnostics = &out->diagnostics,
            .area_km2 = out->area_km2,
            .m_ref = out->m_ref,
            .invert_seconds = out->invert_s,
            .revision = version_revision,
        };

        st = etas_results_save(&results, err);
    }
    fit_pool_close(&pool);
    if (st == ETAS_OK) {
        print_state(&self->cfg, out);
        (void)fflush(stdout); /* before refits that may take long */
    }
    return st;
}

static options_outcome parse(invert *self, int argc, char *argv[], const char *arguments[])
{
    option_spec fit_specs[FIT_OPTIONS], bootstrap_specs[BOOTSTRAP_OPTIONS],
        redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_spec own[] = {
        {"output", 'o', OPTION_TEXT, &self->directory, "DIR", "write there instead of data_path"},
        {"kernels", 0, OPTION_TEXT, &self->fit.kernels, "K",
         "scalar, avx2 or avx512 (default: the fastest; results are the same)"},
        {"store-pij", 0, OPTION_FLAG, &self->store_pij, NULL,
         "write pij_<id>.csv too: every pair with its probability"},
    };
    const option_table tables[] = {
        {sizeof own / sizeof *own, own},      {FIT_OPTIONS, fit_specs},
        {BOOTSTRAP_OPTIONS, bootstrap_specs}, {REDIS_OPTIONS, redis_specs},
        {TALK_OPTIONS, talk_specs},           {0, NULL}};
    run_options *const run = &self->bootstrap.run;
    size_t n_arguments;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    fit_options_init(&self->fit);
    fit_options_table(&self->fit, fit_specs);
    bootstrap_options_init(&self->bootstrap);
    run_options_note(run, argc, argv);
    bootstrap_options_table(&self->bootstrap, bootstrap_specs);
    redis_options_table(&run->redis, redis_specs);
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    if (outcome == OPTIONS_RUN && self->directory != NULL &&
        strcmp(self->directory, ETAS_STANDARD_OUTPUT) == 0)
        outcome = options_complain(&usage, "-o -: the results are several files; name a folder");
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(&usage, self->fit.kernels);
    if (outcome == OPTIONS_RUN)
        outcome = bootstrap_options_check(&self->bootstrap, &usage);
    if (outcome == OPTIONS_RUN && (run->n_catalogs != OPTION_UNSET || run->distribute != NULL))
        outcome = redis_options_start(&run->redis, &usage, argc, argv, &self->t.log);
    run->kernels = self->fit.kernels;
    if (outcome == OPTIONS_RUN && run->n_catalogs != OPTION_UNSET)
        run_options_start(run, &self->t.log);
    return outcome;
}

static int only_fit(invert *self)
{
    fit f = {0};
    etas_error err = {0};
    const etas_status st = fit_and_save(self, &f, &err);

    fit_free(&f);
    return st == ETAS_OK ? 0 : talk_fail(&self->t, st, &err);
}

int cmd_invert(int argc, char *argv[])
{
    const char *arguments[1];
    etas_error err = {0};
    invert self = {0};
    const options_outcome outcome = parse(&self, argc, argv, arguments);
    etas_status st;
    int code;

    if (outcome != OPTIONS_RUN) {
        run_options_free(&self.bootstrap.run);
        return options_exit_code(outcome);
    }
    st = etas_config_load(&self.cfg, arguments[0], ETAS_CONFIG_INVERT, &self.t.log, &err);
    if (self.directory == NULL)
        self.directory = self.cfg.data_path;
    if (st != ETAS_OK) {
        code = talk_fail(&self.t, st, &err);
    } else if (catalog_options_apply(&self.fit.input, &usage, &self.cfg) != OPTIONS_RUN ||
               (self.bootstrap.run.distribute != NULL &&
                run_request_init_at(&self.pool, &self.bootstrap.run, &self.cfg, "", "", &usage) !=
                    OPTIONS_RUN)) {
        code = EXIT_USAGE;
    } else if (self.bootstrap.run.n_catalogs == OPTION_UNSET) {
        code = only_fit(&self);
    } else {
        self.fit.check = etas_refit_check;
        const bootstrap_job job = {.options = &self.bootstrap,
                                   .usage = &usage,
                                   .cfg = &self.cfg,
                                   .directory = self.directory,
                                   .t = &self.t,
                                   .fit = fit_and_save,
                                   .context = &self};

        code = bootstrap_main(&job);
    }
    run_request_free(&self.pool);
    run_options_free(&self.bootstrap.run);
    etas_config_free(&self.cfg);
    return code;
}
