#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

int clinux_clock_watch_open(void) {
    return timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
}

int clinux_clock_watch_arm(int descriptor) {
    // A moment that never comes: only a step of the clock ends the wait.
    struct itimerspec never = {.it_value = {.tv_sec = INT64_MAX / 2}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, 0);
}

int clinux_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds);
}

// For jemalloc(3), which the release build links: a run's memory is freed on other threads than those that took it, for which
// the C library's allocator takes a lock each time. Its arenas are one per core instead of four.
const char *malloc_conf = "percpu_arena:percpu,dirty_decay_ms:1000";

// Null where the allocator is the C library's.
extern int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size) __attribute__((weak));

static void keep_dirty_pages(void) {
    // Else what has been free for a while goes back with the first allocation after it: just when a burst begins. Not for ever: arenas do not find all
    // that they keep, and a process that is never idle would grow with each burst.
    ssize_t milliseconds = 10000;
    mallctl("arenas.dirty_decay_ms", 0, 0, &milliseconds, sizeof milliseconds);
    unsigned arenas = 0;
    size_t size = sizeof arenas;
    mallctl("arenas.narenas", &arenas, &size, 0, 0);
    for (unsigned arena = 0; arena < arenas; arena++) {
        char name[40];
        snprintf(name, sizeof name, "arena.%u.dirty_decay_ms", arena);
        // One that is not in use yet takes the default of above.
        mallctl(name, 0, 0, &milliseconds, sizeof milliseconds);
    }
}

void clinux_keep_free_memory(void) {
    if (mallctl) return keep_dirty_pages();
    // By default the heap's top goes back to the system whenever 128 KiB of it are free, and comes again page by page.
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    // Small blocks that are kept apart are merged all at once, again and again.
    mallopt(M_MXFAST, 0);
}

void clinux_release_free_memory(void) {
    if (mallctl) {
        // 4096 stands for all arenas.
        mallctl("arena.4096.purge", 0, 0, 0, 0);
        return;
    }
    malloc_trim(0);
}

// Swift's runtime, swift/Runtime/Concurrency.h.
extern void *swift_task_alloc(size_t size);
extern void swift_task_dealloc(void *memory);

void clinux_reserve_task_memory(size_t bytes) {
    // A piece that is free stays the task's until it ends, and serves what is called next.
    swift_task_dealloc(swift_task_alloc(bytes));
}

static int prepare(const struct clinux_program *program, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    // These two cannot be changed.
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int error;
    if ((error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))) return error;
    if ((error = posix_spawnattr_setpgroup(attributes, 0))) return error;
    if ((error = posix_spawnattr_setsigdefault(attributes, &all))) return error;
    if ((error = posix_spawnattr_setsigmask(attributes, &none))) return error;
    if ((error = posix_spawn_file_actions_adddup2(actions, program->input, STDIN_FILENO))) return error;
    if ((error = posix_spawn_file_actions_adddup2(actions, program->output, STDOUT_FILENO))) return error;
    if ((error = posix_spawn_file_actions_adddup2(actions, program->errors, STDERR_FILENO))) return error;
    if ((error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1))) return error;
    return posix_spawn_file_actions_addchdir_np(actions, program->directory);
}

int clinux_program_start(const struct clinux_program *program, int *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = prepare(program, &actions, &attributes);
        if (!error) error = posix_spawn(pid, program->path, &actions, &attributes, program->arguments, program->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int clinux_process_open(int pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int clinux_bell_open(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int clinux_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

int clinux_memory_file(const void *content, unsigned long size) {
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0) return -1;
    const char *rest = content;
    while (size > 0) {
        ssize_t count = write(file, rest, size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            int error = errno;
            close(file);
            errno = error;
            return -1;
        }
        rest += count;
        size -= (unsigned long)count;
    }
    lseek(file, 0, SEEK_SET);
    return file;
}
