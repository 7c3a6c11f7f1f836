#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled regular expression. Safe to use from several threads at once (re2.h: "const" methods are).
typedef struct cre2_pattern cre2_pattern;

/// A part of the searched text, as byte offsets; both are -1 for a group that took no part.
typedef struct cre2_span {
    int64_t start;
    int64_t end;
} cre2_span;

/// Compiles `length` bytes of UTF-8. `max_memory` bounds the program and its lazy automata, in bytes.
/// On a syntax error, writes a zero-terminated message to `error` and returns NULL.
cre2_pattern *_Nullable cre2_compile(
    const char *_Nullable text, size_t length, bool ignore_case, int64_t max_memory,
    char *_Nonnull error, size_t error_capacity);

void cre2_free(cre2_pattern *_Nonnull pattern);

/// The number of capturing groups, not counting group 0 (the whole match).
int cre2_group_count(const cre2_pattern *_Nonnull pattern);

/// The number of instructions of the compiled program, a measure of what compiling cost.
int cre2_program_size(const cre2_pattern *_Nonnull pattern);

/// Finds the leftmost match at or after byte `start`. Fills `spans[0..<span_count]`: the match, then its groups.
/// Time is linear in the text.
bool cre2_find(
    const cre2_pattern *_Nonnull pattern, const char *_Nullable text, size_t length, size_t start,
    cre2_span *_Nullable spans, int span_count);

#ifdef __cplusplus
}
#endif
#endif
