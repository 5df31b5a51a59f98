#include "version.h"

#include <stdio.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "etas/kernels.h"
#include "etas/version.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown compiler"
#endif

static void print_kernels(void)
{
    size_t n = 0;

    while (etas_kernels_here(n + 1) != NULL)
        n++;
    (void)printf("kernels    %s", etas_kernels_here(n));
    for (size_t i = n; i > 0; i--)
        (void)printf("%s%s", i == n ? " (this CPU also runs " : ", ", etas_kernels_here(i - 1));
    puts(n > 0 ? ")" : "");
}

void version_print(const char *program, size_t n, const version_library libraries[])
{
    (void)printf("%s %s\n", program, etas_version());
    if (version_revision[0] != '\0')
        (void)printf("revision   %s\n", version_revision);
    (void)printf("build      %s, %s, %d-bit\n", COMPILER,
                 ETAS_BUILD_TYPE[0] != '\0' ? ETAS_BUILD_TYPE : "no build type",
                 (int)(8 * sizeof(void *)));
    print_kernels();
    (void)printf("libraries  hiredis %d.%d.%d, jansson %s", HIREDIS_MAJOR, HIREDIS_MINOR,
                 HIREDIS_PATCH, jansson_version_str());
    for (size_t i = 0; i < n; i++)
        (void)printf(", %s %s", libraries[i].name, libraries[i].version);
    puts("\nlicence    GPL-3.0-or-later; there is no warranty");
}
