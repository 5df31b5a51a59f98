#!/usr/bin/env bash
# An installation works wherever it is put, moved afterwards too; DESTDIR stands before the prefix.
# shellcheck source=tests/install/install.bash
. "$(dirname "$0")/install.bash"

cmake --install "$build" --prefix "$scratch/first" >install.log || fail "cmake --install"
DESTDIR=$scratch/stage cmake --install "$build" --prefix /opt/etas >install.log || fail "with DESTDIR"
mv first there
diff <(cd there && find . | sort) <(cd stage/opt/etas && find . | sort) || fail "DESTDIR changes what there is"
if grep -rlF -e "$scratch" -e "$build" -e "$source" there --include='*.cmake' --include='*.pc' --include='*.1'; then
    fail "paths of the build in what is installed"
fi
grep -qF "ExecStart=/opt/etas/bin/etas-redis-worker " stage/opt/etas/lib/systemd/system/etas-worker@.service ||
    fail "the unit does not name its program"

# The programs, from another folder, by their own path alone.
there=$scratch/there
for program in etas etas-redis-worker etas-redis-manager; do
    [ "$("$there/bin/$program" --version | head -n 1)" = "$program $("$there/bin/etas" --version | sed -n '1s/etas //p')" ] ||
        fail "$program --version"
    [ -s "$there/share/man/man1/$program.1" ] || fail "no manual page of $program"
    [ -s "$there/share/bash-completion/completions/$program" ] || fail "no completion of $program"
done
"$there/bin/etas" forecast "$there/share/etas/examples/forecast.json" -n 200 --seed 7 -o forecast.csv \
    --progress none 2>log || fail "forecast: $(cat log)"
line=$(tail -n +2 forecast.csv | grep -cv ',,,,')

# The library, by pkg-config and by find_package: the same catalogues as the program.
libdir=$(dirname "$(find "$there" -name libetas.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
[ "$(pkg-config --modversion etas)" = "$("$there/bin/etas" --version | sed -n '1s/etas //p')" ] || fail "the version of etas.pc"
# shellcheck disable=SC2046 # a list of options
"${CC:-cc}" -o by_pkg_config "$there/share/etas/examples/library/forecast.c" $(pkg-config --cflags --libs etas) \
    -Wl,-rpath,"$libdir" ${ETAS_SANITIZE:+-fsanitize="$ETAS_SANITIZE"} || fail "pkg-config"
cmake -S "$there/share/etas/examples/library" -B cmake -DCMAKE_PREFIX_PATH="$there" \
    ${ETAS_SANITIZE:+-DCMAKE_C_FLAGS="-fsanitize=$ETAS_SANITIZE"} >cmake.log || fail "find_package: $(cat cmake.log)"
cmake --build cmake >cmake.log || fail "build by find_package: $(cat cmake.log)"
for program in ./by_pkg_config cmake/forecast; do
    "$program" "$there/share/etas/examples/forecast.json" 200 7 >out || fail "$program"
    grep -qF "200 catalogues, $line events" out || fail "$program: $(cat out), not $line events"
done
"$program" nowhere.json 2>err && fail "a configuration that is not there"
grep -qF "nowhere.json: " err || fail "what it says: $(cat err)"
echo "$line events three times"
