/* Linked into etas in place of etas_run: the program as it is, with a lease and a mark that fit
 * tests (FAULT_LEASE_S, FAULT_MARK_BYTES). */
#include <stdlib.h>

#include "etas/runner.h"

etas_status __real_etas_run(etas_store *store, const etas_runner_config *cfg,
                            etas_run_report *report, etas_error *err);
etas_status __wrap_etas_run(etas_store *store, const etas_runner_config *cfg,
                            etas_run_report *report, etas_error *err);

etas_status __wrap_etas_run(etas_store *store, const etas_runner_config *cfg,
                            etas_run_report *report, etas_error *err)
{
    const char *const lease = getenv("FAULT_LEASE_S"), *const mark = getenv("FAULT_MARK_BYTES");
    etas_runner_config how = *cfg;

    if (lease != NULL)
        how.lease_s = strtod(lease, NULL);
    if (mark != NULL)
        how.mark_bytes = strtoull(mark, NULL, 10);
    return __real_etas_run(store, &how, report, err);
}
