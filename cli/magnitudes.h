/** @file magnitudes.h  What the commands say about the magnitudes of a catalogue. */
#ifndef ETAS_CLI_MAGNITUDES_H
#define ETAS_CLI_MAGNITUDES_H

#include "etas/catalog.h"
#include "etas/log.h"

/** One warning when delta_m does not fit the magnitudes; @p path names the catalogue. */
void magnitudes_check_grid(const etas_catalog *catalog, double delta_m, const char *path,
                           const etas_log *log);

/** @p given unless it is NaN; else the step of the magnitudes, and a line that says so. */
double magnitudes_delta_m(const etas_catalog *catalog, double given, const etas_log *log);

#endif
