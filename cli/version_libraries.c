#include <curl/curl.h>
#include <geos_c.h>
#include <gsl/gsl_version.h>
#include <hdf5.h>
#include <libxml/parser.h>
#include <libxml/xmlversion.h>
#include <openssl/crypto.h>
#include <proj.h>
#include <sqlite3.h>
#include <xxhash.h>
#include <zstd.h>

#include "etas/text.h"
#include "version.h"

/* 20912 as "2.9.12". */
static void dotted(unsigned number, unsigned base, size_t capacity, char out[])
{
    etas_format(capacity, out, "%u.%u.%u", number / base / base, number / base % base,
                number % base);
}

void version_print_all(const char *program)
{
    unsigned major = 0, minor = 0, patch = 0;
    char hdf5[48] = "unknown", xml[48], xxhash[48];

    if (H5get_libversion(&major, &minor, &patch) >= 0)
        etas_format(sizeof hdf5, hdf5, "%u.%u.%u", major, minor, patch);
    dotted((unsigned)strtoul(xmlParserVersion, NULL, 10), 100, sizeof xml, xml);
    dotted(XXH_versionNumber(), 100, sizeof xxhash, xxhash);
    const version_library libraries[] = {
        {"GEOS", GEOSversion()},
        {"GSL", gsl_version},
        {"HDF5", hdf5},
        {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
        {"libxml2", xml},
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"PROJ", proj_info().version},
        {"SQLite", sqlite3_libversion()},
        {"xxHash", xxhash},
        {"zstd", ZSTD_versionString()},
    };

    version_print(program, sizeof libraries / sizeof *libraries, libraries);
}
