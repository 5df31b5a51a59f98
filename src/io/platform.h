/** @file platform.h  What the readers of platforms' inputs share. */
#ifndef ETAS_IO_PLATFORM_H
#define ETAS_IO_PLATFORM_H

#include "etas/model_input.h"
#include "io/config_reader.h"

/** One input on its way to a configuration. */
typedef struct etas_platform {
    etas_model_input *self;
    etas_config_reader given; /**< the input's own keys */
    json_t *settings;         /**< the configuration that comes of them */
} etas_platform;

/** The window from the input's keys @p start and @p end as timewindow_end and forecast_duration. */
ETAS_NODISCARD etas_status etas_platform_window(const etas_platform *p, const char *start,
                                                const char *end, etas_time window[2]);
/** Sets a key of the configuration; takes the reference to @p value, which may be NULL: then memory
 * is out. */
ETAS_NODISCARD etas_status etas_platform_set(const etas_platform *p, const char *key,
                                             json_t *value);
/** Reads the configuration; errors are at the keys of @p from, its file. */
ETAS_NODISCARD etas_status etas_platform_read(const etas_platform *p, const etas_json *from);

ETAS_NODISCARD etas_status etas_platform_hermes(etas_platform *p);
ETAS_NODISCARD etas_status etas_platform_float_csep(etas_platform *p);

#endif
