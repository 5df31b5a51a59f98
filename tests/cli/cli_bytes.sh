#!/usr/bin/env bash
# The forecast's bytes do not depend on who made them: backends, chunks, instruction sets.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
n=3000
forecast() {
    local name=$1

    shift
    etas forecast "$config" -n $n --seed 42 -o "$name.csv" --progress none "$@" >"$name.out" 2>"$name.log" ||
        fail "forecast $* : $(tail -n 3 "$name.log")"
    if [ "$name" != serial ]; then
        cmp serial.csv "$name.csv" || fail "other bytes: $*"
    fi
}

forecast serial --distribute serial
[ "$(grep -c . serial.csv)" -gt $n ] || fail "fewer rows than catalogues"

shows "processes with 1, 2 and 5 slots"
for slots in 1 2 5; do
    forecast "p$slots" --distribute processes --processes $slots
done

shows "chunk sizes 1, 7, 100"
for chunk in 1 7 100; do
    forecast "c$chunk" --distribute processes --processes 2 --chunk-size $chunk
done

shows "redis with 1 and 12 slots, chunks 1, 7, 100 and auto"
forecast r1 --embedded --processes 1
forecast r12 --embedded --processes 12
forecast r12c1 --embedded --processes 12 --chunk-size 1
forecast r12c7 --embedded --processes 12 --chunk-size 7
forecast r12c100 --embedded --processes 12 --chunk-size 100

shows "every instruction set of this machine, alike in model and bytes"
for kernels in scalar avx2 avx512; do
    flag=$kernels
    [ "$kernels" != avx512 ] || flag=avx512dq
    if [ "$kernels" = scalar ] || grep -qw "$flag" /proc/cpuinfo; then
        forecast "k-$kernels" --distribute serial --kernels $kernels
        cmp <(grep ^model serial.out) <(grep ^model "k-$kernels.out") || fail "another model with $kernels"
    else
        echo "  (no $kernels here: not shown)"
    fi
done

shows "the same model on a machine without AVX2 and FMA"
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-AVX512VL \
    forecast tunables --from-store serial.csv.store --distribute serial
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-AVX512VL \
    forecast tunables2 --distribute processes --processes 2 --kernels scalar --from-store serial.csv.store

shows "single catalogues can be made again"
etas forecast "$config" --only 17:3 --from-store serial.csv.store -o only.csv >only.out 2>only.log
cmp <(tail -n +2 only.csv | cut -d, -f1-6) \
    <(awk -F, '$6 >= 17 && $6 < 20' serial.csv | cut -d, -f1-6) || fail "--only made other catalogues"
done_testing
