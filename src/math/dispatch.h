/** @file dispatch.h  Which variant of the kernels (etas_isa_objects() in CMake) this CPU can run.
 */
#ifndef ETAS_SRC_MATH_DISPATCH_H
#define ETAS_SRC_MATH_DISPATCH_H

/** Index into a module's array of kernel tables. */
typedef enum etas_isa {
    ETAS_ISA_SCALAR,
    ETAS_ISA_AVX2,
    ETAS_ISA_AVX512, /**< F, DQ and VL */
    ETAS_ISA_COUNT,
    ETAS_ISA_UNSUPPORTED = ETAS_ISA_COUNT /**< unknown name, or not on this CPU */
} etas_isa;

/** The widest one here. */
etas_isa etas_isa_best(void);

/**
 * "scalar" (or "portable"), "avx2", "avx512"; NULL, "" and "auto" are the widest one.
 * ETAS_ISA_UNSUPPORTED if the name is unknown or the CPU lacks it.
 */
etas_isa etas_isa_named(const char *name);

/** "scalar", "avx2" or "avx512". */
const char *etas_isa_name(etas_isa isa);

/** The entry of a table of kernels, where builds for other architectures have the first only. */
#if defined(__x86_64__)
#define ETAS_ISA_TABLES(prefix)                         \
    {                                                   \
        &prefix##scalar, &prefix##avx2, &prefix##avx512 \
    }
#else
#define ETAS_ISA_TABLES(prefix) \
    {                           \
        &prefix##scalar         \
    }
#endif

#endif
