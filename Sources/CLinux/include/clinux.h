// Kernel interfaces that Glibc's module leaves out.
#ifndef CLINUX_H
#define CLINUX_H

/// A descriptor that becomes readable when the wall clock is set (timerfd_create(2)); -1 where there is none.
int clinux_clock_watch_open(void);

/// Makes the descriptor wait for the next step; 0, or -1.
int clinux_clock_watch_arm(int descriptor);

/// How late timers of the calling thread may be, in nanoseconds (prctl(2), PR_SET_TIMERSLACK); 0, or -1.
int clinux_set_timer_slack(unsigned long nanoseconds);

/// Keeps freed memory for what comes next, until it is given back by the call below (mallopt(3)): for a process that does much of the same in bursts.
void clinux_keep_free_memory(void);

/// Gives free memory back to the system (malloc_trim(3)).
void clinux_release_free_memory(void);

#endif
