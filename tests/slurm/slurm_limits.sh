#!/usr/bin/env bash
# Jobs that Slurm ends: a worker killed at its limit without a word, one preempted and queued again, and
# a driver that leaves before its limit and goes on in the next job. The run has the serial run's bytes.
# shellcheck source=tests/slurm/slurm.bash
. "$ETAS_SOURCE/tests/slurm/slurm.bash"

start_slurm 0 # SIGKILL follows SIGTERM at once
make_long_config
n=$(number_lasting 40)
# The pool takes longer for it than a serial run: it computes with plain loops.
serial_run &
serial=$!
children+=("$serial")
start_redis r

# What Slurm says of job $1.
job() {
    scontrol show job "$1"
}

workers_are() {
    etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=$1 "
}

# submit ARGUMENTS...: of sbatch; prints the job's number.
submit() {
    sbatch --parsable --cpus-per-task=1 "$@"
}

# wait_long WHAT COMMAND...: until the command succeeds, at most four minutes.
wait_long() {
    local what=$1 i

    shift
    for ((i = 0; i < 480; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.5
    done
    fail "waited in vain for $what: $(squeue) $(tail -n 5 ./*.log)"
}

# A worker that hears no SIGTERM, so that the SIGKILL is what ends it.
cat >deaf <<'WORKER'
#!/usr/bin/env bash
exec perl -MPOSIX -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM)); exec @ARGV' etas-redis-worker "$@"
WORKER
chmod +x deaf

shows "driver and workers as jobs; the driver's is too short for the run"
driver_job=$(submit --partition=urgent --time=1 --output=driver.log "$ETAS_SOURCE/slurm/driver.sbatch" \
    forecast config.json -n "$n" --seed $seed -o pool.csv --socket "$work/r/redis.sock" --task-duration 1s)
doomed=$(ETAS_WORKER=$work/deaf submit --partition=urgent --time=5 --output=doomed.log "$ETAS_SOURCE/slurm/worker.sbatch" \
    --socket "$work/r/redis.sock" --kernels scalar --runtime 0)
submit --partition=all --output=preempted.log --open-mode=append "$ETAS_SOURCE/slurm/worker.sbatch" \
    --socket "$work/r/redis.sock" --kernels scalar >/dev/null
wait_for "two slots" workers_are 2
wait_long "a run" grep -q 'model .*, seed' driver.log

shows "a job of more weight takes a worker's place: its work goes back, it is queued again and returns"
urgent=$(submit --partition=urgent --time=1 --output=/dev/null --cpus-per-task=2 --wrap 'sleep 3') # four CPUs: one is missing
wait_for "the preemption" grep -q 'DUE TO PREEMPTION' preempted.log
scontrol update JobId="$doomed" EndTime=now+3seconds # Slurm looks every half minute

shows "a worker is killed at its limit, with all that it had"
wait_long "the limit" sh -c "scontrol show job $doomed | grep -q JobState=TIMEOUT"
if grep -q bye doomed.log; then
    fail "it left by itself: $(cat doomed.log)"
fi
job "$urgent" | grep -q 'JobState=COMPLETED' || fail "$(job "$urgent")"
wait_long "the preempted worker's return" sh -c "[ \$(grep -c 'agent .*: 1 slots' preempted.log) -eq 2 ]"

shows "the driver leaves in time, is queued again, and goes on"
wait_long "the end of the driver's first job" grep -q 'the runtime is over' driver.log
wait_long "its return" grep -q 'driver.sbatch: start 2 of 20' driver.log
"$ETAS_SOURCE/slurm/submit-workers.sh" 1 --partition=urgent --time=5 --cpus-per-task=2 --output=helper.log -- \
    --socket "$work/r/redis.sock" >/dev/null # from here on it may be fast
wait_long "the run" sh -c "scontrol show job $driver_job | grep -Eq 'JobState=(COMPLETED|FAILED|TIMEOUT|CANCELLED)'"
job "$driver_job" | grep -q 'JobState=COMPLETED.*' || fail "$(job "$driver_job") $(tail -n 20 driver.log)"
[ "$(grep -c 'model .*, seed' driver.log)" -eq 1 ] || fail "the model was made again: $(cat driver.log)"
grep -q 'resuming: [1-9]' driver.log || fail "nothing was kept: $(cat driver.log)"
wait $serial
cmp serial.csv pool.csv || fail "other bytes than the serial run's"
scancel --user=root
done_testing
