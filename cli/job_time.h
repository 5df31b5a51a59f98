/** @file job_time.h  How long a program may run: as told, or as long as its Slurm job. */
#ifndef ETAS_CLI_JOB_TIME_H
#define ETAS_CLI_JOB_TIME_H

#include "etas/log.h"

/**
 * Seconds from now: @p option_s as it is, 0 being no limit (INFINITY). When it is NaN (not given)
 * and this is a Slurm job that tells its end (SLURM_JOB_END_TIME), what is left of that less a
 * margin of a minute, or a quarter of it if that is less; otherwise INFINITY. An end that cannot be
 * this job's is told and not heeded.
 */
double job_time_left_s(double option_s, const etas_log *log);

#endif
