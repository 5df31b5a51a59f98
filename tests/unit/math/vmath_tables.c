#include "vmath_table.h"

const vmath_table *vmath_table_get(etas_isa isa)
{
    static const vmath_table *const tables[] = ETAS_ISA_TABLES(vmath_);

    return etas_isa_named(etas_isa_name(isa)) == isa ? tables[isa] : NULL;
}
