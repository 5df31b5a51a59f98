#!/usr/bin/env bash
# The batch scripts on a real Slurm of one node, private to this test: workers come from sbatch,
# one is cancelled, one drains before its limit, and the forecast has the serial run's bytes.
# shellcheck disable=SC2119 # arguments of start_driver are optional
# shellcheck source=tests/slurm/slurm.bash
. "$ETAS_SOURCE/tests/slurm/slurm.bash"

start_slurm 10
make_long_config
n=$(number_lasting 30)
serial_run
start_redis r
start_driver

shows "submit-workers.sh N submits N agents with the slots that Slurm gives"
expect 2 "$ETAS_SOURCE/slurm/submit-workers.sh"
expect 0 "$ETAS_SOURCE/slurm/submit-workers.sh" 2 --cpus-per-task=1 --time=1 --signal=B:TERM@30 -- --socket "$work/r/redis.sock"
[ "$(grep -c 'Submitted batch job' stdout)" -eq 2 ] || fail "$(cat stdout)"
wait_for "two workers from Slurm" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=2 "'

shows "a cancelled job gives its work back, another drains before its limit"
scancel --signal=TERM --batch 1
wait_for "one worker less" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=1 "'
for ((i = 0; i < 60; i++)); do
    [ "$(squeue --noheader | wc -l)" -gt 0 ] || break
    sleep 1
done
[ $i -lt 60 ] || fail "a job outlived its limit"
for job in 1 2; do
    scontrol show job $job | grep -q 'ExitCode=0:0' || fail "job $job: $(scontrol show job $job)"
done

shows "the run completes with new jobs, with the bytes of the serial run"
if kill -0 "$driver" 2>/dev/null; then
    "$ETAS_SOURCE/slurm/submit-workers.sh" 2 --cpus-per-task=1 --time=15 -- --socket "$work/r/redis.sock" >/dev/null
fi
driver_ends_well
scancel --full 3 4 2>/dev/null || true
done_testing
