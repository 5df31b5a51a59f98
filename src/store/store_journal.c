#include <string.h>
#include <sys/vfs.h>

#include "etas/text.h"
#include "store/store_private.h"

/* statfs(2)'s f_type of file systems that several machines may have mounted at once, or that hide
 * one that is (FUSE, 9P). */
static const uint32_t shared_types[] = {
    0x6969,     /* NFS */
    0x517b,     /* SMB */
    0xff534d42, /* CIFS */
    0xfe534d42, /* SMB2 */
    0x0bd00bd0, /* Lustre */
    0x47504653, /* GPFS */
    0x19830326, /* BeeGFS */
    0x00c36400, /* Ceph */
    0x20030528, /* OrangeFS */
    0xaad7aaea, /* PanFS */
    0x5346414f, /* AFS */
    0x01161970, /* GFS2 */
    0x7461636f, /* OCFS2 */
    0x01021997, /* 9P */
    0x65735546, /* FUSE, virtiofs */
};

bool etas_store_is_local(const char *path)
{
    const char *const slash = strrchr(path, '/');
    char folder[4096];
    struct statfs fs;

    if (slash == NULL)
        etas_format(sizeof folder, folder, ".");
    else
        etas_format(sizeof folder, folder, "%.*s", (int)(slash - path + 1), path);
    if (statfs(folder, &fs) != 0)
        return false; /* the rollback journal works everywhere */
    for (size_t i = 0; i < sizeof shared_types / sizeof shared_types[0]; i++)
        if ((uint32_t)fs.f_type == shared_types[i])
            return false;
    return true;
}
