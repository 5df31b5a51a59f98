#include "job_time.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etas/text.h"

/* Enough to hand over, or to store, what is finished. */
static const double MARGIN_S = 60, MARGIN_SHARE = 0.25;
/* The end of a job without a limit lies a year ahead. */
static const double LONGEST_S = 360.0 * 86400;

double job_time_left_s(double option_s, const etas_log *log)
{
    const char *const job = getenv("SLURM_JOB_ID"), *const end = getenv("SLURM_JOB_END_TIME");
    int64_t at = 0;
    double left, margin;

    if (!isnan(option_s))
        return option_s > 0 ? option_s : INFINITY;
    if (job == NULL || end == NULL)
        return INFINITY;
    if (!etas_parse_i64(end, strlen(end), &at) || at <= (int64_t)time(NULL)) {
        etas_log_write(log, ETAS_LOG_WARN,
                       "SLURM_JOB_END_TIME=%.40s is not the end of a job that runs now: there is "
                       "no limit of time (--runtime sets one)",
                       end);
        return INFINITY;
    }
    left = (double)at - (double)time(NULL);
    if (left > LONGEST_S)
        return INFINITY;
    margin = fmin(MARGIN_S, MARGIN_SHARE * left);
    etas_log_write(log, ETAS_LOG_INFO, "job %.20s ends in %.0f s: leaving in %.0f s", job, left,
                   left - margin);
    return left - margin;
}
