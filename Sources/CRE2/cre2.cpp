#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>
#include <string>
#include <vector>

struct cre2_pattern {
    RE2 re;
    cre2_pattern(re2::StringPiece text, const RE2::Options &options) : re(text, options) {}
};

cre2_pattern *cre2_compile(
    const char *text, size_t length, bool ignore_case, int64_t max_memory, char *error, size_t error_capacity) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!ignore_case);
    options.set_max_mem(max_memory);
    auto *pattern = new (std::nothrow) cre2_pattern(re2::StringPiece(text, length), options);
    if (pattern != nullptr && pattern->re.ok()) {
        return pattern;
    }
    const std::string message = pattern != nullptr ? pattern->re.error() : "out of memory";
    if (error_capacity > 0) {
        const size_t count = std::min(message.size(), error_capacity - 1);
        std::memcpy(error, message.data(), count);
        error[count] = 0;
    }
    delete pattern;
    return nullptr;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

int cre2_group_count(const cre2_pattern *pattern) { return pattern->re.NumberOfCapturingGroups(); }

int cre2_program_size(const cre2_pattern *pattern) { return pattern->re.ProgramSize(); }

bool cre2_find(
    const cre2_pattern *pattern, const char *text, size_t length, size_t start, cre2_span *spans, int span_count) {
    if (start > length) {
        return false;
    }
    // An empty Swift buffer has a null address; RE2 tells "no match" from "empty match" by it.
    const char *base = text != nullptr ? text : "";
    std::vector<re2::StringPiece> groups(static_cast<size_t>(span_count > 0 ? span_count : 0));
    const re2::StringPiece subject(base, length);
    if (!pattern->re.Match(subject, start, length, RE2::UNANCHORED, groups.data(), span_count)) {
        return false;
    }
    for (int i = 0; i < span_count; i++) {
        const re2::StringPiece &group = groups[static_cast<size_t>(i)];
        if (group.data() == nullptr) {
            spans[i] = {-1, -1};
        } else {
            const int64_t from = group.data() - base;
            spans[i] = {from, from + static_cast<int64_t>(group.size())};
        }
    }
    return true;
}
