// Kernel interfaces that Glibc's module leaves out.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>

/// A descriptor that becomes readable when the wall clock is set (timerfd_create(2)); -1 where there is none.
int clinux_clock_watch_open(void);

/// Makes the descriptor wait for the next step; 0, or -1.
int clinux_clock_watch_arm(int descriptor);

/// How late timers of the calling thread may be, in nanoseconds (prctl(2), PR_SET_TIMERSLACK); 0, or -1.
int clinux_set_timer_slack(unsigned long nanoseconds);

/// Keeps freed memory for what comes next, for some seconds at least or until the call below (jemalloc(3) or mallopt(3)): for a process that does much of the same in bursts.
void clinux_keep_free_memory(void);

/// Gives free memory back to the system (jemalloc(3) or malloc_trim(3)).
void clinux_release_free_memory(void);

/// Takes so many bytes for the current Swift task in one piece, which what it calls later then shares; only within a task.
void clinux_reserve_task_memory(size_t bytes);

/// A program that is to be started; all pointers are good for the length of the call.
struct clinux_program {
    /// The file, absolute or relative to `directory`.
    const char *path;
    /// Name and arguments, and the variables as `NAME=value`; each list ends with NULL.
    char *const *arguments;
    char *const *environment;
    const char *directory;
    /// What become its standard input, output and errors.
    int input, output, errors;
};

/// Starts a program in a process group of its own, with default signals and no other descriptor; 0 and its number, or an error number.
int clinux_program_start(const struct clinux_program *program, int *pid);

/// A descriptor that becomes readable when the process has ended (pidfd_open(2)); -1 with errno.
int clinux_process_open(int pid);

/// A descriptor that becomes readable when a number of eight bytes is written to it (eventfd(2)); -1 with errno.
int clinux_bell_open(void);

/// A pipe whose ends no program inherits: the first is for reading; 0, or -1 with errno.
int clinux_pipe(int ends[2]);

/// A nameless file in memory with this content, to be read from its beginning; -1 with errno.
int clinux_memory_file(const void *content, unsigned long size);

#endif
