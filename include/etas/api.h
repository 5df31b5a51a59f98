/** @file api.h  What stands around the declarations of every public header: C linkage, for C++ too,
 * and names that the shared library lets others see. Everything else in it is hidden. */
#ifndef ETAS_API_H
#define ETAS_API_H

#ifdef __cplusplus
#define ETAS_API_BEGIN                                 \
    _Pragma("GCC visibility push(default)") extern "C" \
    {
#define ETAS_API_END \
    }                \
    _Pragma("GCC visibility pop")
#else
#define ETAS_API_BEGIN _Pragma("GCC visibility push(default)")
#define ETAS_API_END   _Pragma("GCC visibility pop")
#endif

#endif
