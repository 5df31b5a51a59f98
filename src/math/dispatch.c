#include "math/dispatch.h"

#include <stddef.h>
#include <string.h>

#include "etas/kernels.h"

static int runs_here(etas_isa isa)
{
#if defined(__x86_64__)
    if (isa == ETAS_ISA_AVX2)
        return __builtin_cpu_supports("avx2");
    if (isa == ETAS_ISA_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return isa == ETAS_ISA_SCALAR;
}

etas_isa etas_isa_best(void)
{
    if (runs_here(ETAS_ISA_AVX512))
        return ETAS_ISA_AVX512;
    return runs_here(ETAS_ISA_AVX2) ? ETAS_ISA_AVX2 : ETAS_ISA_SCALAR;
}

const char *etas_isa_name(etas_isa isa)
{
    static const char *const names[ETAS_ISA_COUNT] = {"scalar", "avx2", "avx512"};

    return (unsigned)isa < ETAS_ISA_COUNT ? names[isa] : "unsupported";
}

etas_isa etas_isa_named(const char *name)
{
    if (name == NULL || *name == '\0' || strcmp(name, "auto") == 0)
        return etas_isa_best();
    if (strcmp(name, "portable") == 0)
        return ETAS_ISA_SCALAR;
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++)
        if (strcmp(name, etas_isa_name(isa)) == 0)
            return runs_here(isa) ? isa : ETAS_ISA_UNSUPPORTED;
    return ETAS_ISA_UNSUPPORTED;
}

const char *etas_kernels_here(size_t i)
{
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++)
        if (runs_here(isa) && i-- == 0)
            return etas_isa_name(isa);
    return NULL;
}
