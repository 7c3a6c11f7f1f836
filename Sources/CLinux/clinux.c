#include "clinux.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

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

void clinux_keep_free_memory(void) {
    // By default the heap's top goes back to the system whenever 128 KiB of it are free, and comes again page by page.
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    // Small blocks that are kept apart are merged all at once, again and again.
    mallopt(M_MXFAST, 0);
}

void clinux_release_free_memory(void) {
    malloc_trim(0);
}
