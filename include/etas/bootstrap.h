/** @file bootstrap.h  Parametric bootstrap of an inversion, conditional on the events before the
 * window: catalogue b is simulated from the fitted model, then inverted like the real one. */
#ifndef ETAS_BOOTSTRAP_H
#define ETAS_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/inversion.h"
#include "etas/plan.h"

ETAS_API_BEGIN

/* ---- what is repeated ---- */

/** All that a refit depends on, besides seed and index. Starts as {0}; etas_refit_free is
 * idempotent. */
typedef struct etas_refit {
    etas_plan plan; /**< simulates the window from the fitted model and the history */
    /** As the fit was made; theta_0 is what it found, one thread. */
    etas_inversion_config how;
    etas_catalog history; /**< events before the window: time, lat, lon, mag */
    double beta, n_hat;   /**< of the fit */
} etas_refit;

/** Pointers are borrowed for the call. */
typedef struct etas_refit_input {
    const etas_catalog *catalog; /**< the prepared one that was inverted */
    const etas_inversion_config *how;
    const etas_inversion_state *state;
    const etas_region *region;
    double m_max; /**< INFINITY: none */
    bool allow_supercritical;
} etas_refit_input;

/** E_UNSUPPORTED with the configuration's key for an option of the inversion that no simulation
 * belongs to. */
ETAS_NODISCARD etas_status etas_refit_check(const etas_catalog *catalog,
                                            const etas_inversion_config *how, etas_error *err);

/** E_SUPERCRITICAL for a branching ratio >= 1 unless allowed; as etas_refit_check. */
ETAS_NODISCARD etas_status etas_refit_build(const etas_refit_input *in, etas_refit *out,
                                            etas_error *err);
void etas_refit_free(etas_refit *self);

/** As bytes (docs/formats-internal.md), the blob of a run whose indices are refits. *out is
 * allocated with etas_array. */
ETAS_NODISCARD etas_status etas_refit_encode(const etas_refit *self, uint8_t **out, size_t *len,
                                             etas_error *err);
/** The reverse, of bytes that nobody trusts: E_CORRUPT, E_VERSION or E_LIMIT for what is no such
 * blob. */
ETAS_NODISCARD etas_status etas_refit_decode(size_t len, const uint8_t bytes[], etas_refit *out,
                                             etas_error *err);

/* ---- what comes out ---- */

/* clang-format off */
#define ETAS_REFIT_STATUS_MAP(X)                                                      \
    X(OK,             "ok",              "converged")                                 \
    X(NO_CONVERGENCE, "no_convergence",  "the iteration did not converge")            \
    X(TOO_FEW,        "too_few_events",  "too few events to invert")                  \
    X(TOO_MANY,       "too_many_events", "the simulated catalogue grew beyond bounds") \
    X(DIVERGED,       "diverged",        "the iteration left the possible parameters")
/* clang-format on */

/** How a refit ended. */
typedef enum etas_refit_status {
#define X(name, key, text) ETAS_REFIT_##name,
    ETAS_REFIT_STATUS_MAP(X)
#undef X
        ETAS_N_REFIT_STATUS
} etas_refit_status;

/** As files have it, and for people. */
const char *etas_refit_status_name(etas_refit_status which);
/** The same as a sentence for people. */
const char *etas_refit_status_text(etas_refit_status which);

/** One refit. The estimates are NaN unless its status is OK. */
typedef struct etas_refit_result {
    uint64_t index; /**< not in the record */
    etas_refit_status status;
    uint32_t n_iterations;
    uint64_t n_sources, n_targets, n_pairs;
    etas_params theta;
    double beta, n_hat, branching_ratio, log_likelihood, distance;
    char note[200]; /**< why it failed, "" */
} etas_refit_result;

/** Largest length of a record. */
enum { ETAS_REFIT_RECORD_MAX = 400 };
/** The length. */
size_t etas_refit_record_put(const etas_refit_result *self, uint8_t out[ETAS_REFIT_RECORD_MAX]);
/** false for bytes that are no record. */
bool etas_refit_record_get(size_t len, const uint8_t bytes[], etas_refit_result *out);

/* ---- what it says ---- */

/** The parameters, then these. */
enum {
    ETAS_BOOTSTRAP_BETA = ETAS_N_PARAMS,
    ETAS_BOOTSTRAP_N_HAT,
    ETAS_BOOTSTRAP_BRANCHING_RATIO,
    ETAS_N_BOOTSTRAP
};
enum { ETAS_N_BOOTSTRAP_QUANTILES = 5 };
/** 0.025, 0.16, 0.5, 0.84, 0.975. */
extern const double etas_bootstrap_probability[ETAS_N_BOOTSTRAP_QUANTILES];

/** Of the refits that converged and have the quantity; n is their number. */
typedef struct etas_bootstrap_quantity {
    double fitted; /**< NaN: none */
    size_t n;
    double mean, bias; /**< bias: mean - fitted */
    double deviation;  /**< with n - 1; NaN below two */
    /** Linear between order statistics: position p (n - 1) counted from 0 (Hyndman and Fan 1996,
     * type 7). */
    double quantile[ETAS_N_BOOTSTRAP_QUANTILES];
} etas_bootstrap_quantity;

/** What B refits say together. */
typedef struct etas_bootstrap_summary {
    uint64_t seed, n_refits; /**< n_refits: asked for */
    uint64_t n_missing;      /**< that no process survived to make */
    uint64_t n_status[ETAS_N_REFIT_STATUS];
    etas_bootstrap_quantity quantity[ETAS_N_BOOTSTRAP];
} etas_bootstrap_summary;

/** The name that files have for a quantity, 0 to ETAS_N_BOOTSTRAP - 1. */
const char *etas_bootstrap_name(size_t quantity);

/** Fills everything but seed, n_refits and n_missing. */
ETAS_NODISCARD etas_status etas_bootstrap_summarise(const etas_refit *fit, size_t n,
                                                    const etas_refit_result results[],
                                                    etas_bootstrap_summary *out, etas_error *err);

ETAS_API_END

#endif
