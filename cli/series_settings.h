/** @file series_settings.h  What a series was begun with, in its folder: whoever goes on with it
 * wants the same. */
#ifndef ETAS_CLI_SERIES_SETTINGS_H
#define ETAS_CLI_SERIES_SETTINGS_H

#include "series.h"

typedef struct series_begin {
    series_settings *settings;
    const etas_config *cfg;
    bool seed_drawn; /**< nobody asked for that seed */
    const etas_log *log;
} series_begin;

ETAS_NODISCARD etas_status series_settings_save(const series_begin *self, const char *path,
                                                etas_error *err);
/** E_ARG names what differs from the file's; the end of the series may. A seed that was drawn
 * becomes the file's. Another catalogue is warned about. */
ETAS_NODISCARD etas_status series_settings_match(const series_begin *self, const char *path,
                                                 etas_error *err);

#endif
