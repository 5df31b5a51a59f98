#!/usr/bin/env bash
# Every public header stands alone, in C11 and in C++17; and the shared library shows what they
# declare and nothing else.
# shellcheck source=tests/install/install.bash
. "$(dirname "$0")/install.bash"

strict=(-Wall -Wextra -Wpedantic -Wundef -Werror -fsyntax-only -I "$source/include")
for header in "$source"/include/etas/*.h; do
    name=etas/$(basename "$header")
    printf '#include "%s"\nextern int something;\n' "$name" >one.c
    cp one.c one.cc
    "${CC:-cc}" -std=c11 "${strict[@]}" one.c || fail "$name in C11"
    "${CXX:-c++}" -std=c++17 "${strict[@]}" one.cc || fail "$name in C++17"
    echo "#include <$name>" >>all.c
done

# Functions that a program in C++ takes from there have the names of C.
cp all.c all.cc
cat >>all.cc <<'END'
int main() { return etas_version()[0] == '\0' || etas_strerror(ETAS_OK) == nullptr; }
END
"${CXX:-c++}" -std=c++17 -I "$source/include" all.cc -L "$build/src" -letas -Wl,-rpath,"$build/src" -o in_cxx ||
    fail "C++ cannot link"
[ -n "${ETAS_SANITIZE:-}" ] || ./in_cxx || fail "C++ cannot run"

gcc -std=c11 -I "$source/include" -fsyntax-only -aux-info prototypes all.c
{
    grep -F "/include/etas/" prototypes | grep -v ' static ' | grep -oE '\betas_[a-z0-9_]+ \(' | tr -d ' ('
    grep -ohE '^extern [^(]*\betas_[a-z0-9_]+' "$source"/include/etas/*.h | grep -oE '[a-z0-9_]+$'
} | sort -u >declared
nm -D --defined-only "$build/src/libetas.so" | awk '{ print $3 }' | sort -u >exported
[ "$(wc -l <declared)" -gt 200 ] || fail "only $(wc -l <declared) declarations found"
diff declared exported || fail "declared (<) and exported (>) differ"
echo "$(wc -l <exported) functions"
