/** @file version.h  Which release of the library a program runs with. */
#ifndef ETAS_VERSION_H
#define ETAS_VERSION_H

#include "etas/api.h"

ETAS_API_BEGIN

/** "MAJOR.MINOR.PATCH"; never NULL. */
const char *etas_version(void);

ETAS_API_END

#endif
