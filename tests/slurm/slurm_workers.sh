#!/usr/bin/env bash
# The batch scripts on a real Slurm of one node, private to this test: workers come from sbatch,
# one is cancelled, one drains before its limit, and the forecast has the serial run's bytes.
# shellcheck disable=SC2119 # arguments of start_driver are optional
# shellcheck source=tests/faults/faults.bash
. "$ETAS_SOURCE/tests/faults/faults.bash"

PATH=$PATH:/usr/sbin
if [ "$(id -u)" -ne 0 ] || ! command -v slurmctld slurmd munged >/dev/null; then
    echo "needs root, slurm-wlm and munge: skipped"
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "slurm is missing"
    exit 77
fi

start_slurm() {
    local host port=$((20000 + RANDOM % 20000))

    host=$(uname -n | cut -d. -f1)
    chmod 755 "$work"
    mkdir state spool
    (umask 077 && head -c 128 /dev/urandom >munge.key)
    munged --force --foreground --key-file="$work/munge.key" --socket="$work/munge.sock" \
        --pid-file="$work/munge.pid" --log-file="$work/munge.log" --seed-file="$work/munge.seed" 2>munged.err &
    children+=("$!")
    wait_for munged test -S munge.sock
    cat >slurm.conf <<CONF
ClusterName=etas
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$work/slurm.conf
    slurmctld -D -f slurm.conf >/dev/null 2>&1 &
    children+=("$!")
    slurmd -D -f slurm.conf >/dev/null 2>&1 &
    children+=("$!")
    sleep 1
    if grep -q 'Unable to initialize cgroup plugin' slurmd.log; then
        echo "slurmd finds no control groups here (/sys/fs/cgroup): skipped"
        exit 77
    fi
    wait_for "an idle node" sh -c 'sinfo --noheader --format %T | grep -q idle'
}

start_slurm
make_long_config
n=$(number_lasting 45)
serial_run
start_redis r
start_driver

shows "submit-workers.sh N submits N agents with the slots that Slurm gives"
export ETAS_WORKER=$ETAS_BIN/etas-redis-worker
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
    "$ETAS_SOURCE/slurm/submit-workers.sh" 2 --cpus-per-task=1 --time=3 -- --socket "$work/r/redis.sock" >/dev/null
fi
driver_ends_well
scancel --full 3 4 2>/dev/null || true
done_testing
