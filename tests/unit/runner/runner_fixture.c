#include "unit/runner/runner_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check.h"

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/simulation.h"
#include "unit/runner/begun_store.h"

int limits_reported;

etas_status __real_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);
etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err);

etas_status __wrap_etas_simulator_run(etas_simulator *self, uint64_t seed, uint64_t first,
                                      size_t count, etas_events *out, etas_error *err)
{
    const trouble what = (trouble)(seed >> 56);
    const uint64_t catalog = seed >> 32 & 0xffffff;
    const bool here = catalog >= first && catalog < first + count;

    if (what == TROUBLE_CRASH && here)
        abort();
    if (what == TROUBLE_HANG && here)
        for (;;)
            (void)poll(NULL, 0, -1);
    if (what == TROUBLE_FILE && here)
        (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (what == TROUBLE_SOCKET && here)
        (void)socket(AF_UNIX, SOCK_STREAM, 0);
    if (what == TROUBLE_LIMIT && here) {
        limits_reported++;
        return etas_fail(err, ETAS_E_LIMIT, "catalogue %llu is too large",
                         (unsigned long long)catalog);
    }
    if (what == TROUBLE_SLOW)
        for (size_t i = 0; i < count; i++)
            (void)poll(NULL, 0, 1);
    return __real_etas_simulator_run(self, seed & UINT32_MAX, first, count, out, err);
}

void model_make(model *self, double events_per_catalog)
{
    static const double lat[] = {45, 45, 49, 49}, lon[] = {6, 10, 10, 6};
    const double value[ETAS_N_PARAMS] = {
        [ETAS_LOG10_MU] = -6.2,  [ETAS_LOG10_IOTA] = NAN, [ETAS_LOG10_K0] = -2.9,
        [ETAS_A] = 1.48,         [ETAS_LOG10_C] = -2.8,   [ETAS_OMEGA] = -0.12,
        [ETAS_LOG10_TAU] = 3.56, [ETAS_LOG10_D] = -0.58,  [ETAS_GAMMA] = 0.33,
        [ETAS_RHO] = 0.64};
    etas_region region = {0};
    etas_error err = {0};
    etas_plan_input in = {.beta = 2.4,
                          .m_ref = 2.3,
                          .delta_m = 0.1,
                          .m_max = INFINITY,
                          .m_threshold = NAN,
                          .start = 0,
                          .end = 30 * ETAS_NS_PER_DAY,
                          .region = &region,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true};

    *self = (model){0};
    memcpy(in.theta.value, value, sizeof value);
    in.area_km2 = events_per_catalog / (pow(10, value[ETAS_LOG10_MU]) * 30);
    in.output_start = in.start;
    check_ok(etas_region_set_ring(&region, 4, lat, lon, &err), &err);
    check_ok(etas_plan_build(&in, &self->plan, &err), &err);
    check_ok(etas_blob_encode(&self->plan, &self->blob, &self->len, &err), &err);
    check_ok(etas_sha256(self->len, self->blob, self->sha), NULL);
    etas_hex(32, self->sha, self->hex);
    etas_region_free(&region);
}

void model_free(model *self)
{
    etas_plan_free(&self->plan);
    etas_array_free((void **)&self->blob);
}

etas_store *store_make(const char *path, const model *m, uint64_t n_catalogs, uint64_t seed)
{
    return begun_store(path, m->len, m->blob, n_catalogs, seed);
}
