#include "etas/version.h"

const char *etas_version(void)
{
    return ETAS_RELEASE;
}
