/** @file config_reader.h  Single settings of a configuration, with their types checked. */
#ifndef ETAS_IO_CONFIG_READER_H
#define ETAS_IO_CONFIG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/config.h"
#include "io/json.h"

/** etas_config_load on a file that has been parsed. */
ETAS_NODISCARD etas_status etas_config_read(etas_config *self, const etas_json *file,
                                            etas_config_use use, const etas_log *log,
                                            etas_error *err);

/** What is being read. */
typedef struct etas_config_reader {
    etas_config *self;
    const etas_json *file;    /**< the configuration */
    const etas_json *results; /**< what fn_inversion_output names, or NULL: fills the gaps */
    etas_config_use use;
    const etas_log *log;
    etas_error *err;
} etas_config_reader;

/** A value and the file it stands in; the value is NULL when the key is absent, null, "None" or
 * NaN. */
typedef struct etas_setting {
    json_t *value;
    const etas_json *file;
} etas_setting;

etas_setting etas_setting_find(const etas_config_reader *r, const char *key);

/** Records an error at @p key, in the file it stands in. */
etas_status etas_setting_fail(const etas_config_reader *r, const char *key, etas_status code,
                              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** The same for a value of the wrong type: says what was found and what was @p expected. */
etas_status etas_setting_fail_type(const etas_config_reader *r, const char *key,
                                   const char *expected);
/** null, false, 0 and empty things switch nothing on. */
bool etas_setting_is_off(const etas_config_reader *r, const char *key);

/* Each leaves *out alone when the key is absent. Strings are copied, to be freed with free(). */
ETAS_NODISCARD etas_status etas_setting_text(const etas_config_reader *r, const char *key,
                                             char **out);
/** The same for an input file: resolved against the file the key stands in. */
ETAS_NODISCARD etas_status etas_setting_path(const etas_config_reader *r, const char *key,
                                             char **out);
/** In [low, high]. */
ETAS_NODISCARD etas_status etas_setting_number(const etas_config_reader *r, const char *key,
                                               double low, double high, double *out);
ETAS_NODISCARD etas_status etas_setting_count(const etas_config_reader *r, const char *key,
                                              uint64_t low, uint64_t high, uint64_t *out);
ETAS_NODISCARD etas_status etas_setting_flag(const etas_config_reader *r, const char *key,
                                             bool *out);
ETAS_NODISCARD etas_status etas_setting_time(const etas_config_reader *r, const char *key,
                                             etas_time *out);
/** One of two words; *out is whether it is the second. */
ETAS_NODISCARD etas_status etas_setting_choice(const etas_config_reader *r, const char *key,
                                               const char *const words[2], bool *out);
/** A region (shape_coords, inner_shape_coords) in the order of polygon_axes; *out starts as {0} and
 * stays so when the key is absent, which *given tells. */
ETAS_NODISCARD etas_status etas_setting_region(const etas_config_reader *r, const char *key,
                                               etas_region *out, bool *given);
/** shape_coords and inner_shape_coords as regions or, with three_dim, shape_coords as a hull, and
 * their texts. */
ETAS_NODISCARD etas_status etas_setting_places(const etas_config_reader *r);
/** All parameters of the model from the object @p key; log10_iota is NaN when it is null or
 * absent. */
ETAS_NODISCARD etas_status etas_setting_params(const etas_config_reader *r, const char *key,
                                               etas_params *out, bool *has);
/** The same within the bounds of an estimation, in the space that out->three_dim names. */
ETAS_NODISCARD etas_status etas_setting_start(const etas_config_reader *r, const char *key,
                                              etas_params *out, bool *has);
/** Any of them, and alpha, from the object @p key; *out holds nothing when the key is absent. */
ETAS_NODISCARD etas_status etas_setting_fixed(const etas_config_reader *r, const char *key,
                                              etas_fixed *out);
/** mc as a number, "var" or "positive"; *mc is NaN unless it is a number. */
ETAS_NODISCARD etas_status etas_setting_mc(const etas_config_reader *r, double *mc,
                                           etas_mc_method *method);

/** Keys that are not known, features that the use does not have, keys that are missing, and
 * settings that contradict each other (on what has been read). */
void etas_config_warn_unknown(const etas_config_reader *r);
ETAS_NODISCARD etas_status etas_config_refuse_unsupported(const etas_config_reader *r);
ETAS_NODISCARD etas_status etas_config_require(const etas_config_reader *r);
ETAS_NODISCARD etas_status etas_config_check(const etas_config_reader *r);

/** A region as the reference prints it, "[array([lat, lon]), ...]", to the last bit; @p out starts
 * as {0}. */
ETAS_NODISCARD etas_status etas_region_print(const etas_region *region, etas_text *out);

#endif
