#include "io/quakeml_event.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/text.h"

void etas_quakeml_event_clear(etas_quakeml_event *self)
{
    self->texts.len = 0;
    self->n_origins = self->n_magnitudes = 0;
    self->id = self->type = (etas_quakeml_text){0};
    self->preferred_origin = self->preferred_magnitude = (etas_quakeml_text){0};
}

void etas_quakeml_event_free(etas_quakeml_event *self)
{
    etas_text_free(&self->texts);
    etas_array_free((void **)&self->origins);
    etas_array_free((void **)&self->magnitudes);
    self->n_origins = self->n_magnitudes = 0;
}

etas_status etas_quakeml_event_add_text(etas_quakeml_event *self, size_t len, const char text[],
                                        etas_quakeml_text *out)
{
    const etas_quakeml_text added = {self->texts.len, len};
    const etas_status st = etas_text_append(&self->texts, len, text);

    if (st == ETAS_OK)
        *out = added;
    return st;
}

etas_status etas_quakeml_event_add_origin(etas_quakeml_event *self)
{
    const etas_quakeml_number none = {.value = NAN};
    const etas_status st = etas_array_reserve((void **)&self->origins, &self->origin_capacity,
                                              self->n_origins + 1, sizeof *self->origins);

    if (st == ETAS_OK)
        self->origins[self->n_origins++] = (etas_quakeml_origin){
            .time = ETAS_TIME_NONE, .lat = none, .lon = none, .depth_m = none};
    return st;
}

etas_status etas_quakeml_event_add_magnitude(etas_quakeml_event *self)
{
    const etas_status st = etas_array_reserve((void **)&self->magnitudes, &self->magnitude_capacity,
                                              self->n_magnitudes + 1, sizeof *self->magnitudes);

    if (st == ETAS_OK)
        self->magnitudes[self->n_magnitudes++] = (etas_quakeml_magnitude){.mag = {.value = NAN}};
    return st;
}

static const char *text_of(const etas_quakeml_event *self, etas_quakeml_text s)
{
    return s.len > 0 ? self->texts.data + s.at : "";
}

static bool same(const etas_quakeml_event *self, etas_quakeml_text a, etas_quakeml_text b)
{
    return a.len == b.len && a.len > 0 && memcmp(text_of(self, a), text_of(self, b), a.len) == 0;
}

/* NULL when there is none; *several tells that the choice is what is missing. */
static const etas_quakeml_magnitude *choose_magnitude(const etas_quakeml_event *self,
                                                      const char *order, bool *several)
{
    const etas_quakeml_magnitude *only = NULL, *best = NULL;
    size_t best_rank = SIZE_MAX, n = 0;

    *several = false;
    for (size_t i = 0; i < self->n_magnitudes; i++) {
        const etas_quakeml_magnitude *m = &self->magnitudes[i];
        size_t rank;

        if (isnan(m->mag.value))
            continue;
        if (same(self, m->id, self->preferred_magnitude))
            return m;
        rank =
            order != NULL ? etas_list_find(order, m->type.len, text_of(self, m->type)) : SIZE_MAX;
        if (rank < best_rank) {
            best_rank = rank;
            best = m;
        }
        only = m;
        n++;
    }
    *several = best == NULL && n > 1;
    return best != NULL ? best : n == 1 ? only : NULL;
}

static const etas_quakeml_origin *find_origin(const etas_quakeml_event *self, etas_quakeml_text id)
{
    for (size_t i = 0; i < self->n_origins; i++)
        if (same(self, self->origins[i].id, id))
            return &self->origins[i];
    return NULL;
}

static const etas_quakeml_origin *choose_origin(const etas_quakeml_event *self,
                                                const etas_quakeml_magnitude *m)
{
    const etas_quakeml_origin *chosen = find_origin(self, self->preferred_origin);

    if (chosen == NULL)
        chosen = find_origin(self, m->origin);
    if (chosen == NULL && self->n_origins > 0)
        chosen = &self->origins[0];
    return chosen;
}

static etas_status check_event(const etas_catalog_reader *r, const etas_quakeml_origin *o,
                               const etas_quakeml_magnitude *m)
{
    const etas_place lat = {.line = o->lat.line, .key = ETAS_QUAKEML_LATITUDE},
                     lon = {.line = o->lon.line, .key = ETAS_QUAKEML_LONGITUDE},
                     depth = {.line = o->depth_m.line, .key = ETAS_QUAKEML_DEPTH},
                     mag = {.line = m->mag.line, .key = ETAS_QUAKEML_MAGNITUDE};
    etas_status st = etas_catalog_check_lat(r, &lat, o->lat.value);

    if (st == ETAS_OK)
        st = etas_catalog_check_lon(r, &lon, o->lon.value);
    if (st == ETAS_OK)
        st = etas_catalog_check_depth(r, &depth, o->depth_m.value);
    if (st == ETAS_OK)
        st = etas_catalog_check_mag(r, &mag, m->mag.value);
    return st;
}

etas_status etas_quakeml_event_end(const etas_quakeml_event *self, const etas_catalog_reader *r)
{
    const etas_quakeml_magnitude *m;
    const etas_quakeml_origin *o;
    bool several;
    etas_event e = etas_event_blank();
    etas_status st;

    if (!etas_catalog_keeps(r, self->type.len, text_of(self, self->type)))
        return ETAS_OK;
    m = choose_magnitude(self, r->options->magnitude_types, &several);
    if (m == NULL) {
        r->summary->n_no_preferred += several;
        r->summary->n_no_magnitude += !several;
        return ETAS_OK;
    }
    o = choose_origin(self, m);
    if (o == NULL || o->time == ETAS_TIME_NONE || isnan(o->lat.value) || isnan(o->lon.value)) {
        r->summary->n_no_place++;
        return ETAS_OK;
    }
    st = check_event(r, o, m);
    if (st != ETAS_OK)
        return st;
    e.time = o->time;
    e.lat = o->lat.value;
    e.lon = o->lon.value;
    e.depth = o->depth_m.value / 1000;
    e.mag = m->mag.value;
    e.id = text_of(self, self->id);
    e.id_len = self->id.len;
    return etas_catalog_keep(r, &e, m->type.len, text_of(self, m->type));
}
