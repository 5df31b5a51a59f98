/* Runs a libFuzzer entry without libFuzzer: on every file of the folders given, and on mutations of
 * each that are the same in every run. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTATIONS = 60, LARGEST = 1 << 16 };

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return below > 0 ? *state % below : 0;
}

/* One to four edits: a byte changed, a bit flipped, a stretch removed or said twice, the end cut.
 */
static size_t mutate(uint64_t *state, size_t len, uint8_t bytes[])
{
    for (uint64_t n = 1 + draw(state, 4); n > 0 && len > 0; n--) {
        const size_t at = draw(state, len), rest = len - at;
        const size_t run = 1 + draw(state, rest < 16 ? rest : 16);

        switch (draw(state, 5)) {
        case 0:
            bytes[at] = (uint8_t)draw(state, 256);
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1u << draw(state, 8));
            break;
        case 2:
            if (run <= rest) {
                memmove(bytes + at, bytes + at + run, rest - run);
                len -= run;
            }
            break;
        case 3:
            if (run <= rest && len + run <= LARGEST) {
                memmove(bytes + at + run, bytes + at, rest);
                len += run;
            }
            break;
        default:
            len = at;
            break;
        }
    }
    return len;
}

/* An exact copy on the heap, so that a sanitizer sees every byte read beyond the end. */
static bool run(size_t len, const uint8_t bytes[])
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy == NULL)
        return false;
    memcpy(copy, bytes, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    return true;
}

static bool run_file(const char *folder, const char *name)
{
    static uint8_t original[LARGEST], mutant[LARGEST];
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    char path[1024];
    size_t len;
    FILE *file;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        return false;
    len = fread(original, 1, sizeof original, file);
    ok = ferror(file) == 0 && run(len, original);
    (void)fclose(file);
    for (int i = 0; ok && i < MUTATIONS; i++) {
        memcpy(mutant, original, len);
        ok = run(mutate(&state, len, mutant), mutant);
    }
    return ok;
}

int main(int argc, char *argv[])
{
    size_t n = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);

        if (folder == NULL) {
            (void)fprintf(stderr, "%s: no such folder\n", argv[i]);
            return 1;
        }
        for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
            if (strchr(e->d_name, '.') == NULL || e->d_name[0] == '.')
                continue;
            if (!run_file(argv[i], e->d_name)) {
                (void)fprintf(stderr, "%s/%s cannot be read\n", argv[i], e->d_name);
                return 1;
            }
            n++;
        }
        (void)closedir(folder);
    }
    printf("%zu files, %d mutations of each\n", n, MUTATIONS);
    return n > 0 ? 0 : 1;
}
