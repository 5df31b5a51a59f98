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

/** Adds to the inputs, whose place no output takes. E_NOMEM. */
ETAS_NODISCARD etas_status etas_config_note_input(etas_config *self, const char *path);

enum { ETAS_CONFIG_PATH = 160 };

/** What is being read. */
typedef struct etas_config_reader {
    etas_config *self;
    const etas_json *file;    /**< the configuration */
    const etas_json *results; /**< what fn_inversion_output names, or NULL: fills the gaps */
    etas_config_use use;
    const etas_log *log;
    etas_error *err;
    json_t *inner;   /**< NULL, or an object inside: its keys go before the others */
    bool inner_only; /**< the others do not count */
    char inner_path[ETAS_CONFIG_PATH]; /**< where it stands, as etas_json_fail wants it */
} etas_config_reader;

/** A value, the file it stands in, and the object there: NULL for the outermost. The value is NULL
 * when the key is absent, null, "None" or NaN. */
typedef struct etas_setting {
    json_t *value;
    const etas_json *file;
    const char *parent;
} etas_setting;

etas_setting etas_setting_find(const etas_config_reader *r, const char *key);

/** Records an error at @p key, in the file it stands in. */
etas_status etas_setting_fail(const etas_config_reader *r, const char *key, etas_status code,
                              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** The same for a value of the wrong type: says what was found and what was @p expected. */
etas_status etas_setting_fail_type(const etas_config_reader *r, const char *key,
                                   const char *expected);
/** Records an error at the member @p name of the object at @p key. */
etas_status etas_setting_fail_member(const etas_config_reader *r, const char *key, const char *name,
                                     etas_status code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** A reader of the object at @p key; E_PARSE says what was @p expected when it is none. */
ETAS_NODISCARD etas_status etas_setting_enter(const etas_config_reader *r, const char *key,
                                              const char *expected, etas_config_reader *inside);
/** A reader of element @p i, an object, of the list at @p key; the keys around it count too. */
ETAS_NODISCARD etas_status etas_setting_enter_element(const etas_config_reader *r, const char *key,
                                                      size_t i, etas_config_reader *inside);
/** Whether the key stands in the inner object itself. */
bool etas_setting_is_inner(const etas_config_reader *r, const char *key);
/** Warns about members of the inner object that are none of @p names. */
void etas_setting_warn_unknown(const etas_config_reader *r, size_t n, const char *const names[]);

/** Whether the file itself is parameters_<id>.json, which repeats the keys of its configuration. */
bool etas_config_is_results(const etas_config_reader *r);

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

/** bg_grid, induced_grid: the path of a table or an object with path and columns. Allocated with
 * etas_array; free with etas_rate_grid_free and etas_array_free. */
ETAS_NODISCARD etas_status etas_setting_grid(const etas_config_reader *r, const char *key,
                                             etas_rate_grid **out);
/** mfd_zones, likewise. */
ETAS_NODISCARD etas_status etas_setting_zones(const etas_config_reader *r, const char *key,
                                              etas_magnitude_zones **out);
/** Whether the configuration names parameters for all models of a forecast or simulation. */
bool etas_setting_has_parameters(const etas_config_reader *r);
/** self->common and self->models, after everything else. */
ETAS_NODISCARD etas_status etas_setting_models(const etas_config_reader *r);
/** Whether models is a list, before what it holds decides which keys are required. */
ETAS_NODISCARD etas_status etas_setting_check_models(const etas_config_reader *r);
void etas_config_models_free(etas_config *self);
/** input_format, event_types and magnitude_types into r->self. */
ETAS_NODISCARD etas_status etas_setting_catalog(const etas_config_reader *r);

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
