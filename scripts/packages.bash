# shellcheck shell=bash
# Sourced by quickstart and test: what a clean Debian 12 machine needs, and how it is installed.

# shellcheck disable=SC2034 # these arrays are used by the scripts that source this file
build_packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    libgsl-dev libgeos-dev libqhull-dev libproj-dev libjansson-dev libxml2-dev libhiredis-dev libssl-dev libsqlite3-dev
    libhdf5-dev libcurl4-openssl-dev libmicrohttpd-dev
    libzstd-dev libxxhash-dev librandom123-dev libseccomp-dev librsvg2-dev
    redis-server
)
# clang-format 14 is what the sources are formatted with.
test_packages=(
    libcmocka-dev g++ clang clang-format valgrind doxygen codespell shellcheck redis-tools openssl sqlite3 jq procps curl
    python3-h5py python3-numpy python3-pandas python3-scipy python3-yaml hdf5-tools systemd
    groff zsh lintian
    slurm-wlm munge
    spin
    chromium libxml2-utils
)

say() {
    printf '==> %s\n' "$*"
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "this needs root or sudo: $*" >&2
        return 1
    fi
}

# Installs those of the named packages that are not there yet.
install_missing() {
    local package missing=()

    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' ||
            missing+=("$package")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        say "packages: all there"
        return
    fi
    say "installing: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Configures and builds a preset in build/PRESET: build_preset PRESET TESTS, where TESTS is ON or OFF.
build_preset() {
    say "building: build/$1"
    cmake --preset "$1" -DBUILD_TESTING="$2" >/dev/null
    cmake --build --preset "$1"
}
