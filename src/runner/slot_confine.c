#include "runner/slot_confine.h"

#include <errno.h>
#include <stdlib.h>

#include "etas/text.h"

#ifdef ETAS_HAVE_SECCOMP

#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner/slot_message.h"

/* Allowed whatever its arguments are; none of them opens, changes or sends anything. */
static const int harmless[] = {
    SCMP_SYS(poll),          SCMP_SYS(ppoll),
    SCMP_SYS(close),         SCMP_SYS(munmap),
    SCMP_SYS(mremap),        SCMP_SYS(brk),
    SCMP_SYS(madvise),       SCMP_SYS(futex),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(time),          SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo), /* qsort asks for the memory that there is */
    SCMP_SYS(uname),         SCMP_SYS(getpid),
    SCMP_SYS(gettid),        SCMP_SYS(rt_sigprocmask), /* with the next one and tgkill: abort */
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),          SCMP_SYS(exit_group)};

/* Allowed with one argument as it is here; write: a word of the C library before it aborts. */
static const struct {
    int call;
    unsigned argument;
    uint64_t mask, value;
} bound[] = {{SCMP_SYS(recvmsg), 0, UINT32_MAX, ETAS_SLOT_FD},
             {SCMP_SYS(recvfrom), 0, UINT32_MAX, ETAS_SLOT_FD},
             {SCMP_SYS(sendmsg), 0, UINT32_MAX, ETAS_SLOT_FD},
             {SCMP_SYS(sendto), 0, UINT32_MAX, ETAS_SLOT_FD},
             {SCMP_SYS(write), 0, UINT32_MAX, STDERR_FILENO},
             {SCMP_SYS(writev), 0, UINT32_MAX, STDERR_FILENO},
             {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
             {SCMP_SYS(mprotect), 2, PROT_EXEC, 0}};

/* Kills without asking the handler: the way out of it. */
static const int deadly = SCMP_SYS(ptrace);

static void (*report)(uint64_t number);

static void on_forbidden(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    report((uint64_t)info->si_syscall);
    (void)syscall(deadly, 0, 0, 0, 0);
    _exit(1); /* not reached */
}

static int add_rules(scmp_filter_ctx filter)
{
    int failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly, 0);

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0);
    for (size_t i = 0; i < sizeof bound / sizeof *bound && failed == 0; i++)
        failed = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, bound[i].call, 1,
            SCMP_CMP(bound[i].argument, SCMP_CMP_MASKED_EQ, bound[i].mask, bound[i].value));
    if (failed == 0)
        failed =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                             SCMP_CMP(0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)getpid()));
    return failed;
}

bool etas_slot_confine_built(void)
{
    return true;
}

int etas_slot_confine(void (*forbidden)(uint64_t number))
{
    const struct sigaction action = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    int failed;

    if (filter == NULL)
        return ENOMEM;
    report = forbidden;
    failed = sigaction(SIGSYS, &action, NULL) == 0 ? add_rules(filter) : -errno;
    if (failed == 0)
        failed = seccomp_load(filter); /* and no new privileges */
    seccomp_release(filter);
    return -failed;
}

static char *name_of(uint64_t number)
{
    return number < INT32_MAX ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number)
                              : NULL;
}

#else

bool etas_slot_confine_built(void)
{
    return false;
}

int etas_slot_confine(void (*forbidden)(uint64_t number))
{
    (void)forbidden;
    return ENOSYS;
}

static char *name_of(uint64_t number)
{
    (void)number;
    return NULL;
}

#endif

void etas_slot_confine_verdict(uint64_t number, size_t capacity, char out[])
{
    char *const name = name_of(number);

    if (name != NULL)
        etas_format(capacity, out, "asked for %s, which a slot may not", name);
    else
        etas_format(capacity, out, "asked for system call %llu, which a slot may not",
                    (unsigned long long)number);
    free(name);
}
