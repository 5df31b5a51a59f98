# shellcheck shell=bash
# Sourced by the tests of the batch scripts: a real Slurm of one node, private to the test; a run of a
# known length and its serial bytes.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

socket=$work/r/redis.sock
seed=11
n=0 # catalogues of the run: set by the test

serial_run() {
    etas forecast config.json -n "$n" --seed $seed -o serial.csv --distribute serial >/dev/null 2>serial.log
    echo "  serial: $n catalogues, $(tail -n +2 serial.csv | grep -vc '^,,') events"
}

start_driver() {
    etas forecast config.json -n "$n" --seed $seed -o pool.csv --socket "$socket" --task-duration 1s "$@" \
        >>driver.out 2>>driver.log &
    driver=$!
    children+=("$driver")
}

# The driver $driver ends well and left the serial run's bytes.
driver_ends_well() {
    local code=0

    wait "$driver" || code=$?
    [ $code -eq 0 ] || fail "the driver ended with $code: $(tail -n 5 driver.log)"
    cmp serial.csv pool.csv || fail "other bytes than the serial run's"
}

PATH=$PATH:/usr/sbin
if [ "$(id -u)" -ne 0 ] || ! command -v slurmctld slurmd munged >/dev/null; then
    echo "needs root, slurm-wlm and munge: skipped"
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "slurm is missing"
    exit 77
fi

# start_slurm KILLWAIT: four CPUs, whatever the machine has, in two partitions; jobs of "all" give way to those of "urgent".
# Requeued jobs start again after seconds instead of minutes (cred_expire).
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
AuthInfo=socket=$work/munge.sock,cred_expire=5
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
KillWait=$1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,batch_sched_delay=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
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
    export ETAS_WORKER=$ETAS_BIN/etas-redis-worker ETAS=$ETAS_BIN/etas
    wait_for "an idle node" sh -c 'sinfo --noheader --format %T | grep -q idle'
}
