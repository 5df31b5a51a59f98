#include "etas/simulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/range.h"
#include "etas/special.h"
#include "math/dispatch.h"
#include "math/poisson.h"
#include "simulation/sim_state.h"

/* Of all draws those that the taper removes: with delays cut at 40 tau at most 39 of 40. */
static const double DRAWN_PER_EVENT = 64;
/* Events that go through the generations together: their columns stay in the cache. */
static const double EVENTS_PER_BATCH = 8192, EVENTS_PER_RUN = 50000;
static const size_t MAX_BATCH = 1 << 20;
/* Room for more rows than that, 30 MiB with all columns, goes when the batch is done. */
static const size_t KEPT_ROWS = 1 << 17;

/* ---- columns ---- */

etas_status sim_cohort_reserve(const etas_simulator *sim, sim_cohort *self, size_t n)
{
    const struct {
        void **column;
        size_t size;
    } columns[] = {{(void **)&self->catalog, sizeof *self->catalog},
                   {(void **)&self->event, sizeof *self->event},
                   {(void **)&self->time, sizeof *self->time},
                   {(void **)&self->lat, sizeof *self->lat},
                   {(void **)&self->lon, sizeof *self->lon},
                   {(void **)&self->lat_sine, sizeof *self->lat_sine},
                   {(void **)&self->lat_cosine, sizeof *self->lat_cosine},
                   {(void **)&self->dm, sizeof *self->dm},
                   {(void **)&self->share, sizeof *self->share},
                   {(void **)&self->d_km2, sizeof *self->d_km2},
                   {(void **)&self->number, sizeof *self->number},
                   {(void **)&self->busy, sizeof *self->busy},
                   {(void **)&self->parent, sizeof *self->parent},
                   {(void **)&self->row, sizeof *self->row}};
    const size_t n_columns = sizeof columns / sizeof *columns - (sim->plan->with_parents ? 0 : 2);
    size_t capacity = self->capacity;

    if (n + SIM_PAD <= self->capacity)
        return ETAS_OK;
    for (size_t i = 0; i < n_columns; i++) {
        capacity = self->capacity;
        if (etas_array_reserve(columns[i].column, &capacity, n + SIM_PAD, columns[i].size) !=
            ETAS_OK)
            return ETAS_E_NOMEM;
    }
    self->capacity = capacity;
    return ETAS_OK;
}

void sim_cohort_free(sim_cohort *self)
{
    etas_array_free((void **)&self->catalog);
    etas_array_free((void **)&self->event);
    etas_array_free((void **)&self->time);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->dm);
    etas_array_free((void **)&self->lat_sine);
    etas_array_free((void **)&self->lat_cosine);
    etas_array_free((void **)&self->share);
    etas_array_free((void **)&self->d_km2);
    etas_array_free((void **)&self->number);
    etas_array_free((void **)&self->busy);
    etas_array_free((void **)&self->parent);
    etas_array_free((void **)&self->row);
}

void sim_cohort_pad(sim_cohort *self)
{
    for (size_t i = self->n; i % SIM_PAD != 0; i++) {
        self->catalog[i] = self->event[i] = 0;
        self->time[i] = self->lat[i] = self->lon[i] = self->dm[i] = 0;
    }
}

void sim_block_pad(sim_block *self)
{
    for (size_t i = self->n; i % SIM_PAD != 0; i++) {
        self->catalog[i] = self->event[i] = self->turn[i] = 0;
        self->time[i] = self->lat[i] = self->lon[i] = self->lat_sine[i] = 0;
        self->a_days[i] = self->share[i] = self->d_km2[i] = self->lat_cosine[i] = 1;
    }
}

sim_addresses sim_addresses_of(const etas_simulator *self, uint32_t generation, size_t n,
                               const uint32_t catalog[], const uint32_t event[])
{
    return (sim_addresses){.seed = self->seed,
                           .first = self->first,
                           .generation = generation,
                           .n = n,
                           .catalog = catalog,
                           .event = event};
}

/* ---- limits ---- */

etas_status sim_fail_limit(const etas_simulator *self, size_t catalog, const char *what,
                           etas_error *err)
{
    const unsigned long long index = self->first + catalog;

    if (self->count > 1)
        return ETAS_E_LIMIT;
    return etas_fail(err, ETAS_E_LIMIT, "catalogue %llu %s; the branching ratio is %.6g", index,
                     what, self->plan->branching_ratio);
}

static double drawn_limit(const etas_simulator *self)
{
    return fmin(DRAWN_PER_EVENT * (double)self->plan->max_events, ETAS_POISSON_MEAN_MAX);
}

etas_status sim_count_drawn(etas_simulator *self, double n, etas_error *err)
{
    self->drawn += n;
    if (!(self->drawn <= drawn_limit(self)))
        return sim_fail_limit(self, 0, "draws too many events", err);
    return ETAS_OK;
}

etas_status sim_count_kept(etas_simulator *self, double n, etas_error *err)
{
    self->kept += n;
    if (!(self->kept <= (double)self->plan->max_events))
        return sim_fail_limit(self, 0, "has too many events", err);
    return ETAS_OK;
}

etas_status sim_draw_number(etas_simulator *self, const etas_address *address, double mean,
                            double *number, etas_error *err)
{
    *number = 0;
    if (!(mean <= drawn_limit(self)))
        return sim_fail_limit(self, 0, "draws too many events", err);
    *number = self->kernels->poisson(self->seed, address, mean);
    return ETAS_OK;
}

etas_status sim_draw_numbers(etas_simulator *self, sim_purpose purpose, double mean, size_t first,
                             size_t n, double number[], etas_error *err)
{
    const etas_address at = {.catalog = self->first + first, .purpose = (uint8_t)purpose};

    if (!(mean <= drawn_limit(self)))
        return sim_fail_limit(self, 0, "draws too many events", err);
    self->kernels->numbers(self->seed, &at, mean, n, number);
    return ETAS_OK;
}

/* ---- open ---- */

/* The first whole millisecond that does not lie before the time. */
static double first_ms(etas_time since_start)
{
    const int64_t ms = since_start / ETAS_NS_PER_MS + (since_start % ETAS_NS_PER_MS > 0);

    return (double)ms;
}

static sim_constants constants_of(const etas_plan *plan)
{
    const double pi = 3.14159265358979323846, to_rad = pi / 180;
    const bool globe = plan->region.n_rings == 0;
    const double lat_min = globe ? -90 : plan->region.lat_min;
    const double lat_max = globe ? 90 : plan->region.lat_max;
    const double lon_min = globe ? -180 : plan->region.lon_min;
    const double lon_max = globe ? 180 : plan->region.lon_max;
    double sine_min, sine_max, cosine, omega = plan->omega;

    etas_sincos(lat_min * to_rad, &sine_min, &cosine);
    etas_sincos(lat_max * to_rad, &sine_max, &cosine);
    if (fabs(omega) < 1e-30)
        omega = 1e-30;
    return (sim_constants){
        .window_days = plan->window_days,
        .horizon_days = plan->inv_tau > 0 ? ETAS_PLAN_HORIZON_TAUS / plan->inv_tau : INFINITY,
        .inv_c_days = 1 / plan->c_days,
        .inv_tau = plan->inv_tau,
        .omega = omega,
        .inv_omega = 1 / omega,
        .children = plan->productivity * etas_pow(plan->c_days, -plan->omega) / omega,
        .alpha = plan->alpha,
        .d_km2 = plan->d_km2,
        .gamma = plan->gamma,
        .minus_inv_rho = -1 / plan->rho,
        .km_per_degree = to_rad * plan->earth_radius_km,
        .turns_per_km = 1 / (2 * pi * plan->earth_radius_km),
        .inv_beta = 1 / plan->beta,
        .mag_span_cdf = plan->mag_span_cdf,
        .mag_tail = etas_exp(-plan->beta * (plan->m_max + plan->delta_m / 2 - plan->mc)),
        .mc = plan->mc,
        .delta_m = plan->delta_m,
        .m_max = plan->m_max,
        .gaussian_scale_deg = plan->background.gaussian_scale_deg,
        .lon_min = lon_min,
        .lon_span = lon_max - lon_min,
        .sine_min = sine_min,
        .sine_span = sine_max - sine_min,
        .output_ms = first_ms(plan->output_start - plan->start),
        .end_ms = first_ms(plan->end - plan->start),
        .threshold_units = floor((plan->m_threshold - plan->delta_m / 2) * ETAS_MAG_UNITS + 0.5),
    };
}

/* About how many events a catalogue has, for the sizes of batches only. */
static double expected_events(const etas_plan *plan)
{
    const double ratio = plan->branching_ratio;
    const double cascade = ratio >= 0 && ratio < 0.99 ? 1 / (1 - ratio) : 100;

    return 1 + (plan->background.mean + plan->induced.mean + plan->history.mean) * cascade;
}

static size_t batch_of(const etas_plan *plan, double n_events)
{
    const double n = n_events / expected_events(plan);

    return n < 1 ? 1 : n < (double)MAX_BATCH ? (size_t)n : MAX_BATCH;
}

size_t etas_simulator_batch(const etas_plan *plan)
{
    return batch_of(plan, EVENTS_PER_RUN);
}

/* Where a raster says nothing, or all is inside, one cell does. */
static etas_status set_maps(etas_simulator *self)
{
    static const uint8_t all_inside[] = {ETAS_CELL_IN, ETAS_CELL_OUT};
    static const uint8_t all_tested[] = {ETAS_CELL_EDGE, ETAS_CELL_OUT};
    const etas_plan *plan = self->plan;
    const etas_raster *raster = &plan->raster;
    const uint32_t n = raster->n_lat * raster->n_lon;
    const sim_map anywhere = {.n_lat = 1, .n_lon = 1, .outside = 1, .cell = all_inside};

    self->inside = self->reported = anywhere;
    if (n > 0 && (plan->region.lon_min < -180 || plan->region.lon_max >= 180)) {
        self->inside.cell = all_tested;
    } else if (n > 0) {
        if (etas_array_alloc((void **)&self->cells, (size_t)n + 1, 1) != ETAS_OK)
            return ETAS_E_NOMEM;
        memcpy(self->cells, raster->cell, n);
        self->cells[n] = ETAS_CELL_OUT;
        self->inside = (sim_map){.lat0 = raster->lat0,
                                 .lon0 = raster->lon0,
                                 .inv_dlat = raster->inv_dlat,
                                 .inv_dlon = raster->inv_dlon,
                                 .n_lat = raster->n_lat,
                                 .n_lon = raster->n_lon,
                                 .outside = n,
                                 .cell = self->cells};
    }
    if (plan->filter_region)
        self->reported = self->inside;
    return ETAS_OK;
}

/* What the tables of the plan say about its history, and what follows from it. */
static etas_status set_past(etas_simulator *self)
{
    const etas_plan_history *h = &self->plan->history;

    for (size_t i = 0; i < SIM_ROOM; i++)
        self->c_days[i] = self->plan->c_days;
    if (h->n > 0 && etas_array_alloc((void **)&self->past, h->n, sizeof *self->past) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < h->n; i++) {
        sim_past *past = &self->past[i];

        *past = (sim_past){.a_days = h->a_days[i],
                           .share = -etas_expm1(-self->constants.omega * h->log_ratio[i]),
                           .d_km2 = h->d_km2[i],
                           .lat = h->lat[i],
                           .lon = h->lon[i]};
        etas_sincos_degrees(h->lat[i], &past->lat_sine, &past->lat_cosine);
    }
    return ETAS_OK;
}

etas_status etas_simulator_open(etas_simulator **out, const etas_plan *plan, const char *kernels,
                                etas_error *err)
{
    static const sim_kernels *const tables[] = ETAS_ISA_TABLES(sim_kernels_);
    const etas_isa isa = etas_isa_named(kernels);
    etas_simulator *self;

    if (isa == ETAS_ISA_UNSUPPORTED)
        return etas_fail(err, ETAS_E_ARG, "kernels \"%s\" are unknown or need another CPU",
                         kernels);
    if (plan->algorithm != ETAS_ALGORITHM_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "the model is for algorithm version %u, this program computes version %d",
                         (unsigned)plan->algorithm, ETAS_ALGORITHM_VERSION);
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a simulator");
    self->plan = plan;
    self->kernels = tables[isa];
    self->constants = constants_of(plan);
    self->batch = batch_of(plan, fmin(EVENTS_PER_BATCH, (double)plan->max_events / 2));
    if (set_maps(self) != ETAS_OK || set_past(self) != ETAS_OK) {
        etas_simulator_close(self);
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a simulator with %zu past events",
                         plan->history.n);
    }
    *out = self;
    return ETAS_OK;
}

/* The columns that grow with catalogues. */
static void free_columns(etas_simulator *self)
{
    sim_cohort_free(&self->now);
    sim_cohort_free(&self->next);
    etas_array_free((void **)&self->found.time_ms);
    etas_array_free((void **)&self->found.catalog);
    etas_array_free((void **)&self->found.row);
    etas_array_free((void **)&self->found.parent);
    etas_array_free((void **)&self->keys);
    etas_array_free((void **)&self->spare);
    etas_array_free((void **)&self->place);
    self->now = self->next = (sim_cohort){0};
    self->found = (sim_found){0};
    self->keys_capacity = self->spare_capacity = self->place_capacity = 0;
}

void etas_simulator_close(etas_simulator *self)
{
    if (self == NULL)
        return;
    free_columns(self);
    etas_array_free((void **)&self->past);
    etas_array_free((void **)&self->cells);
    etas_array_free((void **)&self->tally);
    free(self);
}

/* ---- run ---- */

etas_status sim_begin(etas_simulator *self, etas_error *err)
{
    if (etas_array_reserve((void **)&self->tally, &self->tally_capacity, self->count,
                           sizeof *self->tally) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu catalogues", self->count);
    memset(self->tally, 0, self->count * sizeof *self->tally);
    self->found.n = 0;
    self->drawn = self->kept = 0;
    return ETAS_OK;
}

void sim_next_generation(etas_simulator *self)
{
    const sim_cohort swap = self->now;

    self->now = self->next;
    self->next = swap;
}

static etas_status run_batch(etas_simulator *self, etas_events *out, etas_error *err)
{
    uint32_t generation = 0;
    etas_status st = sim_begin(self, err);

    if (st == ETAS_OK)
        st = sim_background(self, err);
    while (st == ETAS_OK) {
        if (generation > self->plan->max_generations)
            return sim_fail_limit(self, 0, "has too many generations", err);
        st = sim_number(self, generation, err);
        if (st == ETAS_OK)
            st = sim_report(self, generation, err);
        if (st == ETAS_OK)
            st = sim_cascade(self, ++generation, err);
        sim_next_generation(self);
        if (self->now.n == 0)
            break;
    }
    return st == ETAS_OK ? sim_deliver(self, out, err) : st;
}

/* The batch's catalogues one at a time: one of them is too large, or all of them together are. */
static etas_status run_each(etas_simulator *self, etas_events *out, etas_error *err)
{
    const uint64_t first = self->first;
    const size_t count = self->count;
    etas_status st = ETAS_OK;

    self->count = 1;
    for (size_t k = 0; k < count && st == ETAS_OK; k++) {
        self->first = first + k;
        st = run_batch(self, out, err);
    }
    self->count = count;
    return st;
}

static etas_status run_range(etas_simulator *self, const etas_turns *range, size_t batch,
                             etas_events *out, etas_error *err)
{
    etas_status st = ETAS_OK;

    out->n = out->n_catalogs = 0;
    out->with_parents = self->plan->with_parents;
    if (range->first > ETAS_MAX_CATALOGS || range->count > ETAS_MAX_CATALOGS - range->first)
        return etas_fail(err, ETAS_E_ARG, "catalogue indices end at 2^48");
    self->seed = range->seed;
    for (size_t done = 0; done < range->count && st == ETAS_OK; done += self->count) {
        self->first = range->first + done;
        self->count = range->count - done < batch ? range->count - done : batch;
        st = run_batch(self, out, err);
        if (st == ETAS_E_LIMIT && self->count > 1)
            st = run_each(self, out, err);
        if (self->found.capacity > KEPT_ROWS)
            free_columns(self);
    }
    if (st != ETAS_OK)
        out->n = out->n_catalogs = 0;
    return st;
}

etas_status etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first, size_t count,
                               etas_events *out, etas_error *err)
{
    const etas_turns all = {.seed = seed, .first = first, .count = count};

    self->turns = NULL;
    return run_range(self, &all, self->batch, out, err);
}

/* A batch has as many catalogues of its own as one without turns. */
etas_status etas_simulator_run_turns(etas_simulator *self, const etas_turns *which,
                                     etas_events *out, etas_error *err)
{
    size_t own = 0, batch;

    for (size_t i = 0; i < which->period; i++)
        own += which->turn[i] == which->mine;
    if (own == 0)
        return etas_fail(err, ETAS_E_ARG, "the model has none of the %zu turns", which->period);
    batch = self->batch * (which->period / own);
    self->turns = which;
    return run_range(self, which, batch < MAX_BATCH ? batch : MAX_BATCH, out, err);
}
